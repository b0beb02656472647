// SPDX-License-Identifier: BSD-3-Clause
/* host.c - the host, the realm builder and the scripted engine of the RMM's tests. */
#include "tests/rmm/host.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/trace.h"
#include "rmm/check.h"
#include "rmm/state.h"
#include "tests/answers.h"

/* ---- the scripted engine ---- */

struct engine *fake;
realm_script script;
const struct engine_ops *host_engine;
int fake_create_error, fake_io_error;
const void *host_attest;

static int fake_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	if (fake_create_error)
		return fake_create_error;
	fake = calloc(1, sizeof(*fake));
	fake->cpus = cpus;
	*out = fake;
	return 0;
}

static void fake_destroy(struct engine *e)
{
	if (fake == e)
		fake = NULL;
	free(e);
}

static struct engine_frame *fake_frame(struct engine *e, unsigned int cpu)
{
	assert_true(cpu < e->cpus);
	return &e->frame[cpu];
}

static int fake_reset(struct engine *e, unsigned int cpu, struct pe *pe, const uint64_t *sys)
{
	if (fake_io_error)
		return fake_io_error;
	memcpy(e->sys[cpu], sys, sizeof(e->sys[cpu]));
	e->resets++;
	return 0;
}

static int fake_get(struct engine *e, unsigned int cpu, uint64_t *sys)
{
	memcpy(sys, e->sys[cpu], sizeof(e->sys[cpu]));
	return fake_io_error;
}

static int fake_set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	memcpy(e->sys[cpu], sys, sizeof(e->sys[cpu]));
	return fake_io_error;
}

static enum engine_exit fake_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	e->runs++;
	if (pe_kicked(pe)) /* and the frame keeps what the last run left in it */
		return ENGINE_EXIT_NOT_RUN;
	e->frame[cpu].ich_hcr_out = e->frame[cpu].ich_hcr;
	if (!script)
		return ENGINE_EXIT_IRQ;
	return script(e, cpu);
}

static void fake_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
	e->tlbis++;
	e->tlbi_cpu = cpu;
	e->tlbi_ipa = ipa;
	e->tlbi_size = size;
	if (e->on_tlbi)
		e->on_tlbi();
}

static void fake_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
	assert_int_equal(len, GRANULE_SIZE);
	e->touches++;
	e->touch_pa = pa;
}

static const struct engine_ops engine_fake = {
	.name = "fake",
	.sets_access_flag = true,
	.create = fake_create,
	.destroy = fake_destroy,
	.frame = fake_frame,
	.reset = fake_reset,
	.sysregs_get = fake_get,
	.sysregs_set = fake_set,
	.run = fake_run,
	.tlbi = fake_tlbi,
	.touch = fake_touch,
};

/* ---- the host ---- */

#define MAX_RULES 256
static const struct rule *seen[MAX_RULES];

bool host_rule_seen(const struct rule *r)
{
	for (int i = 0; i < MAX_RULES && seen[i]; i++)
		if (seen[i] == r)
			return true;
	return false;
}

static void observe_call(void *arg, const struct trace_call *c)
{
	int i = 0;

	answers_hold(c, 0);
	if (!c->why || host_rule_seen(c->why))
		return;
	while (seen[i])
		i++;
	seen[i] = c->why;
}

static const struct trace_observer observer = {.call = observe_call};

void host_start(struct host *h, uint64_t feature_reg0)
{
	struct machine_config mc = {.size = MACHINE_RESERVED + HOST_RAM};
	struct rmm_config rc = {.engine = host_engine ? host_engine : &engine_fake,
				.feature_reg0 = feature_reg0};

	trace_observe(&observer);
	script = NULL;
	fake_create_error = fake_io_error = 0;
	assert_int_equal(machine_create(&mc, &h->m), 0);
	rc.machine = h->m;
	rc.attest = host_attest;
	assert_int_equal(rmm_create(&rc, &h->rmm), 0);
	h->pe = pe_create();
	assert_non_null(h->pe);
}

void host_stop(struct host *h)
{
	rmm_destroy(h->rmm);
	machine_destroy(h->m);
	pe_destroy(h->pe);
	assert_null(fake);
}

int host_setup(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	host_start(h, 0);
	*state = h;
	return 0;
}

int host_teardown(void **state)
{
	host_stop(*state);
	free(*state);
	return 0;
}

static void assert_sane(struct host *h)
{
	const char *wrong = rmm_check(h->rmm);

	if (wrong)
		fail_msg("invariant broken: %s", wrong);
}

/* All that the RMM keeps, in one number: the granule table, RDs, RECs and RTTs. */
static uint64_t state_sum(struct host *h)
{
	uint64_t sum = 0, i = MACHINE_RESERVED / GRANULE_SIZE;

	for (; i < h->rmm->num_granules; i++) {
		uint32_t word =
			atomic_load_explicit(&h->rmm->granules[i].word, memory_order_relaxed);
		uint32_t state = word >> 16;
		const uint64_t *w;

		sum += word * (2 * i + 1);
		if (state != GRANULE_RD && state != GRANULE_REC && state != GRANULE_RTT)
			continue;
		w = machine_va(h->m, MACHINE_RAM_BASE + i * GRANULE_SIZE, 1);
		for (uint64_t n = 0; n < 512; n++)
			sum += w[n] * (i * 1024 + 2 * n + 1);
	}
	return sum;
}

uint64_t host_smc(struct host *h, uint64_t fid, const uint64_t *args, size_t n)
{
	const uint64_t junk = 0xdead0000dead, before = state_sum(h);

	for (int i = 0; i < RMM_NUM_REGS; i++)
		h->x[i] = junk;
	h->x[0] = fid;
	if (n)
		memcpy(&h->x[1], args, n * sizeof(*args));
	h->why = rmm_smc(h->rmm, h->pe, h->x);
	for (int i = 5; i < RMM_NUM_REGS; i++) /* preserved, whatever the call */
		assert_int_equal(h->x[i], (size_t)i <= n ? args[i - 1] : junk);
	if (h->why || fid == RMI_RTT_READ_ENTRY)
		assert_int_equal(state_sum(h), before);
	else
		assert_sane(h);
	return h->x[0];
}

uint64_t host_page(struct host *h)
{
	uint64_t pa = machine_alloc(h->m, 1, GRANULE_SIZE);

	assert_true(pa != 0);
	return pa;
}

uint64_t host_granule(struct host *h)
{
	uint64_t pa = host_page(h);

	EXPECT(0, h, GRANULE_DELEGATE, pa);
	return pa;
}

void *host_va(struct host *h, uint64_t pa)
{
	return machine_va(h->m, pa, GRANULE_SIZE);
}

/* ---- a realm ---- */

struct rmi_realm_params *realm_params(struct realm *r, uint64_t *pa)
{
	struct rmi_realm_params *p;

	*pa = host_page(r->h);
	p = host_va(r->h, *pa);
	p->flags = r->h->realm_flags;
	p->s2sz = r->s2sz;
	p->num_bps = 5;
	p->num_wps = 3;
	p->hash_algo = RMI_HASH_SHA_256;
	p->vmid = 1;
	p->rtt_base = r->rtt_base;
	p->rtt_level_start = r->start_level;
	p->rtt_num_start = r->tables;
	return p;
}

void realm_prepare(struct realm *r, struct host *h, unsigned int s2sz, int start,
		   unsigned int tables)
{
	*r = (struct realm){.h = h, .s2sz = s2sz, .start_level = start, .tables = tables};
	r->rd = host_granule(h);
	r->rtt_base = machine_alloc(h->m, r->tables, r->tables * GRANULE_SIZE);
	for (unsigned int i = 0; i < r->tables; i++)
		EXPECT(0, h, GRANULE_DELEGATE, r->rtt_base + i * GRANULE_SIZE);
}

void realm_create_sized(struct realm *r, struct host *h, unsigned int s2sz, int start,
			unsigned int tables)
{
	static uint16_t vmid;
	struct rmi_realm_params *p;
	uint64_t pa;

	realm_prepare(r, h, s2sz, start, tables);
	p = realm_params(r, &pa);
	p->vmid = vmid++ % 256;
	memset(p->rpv, 0x5a, sizeof(p->rpv));
	EXPECT(0, h, REALM_CREATE, r->rd, pa);
	machine_free(h->m, pa, 1);
}

void realm_create(struct realm *r, struct host *h)
{
	realm_create_sized(r, h, 48, 0, 1);
}

void realm_add_rec(struct realm *r, bool runnable, uint64_t pc)
{
	uint64_t pa = host_page(r->h);
	struct rmi_rec_params *p = host_va(r->h, pa);
	unsigned int n = r->recs++;

	p->flags = runnable ? RMI_REC_FLAG_RUNNABLE : 0;
	p->mpidr = n;
	p->pc = pc;
	p->num_aux = NUM_AUX;
	for (int i = 0; i < NUM_AUX; i++)
		p->aux[i] = r->aux[n][i] = host_granule(r->h);
	r->rec[n] = host_granule(r->h);
	r->run[n] = host_page(r->h);
	EXPECT(0, r->h, REC_CREATE, r->rd, r->rec[n], pa);
	machine_free(r->h->m, pa, 1);
}

void realm_activate(struct realm *r)
{
	EXPECT(0, r->h, REALM_ACTIVATE, r->rd);
}

void realm_tables(struct realm *r, uint64_t ipa, int level)
{
	for (int l = r->start_level + 1; l <= level; l++) {
		uint64_t size = UINT64_C(1) << (12 + 9 * (4 - l)), rtt = host_granule(r->h);
		uint64_t x0 = RMI(r->h, RTT_CREATE, r->rd, rtt, ALIGN_DOWN(ipa, size), l);

		if (x0 == 0)
			continue;
		assert_int_equal(x0, RMI_ERROR_RTT | (l - 1) << 8);
		EXPECT(0, r->h, GRANULE_UNDELEGATE, rtt);
		machine_free(r->h->m, rtt, 1);
	}
}

uint64_t realm_add_page(struct realm *r, uint64_t ipa)
{
	uint64_t pa = host_granule(r->h);

	realm_tables(r, ipa, 3);
	EXPECT(0, r->h, RTT_INIT_RIPAS, r->rd, ipa, ipa + GRANULE_SIZE);
	EXPECT(0, r->h, DATA_CREATE_UNKNOWN, r->rd, pa, ipa);
	return pa;
}

struct rtt_walk realm_walk(struct realm *r, uint64_t ipa)
{
	struct granule *g = granule_lock_as(r->h->rmm, r->rd, GRANULE_RD);
	struct rtt_walk w;

	rtt_walk(r->h->rmm, host_va(r->h, r->rd), ipa, RTT_LEAF_LEVEL, &w);
	granule_unlock(g);
	return w;
}

static void undelegate(struct host *h, uint64_t pa)
{
	EXPECT(0, h, GRANULE_UNDELEGATE, pa);
	machine_free(h->m, pa, 1);
}

/* Empty [ipa, ipa + one table at `level`): pages, then the table itself. */
static void destroy_below(struct realm *r, uint64_t ipa, int level)
{
	uint64_t size = UINT64_C(1) << (12 + 9 * (3 - level)), x0;
	struct host *h = r->h;

	for (uint64_t at = ipa; at < ipa + 512 * size; at += size) {
		EXPECT(0, h, RTT_READ_ENTRY, r->rd, at, level);
		if (h->x[2] == RMI_RTTE_TABLE) {
			destroy_below(r, at, level + 1);
		} else if (h->x[2] == RMI_RTTE_ASSIGNED && level == 3 &&
			   at < UINT64_C(1) << (r->s2sz - 1)) {
			EXPECT(0, h, DATA_DESTROY, r->rd, at);
			undelegate(h, h->x[1]);
		}
	}
	x0 = RMI(h, RTT_DESTROY, r->rd, ipa, level);
	assert_int_equal(x0, 0);
	undelegate(h, h->x[1]);
}

void realm_destroy(struct realm *r)
{
	uint64_t size = UINT64_C(1) << (12 + 9 * (3 - r->start_level));
	struct host *h = r->h;

	for (unsigned int n = 0; n < r->recs; n++) {
		EXPECT(0, h, REC_DESTROY, r->rec[n]);
		undelegate(h, r->rec[n]);
		for (int i = 0; i < NUM_AUX; i++)
			undelegate(h, r->aux[n][i]);
		machine_free(h->m, r->run[n], 1);
	}
	for (uint64_t ipa = 0; ipa < UINT64_C(1) << r->s2sz; ipa += size) {
		EXPECT(0, h, RTT_READ_ENTRY, r->rd, ipa, r->start_level);
		if (h->x[2] == RMI_RTTE_TABLE)
			destroy_below(r, ipa, r->start_level + 1);
	}
	EXPECT(0, h, REALM_DESTROY, r->rd);
	undelegate(h, r->rd);
	for (unsigned int t = 0; t < r->tables; t++)
		undelegate(h, r->rtt_base + t * GRANULE_SIZE);
}

struct rmi_rec_enter *realm_enter_args(struct realm *r, unsigned int rec)
{
	return &((struct rmi_rec_run *)host_va(r->h, r->run[rec]))->enter;
}

const struct rmi_rec_exit *realm_exit(struct realm *r, unsigned int rec)
{
	return &((struct rmi_rec_run *)host_va(r->h, r->run[rec]))->exit;
}

const struct rmi_rec_exit *realm_run(struct realm *r, unsigned int rec)
{
	EXPECT(0, r->h, REC_ENTER, r->rec[rec], r->run[rec]);
	return realm_exit(r, rec);
}

/* ---- steps of scripts ---- */

enum engine_exit script_smc(struct engine *e, unsigned int cpu, uint64_t fid, const uint64_t *args,
			    size_t n)
{
	e->frame[cpu].x[0] = fid;
	memcpy(&e->frame[cpu].x[1], args, n * sizeof(*args));
	e->frame[cpu].esr = UINT64_C(0x17) << 26 | 1 << 25;
	return ENGINE_EXIT_SYNC;
}

enum engine_exit script_sync(struct engine *e, unsigned int cpu, uint64_t esr, uint64_t far,
			     uint64_t ipa)
{
	e->frame[cpu].esr = esr;
	e->frame[cpu].far = far;
	e->frame[cpu].hpfar = ipa >> 12 << 4;
	return ENGINE_EXIT_SYNC;
}
