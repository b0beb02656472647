// SPDX-License-Identifier: BSD-3-Clause
/* print.c - lines of text by byte stores to a UART, at the shared alias. */
#include "guest/payload/internal.h"

void print_byte(char c)
{
	__asm__ volatile("strb %w0, [%1]" : : "r"(c), "r"(params.uart) : "memory");
}

void print_hex(uint64_t n, unsigned int digits)
{
	while (digits--)
		print_byte("0123456789abcdef"[n >> 4 * digits & 15]);
}

void print_result(const char *name, uint64_t n)
{
	print("payload: ");
	print(name);
	print_byte(' ');
	print_number(n);
	print_byte('\n');
}
