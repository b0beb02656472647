// SPDX-License-Identifier: BSD-3-Clause
/* check_run.c - the first KVM_RUN: preconditions, activation, what blocks. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/check.h"

#define MB UINT64_C(0x100000)

static const struct script_op end[] = {{SCRIPT_END, {0}}};

static void run_no_irqchip(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_memory(&r);
	realm_code(&r, end, 1);
	WANT(realm_run(&r, 0), -EOPNOTSUPP);
	WANT(realm_run(&r, 0), want_of("run-no-irqchip"));
}

static void run_late_vgic(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_memory(&r);
	realm_code(&r, end, 1);
	WANT(realm_run(&r, 0), -EOPNOTSUPP);
	realm_vgic(&r);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), want_of("run-late-irqchip"));
}

static void run_vgic_not_initialised(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_vgic_create(&r);
	realm_memory(&r);
	realm_code(&r, end, 1);
	WANT(realm_run(&r, 0), want_of("run-vgic-not-initialised"));
	WANT(realm_run(&r, 0), want_of("run-vgic-again"));
}

static void run_no_psci(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	WANT(realm_vcpu_init(&r, 0, 0), 0);
	realm_vgic(&r);
	realm_memory(&r);
	realm_code(&r, end, 1);
	WANT(realm_run(&r, 0), -EINVAL);
	WANT(realm_run(&r, 0), want_of("run-dead"));
}

/* A ready realm with one more gmem slot, where none may be. */
static void want_slot_refused(uint64_t gpa, uint64_t size)
{
	struct realm r;
	int g;

	REALM_NEW(&r, 1, end);
	g = realm_gmem(&r, size, 0);
	WANT(realm_slot(&r, 1, 0, gpa, size, pages(size / PAGE), g, 0), 0);
	WANT(realm_run(&r, 0), -ENXIO);
	WANT(realm_run(&r, 0), want_of("run-dead"));
}

static void run_upper_slot(void)
{
	want_slot_refused(SHARED_BIT + 16 * MB, MB);
}

static void run_crossing_slot(void)
{
	want_slot_refused(SHARED_BIT - MB, 2 * MB);
}

/* An exit that KVM does not handle: an errno, or from v15 on the end of the VM. */
static void want_unhandled(struct realm *r)
{
	int64_t want = want_of("run-code-shared");

	WANT(realm_run(r, 0), want);
	if (want)
		return;
	WANT(r->run[0]->exit_reason, KVM_EXIT_INTERNAL_ERROR);
	WANT(realm_run(r, 0), -EIO);
	WANT(call_n(r->vm, KVM_CHECK_EXTENSION, 0), -EIO);
}

static void run_code_shared(void)
{
	struct realm r;

	realm_convertible();
	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_vgic(&r);
	realm_memory(&r);
	WANT(realm_attr(&r, RAM_BASE, PAGE, 0), 0);
	WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_PC, RAM_BASE), 0);
	want_unhandled(&r);
}

static void run_code_absent(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_vgic(&r);
	realm_memory(&r);
	WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_PC, RAM_BASE), 0);
	want_unhandled(&r);
}

static void run_no_slots(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_vgic(&r);
	realm_want_blocks(&r, 0);
}

static void run_power_off(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	WANT(realm_vcpu_init(&r, 0, 1 << KVM_ARM_VCPU_PSCI_0_2 | 1 << KVM_ARM_VCPU_POWER_OFF), 0);
	realm_vgic(&r);
	realm_memory(&r);
	realm_code(&r, end, 1);
	realm_want_blocks(&r, 0);
}

static void run_immediate_exit(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {7}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), -EINTR);
	WANT(realm_populate(&r, FREE_IPA, PAGE, pages(1), 0), -EBUSY);
	r.run[0]->immediate_exit = 0;
	WANT(realm_report(&r, 0), 7);
}

static void run_registers(void)
{
	/* x0 is the script's address: that the report comes shows pc and x0 at activation. */
	static const struct script_op script[] = {{SCRIPT_REPORT, {0x1234567890}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 0x1234567890);
	WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_PC, 0xdead000), 0);
	realm_want_blocks(&r, 0);
}

static void run_slot_deleted(void)
{
	static const struct script_op script[] = {
		{SCRIPT_REPORT, {1}}, {SCRIPT_READ, {FREE_IPA, SCRIPT_U64}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 1);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, 0, NULL, -1, 0), 0);
	want_unhandled(&r); /* the code's page is gone, too */
}

static void run_argument(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	WANT(call_n(r.vcpu[0], KVM_RUN, 1), -EINVAL);
}

static const struct check checks[] = {
	{"run-no-irqchip", "no irqchip: EOPNOTSUPP, then ENXIO (v14: again)", run_no_irqchip},
	{"run-late-irqchip",
	 "an irqchip made after the failed activation does not help (v14: it does)", run_late_vgic},
	{"run-vgic-not-initialised",
	 "a vGIC without INIT: EBUSY, then EIO (v15: ENODEV, and nothing is lost)",
	 run_vgic_not_initialised},
	{"run-no-psci", "a vCPU without PSCI_0_2: EINVAL, then ENXIO (v14: EINVAL; next: EIO)",
	 run_no_psci},
	{"run-slot-upper-half", "a gmem slot in the upper half: ENXIO", run_upper_slot},
	{"run-slot-crossing", "a gmem slot across the half: ENXIO", run_crossing_slot},
	{"run-code-shared", "code on a page that is not private: ENXIO (v15: INTERNAL_ERROR)",
	 run_code_shared},
	{"run-code-absent",
	 "code on a private page that was never populated: ENXIO (v15: INTERNAL_ERROR)",
	 run_code_absent},
	{"run-no-slots", "no memory at all: the realm takes aborts for ever, a signal ends it",
	 run_no_slots},
	{"run-power-off", "vCPU 0 initialised with POWER_OFF: blocks", run_power_off},
	{"run-immediate-exit", "immediate_exit on the first run: EINTR, and the realm is ACTIVE",
	 run_immediate_exit},
	{"run-registers", "pc and x0 count at activation and not later", run_registers},
	{"run-slot-deleted", "the slot deleted while ACTIVE: ENXIO (v15: INTERNAL_ERROR)",
	 run_slot_deleted},
	{"run-argument", "KVM_RUN takes no argument: EINVAL", run_argument},
};

const struct check_group check_run = {"run", checks, sizeof(checks) / sizeof(checks[0])};
