// SPDX-License-Identifier: BSD-3-Clause
/*
 * stress_ordinary.c - an ordinary VM's vCPUs run while its registers are read and written, its
 * memory is logged, goes and comes back, lines move, and all is closed.
 *
 * What a call answers is of no interest; that everybody comes back, and that nothing is used that
 * is gone, is.
 */
#include "tests/fuzz/stress_ordinary.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "backend/inproc.h"
#include "base/bits.h"

#define VCPUS 4 /* as the realm: who looks after the newest VM finds as many, whichever it is */
#define PAGE  UINT64_C(4096)
#define PC    (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 64)

#define RING_ENTRIES 256
#define RING_BYTES   (RING_ENTRIES * sizeof(struct kvm_dirty_gfn))

enum { LOG = VCPUS, USER, KICK, THREADS };

struct ordinary_vm {
	struct inproc *p;
	int vm, gic, vcpu[VCPUS];
	struct kvm_run *run[VCPUS];
	bool has_rings; /* of dirty pages, beside the log */
	struct kvm_dirty_gfn *ring[VCPUS];
	uint64_t ipa, size, ram;
	atomic_bool stop, back;
	pthread_t thread[THREADS];
	uint64_t seed[THREADS];
};

/* A thread is told of itself and of the VM by one of these. */
struct one {
	struct ordinary_vm *o;
	unsigned int n;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "stress: ordinary: %s\n", what);
	abort();
}

static uint32_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static int64_t call(struct ordinary_vm *o, int fd, uint32_t nr, const void *arg)
{
	return inproc_ioctl(o->p, fd, nr, (uintptr_t)arg);
}

static int64_t set_slot(struct ordinary_vm *o, uint32_t flags, uint64_t size)
{
	struct kvm_userspace_memory_region r = {.flags = flags,
						.guest_phys_addr = o->ipa,
						.memory_size = size,
						.userspace_addr = o->ram};

	return call(o, o->vm, KVM_SET_USER_MEMORY_REGION, &r);
}

/* ---- threads ---- */

static void run(struct ordinary_vm *o, unsigned int n)
{
	while (!atomic_load(&o->stop))
		inproc_ioctl(o->p, o->vcpu[n], KVM_RUN, 0);
}

/* What the vCPUs have pushed is harvested; where it points to is not always left as it was. */
static void reset_rings(struct ordinary_vm *o, uint64_t *seed)
{
	for (unsigned int i = 0; i < VCPUS; i++) {
		for (struct kvm_dirty_gfn *e = o->ring[i]; e < o->ring[i] + RING_ENTRIES; e++) {
			if (__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) != KVM_DIRTY_GFN_F_DIRTY)
				continue;
			if (!(draw(seed) & 7))
				__atomic_store_n(&e->offset, draw(seed), __ATOMIC_RELAXED);
			__atomic_store_n(&e->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
		}
	}
	check(inproc_ioctl(o->p, o->vm, KVM_RESET_DIRTY_RINGS, 0) != -EINVAL, "no rings");
}

/* The slot with a log and without, gone for a moment, and the log read. */
static void change_memory(struct ordinary_vm *o, uint64_t *seed)
{
	uint64_t bits[64] = {0};
	struct kvm_dirty_log log = {.dirty_bitmap = (uintptr_t)bits};
	uint32_t r = draw(seed);

	switch (r & 7) {
	case 0:
		set_slot(o, 0, 0);
		set_slot(o, 0, o->size);
		break;
	case 1:
	case 2:
		set_slot(o, r & 8 ? KVM_MEM_LOG_DIRTY_PAGES : 0, o->size);
		break;
	case 3:
	case 4:
		if (o->has_rings) {
			reset_rings(o, seed);
			break;
		}
		/* fall through */
	default:
		call(o, o->vm, KVM_GET_DIRTY_LOG, &log);
	}
}

static void read_stats(struct ordinary_vm *o, int of)
{
	char data[4096];
	int fd = (int)inproc_ioctl(o->p, of, KVM_GET_STATS_FD, 0);

	if (fd < 0)
		return; /* it is closed by now */
	check(pread(inproc_given(o->p, fd), data, sizeof(data), 0) > 0, "no statistics");
	inproc_close(o->p, fd);
}

/* Each waits for the vCPU to come out. */
static void use_vcpu(struct ordinary_vm *o, uint64_t *seed)
{
	uint32_t r = draw(seed);
	int fd = o->vcpu[r % VCPUS];
	uint64_t val = o->ipa;
	struct kvm_one_reg reg = {.id = PC, .addr = (uintptr_t)&val};
	struct kvm_mp_state mp = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct kvm_vcpu_events events = {.exception.serror_pending = r >> 8 & 1};
	struct kvm_guest_debug debug = {.control = r >> 8 & 1};

	switch (r >> 4 & 7) {
	case 0:
		call(o, fd, KVM_GET_ONE_REG, &reg);
		break;
	case 1:
		call(o, fd, KVM_SET_ONE_REG, &reg);
		break;
	case 2:
		call(o, fd, KVM_SET_VCPU_EVENTS, &events);
		break;
	case 3:
		call(o, fd, KVM_SET_GUEST_DEBUG, &debug);
		break;
	case 4:
		read_stats(o, r >> 8 & 1 ? fd : o->vm);
		break;
	default:
		call(o, fd, KVM_SET_MP_STATE, &mp);
	}
}

static void disturb(struct ordinary_vm *o, uint64_t *seed)
{
	uint32_t r = draw(seed);
	struct kvm_irq_level line = {.irq = 1 << 24 | (40 + (r >> 4 & 3)), .level = r >> 8 & 1};

	if (r & 1)
		call(o, o->vm, KVM_IRQ_LINE, &line);
	inproc_signal(o->p, o->vcpu[r % VCPUS]);
	usleep(200);
}

static void *thread_main(void *arg)
{
	struct one one = *(struct one *)arg;
	struct ordinary_vm *o = one.o;
	uint64_t seed = o->seed[one.n];

	free(arg);
	if (one.n < VCPUS)
		run(o, one.n);
	/* Until the vCPUs are back, which may all sleep. */
	while (one.n == KICK && !atomic_load(&o->back))
		disturb(o, &seed);
	while (one.n != KICK && !atomic_load(&o->stop)) {
		if (one.n == LOG)
			change_memory(o, &seed);
		else
			use_vcpu(o, &seed);
		usleep(50);
	}
	return NULL;
}

/* ---- its life ---- */

static void set_attr(struct ordinary_vm *o, int fd, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

	check(!call(o, fd, KVM_SET_DEVICE_ATTR, &a), "an attribute is refused");
}

static void make_vcpu(struct ordinary_vm *o, unsigned int n)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8,
				     .features = {1u << KVM_ARM_VCPU_PSCI_0_2}};

	o->vcpu[n] = (int)inproc_ioctl(o->p, o->vm, KVM_CREATE_VCPU, n);
	check(o->vcpu[n] >= 0 && !call(o, o->vcpu[n], KVM_ARM_VCPU_INIT, &init), "no vCPU");
	o->run[n] = inproc_mmap(o->p, o->vcpu[n], KVM_VCPU_MMAP_SIZE);
	check(o->run[n] != NULL, "no kvm_run");
	if (o->has_rings)
		o->ring[n] = inproc_mmap_dirty_ring(o->p, o->vcpu[n], RING_BYTES);
	check(o->ring[n] || !o->has_rings, "no ring");
	set_attr(o, o->vcpu[n], KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA,
		 o->ipa + PAGE + n * 64);
}

static void make_gic(struct ordinary_vm *o)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	check(!call(o, o->vm, (uint32_t)KVM_CREATE_DEVICE, &cd), "no GIC");
	o->gic = (int)cd.fd;
	set_attr(o, o->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x08000000);
	set_attr(o, o->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x080a0000);
	set_attr(o, o->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

static void make_rings(struct ordinary_vm *o)
{
	struct kvm_enable_cap ring = {.cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL, .args = {RING_BYTES}};
	struct kvm_enable_cap both = {.cap = KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP};

	o->has_rings = true;
	check(!call(o, o->vm, KVM_ENABLE_CAP, &ring) && !call(o, o->vm, KVM_ENABLE_CAP, &both),
	      "no rings");
}

static void start_thread(struct ordinary_vm *o, unsigned int n, uint64_t seed)
{
	struct one *one = malloc(sizeof(*one));

	check(one != NULL, "no memory");
	*one = (struct one){o, n};
	o->seed[n] = seed * 37 + n;
	check(!pthread_create(&o->thread[n], NULL, thread_main, one), "no thread");
}

struct ordinary_vm *ordinary_vm_start(struct inproc *p, int sys, uint64_t ipa, uint8_t *ram,
				      uint64_t size, uint64_t seed)
{
	struct ordinary_vm *o = calloc(1, sizeof(*o));

	check(o != NULL, "no memory");
	o->p = p;
	o->ipa = ipa;
	o->ram = (uintptr_t)ram;
	o->size = size;
	o->vm = (int)inproc_ioctl(p, sys, KVM_CREATE_VM, ORDINARY_IPA_BITS);
	if (o->vm >= 0 && ((seed ^ seed >> 1) & 1))
		make_rings(o);
	check(o->vm >= 0 && !set_slot(o, 0, size), "no VM");
	for (unsigned int n = 0; n < VCPUS; n++)
		make_vcpu(o, n);
	make_gic(o);
	for (unsigned int n = 0; n < THREADS; n++)
		start_thread(o, n, seed);
	return o;
}

void ordinary_vm_stop(struct ordinary_vm *o)
{
	inproc_close(o->p, o->vm);
	inproc_close(o->p, o->gic);
	atomic_store(&o->stop, true);
	for (unsigned int n = 0; n < THREADS; n++) {
		if (n == KICK)
			atomic_store(&o->back, true);
		pthread_join(o->thread[n], NULL);
	}
	for (unsigned int n = 0; n < VCPUS; n++) {
		inproc_munmap(o->p, o->run[n], KVM_VCPU_MMAP_SIZE);
		if (o->has_rings)
			inproc_munmap(o->p, o->ring[n], RING_BYTES);
		inproc_close(o->p, o->vcpu[n]);
	}
	free(o);
}
