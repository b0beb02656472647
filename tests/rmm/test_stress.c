// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_stress.c - many host threads at once on the same granules, realms and RECs: no lock is
 * forgotten, nothing is owned twice, nothing leaks. Best under ThreadSanitizer.
 *
 * Each thread makes random commands over a small pool of granules in which each has a usual part,
 * so that realms really come to life, run, and are torn down under each other's feet.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/rmi.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "rmm/check.h"
#include "rmm/rmm.h"
#include "tests/stage2.h"

#define THREADS 4
#define CALLS	100000
#define REALMS	2
#define RECS	2 /* of each realm */
#define AUX	16

static struct machine *m;
static struct rmm *rmm;
static atomic_uint entered, destroyed_realms;

/* Parts of the pool, and pages that stay the host's. */
static uint64_t rd[REALMS], rtt_base[REALMS], rec[REALMS][RECS], aux[REALMS][RECS][AUX];
static uint64_t rtts[12], datas[12], pages[4];
static uint64_t realm_params[REALMS], rec_params[REALMS][RECS];

/* ---- an engine for many threads: each run makes some call or fault ---- */

struct engine {
	struct engine_frame frame[ENGINE_MAX_CPUS];
	unsigned int turn[ENGINE_MAX_CPUS];
};

static int stress_create(struct machine *mm, unsigned int cpus, struct engine **out)
{
	*out = calloc(1, sizeof(**out));
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
	memset(sys, 0, ENGINE_NUM_SYSREGS * sizeof(*sys));
	return 0;
}

static int stress_set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	return 0;
}

static int stress_reset(struct engine *e, unsigned int cpu, struct pe *pe, const uint64_t *sys)
{
	return 0;
}

static enum engine_exit stress_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	static const uint64_t calls[][4] = {
		{RSI_IPA_STATE_SET, 0, 0x200000, RSI_RIPAS_EMPTY},
		{RSI_IPA_STATE_SET, 0, 0x4000, RSI_RIPAS_RAM},
		{RSI_IPA_STATE_GET, 0, 0x200000, 0},
		{RSI_MEASUREMENT_EXTEND, 1, 32, 7},
		{RSI_REALM_CONFIG, 0x1000, 0, 0},
		{RSI_HOST_CALL, 0x1100, 0, 0},
		{PSCI_CPU_ON_64, 1, 0x1000, 0},
		{PSCI_AFFINITY_INFO_64, 0, 0, 0},
		{PSCI_CPU_OFF, 0, 0, 0},
		{RSI_MEASUREMENT_READ, 0, 0, 0},
	};
	static const uint64_t off[4] = {PSCI_SYSTEM_OFF};
	unsigned int n = e->turn[cpu]++;
	struct engine_frame *f = &e->frame[cpu];

	atomic_fetch_add(&entered, 1);
	if (n % 3 == 2)
		return ENGINE_EXIT_IRQ;
	if (n % 7 == 0) { /* an access, protected or not: it touches what lies ready */
		uint64_t ipa = n % 2 ? UINT64_C(1) << 32 : 0x2000;

		if (stage2_walk(m, f, ipa).pa)
			return ENGINE_EXIT_IRQ;
		f->esr = UINT64_C(0x24) << 26 | 1 << 24 | 7;
		f->hpfar = ipa >> 12 << 4;
		return ENGINE_EXIT_SYNC;
	}
	memcpy(f->x, n % 97 == 96 ? off : calls[n % ARRAY_SIZE(calls)], sizeof(off));
	if (f->x[0] == RSI_IPA_STATE_SET)
		f->x[4] = RSI_CHANGE_DESTROYED;
	f->esr = UINT64_C(0x17) << 26;
	return ENGINE_EXIT_SYNC;
}

static void stress_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
}

static void stress_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
}

static const struct engine_ops engine_stress = {
	.name = "stress",
	.sets_access_flag = true,
	.create = stress_create,
	.destroy = stress_destroy,
	.frame = stress_frame,
	.reset = stress_reset,
	.sysregs_get = stress_get,
	.sysregs_set = stress_set,
	.run = stress_run,
	.tlbi = stress_tlbi,
	.touch = stress_touch,
};

/* ---- the pool ---- */

static void prepare_realm(unsigned int i)
{
	struct rmi_realm_params *p;

	rd[i] = machine_alloc(m, 1, GRANULE_SIZE);
	rtt_base[i] = machine_alloc(m, 8, 8 * GRANULE_SIZE);
	realm_params[i] = machine_alloc(m, 1, GRANULE_SIZE);
	p = machine_va(m, realm_params[i], GRANULE_SIZE);
	*p = (struct rmi_realm_params){.s2sz = 33,
				       .num_bps = 1,
				       .num_wps = 1,
				       .vmid = i,
				       .rtt_base = rtt_base[i],
				       .rtt_level_start = 2,
				       .rtt_num_start = 8};
	for (unsigned int n = 0; n < RECS; n++) {
		struct rmi_rec_params *rp;

		rec[i][n] = machine_alloc(m, 1, GRANULE_SIZE);
		rec_params[i][n] = machine_alloc(m, 1, GRANULE_SIZE);
		rp = machine_va(m, rec_params[i][n], GRANULE_SIZE);
		*rp = (struct rmi_rec_params){
			.flags = RMI_REC_FLAG_RUNNABLE, .mpidr = n, .num_aux = AUX};
		for (unsigned int a = 0; a < AUX; a++)
			rp->aux[a] = aux[i][n][a] = machine_alloc(m, 1, GRANULE_SIZE);
	}
}

static void prepare(void)
{
	for (unsigned int i = 0; i < REALMS; i++)
		prepare_realm(i);
	for (unsigned int i = 0; i < ARRAY_SIZE(rtts); i++)
		rtts[i] = machine_alloc(m, 1, GRANULE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(datas); i++)
		machine_hide(m, datas[i] = machine_alloc(m, 1, GRANULE_SIZE), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = machine_alloc(m, 1, GRANULE_SIZE);
}

/* ---- a host thread ---- */

struct thread {
	pthread_t id;
	struct pe *pe;
	uint32_t random;
};

static unsigned int dice(struct thread *t, unsigned int n)
{
	t->random = t->random * 1664525 + 1013904223;
	return (t->random >> 8) % n;
}

#define PICK(t, array) (array)[dice(t, ARRAY_SIZE(array))]

static uint64_t smc(struct thread *t, uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
		    uint64_t x4, uint64_t x5)
{
	uint64_t x[RMM_NUM_REGS] = {fid, x1, x2, x3, x4, x5};

	rmm_smc(rmm, t->pe, x);
	return x[0];
}

static void delegate_for_realm(struct thread *t, unsigned int i, uint64_t fid)
{
	smc(t, fid, rd[i], 0, 0, 0, 0);
	for (unsigned int n = 0; n < 8; n++)
		smc(t, fid, rtt_base[i] + n * GRANULE_SIZE, 0, 0, 0, 0);
	for (unsigned int n = 0; n < RECS; n++) {
		smc(t, fid, rec[i][n], 0, 0, 0, 0);
		for (unsigned int a = 0; a < AUX; a++)
			smc(t, fid, aux[i][n][a], 0, 0, 0, 0);
	}
}

static void host_realm(struct thread *t, unsigned int i)
{
	switch (dice(t, 12)) {
	case 0:
	case 1:
		delegate_for_realm(t, i, RMI_GRANULE_DELEGATE);
		/* fall through */
	case 2:
		smc(t, RMI_REALM_CREATE, rd[i], realm_params[i], 0, 0, 0);
		for (unsigned int n = 0; n < RECS; n++)
			smc(t, RMI_REC_CREATE, rd[i], rec[i][n], rec_params[i][n], 0, 0);
		break;
	case 3:
	case 4:
		smc(t, RMI_REALM_ACTIVATE, rd[i], 0, 0, 0, 0);
		break;
	case 5:
		for (unsigned int n = 0; n < RECS; n++)
			smc(t, RMI_REC_DESTROY, rec[i][n], 0, 0, 0, 0);
		/* fall through */
	case 6:
		for (uint64_t ipa = 0; ipa < 0x4000; ipa += 0x1000)
			smc(t, RMI_DATA_DESTROY, rd[i], ipa, 0, 0, 0);
		smc(t, RMI_RTT_DESTROY, rd[i], 0, 3, 0, 0);
		smc(t, RMI_RTT_DESTROY, rd[i], UINT64_C(1) << 32, 3, 0, 0);
		if (!smc(t, RMI_REALM_DESTROY, rd[i], 0, 0, 0, 0))
			atomic_fetch_add(&destroyed_realms, 1);
		break;
	case 7:
		delegate_for_realm(t, i, RMI_GRANULE_UNDELEGATE);
		break;
	default:
		smc(t, RMI_REC_ENTER, rec[i][dice(t, RECS)], PICK(t, pages), 0, 0, 0);
		break;
	}
}

static void host_memory(struct thread *t, unsigned int i)
{
	uint64_t ipa = dice(t, 4) * GRANULE_SIZE, ns = UINT64_C(1) << 32 | ipa;

	switch (dice(t, 16)) {
	case 0:
		smc(t, RMI_GRANULE_DELEGATE, PICK(t, rtts), 0, 0, 0, 0);
		smc(t, RMI_GRANULE_DELEGATE, PICK(t, datas), 0, 0, 0, 0);
		break;
	case 1:
		smc(t, RMI_GRANULE_UNDELEGATE, PICK(t, rtts), 0, 0, 0, 0);
		smc(t, RMI_GRANULE_UNDELEGATE, PICK(t, datas), 0, 0, 0, 0);
		break;
	case 2:
	case 3:
		smc(t, RMI_RTT_CREATE, rd[i], PICK(t, rtts), dice(t, 2) ? 0 : ns & ~0x1fffff, 3, 0);
		break;
	case 4:
		smc(t, RMI_RTT_FOLD, rd[i], dice(t, 2) ? 0 : ns & ~0x1fffff, 3, 0, 0);
		break;
	case 5:
		smc(t, RMI_DATA_CREATE, rd[i], PICK(t, datas), ipa, PICK(t, pages), 1);
		break;
	case 6:
		smc(t, RMI_DATA_CREATE_UNKNOWN, rd[i], PICK(t, datas), ipa, 0, 0);
		break;
	case 7:
		smc(t, RMI_DATA_DESTROY, rd[i], ipa, 0, 0, 0);
		break;
	case 8:
		smc(t, RMI_RTT_INIT_RIPAS, rd[i], ipa, 0x4000, 0, 0);
		break;
	case 9:
		smc(t, RMI_RTT_SET_RIPAS, rd[i], rec[i][dice(t, RECS)], 0, 0x4000, 0);
		break;
	case 10:
	case 11:
		/* Pages that other threads delegate, run on and copy from. */
		smc(t, RMI_RTT_MAP_UNPROTECTED, rd[i], ns, 3,
		    (dice(t, 2) ? PICK(t, datas) : PICK(t, pages)) | 0xd8, 0);
		break;
	case 12:
		smc(t, RMI_RTT_UNMAP_UNPROTECTED, rd[i], ns, 3, 0, 0);
		break;
	case 13:
		rmm_make_ready(rmm, rd[i], ipa, PICK(t, datas), 1);
		break;
	case 14:
		rmm_claim_ready(rmm, rd[i], ipa);
		break;
	case 15:
		smc(t, RMI_PSCI_COMPLETE, rec[i][dice(t, RECS)], rec[i][dice(t, RECS)], 0, 0, 0);
		break;
	}
}

static void *host_thread(void *arg)
{
	struct thread *t = arg;

	for (unsigned int n = 0; n < CALLS; n++) {
		if (dice(t, 2))
			host_realm(t, dice(t, REALMS));
		else
			host_memory(t, dice(t, REALMS));
	}
	return NULL;
}

static void random_hosts_break_no_invariant(void **state)
{
	struct machine_config mc = {.size = MACHINE_RESERVED + (UINT64_C(2) << 20)};
	struct rmm_config rc = {.engine = &engine_stress};
	struct thread t[THREADS];
	const char *wrong;

	assert_int_equal(machine_create(&mc, &m), 0);
	rc.machine = m;
	assert_int_equal(rmm_create(&rc, &rmm), 0);
	prepare();
	for (unsigned int i = 0; i < THREADS; i++) {
		t[i].pe = pe_create();
		t[i].random = i + 1;
		assert_int_equal(pthread_create(&t[i].id, NULL, host_thread, &t[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(t[i].id, NULL);
		pe_destroy(t[i].pe);
	}
	wrong = rmm_check(rmm);
	if (wrong)
		fail_msg("invariant broken: %s", wrong);
	/* It was not all refusals. */
	print_message("%u runs, %u realms destroyed\n", entered, destroyed_realms);
	assert_true(entered > 1000);
	assert_true(destroyed_realms > 10);
	rmm_destroy(rmm);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_hosts_break_no_invariant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
