// SPDX-License-Identifier: BSD-3-Clause
/* answer.c - data for packets, and hexadecimal digits, both ways. */
#include "debug/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/hex.h"

void answer_bytes(struct answer *a, const void *bytes, size_t n)
{
	n = MIN(n, sizeof(a->data) - a->len);
	memcpy(a->data + a->len, bytes, n);
	a->len += n;
}

void answer_text(struct answer *a, const char *text)
{
	answer_bytes(a, text, strlen(text));
}

void answer_format(struct answer *a, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		answer_bytes(a, text, MIN((size_t)n, sizeof(text) - 1));
}

void answer_hex(struct answer *a, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++) {
		const char two[] = {digits[b[i] >> 4], digits[b[i] & 0xf]};

		answer_bytes(a, two, sizeof(two));
	}
}

bool hex_number(const char **s, uint64_t *value)
{
	const char *begin = *s;
	uint64_t v = 0;

	for (; hex_digit(**s) >= 0; ++*s) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)hex_digit(**s);
	}
	*value = v;
	return *s != begin;
}
