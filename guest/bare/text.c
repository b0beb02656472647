// SPDX-License-Identifier: BSD-3-Clause
/* text.c - text, byte by byte. */
#include "guest/bare/bare.h"

void print(const char *s)
{
	while (*s)
		print_byte(*s++);
}

void print_number(uint64_t n)
{
	if (n > 9)
		print_number(n / 10);
	print_byte((char)('0' + n % 10));
}
