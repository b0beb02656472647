/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h - a VMM of one revision, written against that revision's header alone (the file that
 * includes this one has included it): create, populate in pieces, convert, run, take every exit.
 *
 *	CLIENT [force|touch]
 *
 * Status: 0 all went as the revision says; 3 the capability is absent (force goes on); 4 a call was
 * refused, which is named. With touch it makes a mistake: it writes user memory behind a private
 * page, which the realm does not see.
 */
#ifndef TESTS_REVISIONS_CLIENT_H
#define TESTS_REVISIONS_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/rsi.h"
#include "check/script.h"
#include "check_guest.h" /* check/guest.S: runs the script in x0 */

#define PAGE	 4096
#define RAM	 UINT64_C(0x80000000)
#define RAM_SIZE UINT64_C(0x400000)
#define SHARED	 (UINT64_C(1) << 32)
#define SCRIPT	 (RAM + PAGE)
#define DATA	 (RAM + 2 * PAGE)
#define FREE	 (RAM + 0x100000)
#define TOUCHED	 (RAM + 0x200000)
#define RHI	 0xC5000001

static int vm, gmem, vcpu;
static struct kvm_run *run;
static uint8_t *shared; /* what the shared alias shows */

static void refused(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	exit(4);
}

#define CALL(fd, nr, arg)                                                                          \
	({                                                                                         \
		int ret_ = ioctl(fd, nr, arg);                                                     \
		if (ret_ < 0)                                                                      \
			refused(#nr);                                                              \
		ret_;                                                                              \
	})

static void want(const char *what, uint64_t got, uint64_t value)
{
	if (got == value)
		return;
	printf("%s: %#llx, not %#llx\n", what, (unsigned long long)got, (unsigned long long)value);
	exit(1);
}

/* ---- in what the revisions differ ---- */

static void set_private(uint64_t gpa, uint64_t size, int private)
{
	uint64_t attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
#ifdef KVM_SET_MEMORY_ATTRIBUTES2
	struct kvm_memory_attributes2 a = {
		.offset = gpa - RAM, .size = size, .attributes = attributes};

	CALL(gmem, KVM_SET_MEMORY_ATTRIBUTES2, &a);
#else
	struct kvm_memory_attributes a = {.address = gpa, .size = size, .attributes = attributes};

	CALL(vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
#endif
}

static void make_gmem(void)
{
	struct kvm_create_guest_memfd g = {.size = RAM_SIZE};
	int flags = MAP_SHARED | MAP_ANONYMOUS, fd = -1;

#ifdef KVM_SET_MEMORY_ATTRIBUTES2 /* in place: begins private, can be shared */
	g.flags = GUEST_MEMFD_FLAG_MMAP;
	flags = MAP_SHARED;
#endif
	gmem = CALL(vm, KVM_CREATE_GUEST_MEMFD, &g);
	if (g.flags)
		fd = gmem;
	shared = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (shared == MAP_FAILED)
		refused("mmap");
}

/* A page of each call, as far as it goes. */
static void populate(uint64_t gpa, const uint8_t *src, uint64_t size)
{
	struct kvm_arm_rmi_populate p = {
		.base = gpa, .size = size, .source_uaddr = (uintptr_t)src, .flags = 1};

	while (p.size) {
		int n = CALL(vm, KVM_ARM_RMI_POPULATE, &p);

		if (KVM_ARM_RMI_POPULATE >> 30 == 3) { /* _IOWR: the structure tells */
			want("POPULATE", n, 0);
			continue;
		}
		if (!n)
			refused("POPULATE without progress");
		p.base += n;
		p.source_uaddr += n;
		p.size -= n;
	}
}

static int has_realms(int kvm)
{
	return ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RMI) == 1;
}

static int vm_is_good(void)
{
#ifdef KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES
	return ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES) &
	       KVM_MEMORY_ATTRIBUTE_PRIVATE;
#else
	return 1;
#endif
}

/* ---- a VM ---- */

static void set_attr(int fd, uint32_t group, uint64_t attr, const void *val)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)val};

	CALL(fd, KVM_SET_DEVICE_ATTR, &a);
}

static void make_gic(void)
{
	struct kvm_create_device d = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = 0x08000000, redist = 0x080a0000;

	CALL(vm, KVM_CREATE_DEVICE, &d);
	set_attr(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
	set_attr(d.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
	set_attr(d.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static void make_vcpu(void)
{
	struct kvm_vcpu_init init;

	vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
	CALL(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;
	CALL(vcpu, KVM_ARM_VCPU_INIT, &init);
	run = mmap(NULL, KVM_VCPU_MMAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		refused("mmap");
}

static void set_reg(uint64_t id, uint64_t val)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)&val};

	CALL(vcpu, KVM_SET_ONE_REG, &r);
}

static void make_memory(void)
{
	struct kvm_userspace_memory_region2 slot = {
		.flags = KVM_MEM_GUEST_MEMFD, .guest_phys_addr = RAM, .memory_size = RAM_SIZE};
	static const struct script_op script[] = {
		{SCRIPT_REPORT, {0x1234}},
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, FREE, FREE + PAGE, RSI_RIPAS_EMPTY, 1}},
		{SCRIPT_READ, {SHARED | FREE, SCRIPT_U64}},
		{SCRIPT_WRITE, {DATA + 8, SCRIPT_U64, RHI}},
		{SCRIPT_SMC, {RSI_HOST_CALL, DATA}},
		{SCRIPT_READ, {DATA + 8, SCRIPT_U64}},
		{SCRIPT_SMC, {PSCI_SYSTEM_OFF}},
	};
	uint8_t *image =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	make_gmem();
	slot.userspace_addr = (uintptr_t)shared;
	slot.guest_memfd = gmem;
	CALL(vm, KVM_SET_USER_MEMORY_REGION2, &slot);
	set_private(RAM, RAM_SIZE, 1);
	memcpy(image, check_guest, PAGE);
	memcpy(image + PAGE, script, sizeof(script));
	populate(RAM, image, PAGE);
	populate(RAM + PAGE, image + PAGE, 2 * PAGE);
}

/* ---- exits ---- */

/* KVM_RUN returns 0 with the next report of the script. */
static uint64_t report(void)
{
	uint64_t val;

	CALL(vcpu, KVM_RUN, 0);
	want("exit_reason", run->exit_reason, KVM_EXIT_MMIO);
	want("mmio.phys_addr", run->mmio.phys_addr, SCRIPT_REPORT_GPA);
	memcpy(&val, run->mmio.data, sizeof(val));
	return val;
}

static void take_exits(int touch)
{
	want("the first report", report(), 0x1234);
	if (touch)
		*(volatile uint64_t *)(shared + (TOUCHED - RAM)) = 1;
	if (ioctl(vcpu, KVM_RUN, 0) != -1 || errno != EFAULT)
		refused("KVM_RUN with a RIPAS change");
	want("exit_reason", run->exit_reason, KVM_EXIT_MEMORY_FAULT);
	want("memory_fault.gpa", run->memory_fault.gpa, FREE);
	want("memory_fault.flags", run->memory_fault.flags, 0);
	set_private(FREE, PAGE, 0);
	*(volatile uint64_t *)(shared + (FREE - RAM)) = 0x77;
	want("RSI_IPA_STATE_SET", report(), RSI_SUCCESS);
	for (int i = 0; i < 3; i++)
		report();
	want("the shared page", report(), 0x77);
	CALL(vcpu, KVM_RUN, 0);
	want("exit_reason", run->exit_reason, KVM_EXIT_HYPERCALL);
	want("hypercall.nr", run->hypercall.nr, RHI);
	set_reg(KVM_REG_ARM_CORE_X(0), 0x99);
	want("RSI_HOST_CALL", report(), RSI_SUCCESS);
	for (int i = 0; i < 3; i++)
		report();
	want("the host's answer", report(), 0x99);
	CALL(vcpu, KVM_RUN, 0);
	want("exit_reason", run->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	want("system_event.type", run->system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN);
}

int main(int argc, char **argv)
{
	struct kvm_smccc_filter rhi = {
		.base = RHI, .nr_functions = 1, .action = KVM_SMCCC_FILTER_FWD_TO_USER};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		refused("open");
	if (!has_realms(kvm) && argc < 2) {
		printf("capability %d is 0\n", KVM_CAP_ARM_RMI);
		return 3;
	}
	vm = CALL(kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 33);
	if (!vm_is_good() && argc < 2) {
		printf("the VM has no attributes of guest_memfds\n");
		return 3;
	}
	set_attr(vm, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, &rhi);
	make_vcpu();
	make_gic();
	make_memory();
	set_reg(KVM_REG_ARM_CORE_PC, RAM);
	set_reg(KVM_REG_ARM_CORE_X(0), SCRIPT);
	take_exits(argc > 1 && !strcmp(argv[1], "touch"));
	printf("all went well\n");
	return 0;
}

#endif
