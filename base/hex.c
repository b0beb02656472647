// SPDX-License-Identifier: BSD-3-Clause
/* hex.c - bytes as hexadecimal and base64 text. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/hex.h"

static const char *const alphabets[] = {
	[BASE64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	[BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

char *hex_encode(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
	return out;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

ssize_t hex_decode_len(const char *text, size_t len, void *out, size_t cap)
{
	uint8_t *to = out;

	if (len % 2)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 2) {
		int hi = hex_digit(text[i]), lo = hex_digit(text[i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		if (i / 2 == cap)
			return -ENOSPC;
		to[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return (ssize_t)(len / 2);
}

ssize_t hex_decode(const char *text, uint8_t *out, size_t cap)
{
	return hex_decode_len(text, strlen(text), out, cap);
}

char *base64_encode(enum base64_kind kind, const uint8_t *data, size_t len, char *out)
{
	const char *abc = alphabets[kind];
	char *o = out;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)data[i] << 16;

		if (left > 1)
			v |= (uint32_t)data[i + 1] << 8;
		if (left > 2)
			v |= data[i + 2];
		*o++ = abc[v >> 18];
		*o++ = abc[v >> 12 & 63];
		if (left > 1)
			*o++ = abc[v >> 6 & 63];
		else if (kind == BASE64)
			*o++ = '=';
		if (left > 2)
			*o++ = abc[v & 63];
		else if (kind == BASE64)
			*o++ = '=';
	}
	*o = '\0';
	return out;
}

ssize_t base64_decode(enum base64_kind kind, const char *text, size_t len, uint8_t *out, size_t cap)
{
	size_t n = 0, sextets = 0, pads = 0;
	uint32_t acc = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at;

		if (kind == BASE64 && isspace((unsigned char)text[i]))
			continue;
		if (text[i] == '=' && ++pads <= 2)
			continue;
		at = text[i] ? strchr(alphabets[kind], text[i]) : NULL;
		if (!at || pads)
			return -EINVAL;
		acc = acc << 6 | (uint32_t)(at - alphabets[kind]);
		if (sextets++ % 4 == 0)
			continue;
		if (n == cap)
			return -ENOSPC;
		out[n++] = (uint8_t)(acc >> (2 * (3 - (sextets - 1) % 4)));
	}
	return sextets % 4 == 1 ? -EINVAL : (ssize_t)n;
}
