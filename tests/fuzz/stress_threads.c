// SPDX-License-Identifier: BSD-3-Clause
/*
 * stress_threads.c - everything at once: vCPUs run, memory is converted, slots come and go, vCPUs
 * are kicked, interrupts arrive, all of it is looked at, and all is closed while KVM_RUN is under
 * way. An ordinary VM runs beside the realm (stress_ordinary.c).
 *
 *	stress_threads [ROUNDS [SEED]]
 *
 * Made for the thread sanitizer (tests/fuzz/tsan); useful without it too: in the end nothing may
 * be delegated, the RMM's invariants must hold, and everybody must have come back. Work is counted,
 * not timed. Each thread draws its own numbers from the seed; only their order is left to chance.
 *
 * Each round has the next seed, which also chooses the revision of the ABI and how the round ends.
 * Without ROUNDS each revision gets two rounds, one for each end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/rsi.h"
#include "abi/v15.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "base/log.h"
#include "engine/engine.h"
#include "kvm/revision/revision.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "rmm/check.h"
#include "rmm/rmm.h"
#include "tests/fuzz/stress_looker.h"
#include "tests/fuzz/stress_ordinary.h"
#include "tests/stage2.h"

#define VCPUS	  4
#define OPS	  800 /* of each thread but vCPUs, in a round; more until all is looked at */
#define PAGE	  UINT64_C(4096)
#define RAM_IPA	  UINT64_C(0x40000000)
#define RAM_SIZE  (64 * PAGE)
#define SLOT1_IPA UINT64_C(0x50000000)
#define SHARED	  BIT(32)
#define SPI	  40

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "stress: %s\n", what);
	abort();
}

static uint32_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* ---- a guest that does anything ---- */

struct engine {
	const struct machine *m;
	unsigned int cpus;
	uint64_t seed[ENGINE_MAX_CPUS];
	struct engine_frame frame[ENGINE_MAX_CPUS];
	uint64_t sys[ENGINE_MAX_CPUS][ENGINE_NUM_SYSREGS];
};

static atomic_uint realm_steps, ordinary_steps;
static uint64_t realm_seed; /* of the next one */

static int stress_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->m = m;
	(*out)->cpus = cpus;
	for (unsigned int i = 0; i < cpus; i++)
		(*out)->seed[i] = realm_seed * 31 + i;
	return 0;
}

static void stress_destroy(struct engine *e)
{
	free(e);
}

static struct engine_frame *stress_frame(struct engine *e, unsigned int cpu)
{
	return &e->frame[cpu];
}

static int stress_get(struct engine *e, unsigned int cpu, uint64_t *sys)
{
	memcpy(sys, e->sys[cpu], sizeof(e->sys[cpu]));
	return 0;
}

static int stress_set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	memcpy(e->sys[cpu], sys, sizeof(e->sys[cpu]));
	return 0;
}

static int stress_reset(struct engine *e, unsigned int cpu, struct pe *pe, const uint64_t *sys)
{
	return stress_set(e, cpu, sys);
}

#define EC(n) ((uint64_t)(n) << 26 | BIT(25))

static enum engine_exit abort_at(struct engine_frame *f, uint64_t ipa, uint64_t iss)
{
	f->esr = EC(0x24) | iss | 7;
	f->far = ipa;
	f->hpfar = ipa >> 12 << 4;
	return ENGINE_EXIT_SYNC;
}

static enum engine_exit smc(struct engine_frame *f, uint64_t fid, uint64_t x1, uint64_t x2,
			    uint64_t x3, uint64_t x4)
{
	f->x[0] = fid;
	f->x[1] = x1;
	f->x[2] = x2;
	f->x[3] = x3;
	f->x[4] = x4;
	f->esr = EC(0x17);
	return ENGINE_EXIT_SYNC;
}

#define PV_TIME_ST 0xc5000021

static enum engine_exit stress_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	struct engine_frame *f = &e->frame[cpu];
	uint32_t r = draw(&e->seed[cpu]), page = r >> 8 & 63;
	bool is_realm = (f->vtcr & 63) != 64 - ORDINARY_IPA_BITS;
	uint64_t ipa = RAM_IPA + page * PAGE, shared = is_realm ? SHARED : 0;

	atomic_fetch_add(is_realm ? &realm_steps : &ordinary_steps, 1);
	f->ich_hcr_out = f->ich_hcr;
	if (pe_kicked(pe))
		return ENGINE_EXIT_IRQ;
	switch (r & 15) {
	case 0:
	case 1:
	case 2: /* what lies ready is touched */
		if (stage2_walk(e->m, f, ipa).pa)
			return ENGINE_EXIT_IRQ;
		return abort_at(f, ipa, 0);
	case 3:
	case 4:
	case 5:
		return abort_at(f, ipa | shared, BIT(24) | 3 << 22);
	case 6:
		return abort_at(f, 0x09000000 | shared, BIT(24) | 2 << 22 | (r & 64));
	case 7:
		return abort_at(f, SLOT1_IPA | shared, BIT(24) | 2 << 22);
	case 8:
		return smc(f, RSI_IPA_STATE_SET, ipa, ipa + PAGE, r >> 4 & 1, 1);
	case 9:
		return smc(f, is_realm ? RSI_HOST_CALL : PV_TIME_ST, RAM_IPA, 0, 0, 0);
	case 10:
		return smc(f, PSCI_CPU_ON_64, page % VCPUS, RAM_IPA, 0, 0);
	case 11:
		return smc(f, PSCI_CPU_SUSPEND_64, 0, 0, 0, 0);
	case 12: /* ICC_SGI1R_EL1 from x0: to all others */
		f->x[0] = BIT(40) | (uint64_t)(r >> 4 & 15) << 24;
		f->esr = EC(0x18) | 3 << 20 | 5 << 17 | 12 << 10 | 11 << 1;
		return ENGINE_EXIT_SYNC;
	case 13: /* WFI, which nobody has trapped: from v15 on it is the end of the VM, so rarely */
		if (r >> 16 & 127)
			return ENGINE_EXIT_IRQ;
		f->esr = EC(0x01);
		return ENGINE_EXIT_SYNC;
	default:
		return ENGINE_EXIT_IRQ;
	}
}

static uint64_t stress_run_delay(struct engine *e, unsigned int cpu)
{
	return atomic_load(&ordinary_steps) * UINT64_C(1000);
}

static void stress_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
}

static void stress_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
}

static const struct engine_ops stress_engine = {
	.name = "stress",
	.sets_access_flag = true,
	.create = stress_create,
	.destroy = stress_destroy,
	.frame = stress_frame,
	.reset = stress_reset,
	.sysregs_get = stress_get,
	.sysregs_set = stress_set,
	.run = stress_run,
	.run_delay = stress_run_delay,
	.tlbi = stress_tlbi,
	.touch = stress_touch,
};

/* ---- a VMM ---- */

struct vmm {
	struct inproc *p;
	const struct kvm_revision *rev;
	int sys, vm, gic, gmem, vcpu[VCPUS], irqfd;
	struct kvm_run *run[VCPUS];
	uint8_t *ram, *slot1;
	struct looker *looker;
	struct ordinary_vm *ordinary;
	atomic_bool stop, all_back;
	uint64_t seed;
};

static int64_t call(struct vmm *v, int fd, uint32_t nr, const void *arg)
{
	return inproc_ioctl(v->p, fd, nr, (uintptr_t)arg);
}

static void set_gic(struct vmm *v, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

	check(!call(v, v->gic, KVM_SET_DEVICE_ATTR, &a), "no GIC");
}

static void make_gic(struct vmm *v)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct kvm_irqfd irqfd = {.gsi = SPI - 32};

	check(!call(v, v->vm, (uint32_t)KVM_CREATE_DEVICE, &cd), "no GIC");
	v->gic = cd.fd;
	set_gic(v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x08000000);
	set_gic(v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x080a0000);
	set_gic(v, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	v->irqfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	irqfd.fd = v->irqfd;
	check(v->irqfd >= 0 && !call(v, v->vm, KVM_IRQFD, &irqfd), "no irqfd");
}

static uint8_t *anonymous(uint64_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "no memory");
	return p;
}

static int64_t set_private(struct vmm *v, uint64_t ipa, uint64_t size, bool private)
{
	uint64_t attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	struct kvm_memory_attributes a = {.address = ipa, .size = size, .attributes = attributes};
	struct kvm_memory_attributes2 a2 = {
		.offset = ipa - RAM_IPA, .size = size, .attributes = attributes};

	if (v->rev->gmem_attributes)
		return call(v, v->gmem, (uint32_t)KVM_SET_MEMORY_ATTRIBUTES2, &a2);
	return call(v, v->vm, (uint32_t)KVM_SET_MEMORY_ATTRIBUTES, &a);
}

static bool populate(struct vmm *v, uint64_t ipa, uint64_t size, const void *source)
{
	struct kvm_arm_rmi_populate p = {
		.base = ipa, .size = size, .flags = 1, .source_uaddr = (uintptr_t)source};
	int64_t ret = call(v, v->vm, v->rev->populate, &p);

	return v->rev->populate_in_out ? !ret && !p.size : ret == (int64_t)size;
}

static void make_memory(struct vmm *v)
{
	/* Where the attributes are the file's, only a file that is mapped has shared pages. */
	struct kvm_create_guest_memfd g = {.size = RAM_SIZE,
					   .flags = v->rev->gmem_attributes
							    ? GUEST_MEMFD_FLAG_MMAP |
								      GUEST_MEMFD_FLAG_INIT_SHARED
							    : 0};
	struct kvm_userspace_memory_region2 r = {
		.flags = KVM_MEM_GUEST_MEMFD, .guest_phys_addr = RAM_IPA, .memory_size = RAM_SIZE};
	uint8_t *source = anonymous(4 * PAGE);

	v->slot1 = anonymous(4 * PAGE);
	v->gmem = call(v, v->vm, (uint32_t)KVM_CREATE_GUEST_MEMFD, &g);
	r.guest_memfd = v->gmem;
	r.userspace_addr = (uintptr_t)v->ram;
	check(v->gmem >= 0 && !call(v, v->vm, (uint32_t)KVM_SET_USER_MEMORY_REGION2, &r) &&
		      !set_private(v, RAM_IPA, RAM_SIZE, true) &&
		      populate(v, RAM_IPA, 4 * PAGE, source),
	      "no realm memory");
	munmap(source, 4 * PAGE);
}

static void make_vcpu(struct vmm *v, unsigned int n)
{
	struct kvm_vcpu_init init = {
		.target = KVM_ARM_TARGET_GENERIC_V8,
		.features = {1u << KVM_ARM_VCPU_PSCI_0_2 | (n ? 1u << KVM_ARM_VCPU_POWER_OFF : 0)}};

	v->vcpu[n] = inproc_ioctl(v->p, v->vm, KVM_CREATE_VCPU, n);
	check(v->vcpu[n] >= 0 && !call(v, v->vcpu[n], KVM_ARM_VCPU_INIT, &init), "no vCPU");
	v->run[n] = inproc_mmap(v->p, v->vcpu[n], KVM_VCPU_MMAP_SIZE);
	check(v->run[n] != NULL, "no kvm_run");
}

/* Of two seeds, one for each end. */
static size_t revision_of(uint64_t seed)
{
	return seed / 2 % kvm_num_revisions;
}

static void start(struct vmm *v, uint64_t seed)
{
	const struct kvm_revision *rev = kvm_revisions[revision_of(seed)];
	struct inproc_config cfg = {.engine = &stress_engine,
				    .revision = rev,
				    .ram = MACHINE_RESERVED + (UINT64_C(32) << 20)};

	memset(v, 0, sizeof(*v));
	v->rev = rev;
	v->seed = realm_seed = seed;
	check(!inproc_create(&cfg, &v->p), "no host");
	v->sys = inproc_open(v->p);
	v->ram = anonymous(RAM_SIZE);
	v->ordinary = ordinary_vm_start(v->p, v->sys, RAM_IPA, v->ram, RAM_SIZE, seed);
	v->vm = inproc_ioctl(v->p, v->sys, KVM_CREATE_VM, rev->realm_type | 33);
	check(v->vm >= 0, "no VM");
	for (unsigned int n = 0; n < VCPUS; n++)
		make_vcpu(v, n);
	make_gic(v);
	make_memory(v);
}

/* ---- threads ---- */

struct task {
	struct vmm *v;
	unsigned int n;
	uint64_t seed;
	pthread_t thread;
};

/* A VMM's loop: what the realm asks for is done, whatever it is. */
static void *vcpu_main(void *arg)
{
	struct task *t = arg;
	struct kvm_run *run = t->v->run[t->n];
	int64_t ret;

	while (!atomic_load(&t->v->stop)) {
		ret = inproc_ioctl(t->v->p, t->v->vcpu[t->n], KVM_RUN, 0);
		if (run->exit_reason == KVM_EXIT_MEMORY_FAULT && ret == -EFAULT)
			set_private(t->v, run->memory_fault.gpa, run->memory_fault.size,
				    run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
		if (ret == -EBADF)
			break;
	}
	return NULL;
}

static void *convert_main(void *arg)
{
	struct task *t = arg;

	for (int i = 0; i < OPS || !looker_has_looked(t->v->looker); i++) {
		uint32_t r = draw(&t->seed);
		uint64_t at = (r >> 4 & 63) * PAGE, n = 1 + (r >> 10 & 3);

		n = MIN(n, (RAM_SIZE - at) / PAGE);
		if ((r & 3) == 3)
			inproc_fallocate(t->v->p, t->v->gmem,
					 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, n * PAGE);
		else
			set_private(t->v, RAM_IPA + at, n * PAGE, r & 1);
	}
	return NULL;
}

static void *slot_main(void *arg)
{
	struct task *t = arg;

	for (int i = 0; i < OPS || !looker_has_looked(t->v->looker); i++) {
		struct kvm_userspace_memory_region r = {.slot = 1,
							.guest_phys_addr = SLOT1_IPA,
							.memory_size = i & 1 ? 0 : 4 * PAGE,
							.userspace_addr = (uintptr_t)t->v->slot1};

		call(t->v, t->v->vm, KVM_SET_USER_MEMORY_REGION, &r);
	}
	return NULL;
}

static void *kick_main(void *arg)
{
	struct task *t = arg;
	const uint64_t one = 1;

	for (int i = 0; i < 4 * OPS || !looker_has_looked(t->v->looker); i++) {
		uint32_t r = draw(&t->seed);
		struct kvm_irq_level line = {.irq = 1 << 24 | (SPI + 1), .level = r >> 8 & 1};
		struct kvm_mp_state mp = {0};

		if ((r & 3) == 0)
			call(t->v, t->v->vm, KVM_IRQ_LINE, &line);
		else if ((r & 3) == 1)
			check(write(t->v->irqfd, &one, sizeof(one)) > 0 || errno == EAGAIN,
			      "no eventfd");
		else
			inproc_signal(t->v->p, t->v->vcpu[r % VCPUS]);
		if ((r & 31) == 30) /* waits for the vCPU's mutex */
			call(t->v, t->v->vcpu[0], KVM_GET_MP_STATE, &mp);
	}
	return NULL;
}

static void spawn(struct task *t, struct vmm *v, unsigned int n, void *(*fn)(void *))
{
	*t = (struct task){.v = v, .n = n, .seed = v->seed * 31 + n};
	check(!pthread_create(&t->thread, NULL, fn, t), "no thread");
}

/* All vCPUs may sleep at once: somebody has to come by from time to time, until all are back. */
static void *release_main(void *arg)
{
	struct task *t = arg;

	while (!atomic_load(&t->v->all_back)) {
		for (unsigned int n = 0; n < VCPUS; n++)
			inproc_signal(t->v->p, t->v->vcpu[n]);
		usleep(1000);
	}
	return NULL;
}

/* ---- a round ---- */

static void close_all(struct vmm *v)
{
	inproc_close(v->p, v->vm);
	inproc_close(v->p, v->sys);
	inproc_close(v->p, v->gic);
	inproc_close(v->p, v->gmem);
}

static void finish(struct vmm *v)
{
	const char *wrong;

	for (unsigned int n = 0; n < VCPUS; n++) {
		inproc_munmap(v->p, v->run[n], KVM_VCPU_MMAP_SIZE);
		inproc_close(v->p, v->vcpu[n]);
	}
	wrong = rmm_check(inproc_rmm(v->p));
	check(!wrong, wrong);
	check(!rmm_delegated_granules(inproc_rmm(v->p)), "granules are left delegated");
	inproc_forget(v->p, v->ram, RAM_SIZE);
	inproc_forget(v->p, v->slot1, 4 * PAGE);
	munmap(v->ram, RAM_SIZE);
	munmap(v->slot1, 4 * PAGE);
	inproc_destroy(v->p);
	close(v->irqfd);
}

/* Closing is about a realm that runs. */
static void wait_for_steps(atomic_uint *steps, unsigned int before)
{
	for (int ms = 0; ms < 30000 && atomic_load(steps) == before; ms++)
		usleep(1000);
	check(atomic_load(steps) != before, "a VM does not run");
}

/* The steps of its realm. */
static unsigned int one_round(uint64_t seed)
{
	unsigned int before = atomic_load(&realm_steps), ordinary = atomic_load(&ordinary_steps);
	struct task vcpu[VCPUS], convert, slots, kick, release;
	struct vmm v;

	start(&v, seed);
	v.looker = looker_start(v.p, VCPUS, RAM_IPA);
	for (unsigned int n = 0; n < VCPUS; n++)
		spawn(&vcpu[n], &v, n, vcpu_main);
	spawn(&convert, &v, 10, convert_main);
	spawn(&slots, &v, 11, slot_main);
	spawn(&kick, &v, 12, kick_main);
	spawn(&release, &v, 13, release_main);
	pthread_join(kick.thread, NULL);
	wait_for_steps(&realm_steps, before);
	wait_for_steps(&ordinary_steps, ordinary);
	/* With an odd seed the other threads are still at work. */
	if (!(seed & 1)) {
		pthread_join(convert.thread, NULL);
		pthread_join(slots.thread, NULL);
	}
	close_all(&v);
	ordinary_vm_stop(v.ordinary);
	if (seed & 1) {
		pthread_join(convert.thread, NULL);
		pthread_join(slots.thread, NULL);
	}
	atomic_store(&v.stop, true);
	for (unsigned int n = 0; n < VCPUS; n++)
		pthread_join(vcpu[n].thread, NULL);
	atomic_store(&v.all_back, true);
	pthread_join(release.thread, NULL);
	check(looker_stop(v.looker) > 0, "nobody has looked");
	finish(&v);
	return atomic_load(&realm_steps) - before;
}

static void drop(const char *line)
{
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 2 * kvm_num_revisions;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;

	looker_observe();
	log_redirect(getenv("SOFTREALM_DEBUG") ? NULL : drop);
	for (; rounds; rounds--, seed++)
		printf("%s, seed %" PRIu64 ": %u steps of the realm\n",
		       kvm_revisions[revision_of(seed)]->name, seed, one_round(seed));
	looker_observe_end();
	return 0;
}
