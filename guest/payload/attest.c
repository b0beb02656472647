// SPDX-License-Identifier: BSD-3-Clause
/* attest.c - extends the REMs, for which Linux has no interface, and hands out a token. */
#include "guest/payload/internal.h"

#include "abi/rsi.h"

#define NUM_REMS 4

static uint8_t token[PAGE] __attribute__((aligned(PAGE)));

/* REM N gets N bytes of the value N: shorter than any hash, so that padding shows. */
static void extend(unsigned int n)
{
	struct smc_regs r = {{RSI_MEASUREMENT_EXTEND, n, n}};

	for (unsigned int i = 0; i < n; i++)
		r.x[3] |= (uint64_t)n << (8 * i);
	smc(&r);
	if (r.x[0] != RSI_SUCCESS)
		fail("extend", r.x[0]);
}

static void print_rem(unsigned int n)
{
	struct smc_regs r = {{RSI_MEASUREMENT_READ, n}};

	smc(&r);
	if (r.x[0] != RSI_SUCCESS)
		fail("measurement", r.x[0]);
	print("payload: rem ");
	print_number(n);
	print(" ");
	for (unsigned int i = 0; i < 4; i++)
		print_hex(__builtin_bswap64(r.x[1 + i]), 16); /* memory order */
	print("\n");
}

static void print_token(uint64_t len)
{
	print("payload: token ");
	for (uint64_t i = 0; i < len; i++)
		print_hex(token[i], 2);
	print("\n");
}

/* The token must fit one page, as that of the test platform does. */
void attest_test(void)
{
	struct smc_regs r = {{RSI_ATTESTATION_TOKEN_INIT}};
	uint64_t len = 0;

	for (unsigned int n = 1; n <= NUM_REMS; n++) {
		extend(n);
		print_rem(n);
	}
	for (unsigned int i = 0; i < 64; i++)
		r.x[1 + i / 8] |= (uint64_t)i << (8 * (i % 8));
	smc(&r);
	if (r.x[0] != RSI_SUCCESS)
		fail("token init", r.x[0]);
	do {
		r = (struct smc_regs){
			{RSI_ATTESTATION_TOKEN_CONTINUE, (uint64_t)token, len, PAGE - len}};
		smc(&r);
		len += r.x[1];
	} while (r.x[0] == RSI_INCOMPLETE && len < PAGE);
	if (r.x[0] != RSI_SUCCESS)
		fail("token", r.x[0]);
	print_token(len);
}
