// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_revisions.c - what came with later revisions: the structure of POPULATE, in-place memory,
 * gates.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/check.h"

#define PRIVATE KVM_MEMORY_ATTRIBUTE_PRIVATE

static const struct script_op end[] = {{SCRIPT_END, {0}}};

static void realm_ready(struct realm *r)
{
	realm_open(r);
	realm_vcpus(r, 1);
	realm_vgic(r);
	realm_memory(r);
}

static void pop_in_out(void)
{
	uint8_t *src = pages(4);
	struct kvm_arm_rmi_populate p = {.base = RAM_BASE + RAM_SIZE - 2 * PAGE,
					 .size = 4 * PAGE,
					 .source_uaddr = (uintptr_t)src};
	struct realm r;

	realm_ready(&r);
	WANT(call(r.vm, check_sheet()->populate, &p), want_of("populate-in-out") ? 0 : 2 * PAGE);
	if (!want_of("populate-in-out")) {
		WANT(p.base, RAM_BASE + RAM_SIZE - 2 * PAGE);
		WANT(p.size, 4 * PAGE);
		return;
	}
	WANT(p.base, RAM_BASE + RAM_SIZE);
	WANT(p.size, 2 * PAGE);
	WANT(p.source_uaddr, (uintptr_t)src + 2 * PAGE);
	p.base = RAM_BASE + RAM_SIZE - PAGE;
	WANT(call(r.vm, check_sheet()->populate, &p), -ENXIO);
	WANT(p.base, RAM_BASE + RAM_SIZE - PAGE);
	WANT(p.size, 2 * PAGE);
}

static void pop_copy_back(void)
{
	struct kvm_arm_rmi_populate *p = pages(1);
	struct realm r;

	realm_ready(&r);
	p->base = RAM_BASE;
	p->size = PAGE;
	p->source_uaddr = (uintptr_t)pages(1);
	p->reserved = 1;
	mprotect(p, PAGE, PROT_READ);
	WANT(call(r.vm, check_sheet()->populate, p), want_of("populate-copy-back"));
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	p->reserved = 0;
	mprotect(p, PAGE, PROT_READ);
	WANT(call(r.vm, check_sheet()->populate, p), since(ABI_V13) ? -EFAULT : PAGE);
}

static void enable_generic(void)
{
	struct kvm_enable_cap log = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = {1}};
	struct realm r;

	realm_open(&r);
	WANT(call(r.vm, KVM_ENABLE_CAP, &log), 0);
}

static void attr_numbers(void)
{
	struct kvm_memory_attributes a = {.address = RAM_BASE, .size = PAGE};
	struct kvm_memory_attributes2 a2 = {.size = PAGE, .attributes = PRIVATE};
	struct realm r;
	int g;

	realm_open(&r);
	g = realm_gmem(&r, 4 * PAGE, 0);
	WANT(call(r.vm, KVM_SET_MEMORY_ATTRIBUTES, &a), since(ABI_V15) ? -EINVAL : 0);
	WANT(call(g, SET_ATTRIBUTES2, &a2), since(ABI_V15) ? 0 : -ENOTTY);
	WANT(call(g, SET_ATTRIBUTES2, BAD_POINTER), since(ABI_V15) ? -EFAULT : -ENOTTY);
}

static void gmem_attr_arguments(void)
{
	struct kvm_memory_attributes2 good = {.size = PAGE, .attributes = PRIVATE}, a;
	struct realm r;
	int g;

	only_since(ABI_V15);
	realm_open(&r);
	g = realm_gmem(&r, 4 * PAGE, GUEST_MEMFD_FLAG_MMAP);
	a = good;
	a.flags = 1;
	WANT(call(g, SET_ATTRIBUTES2, &a), -EINVAL);
	a = good;
	a.reserved[10] = 1;
	WANT(call(g, SET_ATTRIBUTES2, &a), -EINVAL);
	a = good;
	a.offset = 3 * PAGE;
	a.size = 2 * PAGE;
	WANT(call(g, SET_ATTRIBUTES2, &a), -EINVAL);
	a.offset = -(uint64_t)PAGE;
	WANT(call(g, SET_ATTRIBUTES2, &a), -EINVAL);
	a.offset = 8;
	WANT(call(g, SET_ATTRIBUTES2, &a), -EINVAL);
	WANT(call(g, SET_ATTRIBUTES2, &good), 0);
}

static void in_place(void)
{
	static const struct script_op script[] = {
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}}, {SCRIPT_END, {0}}};
	struct realm r;

	only_since(ABI_V15);
	realm_convertible();
	REALM_NEW(&r, 1, script);
	/* The shared alias of a private page: a request to share it. */
	WANT(realm_run(&r, 0), -EFAULT);
	WANT(r.run[0]->exit_reason, KVM_EXIT_MEMORY_FAULT);
	WANT(r.run[0]->memory_fault.gpa, FREE_IPA);
	WANT(r.run[0]->memory_fault.flags, 0);
	WANT(realm_attr(&r, FREE_IPA, PAGE, 0), 0);
	*(volatile uint64_t *)(r.mem + (FREE_IPA - RAM_BASE)) = 0x1234;
	WANT(realm_report(&r, 0), 0x1234);
}

static void ripas_waits(void)
{
	static const struct script_op script[] = {
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, FREE_IPA, FREE_IPA + PAGE, RSI_RIPAS_EMPTY}},
		{SCRIPT_END, {0}}};
	struct realm r;

	realm_convertible();
	REALM_NEW(&r, 1, script);
	WANT(realm_run(&r, 0), -EFAULT);
	if (want_of("ripas-waits")) {
		WANT(realm_run(&r, 0), -EFAULT);
		WANT(r.run[0]->exit_reason, KVM_EXIT_MEMORY_FAULT);
		WANT(realm_attr(&r, FREE_IPA, PAGE, 0), 0);
	}
	WANT(realm_report(&r, 0), RSI_SUCCESS);
}

static void dead_vm(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	realm_slot_in_the_way(&r);
	WANT(realm_run(&r, 0), -ENXIO);
	WANT(realm_run(&r, 0), want_of("run-dead"));
	WANT(call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP), since(ABI_NEXT) ? -EIO : 1);
}

static const struct check checks[] = {
	{"populate-in-out", "from v13 on 0 and the structure advanced, before the bytes done",
	 pop_in_out},
	{"populate-copy-back", "a structure that cannot be written back: EFAULT from v13 on",
	 pop_copy_back},
	{"enable-cap-generic", "ENABLE_CAP of a generic capability is never gated", enable_generic},
	{"attr-numbers", "attributes are the VM's, from v15 on the guest_memfd's", attr_numbers},
	{"attr-gmem-arguments", "SET_MEMORY_ATTRIBUTES2's arguments: EINVAL", gmem_attr_arguments},
	{"in-place", "converted in place: shared pages are the guest_memfd's own", in_place},
	{"ripas-waits", "a RIPAS change is done on the next run (next: once attributes match)",
	 ripas_waits},
	{"run-dead", "KVM_RUN after a failed activation: ENXIO (v14: EINVAL; next: VM dead)",
	 dead_vm},
};

const struct check_group check_revisions = {"revisions", checks,
					    sizeof(checks) / sizeof(checks[0])};
