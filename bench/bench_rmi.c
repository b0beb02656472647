// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_rmi.c - what native RMI calls cost beside a 4 KiB memcpy, and POPULATE beside bare hashing.
 *
 * One core, CPU time, the pairs measured in alternation, medians of ROUNDS. The engine is a null
 * engine: it comes back at once. Exit status 1: a figure is over its limit.
 */
#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "abi/v12.h"
#include "abi/rmi.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "bench/null_engine.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "rmm/rmm.h"

#define ROUNDS		9
#define CALLS		2000
#define POPULATE_SIZE	(UINT64_C(64) << 20)
#define POPULATE_ROUNDS 11
#define BASE		UINT64_C(0x80000000)
#define SHARED_BASE	(UINT64_C(1) << 32 | BASE)

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	exit(2);
}

/* ---- timing ---- */

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_double);
	return v[n / 2];
}

struct pair {
	double ours, bare; /* seconds, medians */
};

static double timed(clockid_t clock, void (*before)(void), void (*f)(void))
{
	double t;

	if (before)
		before();
	t = now(clock);
	f();
	return now(clock) - t;
}

/* `before` (or NULL) prepares each round of both and is not timed. */
static struct pair measure(clockid_t clock, void (*before)(void), void (*ours)(void),
			   void (*bare)(void))
{
	double a[ROUNDS], b[ROUNDS];

	for (int i = -1; i < ROUNDS; i++) {
		double x = timed(clock, before, ours), y = timed(clock, before, bare);

		if (i < 0)
			continue; /* warms up */
		a[i] = x;
		b[i] = y;
	}
	return (struct pair){median(a, ROUNDS), median(b, ROUNDS)};
}

static bool over;

static void report(const char *what, const char *beside, struct pair p, double limit)
{
	double ratio = p.ours / p.bare;

	over |= ratio > limit;
	printf("%-40s %8.3f us, %s %6.3f us: %5.2f times it, limit %.1f: %s\n", what,
	       p.ours / CALLS * 1e6, beside, p.bare / CALLS * 1e6, ratio, limit,
	       ratio > limit ? "OVER" : "ok");
}

/* ---- a realm, by RMI ---- */

static struct machine *machine;
static struct rmm *rmm;
static struct pe *pe;
static uint64_t rd, rec, run, page; /* page: the first of CALLS host pages */

static uint64_t smc(uint64_t fid, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t r[RMM_NUM_REGS] = {fid, a, b, c, d};

	rmm_smc(rmm, pe, r);
	return r[0];
}

#define SMC4(fid, a, b, c, d, ...) smc(fid, a, b, c, d)
#define SMC(fid, ...)		   SMC4(RMI_##fid, __VA_ARGS__, 0, 0, 0, 0)
#define MUST(fid, ...)		   check(!SMC(fid, __VA_ARGS__), #fid)

static uint64_t granule(void)
{
	uint64_t pa = machine_alloc(machine, 1, GRANULE_SIZE);

	check(pa, "memory");
	MUST(GRANULE_DELEGATE, pa);
	return pa;
}

static void realm_make(uint64_t params)
{
	struct rmi_realm_params *p = machine_va(machine, params, sizeof(*p));

	rd = granule();
	p->s2sz = 33;
	p->num_bps = p->num_wps = 1;
	p->rtt_level_start = 1;
	p->rtt_num_start = 1;
	p->vmid = 1;
	p->rtt_base = granule();
	MUST(REALM_CREATE, rd, params);
	for (int level = 2; level <= 3; level++) {
		MUST(RTT_CREATE, rd, granule(), BASE, level);
		MUST(RTT_CREATE, rd, granule(), SHARED_BASE, level);
	}
}

static void rec_make(uint64_t params)
{
	struct rmi_rec_params *p = machine_va(machine, params, sizeof(*p));
	uint64_t r[RMM_NUM_REGS] = {RMI_REC_AUX_COUNT, rd};

	rmm_smc(rmm, pe, r);
	check(!r[0], "REC_AUX_COUNT");
	memset(p, 0, sizeof(*p));
	p->flags = RMI_REC_FLAG_RUNNABLE;
	p->num_aux = r[1];
	for (uint64_t i = 0; i < p->num_aux; i++)
		p->aux[i] = granule();
	rec = granule();
	MUST(REC_CREATE, rd, rec, params);
	MUST(REALM_ACTIVATE, rd);
}

static void realm_start(void)
{
	const struct machine_config mc = {.size = UINT64_C(256) << 20};
	struct rmm_config rc = {.engine = &engine_null};
	uint64_t params;

	check(!machine_create(&mc, &machine), "machine");
	rc.machine = machine;
	check(!rmm_create(&rc, &rmm), "RMM");
	pe = pe_create();
	check(pe, "PE");
	params = machine_alloc(machine, 1, GRANULE_SIZE);
	run = machine_alloc(machine, 1, GRANULE_SIZE);
	page = machine_alloc(machine, CALLS, GRANULE_SIZE);
	realm_make(params);
	rec_make(params);
}

/* ---- the calls ---- */

/*
 * Each memcpy is of another page, as each delegation is: 2000 pages, 8 MiB, so that neither lives
 * in the first caches.
 */
static void copies(void)
{
	static uint8_t a[CALLS][4096] __attribute__((aligned(4096))), b[CALLS][4096];

	for (int i = 0; i < CALLS; i++) {
		memcpy(b[i], a[i], sizeof(b[i]));
		__asm__ volatile("" : : "r"(b[i]) : "memory");
	}
}

static void delegate_all(void)
{
	for (int i = 0; i < CALLS; i++) {
		SMC(GRANULE_DELEGATE, page + i * GRANULE_SIZE);
		SMC(GRANULE_UNDELEGATE, page + i * GRANULE_SIZE);
	}
}

static void make_dirty(void)
{
	memset(machine_va(machine, page, CALLS * GRANULE_SIZE), 1, CALLS * GRANULE_SIZE);
}

/* The least that a wipe can cost: a memset of the same dirty pages. */
static void wipes(void)
{
	for (int i = 0; i < CALLS; i++) {
		void *p = machine_va(machine, page + i * GRANULE_SIZE, GRANULE_SIZE);

		memset(p, 0, GRANULE_SIZE);
		__asm__ volatile("" : : "r"(p) : "memory");
	}
}

static void read_entry(void)
{
	for (int i = 0; i < CALLS; i++)
		SMC(RTT_READ_ENTRY, rd, BASE, 3);
}

static void map_unmap(void)
{
	const uint64_t desc = page | 0xd8; /* Normal write-back, read and write */

	for (int i = 0; i < CALLS; i++) {
		SMC(RTT_MAP_UNPROTECTED, rd, SHARED_BASE, 3, desc);
		SMC(RTT_UNMAP_UNPROTECTED, rd, SHARED_BASE, 3);
	}
}

static void enter(void)
{
	for (int i = 0; i < CALLS; i++)
		SMC(REC_ENTER, rec, run);
}

static void bench_calls(void)
{
	const clockid_t cpu = CLOCK_THREAD_CPUTIME_ID;

	realm_start();
	MUST(RTT_READ_ENTRY, rd, BASE, 3);
	MUST(RTT_MAP_UNPROTECTED, rd, SHARED_BASE, 3, page | 0xd8);
	MUST(RTT_UNMAP_UNPROTECTED, rd, SHARED_BASE, 3);
	MUST(REC_ENTER, rec, run);
	report("DELEGATE + UNDELEGATE, dirty page", "memset",
	       measure(cpu, make_dirty, delegate_all, wipes), 1.5);
	machine_free(machine, page, CALLS);
	page = machine_alloc(machine, CALLS, GRANULE_SIZE);
	machine_hide(machine, page, CALLS); /* as a guest_memfd's are */
	report("DELEGATE + UNDELEGATE, page known zero", "memcpy",
	       measure(cpu, NULL, delegate_all, copies), 1.5);
	report("RTT_READ_ENTRY", "memcpy", measure(cpu, NULL, read_entry, copies), 0.6);
	report("MAP + UNMAP_UNPROTECTED", "memcpy", measure(cpu, NULL, map_unmap, copies), 3);
	report("REC_ENTER to exit, null engine", "memcpy", measure(cpu, NULL, enter, copies), 3);
}

/* ---- populate ---- */

static uint8_t *source;
static double populate_seconds;

/* One populate of POPULATE_SIZE in a fresh realm; only the ioctl is timed. */
static double populate_once(bool measured, bool warm)
{
	const struct inproc_config cfg = {.engine = &engine_null};
	struct kvm_vcpu_init init = {.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2};
	struct kvm_create_guest_memfd gmem = {.size = POPULATE_SIZE};
	struct kvm_memory_attributes attr = {BASE, POPULATE_SIZE, KVM_MEMORY_ATTRIBUTE_PRIVATE, 0};
	struct kvm_userspace_memory_region2 slot = {.flags = KVM_MEM_GUEST_MEMFD,
						    .guest_phys_addr = BASE,
						    .memory_size = POPULATE_SIZE,
						    .userspace_addr = (uintptr_t)source};
	struct kvm_arm_rmi_populate p = {BASE, POPULATE_SIZE, (uintptr_t)source, measured, 0};
	struct inproc *in;
	int64_t vm, vcpu;
	double t;

#define CALL(fd, nr, arg) inproc_ioctl(in, (int)(fd), nr, (uint64_t)(uintptr_t)(arg))
	check(!inproc_create(&cfg, &in), "in-process host");
	vm = CALL(inproc_open(in), KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 33);
	vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
	CALL(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;
	check(!CALL(vcpu, KVM_ARM_VCPU_INIT, &init), "VCPU_INIT");
	slot.guest_memfd = CALL(vm, KVM_CREATE_GUEST_MEMFD, &gmem);
	slot.userspace_addr = 0; /* no shared half: the source must stay where it is */
	check(!CALL(vm, KVM_SET_USER_MEMORY_REGION2, &slot), "memslot");
	check(!CALL(vm, KVM_SET_MEMORY_ATTRIBUTES, &attr), "attributes");
	if (warm) { /* populated once, made shared and private again */
		check(CALL(vm, KVM_ARM_RMI_POPULATE, &p) == (int64_t)POPULATE_SIZE, "POPULATE");
		attr.attributes = 0;
		check(!CALL(vm, KVM_SET_MEMORY_ATTRIBUTES, &attr), "attributes");
		attr.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
		check(!CALL(vm, KVM_SET_MEMORY_ATTRIBUTES, &attr), "attributes");
	}
	t = now(CLOCK_MONOTONIC);
	check(CALL(vm, KVM_ARM_RMI_POPULATE, &p) == (int64_t)POPULATE_SIZE, "POPULATE");
	t = now(CLOCK_MONOTONIC) - t;
#undef CALL
	inproc_destroy(in);
	return t;
}

static void populate_measured(void)
{
	populate_seconds = populate_once(true, false);
}

static void populate_measured_warm(void)
{
	populate_seconds = populate_once(true, true);
}

static void populate_plain(void)
{
	populate_seconds = populate_once(false, false);
}

static void hash_source(void)
{
	uint8_t digest[32], descriptor[256] = {0};

	for (uint64_t at = 0; at < POPULATE_SIZE; at += GRANULE_SIZE) {
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, source + at, GRANULE_SIZE);
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, descriptor, sizeof(descriptor));
	}
}

static void copy_fresh(void)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	uint8_t *p;

	check(fd >= 0 && !ftruncate(fd, POPULATE_SIZE), "memfd");
	p = mmap(NULL, POPULATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(p != MAP_FAILED, "mmap");
	for (uint64_t at = 0; at < POPULATE_SIZE; at += GRANULE_SIZE)
		memcpy(p + at, source + at, GRANULE_SIZE);
	munmap(p, POPULATE_SIZE);
	close(fd);
}

static void bench_populate(const char *what, void (*ours)(void), void (*bare)(void), double limit)
{
	double a[POPULATE_ROUNDS], b[POPULATE_ROUNDS], rate;

	for (int i = 0; i < POPULATE_ROUNDS; i++) {
		double t = now(CLOCK_MONOTONIC);

		bare();
		b[i] = now(CLOCK_MONOTONIC) - t;
		ours();
		a[i] = populate_seconds;
	}
	rate = median(b, POPULATE_ROUNDS) / median(a, POPULATE_ROUNDS);
	over |= rate < limit;
	printf("%-40s %6.0f MiB/s, bare %6.0f MiB/s: %.2f of it, limit %.2f: %s\n", what,
	       64 / median(a, POPULATE_ROUNDS), 64 / median(b, POPULATE_ROUNDS), rate, limit,
	       rate < limit ? "UNDER" : "ok");
}

int main(void)
{
	gcry_check_version(NULL);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	bench_calls();
	source = mmap(NULL, POPULATE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	check(source != MAP_FAILED, "mmap");
	for (uint64_t at = 0; at < POPULATE_SIZE; at += 64)
		source[at] = (uint8_t)(at >> 6);
	bench_populate("populate 64 MiB, measured, warm pages", populate_measured_warm, hash_source,
		       0.8);
	bench_populate("populate 64 MiB, measured, cold pages", populate_measured, hash_source,
		       0.45);
	bench_populate("populate 64 MiB, not measured", populate_plain, copy_fresh, 0.5);
	return over;
}
