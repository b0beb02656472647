// SPDX-License-Identifier: BSD-3-Clause
/* vectors.c - reading the files of tests/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hex.h"
#include "tests/attest/vectors.h"

json_t *vectors_load(const char *path)
{
	json_t *root = json_load_file(path, 0, NULL);

	if (!root)
		fail_msg("%s: no JSON", path);
	return root;
}

uint64_t vectors_number(const json_t *obj, const char *key)
{
	const json_t *j = json_object_get(obj, key);

	if (json_is_integer(j))
		return (uint64_t)json_integer_value(j);
	if (!json_is_string(j))
		fail_msg("%s: no number", key);
	return strtoull(json_string_value(j), NULL, 0);
}

size_t vectors_hex(const char *hex, uint8_t *out, size_t cap)
{
	ssize_t n = hex ? hex_decode(hex, out, cap) : -1;

	if (n < 0)
		fail_msg("%s: not hexadecimal", hex ?: "(nothing)");
	return (size_t)n;
}

uint8_t *vectors_blob(const char *path, size_t *len)
{
	uint8_t *data = malloc(1 << 20);
	FILE *f = fopen(path, "rb");

	if (!f || !data)
		fail_msg("%s: cannot be read", path);
	*len = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}
