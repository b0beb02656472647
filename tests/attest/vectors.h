/* SPDX-License-Identifier: BSD-3-Clause */
/* vectors.h - reading the files of tests/vectors. */
#ifndef TESTS_ATTEST_VECTORS_H
#define TESTS_ATTEST_VECTORS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Each fails the running test if the file or the value is not there. */
json_t *vectors_load(const char *path);
uint64_t vectors_number(const json_t *obj, const char *key); /* an integer or "0x..." */
size_t vectors_hex(const char *hex, uint8_t *out, size_t cap);
uint8_t *vectors_blob(const char *path, size_t *len); /* to be freed */

#endif
