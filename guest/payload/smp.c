// SPDX-License-Identifier: BSD-3-Clause
/*
 * smp.c - every other CPU is started, counts ticks of both timers, answers an SGI with an SGI, and
 * goes off again. How many there are shows when CPU_ON refuses the next one.
 */
#include "guest/payload/internal.h"

#include "abi/rsi.h"

static volatile bool up[MAX_CPUS];

static uint64_t mpidr(unsigned int cpu)
{
	return cpu_aff1(cpu) << 8 | cpu_aff0(cpu);
}

void secondary_main(unsigned int cpu)
{
	volatile struct interrupts *it = &interrupts[cpu];
	uint64_t ret;

	interrupts_init_cpu(cpu);
	timers_run(cpu, params.ticks, params.ticks, false);
	up[cpu] = true;
	sgi_send(0);
	while (!it->sgi)
		wait_for_interrupt();
	sgi_send(0);
	ret = smc_call(PSCI_CPU_OFF, 0, 0, 0);
	fail("cpu_off", ret);
}

static unsigned int start_all(void)
{
	unsigned int n;
	int64_t ret;

	for (n = 1; n < MAX_CPUS; n++) {
		ret = smc_call(PSCI_CPU_ON_64, mpidr(n), (uint64_t)secondary_start, n);
		if (ret == PSCI_RET_INVALID_PARAMETERS)
			break; /* no such CPU */
		if (ret)
			fail("cpu_on", ret);
	}
	return n;
}

static void wait_for_sgis(uint64_t count)
{
	volatile struct interrupts *it = &interrupts[0];

	while (it->sgi < count)
		wait_for_interrupt();
}

static void wait_until_off(unsigned int cpu)
{
	while (smc_call(PSCI_AFFINITY_INFO_64, mpidr(cpu), 0, 0) != PSCI_AFFINITY_OFF)
		timers_run(0, 1, 0, false);
}

/* One CPU at a time: an SGI that is pending already is not counted twice. */
void smp_test(void)
{
	unsigned int cpus = start_all();

	for (unsigned int i = 1; i < cpus; i++) {
		while (!up[i])
			timers_run(0, 1, 0, false);
		interrupts[0].sgi = 0;
		sgi_send(i);
		wait_for_sgis(1);
		wait_until_off(i);
	}
	print_result("cpus", cpus);
}
