/* SPDX-License-Identifier: BSD-3-Clause */
/* member.h - members of the JSON files that describe a platform or what is expected of one. */
#ifndef ATTEST_MEMBER_H
#define ATTEST_MEMBER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a hexadecimal member; 0: it is missing, wrong, or longer than cap. */
size_t member_hex(const json_t *obj, const char *name, uint8_t *out, size_t cap);

#endif
