/* SPDX-License-Identifier: BSD-3-Clause */
/* hex.h - bytes as hexadecimal and base64 text. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HEX_SIZE(len) (2 * (len) + 1)

/* out has room for HEX_SIZE(len); returns out. */
char *hex_encode(const uint8_t *data, size_t len, char *out);

/* The value of a hexadecimal digit; -1: it is none. */
int hex_digit(char c);

/* Number of bytes; -EINVAL: not pairs of hexadecimal digits; -ENOSPC: more than cap bytes. */
ssize_t hex_decode(const char *text, uint8_t *out, size_t cap);

/* The same of len characters, which no NUL need follow. */
ssize_t hex_decode_len(const char *text, size_t len, void *out, size_t cap);

/* The two alphabets of RFC 4648: with + and / and padded; with - and _ and without padding. */
enum base64_kind { BASE64, BASE64_URL };

#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* out has room for BASE64_SIZE(len); returns out. */
char *base64_encode(enum base64_kind kind, const uint8_t *data, size_t len, char *out);

/*
 * len characters of text; white space is skipped in BASE64 and missing padding is accepted.
 * Number of bytes; -EINVAL: not base64; -ENOSPC: more than cap bytes.
 */
ssize_t base64_decode(enum base64_kind kind, const char *text, size_t len, uint8_t *out,
		      size_t cap);

#endif
