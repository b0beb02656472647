// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_inspect.c - for how long the inspector can hold anybody up.
 *
 * What looks in takes locks only inside of the functions that are timed here, so none of them is
 * held for longer than its function's longest run: CPU time, in a VM with as much to look at as
 * there can be: 64 vCPUs, 32000 memslots, 16000 ranges of attributes, an RTT of 16000 pages. Beside
 * that, what conversions take, alone and while somebody looks without a pause: wall time, so on a
 * busy machine that says something only under `chrt -f 10`. Exit status 1: a figure is over its
 * limit.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "abi/v12.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "bench/null_engine.h"
#include "kvm/entry/kvm_inspect.h"
#include "rmm/rmm_inspect.h"

#define ROUNDS	    200
#define CONVERSIONS 20000
#define LIMIT_MS    5.0
#define PAGE	    UINT64_C(4096)
#define VCPUS	    64
#define SLOTS	    32000
#define RANGES	    16000
#define RAM_PAGES   16384
#define RAM_IPA	    UINT64_C(0x40000000)
#define SLOTS_IPA   UINT64_C(0x100000000)
#define MAX_IRQS    8192

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	exit(2);
}

static double now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- a VM with much to look at ---- */

static struct inproc *host;
static int vm, vcpu[VCPUS];

static void must(int fd, uint32_t nr, const void *arg, const char *what)
{
	check(inproc_ioctl(host, fd, nr, (uintptr_t)arg) >= 0, what);
}

static void *anonymous(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "memory");
	return p;
}

static void convert(uint64_t ipa, uint64_t n, bool private)
{
	struct kvm_memory_attributes a = {ipa, n * PAGE, private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
					  0};

	must(vm, (uint32_t)KVM_SET_MEMORY_ATTRIBUTES, &a, "KVM_SET_MEMORY_ATTRIBUTES");
}

static void set_gic(int gic, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

	must(gic, KVM_SET_DEVICE_ATTR, &a, "the GIC");
}

static void make_vcpus(void)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8,
				     .features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2};
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	for (uint64_t n = 0; n < VCPUS; n++) {
		vcpu[n] = (int)inproc_ioctl(host, vm, KVM_CREATE_VCPU, n);
		check(vcpu[n] >= 0, "KVM_CREATE_VCPU");
		must(vcpu[n], KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
	}
	must(vm, (uint32_t)KVM_CREATE_DEVICE, &cd, "KVM_CREATE_DEVICE");
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x08000000);
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x10000000);
	set_gic((int)cd.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

static void make_memory(void)
{
	struct kvm_create_guest_memfd g = {.size = RAM_PAGES * PAGE};
	struct kvm_userspace_memory_region2 r = {.flags = KVM_MEM_GUEST_MEMFD,
						 .guest_phys_addr = RAM_IPA,
						 .memory_size = RAM_PAGES * PAGE};
	uint8_t *ram = anonymous(RAM_PAGES * PAGE), *pages = anonymous(SLOTS * PAGE);
	struct kvm_arm_rmi_populate p = {RAM_IPA, RAM_PAGES * PAGE, (uintptr_t)ram, 0, 0};

	r.userspace_addr = (uintptr_t)ram;
	r.guest_memfd =
		(uint32_t)inproc_ioctl(host, vm, (uint32_t)KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);
	must(vm, (uint32_t)KVM_SET_USER_MEMORY_REGION2, &r, "the RAM");
	convert(RAM_IPA, RAM_PAGES, true);
	must(vm, (uint32_t)KVM_ARM_RMI_POPULATE, &p, "KVM_ARM_RMI_POPULATE");
	for (uint64_t i = 0; i < SLOTS; i++) {
		struct kvm_userspace_memory_region s = {.slot = (uint32_t)i + 1,
							.guest_phys_addr = SLOTS_IPA + 2 * i * PAGE,
							.memory_size = PAGE,
							.userspace_addr =
								(uintptr_t)(pages + i * PAGE)};

		must(vm, KVM_SET_USER_MEMORY_REGION, &s, "a slot");
	}
}

static void make(void)
{
	const struct inproc_config cfg = {.engine = &engine_null};

	check(!inproc_create(&cfg, &host), "the host");
	vm = (int)inproc_ioctl(host, inproc_open(host), KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 40);
	check(vm >= 0, "KVM_CREATE_VM");
	make_vcpus();
	make_memory();
	/* A vCPU that was told to leave activates the realm, and makes the RECs. */
	inproc_signal(host, vcpu[0]);
	inproc_ioctl(host, vcpu[0], KVM_RUN, 0);
}

/* ---- looking ---- */

static struct kvm_vm_view *view;
static struct vgic_irq_view irqs[MAX_IRQS];

static void look_at_vm(void)
{
	kvm_vm_view_free(view);
	view = kvm_inspect_vm(inproc_kvm(host), 1);
	check(view && view->num_slots == SLOTS + 1 && view->rd && view->vcpus[0].rec, "the VM");
}

static void look_at_vgic(void)
{
	bool enabled;
	size_t n;

	check(kvm_inspect_vgic(inproc_kvm(host), 1, irqs, MAX_IRQS, &n, &enabled) && n, "the vGIC");
}

static void look_at_range(void)
{
	struct rmm_range r;

	check(rmm_inspect_range(inproc_rmm(host), view->rd, RAM_IPA, &r), "a range");
}

static void look_at_walk(void)
{
	struct rmm_step steps[RMM_MAX_STEPS];

	check(rmm_inspect_walk(inproc_rmm(host), view->rd, RAM_IPA, steps), "a walk");
}

static void look_at_rec(void)
{
	struct rmm_rec_view rec;

	rmm_inspect_ask(inproc_rmm(host), view->vcpus[0].rec);
	check(rmm_inspect_rec(inproc_rmm(host), view->vcpus[0].rec, &rec), "a REC");
}

static void look_at_memory(void)
{
	static uint8_t page[4096];

	check(rmm_inspect_read(inproc_rmm(host), view->rd, RAM_IPA, page, sizeof(page)), "memory");
}

static const struct {
	const char *what;
	void (*look)(void);
} looks[] = {
	{"VM: memslots, attributes, vCPUs", look_at_vm},
	{"vGIC: every interrupt", look_at_vgic},
	{"RTT: a range of one kind", look_at_range},
	{"RTT: a walk", look_at_walk},
	{"REC: registers", look_at_rec},
	{"a page of memory", look_at_memory},
};

/* True: it is over the limit. */
static bool time_look(size_t n)
{
	double ms[ROUNDS], longest;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ms(CLOCK_THREAD_CPUTIME_ID);

		looks[n].look();
		ms[i] = now_ms(CLOCK_THREAD_CPUTIME_ID) - start;
	}
	qsort(ms, ROUNDS, sizeof(*ms), by_value);
	longest = ms[ROUNDS - 1];
	printf("%-40s median %7.3f ms   longest %7.3f ms   limit %g: %s\n", looks[n].what,
	       ms[ROUNDS / 2], longest, LIMIT_MS, longest > LIMIT_MS ? "OVER" : "ok");
	return longest > LIMIT_MS;
}

/* ---- who converts meanwhile ---- */

static atomic_bool stop;

static void *look_on(void *arg)
{
	while (!atomic_load(&stop))
		for (size_t n = 0; n < ARRAY_SIZE(looks); n++)
			looks[n].look();
	return NULL;
}

static void time_conversions(const char *what)
{
	static double ms[CONVERSIONS];

	for (int i = 0; i < CONVERSIONS; i++) {
		double start = now_ms(CLOCK_MONOTONIC);

		convert(RAM_IPA + (1 + (uint64_t)i / 2 % (RAM_PAGES - 1)) * PAGE, 1, i & 1);
		ms[i] = now_ms(CLOCK_MONOTONIC) - start;
	}
	qsort(ms, CONVERSIONS, sizeof(*ms), by_value);
	printf("%-40s median %7.3f ms   p99.9   %7.3f ms   longest %.3f ms\n", what,
	       ms[CONVERSIONS / 2], ms[CONVERSIONS - CONVERSIONS / 1000], ms[CONVERSIONS - 1]);
}

int main(void)
{
	pthread_t looker;
	bool over = false;

	make();
	look_at_vm();
	for (uint64_t i = 0; i < RANGES; i++)
		convert(SLOTS_IPA + 2 * i * PAGE, 1, true);
	for (size_t n = 0; n < ARRAY_SIZE(looks); n++)
		over |= time_look(n);
	time_conversions("a conversion of a page, nobody looks");
	check(!pthread_create(&looker, NULL, look_on, NULL), "a thread");
	time_conversions("the same, and somebody looks");
	atomic_store(&stop, true);
	pthread_join(looker, NULL);
	return over;
}
