// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_populate.c - KVM_ARM_RMI_POPULATE: each check in its order, each partial result, each
 * state.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/check.h"

#define MB UINT64_C(0x100000)

static const struct script_op end[] = {{SCRIPT_END, {0}}};

/* Everything but the code: one vCPU, memory private. */
static void realm_ready(struct realm *r)
{
	realm_open(r);
	realm_vcpus(r, 1);
	realm_vgic(r);
	realm_memory(r);
}

static int64_t populate(struct realm *r, struct kvm_arm_rmi_populate p)
{
	return call(r->vm, check_sheet()->populate, &p);
}

static void pop_ordinary_vm(void)
{
	struct realm r;

	realm_open(&r);
	r.vm = call_n(r.kvm, KVM_CREATE_VM, 0);
	WANT(call(r.vm, check_sheet()->populate, BAD_POINTER), want_of("populate-ordinary-vm"));
	WANT(populate(&r, (struct kvm_arm_rmi_populate){.reserved = 1}),
	     want_of("populate-ordinary-vm"));
	WANT(populate(&r, (struct kvm_arm_rmi_populate){.size = PAGE}),
	     want_of("populate-ordinary-vm"));
}

static void pop_pointer(void)
{
	struct realm r;

	realm_open(&r);
	WANT(call(r.vm, check_sheet()->populate, NULL), -EFAULT);
	WANT(call(r.vm, check_sheet()->populate, BAD_POINTER), -EFAULT);
}

static void want_argument_refusals(struct realm *r, const void *src)
{
	uint64_t s = (uintptr_t)src;

	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE, PAGE, s, 0, 1}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE, PAGE, s, 2, 0}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE, PAGE, s, 1U << 31, 0}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE + 1, PAGE, s, 0, 0}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE, PAGE + 1, s, 0, 0}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE + 1, PAGE + 1, s, 0, 0}), -EINVAL);
	WANT(populate(r, (struct kvm_arm_rmi_populate){RAM_BASE + 1, PAGE - 1, s, 0, 0}), -EINVAL);
}

static void pop_arguments(void)
{
	struct realm r;

	realm_ready(&r);
	want_argument_refusals(&r, pages(1));
	WANT(realm_created(&r), 0);
}

static void pop_arguments_active(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), -EINTR);
	want_argument_refusals(&r, pages(1));
}

static void pop_no_vcpu(void)
{
	struct realm r;

	realm_open(&r);
	realm_memory(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -ENXIO);
	realm_vcpu_create(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -ENXIO);
	WANT(realm_vcpu_init(&r, 0, 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
}

static void pop_sve(void)
{
	struct realm r;

	realm_open(&r);
	if (call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) != 1)
		check_skip("no SVE on this platform");
	realm_vcpu_create(&r);
	WANT(realm_vcpu_init(&r, 0, 1 << KVM_ARM_VCPU_PSCI_0_2 | 1 << KVM_ARM_VCPU_SVE), 0);
	realm_memory(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -EINVAL);
}

static void pop_no_slot(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -EINVAL);
	WANT_TRUE(realm_created(&r));
	realm_memory(&r);
	WANT(realm_populate(&r, RAM_BASE + RAM_SIZE, PAGE, pages(1), 0), -EINVAL);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
}

static void pop_no_gmem(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_slot(&r, 1, 0, 0x10000000, MB, pages(256), -1, 0), 0);
	if (!since(ABI_V15))
		WANT(realm_attr(&r, 0x10000000, MB, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
	WANT(realm_populate(&r, 0x10000000, PAGE, pages(1), 0), -EINVAL);
}

static void pop_not_private(void)
{
	struct realm r;

	realm_convertible();
	realm_ready(&r);
	WANT(realm_attr(&r, RAM_BASE, PAGE, 0), 0);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -EINVAL);
	WANT_TRUE(realm_created(&r));
}

static void pop_upper_half(void)
{
	struct realm r;
	void *src = pages(4);

	realm_ready(&r);
	WANT(realm_populate(&r, SHARED_BIT | RAM_BASE, PAGE, src, 0), -EINVAL);
	WANT(realm_populate(&r, SHARED_BIT << 1, PAGE, src, 0), -EINVAL);
	WANT(realm_populate(&r, SHARED_BIT - PAGE, 2 * PAGE, src, 0), -EINVAL);
	WANT(realm_populate(&r, -(uint64_t)PAGE, PAGE, src, 0), -EINVAL);
	WANT(realm_populate(&r, -(uint64_t)PAGE, 2 * PAGE, src, 0), -EINVAL);
}

static void pop_wrapping_size(void)
{
	struct realm r;
	uint8_t *src = pages(3);

	realm_ready(&r);
	munmap(src + 2 * PAGE, PAGE);
	WANT(realm_populate(&r, RAM_BASE, -(uint64_t)PAGE, src, 0),
	     since(ABI_V15) ? -EINVAL : 2 * PAGE);
}

static void pop_size_zero(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, 0, pages(1), 0), want_of("populate-size-zero"));
	WANT_TRUE(realm_created(&r));
}

static void pop_bad_source(void)
{
	struct realm r;
	uint8_t *p = pages(2);

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, NULL, 0), want_of("populate-bad-source"));
	munmap(p, PAGE);
	WANT(realm_populate(&r, RAM_BASE, PAGE, p, 0), -EFAULT);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	WANT(realm_populate(&r, RAM_BASE, PAGE, p + PAGE, 0), -EFAULT);
	WANT(realm_populate(&r, RAM_BASE, PAGE, (void *)0xffff800000000000, 0), -EFAULT);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
}

static void pop_unaligned_source(void)
{
	struct realm r;
	uint8_t *p = pages(2);

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, p + 16, 0), want_of("populate-unaligned-source"));
	WANT(realm_created(&r), want_of("populate-unaligned-early"));
}

static void pop_sources(void)
{
	struct realm r;
	void *zero = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/exe", O_RDONLY);
	void *file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	int g;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, zero, 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE + PAGE, PAGE, pages(1), 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE + 2 * PAGE, PAGE, file, 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE + 3 * PAGE, PAGE, r.mem, 0), PAGE);
	g = realm_gmem(&r, MB, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	WANT(realm_populate(&r, RAM_BASE + 4 * PAGE, PAGE,
			    mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_SHARED, g, 0), 0),
	     PAGE);
}

static void pop_twice(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), want_of("populate-twice"));
}

static void pop_partial_populated(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE + PAGE, PAGE, pages(1), 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE, 3 * PAGE, pages(3), 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE + PAGE, 2 * PAGE, pages(2), 0), want_of("populate-twice"));
	WANT(realm_populate(&r, RAM_BASE + 2 * PAGE, PAGE, pages(1), 0), PAGE);
}

static void pop_partial_attribute(void)
{
	struct realm r;

	realm_convertible();
	realm_ready(&r);
	WANT(realm_attr(&r, RAM_BASE + 2 * PAGE, PAGE, 0), 0);
	WANT(realm_populate(&r, RAM_BASE, 4 * PAGE, pages(4), 0), 2 * PAGE);
}

static void pop_partial_slot(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE + RAM_SIZE - PAGE, 3 * PAGE, pages(3), 0), PAGE);
}

static void pop_partial_source(void)
{
	struct realm r;
	uint8_t *src = pages(4);

	realm_ready(&r);
	munmap(src + 3 * PAGE, PAGE);
	WANT(realm_populate(&r, RAM_BASE, 4 * PAGE, src, 1), 3 * PAGE);
	WANT(realm_populate(&r, RAM_BASE + 3 * PAGE, PAGE, src + 3 * PAGE, 1), -EFAULT);
}

static void pop_convert(void)
{
	struct realm r;

	realm_convertible();
	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
	WANT(realm_attr(&r, RAM_BASE, PAGE, 0), 0);
	WANT(realm_attr(&r, RAM_BASE, PAGE, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
}

static void pop_slot_again(void)
{
	struct realm r;

	realm_ready(&r);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, 0, NULL, -1, 0), 0);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, RAM_SIZE, r.mem, r.gmem, 0), 0);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
}

static void pop_closed_gmem(void)
{
	struct realm r;

	realm_ready(&r);
	close(r.gmem);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), -EFAULT);
}

static void pop_active(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), -EINTR);
	WANT(realm_populate(&r, FREE_IPA, PAGE, pages(1), 0), -EBUSY);
	WANT(realm_populate(&r, FREE_IPA, 0, pages(1), 0), -EBUSY);
}

static void pop_dead(void)
{
	struct realm r;

	realm_ready(&r);
	realm_slot_in_the_way(&r);
	WANT(realm_run(&r, 0), -ENXIO);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), want_of("populate-dead"));
}

static const struct check checks[] = {
	{"populate-ordinary-vm", "on an ordinary VM EPERM (v13: ENXIO), whatever the argument",
	 pop_ordinary_vm},
	{"populate-pointer", "an unreadable argument is EFAULT", pop_pointer},
	{"populate-arguments",
	 "reserved, unknown flags, unaligned base or end: EINVAL, nothing done", pop_arguments},
	{"populate-arguments-active", "the argument checks come before the state, also when ACTIVE",
	 pop_arguments_active},
	{"populate-no-vcpu", "without an initialised vCPU ENXIO; after VCPU_INIT it works",
	 pop_no_vcpu},
	{"populate-sve", "an SVE vCPU that is not finalised: EINVAL", pop_sve},
	{"populate-no-slot", "outside every slot EINVAL, but the realm has been created",
	 pop_no_slot},
	{"populate-no-gmem", "a slot without guest_memfd: EINVAL", pop_no_gmem},
	{"populate-not-private", "a page that is not private: EINVAL", pop_not_private},
	{"populate-upper-half", "shared alias, beyond the width, across the half, wrapping: EINVAL",
	 pop_upper_half},
	{"populate-wrapping-size",
	 "a size that wraps to an aligned end is done as far as it goes (v15: EINVAL)",
	 pop_wrapping_size},
	{"populate-size-zero", "size 0 is EINVAL (v15: 0), and the realm has been created",
	 pop_size_zero},
	{"populate-bad-source", "NULL (v15: EINVAL), unmapped, PROT_NONE, kernel address: EFAULT",
	 pop_bad_source},
	{"populate-unaligned-source", "unaligned source: EINVAL (6.19: from the page's start)",
	 pop_unaligned_source},
	{"populate-sources", "zero page, untouched, file, slot memory, shared gmem are sources",
	 pop_sources},
	{"populate-twice", "a populated page: ENXIO (6.19: EEXIST)", pop_twice},
	{"populate-partial-populated", "stops before a populated page and says how far",
	 pop_partial_populated},
	{"populate-partial-attribute", "stops before a page that is not private",
	 pop_partial_attribute},
	{"populate-partial-slot", "stops at the slot's end", pop_partial_slot},
	{"populate-partial-source", "stops where the source faults", pop_partial_source},
	{"populate-convert", "shared and private again: the page can be populated again",
	 pop_convert},
	{"populate-slot-again", "slot deleted and added: the page can be populated again",
	 pop_slot_again},
	{"populate-closed-gmem", "the guest_memfd was closed: EFAULT", pop_closed_gmem},
	{"populate-active", "after the first KVM_RUN EBUSY, also for size 0", pop_active},
	{"populate-dead", "after a failed activation ENXIO", pop_dead},
};

const struct check_group check_populate = {"populate", checks, sizeof(checks) / sizeof(checks[0])};
