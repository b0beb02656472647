// SPDX-License-Identifier: BSD-3-Clause
/* print.c - lines of text by byte stores to a UART, at the shared alias. */
#include "guest/payload/internal.h"

static void put(char c)
{
	__asm__ volatile("strb %w0, [%1]" : : "r"(c), "r"(params.uart) : "memory");
}

void print(const char *s)
{
	while (*s)
		put(*s++);
}

void print_number(uint64_t n)
{
	if (n > 9)
		print_number(n / 10);
	put('0' + n % 10);
}

void print_hex(uint64_t n, unsigned int digits)
{
	while (digits--)
		put("0123456789abcdef"[n >> 4 * digits & 15]);
}

void print_result(const char *name, uint64_t n)
{
	print("payload: ");
	print(name);
	put(' ');
	print_number(n);
	put('\n');
}
