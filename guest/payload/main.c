// SPDX-License-Identifier: BSD-3-Clause
/* main.c - the bare-metal realm of the tests: does what it was told to, in a fixed order. */
#include "guest/payload/internal.h"

#include "abi/rsi.h"

uint64_t alias;

_Noreturn static void end(uint64_t fid)
{
	smc_call(fid, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void fail(const char *what, uint64_t number)
{
	print("payload: FAIL ");
	print(what);
	print(" (0x");
	print_hex(number, 16);
	print(")\n");
	end(PSCI_SYSTEM_RESET);
}

static void timer_tests(uint64_t commands)
{
	if (commands & PAYLOAD_VTIMER) {
		timers_run(0, params.ticks, 0, false);
		print_result("vtimer", interrupts[0].virt);
	}
	if (commands & PAYLOAD_PTIMER) {
		timers_run(0, 0, params.ticks, false);
		print_result("ptimer", interrupts[0].phys);
	}
	if (commands & PAYLOAD_LOAD) {
		timers_run(0, params.ticks, params.ticks, true);
		print_result("load", params.ticks);
	}
}

void payload_main(uint64_t commands, uint64_t uart, uint64_t ticks)
{
	rsi_init();
	if (!commands)
		commands = params.commands;
	if (ticks)
		params.ticks = ticks;
	params.uart = (uart ? uart : params.uart) | alias;
	params.gicd |= alias;
	params.gicr |= alias;

	print("payload: begin\n");
	if (commands & PAYLOAD_RSI)
		rsi_test();
	if (commands & (PAYLOAD_VTIMER | PAYLOAD_PTIMER | PAYLOAD_LOAD | PAYLOAD_SMP)) {
		interrupts_init_distributor();
		interrupts_init_cpu(0);
	}
	timer_tests(commands);
	if (commands & PAYLOAD_SMP)
		smp_test();
	if (commands & PAYLOAD_HOSTCALL)
		rsi_hostcall_test();
	if (commands & PAYLOAD_CONVERT)
		convert_test();
	if (commands & PAYLOAD_ATTEST)
		attest_test();
	if (commands & PAYLOAD_IDLE) {
		print("payload: idle\n");
		for (;;)
			__asm__ volatile("wfi");
	}
	print("payload: done\n");
	end(PSCI_SYSTEM_OFF);
}
