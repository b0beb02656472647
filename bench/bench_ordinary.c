// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_ordinary.c - what an ordinary VM costs, in process: the whole state of a vCPU out and in
 * again, a stage 2 fault beside a realm's, the dirty log of 1 GiB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "abi/kvm.h"
#include "abi/v12.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "engine/engine.h"

#define RAM	  UINT64_C(0x80000000)
#define RAM_SIZE  UINT64_C(0x40000000)
#define DEVICE	  UINT64_C(0x09000000)
#define PAGE	  UINT64_C(4096)
#define FAR_APART UINT64_C(0x200000) /* a level 3 table for each store */
#define TURNS	  500
#define X(n)	  (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 2 * (n))

/* Stores to x1 places from x0 on, x2 apart; then one to the device at x3; again. */
static const uint32_t code[] = {
	0xaa0003e4, /* mov  x4, x0 */
	0xaa0103e5, /* mov  x5, x1 */
	0xf9000085, /* str  x5, [x4] */
	0x8b020084, /* add  x4, x4, x2 */
	0xf10004a5, /* subs x5, x5, #1 */
	0x54ffffa1, /* b.ne the store */
	0xb9000065, /* str  w5, [x3] */
	0x17fffff9, /* b    the start */
};

/* A store to the device at x3, x1 stores from x0 on, x2 apart; again. */
static const uint32_t fault_code[] = {
	0xb9000065, /* str  w5, [x3] */
	0xf9000001, /* str  x1, [x0] */
	0x8b020000, /* add  x0, x0, x2 */
	0xf1000421, /* subs x1, x1, #1 */
	0x54ffffa1, /* b.ne the second store */
	0x17fffffb, /* b    the start */
};

static struct inproc *host;
static int vm, vcpu;
static uint8_t *ram;

static int64_t call(int fd, uint64_t nr, const void *arg)
{
	int64_t ret = inproc_ioctl(host, fd, (uint32_t)nr, (uintptr_t)arg);

	if (ret < 0) {
		fprintf(stderr, "bench_ordinary: ioctl %#llx: %lld\n", (unsigned long long)nr,
			(long long)ret);
		exit(1);
	}
	return ret;
}

static void set_reg(uint64_t id, uint64_t val)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)&val};

	call(vcpu, KVM_SET_ONE_REG, &r);
}

/* A fresh host, its memory with the code in front, a VM of this type with one vCPU. */
static void open_vm(uint64_t type, uint32_t features, const uint32_t *code, size_t size)
{
	const struct inproc_config cfg = {.engine = &engine_qemu, .ram = 2 * RAM_SIZE};
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8, .features[0] = features};

	if (inproc_create(&cfg, &host))
		exit(1);
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		exit(1);
	memcpy(ram, code, size);
	vm = (int)call(inproc_open(host), KVM_CREATE_VM, (void *)type);
	vcpu = (int)call(vm, KVM_CREATE_VCPU, NULL);
	call(vcpu, KVM_ARM_VCPU_INIT, &init);
	set_reg(KVM_REG_ARM_CORE_PC, RAM);
}

static void set_slot(uint32_t flags)
{
	struct kvm_userspace_memory_region slot = {.flags = flags,
						   .guest_phys_addr = RAM,
						   .memory_size = RAM_SIZE,
						   .userspace_addr = (uintptr_t)ram};

	call(vm, KVM_SET_USER_MEMORY_REGION, &slot);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static void run(void)
{
	call(vcpu, KVM_RUN, NULL);
}

static void stores(uint64_t count, uint64_t apart)
{
	set_reg(X(0), RAM + FAR_APART);
	set_reg(X(1), count);
	set_reg(X(2), apart);
}

/* The first register that is read takes all of them out of the CPU, the next run puts them back. */
static void save_and_load(void)
{
	uint64_t val;
	struct kvm_one_reg r = {.id = KVM_REG_MPIDR_EL1, .addr = (uintptr_t)&val};

	call(vcpu, KVM_GET_ONE_REG, &r);
	run();
}

static void get_log(void)
{
	static uint64_t bits[RAM_SIZE / PAGE / 64];
	struct kvm_dirty_log log = {.dirty_bitmap = (uintptr_t)bits};

	call(vm, KVM_GET_DIRTY_LOG, &log);
}

/* ---- faults ---- */

#define FAULTS	   256
#define ROUNDS	   7
#define IPA_BITS   33
#define FAULT_RATE 1.2

static void make_private(void)
{
	struct kvm_create_guest_memfd gmem = {.size = RAM_SIZE};
	struct kvm_memory_attributes attr = {RAM, RAM_SIZE, KVM_MEMORY_ATTRIBUTE_PRIVATE, 0};
	struct kvm_userspace_memory_region2 slot = {.flags = KVM_MEM_GUEST_MEMFD,
						    .guest_phys_addr = RAM,
						    .memory_size = RAM_SIZE,
						    .userspace_addr = (uintptr_t)ram};
	struct kvm_arm_rmi_populate p = {RAM, PAGE, (uintptr_t)ram, 0, 0};

	slot.guest_memfd = (uint32_t)call(vm, KVM_CREATE_GUEST_MEMFD, &gmem);
	call(vm, KVM_SET_USER_MEMORY_REGION2, &slot);
	call(vm, KVM_SET_MEMORY_ATTRIBUTES, &attr);
	call(vm, KVM_ARM_RMI_POPULATE, &p);
}

static void set_gic(int gic, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

	call(gic, KVM_SET_DEVICE_ATTR, &a);
}

static void make_gic(void)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	call(vm, KVM_CREATE_DEVICE, &cd);
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x08000000);
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x080a0000);
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

/* Nanoseconds of one fault that maps memory nobody has touched yet. */
static double fault_once(bool realm)
{
	uint64_t start;

	open_vm(realm ? KVM_VM_TYPE_ARM_REALM | IPA_BITS : 0,
		realm ? BIT(KVM_ARM_VCPU_PSCI_0_2) : 0, fault_code, sizeof(fault_code));
	make_gic();
	if (realm)
		make_private();
	else
		set_slot(0);
	stores(FAULTS, FAR_APART);
	set_reg(X(3), DEVICE | (realm ? BIT(IPA_BITS - 1) : 0));
	run(); /* the engine is up */
	start = now();
	run();
	start = now() - start;
	inproc_destroy(host);
	munmap(ram, RAM_SIZE);
	return (double)start / FAULTS;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Median nanoseconds of fn, `before` being done each time without being counted. */
static double median(void (*fn)(void), void (*before)(void), unsigned int turns)
{
	static uint64_t ns[TURNS];

	for (unsigned int i = 0; i < turns; i++) {
		uint64_t start;

		if (before)
			before();
		start = now();
		fn();
		ns[i] = now() - start;
	}
	qsort(ns, turns, sizeof(ns[0]), compare);
	return (double)ns[turns / 2];
}

static int report_faults(void)
{
	uint64_t ordinary[ROUNDS], realm[ROUNDS], rate[ROUNDS];
	const unsigned int middle = ROUNDS / 2;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		ordinary[i] = (uint64_t)fault_once(false);
		realm[i] = (uint64_t)fault_once(true);
		rate[i] = 1000 * ordinary[i] / realm[i];
	}
	qsort(ordinary, ROUNDS, sizeof(ordinary[0]), compare);
	qsort(realm, ROUNDS, sizeof(realm[0]), compare);
	qsort(rate, ROUNDS, sizeof(rate[0]), compare);
	printf("a stage 2 fault %26.1f us, a realm's %.1f us: %.2f of it, limit %g: %s\n",
	       (double)ordinary[middle] / 1e3, (double)realm[middle] / 1e3,
	       (double)rate[middle] / 1e3, FAULT_RATE,
	       (double)rate[middle] <= 1e3 * FAULT_RATE ? "ok" : "OVER");
	return (double)rate[middle] > 1e3 * FAULT_RATE;
}

static int report(const char *what, double us, double limit)
{
	printf("%-46s %9.1f us  limit %g: %s\n", what, us, limit, us <= limit ? "ok" : "OVER");
	return us > limit;
}

int main(void)
{
	double exit_and_back, whole, faults, log;
	int over;

	open_vm(0, 0, code, sizeof(code));
	set_slot(KVM_MEM_LOG_DIRTY_PAGES);
	set_reg(X(3), DEVICE);
	stores(1, PAGE);
	run(); /* the engine is up */
	exit_and_back = median(run, NULL, TURNS);
	whole = median(save_and_load, NULL, TURNS);
	over = report("a vCPU's whole state, out and in", (whole - exit_and_back) / 1e3, 200);
	get_log();
	stores(256, PAGE);
	faults = (median(run, get_log, 20) - exit_and_back) / 256; /* each page is read-only */
	printf("%-46s %9.1f us\n", "a store after the dirty log was taken", faults / 1e3);
	stores(RAM_SIZE / FAR_APART - 1, FAR_APART);
	log = median(get_log, run, 20);
	over |= report("the dirty log of 1 GiB, all tables there", log / 1e3, 10000);
	inproc_destroy(host);
	return over | report_faults();
}
