// SPDX-License-Identifier: BSD-3-Clause
/* member.c - reads members of a JSON object. */
#include "attest/member.h"

#include "base/hex.h"

size_t member_hex(const json_t *obj, const char *name, uint8_t *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(obj, name));
	ssize_t n = s ? hex_decode(s, out, cap) : -1;

	return n > 0 ? (size_t)n : 0;
}
