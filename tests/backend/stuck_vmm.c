// SPDX-License-Identifier: BSD-3-Clause
/*
 * stuck_vmm.c - a VMM whose realm does not get on, in the way that it is told, for why.py. It runs
 * until a signal, and prints "stuck" when it is so.
 *
 *	masked	 the vCPU loops with interrupts masked
 *	loop	 the same with interrupts open; VBAR_EL1 is where the code begins
 *	wfi	 it waits for an interrupt that never comes
 *	mmio	 it reads a device for ever
 *	vmm	 it reads a device, and the VMM never comes back
 *	fault	 it reads private memory that the VMM does not give it
 *	ripas	 it asks for a change of RIPAS that the VMM does not reflect
 *	never	 no vCPU is run
 *	none	 there is no vCPU
 *	dead	 the VM is dead: its GIC was not initialised when it ran first
 *	four	 four vCPUs, one of which is on and converts its memory without end
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/client.h"

#define MOV_X(rd, imm, shift)  (0xd2800000u | (shift) / 16 << 21 | (imm) << 5 | (rd))
#define MOVK_X(rd, imm, shift) (MOV_X(rd, imm, shift) | 0x20000000u)
#define B(words)	       (0x14000000u | ((words)&0x3ffffffu))
#define LDR_W1_X0	       0xb9400001u
#define WFI		       0xd503207fu
#define SMC		       0xd4000003u
#define MOV_X1_X5	       0xaa0503e1u
#define MOV_X2_X6	       0xaa0603e2u

static const uint32_t loop[] = {B(0)};
static const uint32_t open_loop[] = {
	MOV_X(0, 0x8000, 16),
	0xd518c000u, /* msr vbar_el1, x0 */
	0xd50342ffu, /* msr daifclr, #2 */
	B(0),
};
static const uint32_t wait[] = {WFI, B(-1)};
static const uint32_t load[] = {LDR_W1_X0, B(-1)};
/* RSI_IPA_STATE_SET of the page at x0 to EMPTY, again and again. */
static const uint32_t convert[] = {
	0xaa0003e5u, /* mov x5, x0 */
	0x91400406u, /* add x6, x0, #0x1000 */
	MOV_X1_X5,
	MOV_X2_X6,
	MOV_X(3, 0, 0),
	MOV_X(4, 0, 0),
	MOV_X(0, 0x0197, 0),
	MOVK_X(0, 0xc400, 16),
	SMC,
	B(-7),
};

/* What a VMM that does nothing does: call again. */
static void run_on(struct realm *r, bool answers)
{
	for (int64_t ret;;) {
		ret = realm_run(r, 0);
		if (ret && ret != -EFAULT && ret != -EINTR)
			return;
		if (answers && ret == -EFAULT)
			realm_attr(r, r->run[0]->memory_fault.gpa, r->run[0]->memory_fault.size,
				   r->run[0]->memory_fault.flags ? KVM_MEMORY_ATTRIBUTE_PRIVATE
								 : 0);
	}
}

static void make(struct realm *r, unsigned int vcpus, const uint32_t *code, size_t size,
		 uint64_t arg)
{
	client_realm(r, vcpus, code, size, arg);
	puts("stuck");
	fflush(stdout);
}

/* Whose realm will never be. */
static void make_half(struct realm *r, bool dead)
{
	memset(r, 0, sizeof(*r));
	realm_open(r);
	if (dead) {
		realm_vcpus(r, 1);
		realm_vgic_create(r);
		WANT(realm_run(r, 0) < 0, 1);
	}
	puts("stuck");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	struct realm r;

	if (!strcmp(how, "masked"))
		make(&r, 1, loop, sizeof(loop), 0);
	else if (!strcmp(how, "loop"))
		make(&r, 1, open_loop, sizeof(open_loop), 0);
	else if (!strcmp(how, "none") || !strcmp(how, "dead"))
		make_half(&r, !strcmp(how, "dead"));
	else if (!strcmp(how, "wfi"))
		make(&r, 2, wait, sizeof(wait), 0);
	else if (!strcmp(how, "mmio") || !strcmp(how, "vmm"))
		make(&r, 1, load, sizeof(load), SCRIPT_REPORT_IPA);
	else if (!strcmp(how, "ripas") || !strcmp(how, "four"))
		make(&r, !strcmp(how, "four") ? 4 : 1, convert, sizeof(convert), FREE_IPA);
	else if (!strcmp(how, "fault") || !strcmp(how, "never"))
		make(&r, 1, load, sizeof(load), FREE_IPA);
	else
		return 2;
	if (!strcmp(how, "fault"))
		WANT(realm_attr(&r, FREE_IPA, 0x1000, 0), 0);
	if (!strcmp(how, "vmm"))
		WANT(realm_run(&r, 0), 0);
	else if (strcmp(how, "never") && strcmp(how, "none") && strcmp(how, "dead"))
		run_on(&r, !strcmp(how, "four"));
	for (;;)
		pause();
}
