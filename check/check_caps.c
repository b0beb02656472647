// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_caps.c - KVM_CHECK_EXTENSION on the three kinds of fd. What the series decides (K) is
 * wanted exactly; what a platform may choose (P) only has to be possible.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/check.h"

#define RING_MAX (65536 * (int64_t)sizeof(struct kvm_dirty_gfn))

struct fds {
	struct realm realm;
	int sys, vm;
};

static void fds_open(struct fds *f)
{
	realm_open(&f->realm);
	f->sys = f->realm.kvm;
	f->vm = call_n(f->sys, KVM_CREATE_VM, 0);
	WANT_TRUE(f->vm >= 0);
}

static void want_cap(struct fds *f, int cap, int64_t sys, int64_t vm, int64_t realm)
{
	WANT(call_n(f->sys, KVM_CHECK_EXTENSION, cap), sys);
	WANT(call_n(f->vm, KVM_CHECK_EXTENSION, cap), vm);
	WANT(call_n(f->realm.vm, KVM_CHECK_EXTENSION, cap), realm);
}

static void cap_rmi(void)
{
	struct fds f;

	fds_open(&f);
	want_cap(&f, check_sheet()->cap, 1, 1, 1);
}

static void cap_other_revisions(void)
{
	struct fds f;

	fds_open(&f);
	for (int cap = 246; cap <= 255; cap++) {
		if (cap == check_sheet()->cap || cap == 251) /* mainline's PMU_V3_STRICT */
			continue;
		if (cap == check_sheet()->gmem_cap)
			want_cap(&f, cap, KVM_MEMORY_ATTRIBUTE_PRIVATE, 0,
				 KVM_MEMORY_ATTRIBUTE_PRIVATE);
		else
			want_cap(&f, cap, 0, 0, 0);
	}
	want_cap(&f, 300, 0, 0, 0);
}

static void cap_attributes(void)
{
	struct fds f;

	fds_open(&f);
	want_cap(&f, KVM_CAP_MEMORY_ATTRIBUTES, want_of("cap-memory-attributes"), 0,
		 want_of("cap-memory-attributes"));
}

static void cap_same(void)
{
	/* clang-format off */
	static const int one[] = {
		KVM_CAP_IRQCHIP, KVM_CAP_USER_MEMORY, KVM_CAP_SYNC_MMU,
		KVM_CAP_DESTROY_MEMORY_REGION_WORKS, KVM_CAP_JOIN_MEMORY_REGIONS_WORKS,
		KVM_CAP_IRQFD, KVM_CAP_INTERNAL_ERROR_DATA, KVM_CAP_ARM_PSCI, KVM_CAP_DEVICE_CTRL,
		KVM_CAP_ENABLE_CAP_VM, KVM_CAP_ARM_PSCI_0_2, KVM_CAP_CHECK_EXTENSION_VM,
		KVM_CAP_IOEVENTFD_ANY_LENGTH, KVM_CAP_BINARY_STATS_FD, KVM_CAP_SYSTEM_EVENT_DATA,
		KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, KVM_CAP_USER_MEMORY2, KVM_CAP_GUEST_MEMFD,
	};
	/* clang-format on */
	struct fds f;

	fds_open(&f);
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		want_cap(&f, one[i], 1, 1, 1);
	want_cap(&f, KVM_CAP_NR_MEMSLOTS, 32767, 32767, 32767);
	want_cap(&f, KVM_CAP_GUEST_MEMFD_FLAGS, 3, 3, 3);
	want_cap(&f, KVM_CAP_DIRTY_LOG_RING_ACQ_REL, RING_MAX, RING_MAX, RING_MAX);
}

static void cap_hidden(void)
{
	/* clang-format off */
	static const int hidden[] = {
		KVM_CAP_MP_STATE, KVM_CAP_SET_GUEST_DEBUG, KVM_CAP_IOEVENTFD, KVM_CAP_VCPU_EVENTS,
		KVM_CAP_ONE_REG, KVM_CAP_READONLY_MEM, KVM_CAP_IRQFD_RESAMPLE,
		KVM_CAP_ARM_SET_DEVICE_ADDR, KVM_CAP_VCPU_ATTRIBUTES, KVM_CAP_IMMEDIATE_EXIT,
		KVM_CAP_ARM_IRQ_LINE_LAYOUT_2, KVM_CAP_ARM_NISV_TO_USER,
		KVM_CAP_ARM_INJECT_EXT_DABT,
	};
	/* clang-format on */
	struct fds f;

	fds_open(&f);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		want_cap(&f, hidden[i], 1, 1, 0);
}

static void cap_hidden_platform(void)
{
	/* clang-format off */
	static const int hidden[] = {
		KVM_CAP_GUEST_DEBUG_HW_BPS, KVM_CAP_GUEST_DEBUG_HW_WPS, KVM_CAP_ARM_USER_IRQ,
		KVM_CAP_ARM_EL1_32BIT, KVM_CAP_STEAL_TIME, KVM_CAP_SET_GUEST_DEBUG2,
		KVM_CAP_PTP_KVM, KVM_CAP_ARM_SYSTEM_SUSPEND, KVM_CAP_COUNTER_OFFSET,
		KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES, KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES,
		KVM_CAP_ARM_WRITABLE_IMP_ID_REGS, KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED,
		KVM_CAP_ARM_SEA_TO_USER, KVM_CAP_ARM_MTE, KVM_CAP_ARM_EL2,
	};
	/* clang-format on */
	struct fds f;

	fds_open(&f);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		WANT(call_n(f.realm.vm, KVM_CHECK_EXTENSION, hidden[i]), 0);
}

static void cap_pmu(void)
{
	struct fds f;
	int64_t host;

	fds_open(&f);
	host = call_n(f.sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3);
	WANT(call_n(f.realm.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3),
	     want_of("cap-pmu") ? host : 0);
}

static void cap_vcpus(void)
{
	struct fds f;
	int64_t nr, max;

	fds_open(&f);
	nr = call_n(f.sys, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS);
	max = call_n(f.sys, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	WANT_TRUE(nr >= 1 && max >= nr);
	want_cap(&f, KVM_CAP_NR_VCPUS, nr, nr, nr);
	want_cap(&f, KVM_CAP_MAX_VCPUS, max, max, max);
	want_cap(&f, KVM_CAP_MAX_VCPU_ID, max, max, max);
}

static void cap_ipa(void)
{
	struct fds f;
	int64_t bits;

	fds_open(&f);
	bits = call_n(f.sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	WANT_TRUE(bits >= 32 && bits <= 52);
	want_cap(&f, KVM_CAP_ARM_VM_IPA_SIZE, bits, bits, bits);
}

static void cap_msi_devid(void)
{
	struct fds f;

	fds_open(&f);
	want_cap(&f, KVM_CAP_MSI_DEVID, -EINVAL, 0, 0);
}

static void cap_unknown(void)
{
	struct fds f;

	fds_open(&f);
	want_cap(&f, 0x7fffffff, 0, 0, 0);
}

static const struct check checks[] = {
	{"cap-rmi", "KVM_CAP_ARM_RMI is 1 on /dev/kvm, an ordinary VM and a realm", cap_rmi},
	{"cap-other-revisions", "the numbers of other revisions answer 0", cap_other_revisions},
	{"cap-memory-attributes",
	 "MEMORY_ATTRIBUTES: PRIVATE on /dev/kvm and a realm (v15: 0), else 0", cap_attributes},
	{"cap-allowed", "generic and allow-listed capabilities answer alike on all three",
	 cap_same},
	{"cap-hidden", "capabilities outside the allow-list answer 0 on a realm only", cap_hidden},
	{"cap-hidden-platform", "optional capabilities outside the allow-list are 0 on a realm",
	 cap_hidden_platform},
	{"cap-pmu", "ARM_PMU_V3 of a realm: the host's in v12, 0 later", cap_pmu},
	{"cap-vcpus", "NR_VCPUS <= MAX_VCPUS = MAX_VCPU_ID, the same on all three", cap_vcpus},
	{"cap-ipa-size", "ARM_VM_IPA_SIZE is the host's limit on all three", cap_ipa},
	{"cap-msi-devid", "MSI_DEVID is EINVAL on /dev/kvm, 0 without an ITS", cap_msi_devid},
	{"cap-unknown", "an unknown capability is 0", cap_unknown},
};

const struct check_group check_caps = {"capabilities", checks, sizeof(checks) / sizeof(checks[0])};
