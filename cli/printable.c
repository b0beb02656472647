// SPDX-License-Identifier: BSD-3-Clause
/* printable.c - text from strangers on a terminal. */
#include "cli/printable.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a character that is valid UTF-8; the number of its bytes in *len. */
static uint32_t code_point(const unsigned char *s, unsigned int *len)
{
	uint32_t c;

	*len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	c = *len == 1 ? s[0] : s[0] & (0x7f >> *len);
	for (unsigned int i = 1; i < *len; i++) {
		if (s[i] >> 6 != 2) { /* not UTF-8 after all: one byte at a time */
			*len = 1;
			return 0xfffd;
		}
		c = c << 6 | (s[i] & 0x3f);
	}
	return c;
}

static bool is_harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
		return false;
	return c != 0xfffd && (c < 0xe0000 || c > 0xe0fff);
}

void print_text(FILE *f, const char *utf8)
{
	unsigned int len;

	for (const unsigned char *s = (const unsigned char *)utf8; *s; s += len) {
		uint32_t c = code_point(s, &len);

		if (c == '\\')
			fputs("\\\\", f);
		else if (is_harmless(c))
			fwrite(s, 1, len, f);
		else
			fprintf(f, "\\u{%x}", c);
	}
}
