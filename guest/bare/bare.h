/* SPDX-License-Identifier: BSD-3-Clause */
/* bare.h - what programs without a kernel below them share: the SMC instruction, and text. */
#ifndef GUEST_BARE_H
#define GUEST_BARE_H

#include <stdint.h>

/* No symbol is reached through a table of addresses, which would need relocation. */
#pragma GCC visibility push(hidden)

struct smc_regs {
	uint64_t x[9];
};
void smc(struct smc_regs *r); /* X0..X8 in and out */

void print_byte(char c); /* the program's: a byte of its console */
void print(const char *s);
void print_number(uint64_t n);

#pragma GCC visibility pop

#endif
