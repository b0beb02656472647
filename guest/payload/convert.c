// SPDX-License-Identifier: BSD-3-Clause
/*
 * convert.c - one page goes from private to shared and back, and new code runs from it each time:
 * the page is wiped on the way, and nothing of the old code survives.
 */
#include "guest/payload/internal.h"

#include "abi/rsi.h"

#define ROUNDS	       8
#define INSN_MOV_X0(n) (0xd2800000u | (n) << 5)
#define INSN_RET       0xd65f03c0u

static volatile uint32_t page[PAGE / 4] __attribute__((aligned(PAGE)));

static void write_function(volatile uint32_t *at, unsigned int n)
{
	at[0] = INSN_MOV_X0(n);
	at[1] = INSN_RET;
	dsb();
	__asm__ volatile("ic iallu\n\tdsb sy\n\tisb" : : : "memory");
}

static uint64_t call_page(void)
{
	uint64_t (*f)(void) = (uint64_t(*)(void))(uintptr_t)page;

	return f();
}

static void expect(const char *what, uint64_t is, uint64_t should_be)
{
	if (is != should_be)
		fail(what, is);
}

void convert_test(void)
{
	uint64_t ipa = (uint64_t)page;
	volatile uint32_t *shared = (volatile uint32_t *)(ipa | alias);

	for (unsigned int n = 1; n <= ROUNDS; n++) {
		write_function(page, n);
		expect("private code", call_page(), n);

		rsi_set_ripas(ipa, ipa + PAGE, RSI_RIPAS_EMPTY);
		write_function(shared, n + 100);
		expect("shared data", shared[0], INSN_MOV_X0(n + 100));

		rsi_set_ripas(ipa, ipa + PAGE, RSI_RIPAS_RAM);
		for (unsigned int i = 0; i < PAGE / 4; i++)
			expect("wiped page", page[i], 0);
		write_function(page, n + 200);
		expect("new code", call_page(), n + 200);
	}
	print_result("convert", ROUNDS);
}
