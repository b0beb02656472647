// SPDX-License-Identifier: BSD-3-Clause
/* check_vm.c - KVM_CREATE_VM's types and the VM calls that a realm refuses. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

/* All of it in one piece, as far as it came. */
static ssize_t read_stats(int fd, uint8_t *data, size_t size)
{
	ssize_t n;

	WANT_TRUE(fd >= 0);
	WANT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	WANT(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	n = pread(fd, data, size, 0);
	WANT_TRUE(n >= (ssize_t)sizeof(struct kvm_stats_header) && n < (ssize_t)size);
	WANT(pread(fd, data, 1, n), 0);
	return n;
}

/* Which counters there are is the kernel's business. */
static void want_stats(int fd)
{
	static uint8_t data[65536];
	const struct kvm_stats_header *h = (void *)data;
	uint64_t size = (uint64_t)read_stats(fd, data, sizeof(data));

	WANT(h->flags, 0);
	WANT_TRUE(h->num_desc && h->name_size && h->id_offset + h->name_size <= size);
	WANT(strncmp((char *)data + h->id_offset, "kvm-", 4), 0);
	for (uint32_t i = 0; i < h->num_desc; i++) {
		uint64_t at = h->desc_offset + (uint64_t)i * (16 + h->name_size);
		const struct kvm_stats_desc *d = (void *)(data + at);

		WANT_TRUE(at + 16 + h->name_size <= size);
		WANT_TRUE(d->size && *d->name && memchr(d->name, 0, h->name_size));
		WANT_TRUE(h->data_offset + d->offset + UINT64_C(8) * d->size <= size);
	}
}

static void vm_stats(void)
{
	struct realm r;
	int vm, vcpu;

	realm_open(&r);
	realm_vcpu_create(&r);
	vm = call_n(r.vm, KVM_GET_STATS_FD, 0);
	vcpu = call_n(r.vcpu[0], KVM_GET_STATS_FD, 0);
	want_stats(vm);
	want_stats(vcpu);
	close(r.vcpu[0]);
	close(r.vm);
	want_stats(vm);
	want_stats(vcpu);
}

static int64_t enable(struct realm *r, uint32_t cap, uint64_t arg)
{
	struct kvm_enable_cap e = {.cap = cap, .args = {arg}};

	return call(r->vm, KVM_ENABLE_CAP, &e);
}

static void vm_dirty_ring(void)
{
	const uint32_t ring = KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
	const off_t at = KVM_DIRTY_LOG_PAGE_OFFSET * PAGE;
	const int prot = PROT_READ | PROT_WRITE;
	struct realm r;

	realm_open(&r);
	WANT(call_n(r.vm, KVM_RESET_DIRTY_RINGS, 0), -EINVAL);
	WANT(enable(&r, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0), -EINVAL);
	WANT(enable(&r, ring, 0), -EINVAL);
	WANT(enable(&r, ring, PAGE / 2), -EINVAL);
	WANT(enable(&r, ring, PAGE + 16), -EINVAL);
	WANT(enable(&r, ring, 1 << 21), -E2BIG);
	WANT(enable(&r, ring, 2 * PAGE), 0);
	WANT(enable(&r, ring, 2 * PAGE), -EINVAL);
	WANT(enable(&r, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0), 0);
	WANT(call_n(r.vm, KVM_RESET_DIRTY_RINGS, 0), 0);
	realm_vcpu_create(&r);
	WANT_TRUE(mmap(NULL, 2 * PAGE, prot, MAP_PRIVATE, r.vcpu[0], at) == MAP_FAILED);
	WANT_TRUE(mmap(NULL, 2 * PAGE, prot | PROT_EXEC, MAP_SHARED, r.vcpu[0], at) == MAP_FAILED);
	WANT_TRUE(mmap(NULL, 2 * PAGE, prot, MAP_SHARED, r.vcpu[0], at) != MAP_FAILED);
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
	{"vm-stats",
	 "GET_STATS_FD of a VM and a vCPU: counters to be read, also when these are closed",
	 vm_stats},
	{"vm-dirty-ring", "dirty rings: a power of two of entries, set once, mapped shared",
	 vm_dirty_ring},
	{"vm-api-version", "API version 12, a mapping of two pages or more, no arguments",
	 vm_api_version},
};

const struct check_group check_vm = {"vm", checks, sizeof(checks) / sizeof(checks[0])};
