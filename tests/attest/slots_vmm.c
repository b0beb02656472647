// SPDX-License-Identifier: BSD-3-Clause
/*
 * slots_vmm.c - a VMM that chooses its memslots freely, and predicts the RIM that it gets.
 *
 *	slots_vmm IPA-BITS VCPUS PAGES FLAGS SLOT...
 *
 * SLOT is ID:BASE:SIZE:gmem or ID:BASE:SIZE:plain (numbers in C notation). PAGES pages of slot 1
 * of the list are populated in two calls, the second half first, with FLAGS. The realm is
 * activated by a KVM_RUN with immediate_exit and never runs. Prints the predicted RIM.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/v12.h"
#include "base/hex.h"
#include "attest/predict.h"
#include "kvm/platform.h"

#define PAGE	  UINT64_C(4096)
#define MAX_SLOTS 16

static struct predict_slot slots[MAX_SLOTS];
static size_t num_slots;
static uint64_t num_pages, flags;
static unsigned int ipa_bits, vcpus;

static int call(int fd, unsigned long nr, unsigned long arg, const char *name)
{
	int r = ioctl(fd, nr, arg);

	if (r < 0)
		err(1, "%s", name);
	return r;
}
#define CALL(fd, nr, arg) call(fd, nr, (unsigned long)(arg), #nr)

static struct predict_slot parse_slot(const char *text)
{
	struct predict_slot s;
	char *end;

	s.id = (unsigned int)strtoul(text, &end, 0);
	s.base = strtoull(end + 1, &end, 0);
	s.size = strtoull(end + 1, &end, 0);
	s.gmem = !strcmp(end, ":gmem");
	return s;
}

static uint8_t *contents(void)
{
	uint8_t *p = aligned_alloc(PAGE, num_pages * PAGE);

	for (uint64_t i = 0; i < num_pages; i++)
		memset(p + i * PAGE, (int)i + 1, PAGE);
	return p;
}

/* ---- the VMM ---- */

static void create_slot(int vm, const struct predict_slot *s)
{
	struct kvm_userspace_memory_region2 r = {
		.slot = s->id, .guest_phys_addr = s->base, .memory_size = s->size};
	struct kvm_create_guest_memfd g = {.size = s->size};
	struct kvm_memory_attributes a = {
		.address = s->base, .size = s->size, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE};

	r.userspace_addr = (uintptr_t)mmap(NULL, s->size, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->gmem) {
		r.flags = KVM_MEM_GUEST_MEMFD;
		r.guest_memfd = (uint32_t)CALL(vm, KVM_CREATE_GUEST_MEMFD, &g);
	}
	CALL(vm, KVM_SET_USER_MEMORY_REGION2, &r);
	if (s->gmem)
		CALL(vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
}

static void populate(int vm, uint8_t *data, uint64_t first, uint64_t n)
{
	struct kvm_arm_rmi_populate p = {.base = slots[0].base + first * PAGE,
					 .size = n * PAGE,
					 .source_uaddr = (uintptr_t)data + first * PAGE,
					 .flags = flags};

	if (n && CALL(vm, KVM_ARM_RMI_POPULATE, &p) != (int)(n * PAGE))
		errx(1, "KVM_ARM_RMI_POPULATE: partial");
}

static int create_vcpus(int vm)
{
	struct kvm_vcpu_init init = {0};
	int first = -1;

	CALL(vm, KVM_ARM_PREFERRED_TARGET, &init);
	for (unsigned int i = 0; i < vcpus; i++) {
		int fd = CALL(vm, KVM_CREATE_VCPU, i);

		init.features[0] =
			1 << KVM_ARM_VCPU_PSCI_0_2 | (i ? 1 << KVM_ARM_VCPU_POWER_OFF : 0);
		CALL(fd, KVM_ARM_VCPU_INIT, &init);
		first = i ? first : fd;
	}
	return first;
}

static void create_gic(int vm)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = 0x08000000, redist = 0x080a0000;
	struct kvm_device_attr attrs[] = {
		{0, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, (uintptr_t)&dist},
		{0, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, (uintptr_t)&redist},
		{0, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0},
	};

	CALL(vm, KVM_CREATE_DEVICE, &dev);
	for (int i = 0; i < 3; i++)
		CALL((int)dev.fd, KVM_SET_DEVICE_ATTR, &attrs[i]);
}

static void activate(int kvm, int vcpu)
{
	struct kvm_run *run = mmap(NULL, (size_t)CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
				   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	if (run == MAP_FAILED)
		err(1, "mmap of the vCPU");
	run->immediate_exit = 1;
	if (!ioctl(vcpu, KVM_RUN, 0))
		errx(1, "KVM_RUN ran in spite of immediate_exit");
}

static void run_vmm(uint8_t *data)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm, vcpu;

	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = CALL(kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | ipa_bits);
	vcpu = create_vcpus(vm);
	create_gic(vm);
	for (size_t i = 0; i < num_slots; i++)
		create_slot(vm, &slots[i]);
	populate(vm, data, num_pages / 2, num_pages - num_pages / 2);
	populate(vm, data, 0, num_pages / 2);
	activate(kvm, vcpu);
}

/* ---- the prediction ---- */

static int predict_it(const uint8_t *data, uint8_t rim[MEASURE_SIZE])
{
	static struct rmi_realm_params p = {.num_bps = PLATFORM_BREAKPOINTS - 1,
					    .num_wps = PLATFORM_WATCHPOINTS - 1};
	static struct rmi_rec_params recs[PLATFORM_MAX_VCPUS] = {{.flags = RMI_REC_FLAG_RUNNABLE}};
	bool measure = flags & KVM_ARM_RMI_POPULATE_FLAGS_MEASURE;
	uint64_t half = num_pages / 2 * PAGE;
	struct predict *pr;

	p.s2sz = (uint8_t)ipa_bits;
	if (predict_create(&p, NULL, NULL, &pr) ||
	    predict_populate(pr, slots[0].base + half, data + half, num_pages * PAGE - half,
			     measure) ||
	    predict_populate(pr, slots[0].base, data, half, measure) ||
	    predict_activate(pr, recs, vcpus, slots, num_slots))
		return -1;
	predict_rim(pr, rim);
	predict_free(pr);
	return 0;
}

int main(int argc, char **argv)
{
	char text[HEX_SIZE(MEASURE_SIZE)];
	uint8_t rim[MEASURE_SIZE], *data;

	if (argc < 6 || argc > 5 + MAX_SLOTS)
		errx(2, "usage: slots_vmm IPA-BITS VCPUS PAGES FLAGS SLOT...");
	ipa_bits = (unsigned int)atoi(argv[1]);
	vcpus = (unsigned int)atoi(argv[2]);
	num_pages = strtoull(argv[3], NULL, 0);
	flags = strtoull(argv[4], NULL, 0);
	for (int i = 5; i < argc; i++)
		slots[num_slots++] = parse_slot(argv[i]);
	data = contents();
	run_vmm(data);
	if (predict_it(data, rim))
		errx(1, "no prediction");
	puts(hex_encode(rim, 32, text));
	free(data);
	return 0;
}
