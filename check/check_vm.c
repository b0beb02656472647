// SPDX-License-Identifier: BSD-3-Clause
/* check_vm.c - KVM_CREATE_VM's types and the VM calls that a realm refuses. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/check.h"

static int64_t create(unsigned long type)
{
	struct realm r;

	realm_open(&r);
	return call_n(r.kvm, KVM_CREATE_VM, type);
}

static void vm_types(void)
{
	WANT_TRUE(create(0) >= 0);
	WANT_TRUE(create(check_sheet()->realm) >= 0);
	for (unsigned long kind = since(ABI_V14) ? 1 : 2; kind < 16; kind++)
		WANT(create(kind << 8), -EINVAL);
}

static void vm_type_bits(void)
{
	for (int bit = 12; bit < 64; bit++)
		if (check_sheet()->realm != 1UL << bit)
			WANT(create(1UL << bit | 40), -EINVAL);
	WANT(create(check_sheet()->realm | 1UL << 31 | 40), -EINVAL);
	WANT(create(check_sheet()->other | 40), -EINVAL);
}

static void vm_ipa_low(void)
{
	for (unsigned long bits = 1; bits < 32; bits++)
		WANT(create(check_sheet()->realm | bits), -EINVAL);
}

static void vm_ipa_range(void)
{
	unsigned long bits = 32, limit;

	while (bits < 256 && create(check_sheet()->realm | bits) >= 0)
		bits++;
	limit = bits - 1;
	WANT_TRUE(limit >= 40 && limit <= 52);
	for (; bits < 256; bits++)
		WANT(create(check_sheet()->realm | bits), -EINVAL);
}

static void vm_refused_devices(void)
{
	struct kvm_create_device v2 = {.type = KVM_DEV_TYPE_ARM_VGIC_V2};
	struct realm r;

	realm_open(&r);
	WANT(call_n(r.vm, KVM_CREATE_IRQCHIP, 0), -ENODEV);
	WANT(call(r.vm, KVM_CREATE_DEVICE, &v2), -ENODEV);
}

static void vm_counter_offset(void)
{
	struct kvm_arm_counter_offset o = {.counter_offset = 1};
	struct realm r;

	realm_open(&r);
	WANT(call(r.vm, KVM_ARM_SET_COUNTER_OFFSET, &o), -EINVAL);
}

static void vm_enable_cap(void)
{
	struct kvm_enable_cap rmi = {.cap = check_sheet()->cap};
	struct kvm_enable_cap nisv = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	struct realm r;

	realm_open(&r);
	WANT(call(r.vm, KVM_ENABLE_CAP, &rmi), -EINVAL);
	WANT(call(r.vm, KVM_ENABLE_CAP, &nisv), want_of("vm-enable-cap"));
}

static void vm_unknown_ioctl(void)
{
	struct kvm_arm_rmi_populate p = {};
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	WANT(call(r.vm, check_sheet()->other_populate, &p), -EINVAL);
	WANT(call(r.vm, _IO(KVMIO, 0xff), NULL), -EINVAL);
	WANT(call(r.vcpu[0], _IO(KVMIO, 0xff), NULL), -EINVAL);
	WANT(call(r.kvm, _IO(KVMIO, 0xff), NULL), -EINVAL);
}

static void vm_api_version(void)
{
	struct realm r;

	realm_open(&r);
	WANT(call_n(r.kvm, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
	WANT(call_n(r.kvm, KVM_GET_API_VERSION, 1), -EINVAL);
	WANT_TRUE(call_n(r.kvm, KVM_GET_VCPU_MMAP_SIZE, 0) >= 2 * PAGE);
	WANT(call_n(r.kvm, KVM_GET_VCPU_MMAP_SIZE, 1), -EINVAL);
}

static const struct check checks[] = {
	{"vm-types", "types: 0 ordinary, the revision's realm; others in bits 11:8 EINVAL",
	 vm_types},
	{"vm-type-bits", "any other type bit is EINVAL, another revision's realm type too",
	 vm_type_bits},
	{"vm-ipa-low", "an IPA width of 1 to 31 is EINVAL", vm_ipa_low},
	{"vm-ipa-range", "IPA widths from 32 to the RMM's S2SZ, at least 40, above EINVAL",
	 vm_ipa_range},
	{"vm-gicv2", "CREATE_IRQCHIP and a GICv2 device are ENODEV on a realm", vm_refused_devices},
	{"vm-counter-offset", "ARM_SET_COUNTER_OFFSET is EINVAL on a realm", vm_counter_offset},
	{"vm-enable-cap", "ENABLE_CAP of ARM_RMI is EINVAL, of NISV_TO_USER accepted (v14: EINVAL)",
	 vm_enable_cap},
	{"vm-unknown-ioctl", "an unknown ioctl is EINVAL, another revision's POPULATE too",
	 vm_unknown_ioctl},
	{"vm-api-version", "API version 12, a mapping of two pages or more, no arguments",
	 vm_api_version},
};

const struct check_group check_vm = {"vm", checks, sizeof(checks) / sizeof(checks[0])};
