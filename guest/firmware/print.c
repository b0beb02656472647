// SPDX-License-Identifier: BSD-3-Clause
/* print.c - text on the UART, and the functions of C that the compiler calls by itself. */
#include "guest/firmware/firmware.h"

uint64_t uart;

void print_byte(char c)
{
	if (uart)
		__asm__ volatile("strb %w0, [%1]" : : "r"(c), "r"(uart) : "memory");
}

void print_hex(uint64_t n)
{
	int shift = 60;

	while (shift && !(n >> shift))
		shift -= 4;
	print("0x");
	for (; shift >= 0; shift -= 4)
		print_byte("0123456789abcdef"[n >> shift & 15]);
}

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int c, size_t n);

/* Whole words where both lie well: what is emulated pays for each access. */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (; n >= 8 && !(((uintptr_t)t | (uintptr_t)f) & 7); n -= 8, t += 8, f += 8)
		*(volatile uint64_t *)t = *(const volatile uint64_t *)f;
	for (; n; n--)
		*(volatile uint8_t *)t++ = *f++;
	return to;
}

void *memset(void *to, int c, size_t n)
{
	for (volatile uint8_t *t = to; n; n--)
		*t++ = (uint8_t)c;
	return to;
}
