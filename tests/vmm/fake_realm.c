// SPDX-License-Identifier: BSD-3-Clause
/*
 * fake_realm.c - linked with the whole VMM and the scripted KVM: a realm that prints FAKE_SAYS on
 * its UART, byte by byte, and then powers off (FAKE_END=off) or sits there.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_kvm.h"
#include "vmm/layout.h"

static const char *says;

static void print_byte(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = LAYOUT_UART;
	run->mmio.len = 1;
	run->mmio.is_write = 1;
	run->mmio.data[0] = (uint8_t)*says++;
}

static void power_off(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = KVM_SYSTEM_EVENT_SHUTDOWN;
}

__attribute__((constructor)) static void script(void)
{
	static struct fake_step steps[FAKE_MAX_STEPS];
	const char *end = getenv("FAKE_END");
	size_t n;

	fake_reset();
	says = getenv("FAKE_SAYS");
	n = says ? strlen(says) : 0;
	if (n > FAKE_MAX_STEPS - 2)
		abort();
	for (size_t i = 0; i < n; i++)
		steps[i].fill = print_byte;
	if (end && !strcmp(end, "off"))
		steps[n].fill = power_off;
	fake.steps[0] = steps;
}
