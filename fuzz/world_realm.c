// SPDX-License-Identifier: BSD-3-Clause
/*
 * world_realm.c - an engine whose CPU does what the input says: calls with any arguments, aborts
 * with any syndrome, traps, interrupts, the engine's death.
 *
 * Between its calls the realm fills its registers with secrets, and notices whatever the RMM
 * changes in those that a call does not answer in.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/lock.h"
#include "fuzz/world.h"
#include "rmm/rsi.h"

#define MAX_RUNS 400
static struct world *the_world;

#define ESR_EC_(ec) FIELD_PUT(MASK(31, 26), ec)

void world_set_current(struct world *w)
{
	the_world = w;
}

static void realm_destroy(struct engine *e)
{
	free(e);
}

static struct engine_frame *realm_frame(struct engine *e, unsigned int cpu)
{
	if (cpu >= e->cpus)
		world_fail("the engine has no CPU %u", cpu);
	return &e->frame[cpu];
}

static int realm_sysregs_get(struct engine *e, unsigned int cpu, uint64_t *sys)
{
	realm_frame(e, cpu);
	memcpy(sys, e->sys[cpu], sizeof(e->sys[cpu]));
	return the_world->engine_breaks ? -EIO : 0;
}

static int realm_sysregs_set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	realm_frame(e, cpu);
	memcpy(e->sys[cpu], sys, sizeof(e->sys[cpu]));
	return the_world->engine_breaks ? -EIO : 0;
}

static int realm_reset(struct engine *e, unsigned int cpu, struct pe *pe, const uint64_t *sys)
{
	e->left[cpu].known = false;
	return realm_sysregs_set(e, cpu, sys);
}

static int realm_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	if (cpus < 1 || cpus > ENGINE_MAX_CPUS)
		world_fail("an engine of %u CPUs", cpus);
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->cpus = cpus;
	return 0;
}

/* ---- steps ---- */

static enum engine_exit sync_exit(struct engine_frame *f, uint64_t esr)
{
	f->esr = esr | BIT(25);
	return ENGINE_EXIT_SYNC;
}

static enum engine_exit smc(struct world *w, struct engine_frame *f, uint64_t fid,
			    const char *const *args, unsigned int nargs)
{
	f->x[0] = fid;
	for (unsigned int i = 0; i < nargs; i++)
		f->x[1 + i] = arg_take(&w->in, &w->pool, arg_kind(args[i], true));
	return sync_exit(f, ESR_EC_(EC_SMC64));
}

static enum engine_exit raw_smc(struct world *w, struct engine_frame *f)
{
	static const char *const args[] = {"base", "size", "size"};

	return smc(w, f, input_u32(&w->in), args, ARRAY_SIZE(args));
}

static enum engine_exit psci(struct world *w, struct engine_frame *f, uint32_t fid)
{
	static const char *const other[] = {"psci_func_id", "size", "size"};

	for (size_t i = 0; i < psci_num_rows; i++)
		if (psci_rows[i].fid == fid || psci_rows[i].fid64 == fid)
			return smc(w, f, fid, psci_rows[i].args, psci_rows[i].nargs);
	return smc(w, f, fid, other, ARRAY_SIZE(other));
}

static void set_address(struct world *w, struct engine_frame *f)
{
	uint64_t ipa = arg_take(&w->in, &w->pool, ARG_IPA);

	f->hpfar = (ipa >> 12) << 4;
	f->far = WORLD_SECRET | (ipa & 0xfff);
}

/* A data abort of an ordinary access; one byte has size, sign extension, width of the register. */
static enum engine_exit access_abort(struct world *w, struct engine_frame *f, bool write)
{
	unsigned int b = input_u8(&w->in), rt = input_u8(&w->in);

	set_address(w, f);
	return sync_exit(f, ESR_EC_(EC_DABT_LOW) | ESR_ISV | (uint64_t)(b & 3) << 22 |
				    (uint64_t)(b >> 2 & 1) << 21 | (uint64_t)(rt & 31) << 16 |
				    (uint64_t)(b >> 3 & 1) << 15 | (write ? ESR_WNR : 0) |
				    (FSC_TRANSLATION + (b >> 4 & 3)));
}

static enum engine_exit trap(struct world *w, struct engine_frame *f, enum world_step step)
{
	unsigned int v = input_u16(&w->in), rt = v & 31;

	switch (step) {
	case STEP_WFX:
		return sync_exit(f, ESR_EC_(EC_WFX) | rt << 5 | (v >> 5 & 3));
	case STEP_HVC:
		return sync_exit(f, ESR_EC_(EC_HVC64) | v);
	case STEP_GIC_WRITE: /* ICC_SGI1R_EL1, SGI0R, DIR: 3, 0, 12, 11, 5/7/1 */
		return sync_exit(f, ESR_EC_(EC_SYS64) | 3 << 20 | (1 | (v >> 5 & 3) << 1) << 17 |
					    12 << 10 | rt << 5 | 11 << 1);
	default: /* any system register, read or written */
		return sync_exit(f, ESR_EC_(EC_SYS64) | 3 << 20 | (v >> 13 & 7) << 17 |
					    (v >> 12 & 1) << 10 | rt << 5 | (v >> 8 & 15) << 1 |
					    (v >> 5 & 1));
	}
}

static const struct rsi_row *find_row(uint8_t step)
{
	for (size_t i = 0; i < rsi_num_rows; i++)
		if ((rsi_rows[i].fid & 0xff) == step)
			return &rsi_rows[i];
	return NULL;
}

static enum engine_exit other_step(struct world *w, struct engine_frame *f, uint8_t step)
{
	switch (step) {
	case STEP_SERROR:
		f->esr = input_u32(&w->in);
		return ENGINE_EXIT_SERROR;
	case STEP_LOST:
		return ENGINE_EXIT_LOST;
	case STEP_RAW:
		set_address(w, f);
		f->hpfar |= input_u16(&w->in);
		return sync_exit(f, input_u32(&w->in));
	case STEP_LOAD:
	case STEP_STORE:
		return access_abort(w, f, step == STEP_STORE);
	case STEP_FETCH:
	case STEP_ABORT:
		set_address(w, f);
		return sync_exit(f, ESR_EC_(step == STEP_FETCH ? EC_IABT_LOW : EC_DABT_LOW) |
					    input_u16(&w->in));
	case STEP_WFX:
	case STEP_HVC:
	case STEP_SYSREG:
	case STEP_GIC_WRITE:
		return trap(w, f, step);
	case STEP_KICK:
		pe_kick(w->pe);
		return ENGINE_EXIT_IRQ;
	case STEP_SMCCC_VERSION:
		return psci(w, f, SMCCC_VERSION);
	case STEP_RAW_SMC:
		return raw_smc(w, f);
	}
	return ENGINE_EXIT_IRQ;
}

static enum engine_exit step(struct world *w, struct engine_frame *f)
{
	uint8_t s = input_u8(&w->in);
	const struct rsi_row *row = find_row(s);

	if (s == STEP_HOST) {
		unsigned int before = lock_play_other();

		w->meanwhile(w);
		lock_play_on(before);
		s = input_u8(&w->in);
	}
	if (s == STEP_PSTATE) {
		f->pstate = input_u8(&w->in) | (uint64_t)input_u8(&w->in) << 20;
		s = input_u8(&w->in);
	}
	if (s == STEP_BREAK) {
		w->engine_breaks = true;
		s = input_u8(&w->in);
	}
	if (row)
		return smc(w, f, row->fid, row->args, row->nargs);
	if (s >= STEP_PSCI32 && s < STEP_PSCI32 + 0x20)
		return psci(w, f, PSCI_VERSION + (s - STEP_PSCI32));
	if (s >= STEP_PSCI64 && s < STEP_PSCI64 + 0x20)
		return psci(w, f, (PSCI_VERSION | 0x40000000) + (s - STEP_PSCI64));
	return other_step(w, f, s);
}

/* ---- runs ---- */

/* What the RMM may have changed since the realm's last call: answers in X0..X8. */
static void check_preserved(const struct engine *e, unsigned int cpu)
{
	for (int i = 9; e->left[cpu].known && i < 31; i++)
		if (e->frame[cpu].x[i] != e->left[cpu].x[i])
			world_fail("X%d of the realm is not preserved", i);
}

static enum engine_exit realm_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	struct engine_frame *f = realm_frame(e, cpu);
	struct world *w = the_world;
	enum engine_exit x;

	check_preserved(e, cpu);
	if (pe_kicked(pe))
		return ENGINE_EXIT_NOT_RUN;
	f->ich_hcr_out = f->ich_hcr;
	f->ich_misr = f->ich_vmcr = 0;
	if (++w->runs > MAX_RUNS || !input_left(&w->in)) {
		if (w->stop)
			w->stop(w);
		return ENGINE_EXIT_IRQ;
	}
	for (int i = 0; i < 31; i++)
		f->x[i] = WORLD_SECRET | i;
	w->pe = pe;
	w->depth++;
	x = step(w, f);
	w->depth--;
	e->left[cpu].known = x == ENGINE_EXIT_SYNC && f->esr >> 26 == EC_SMC64;
	memcpy(e->left[cpu].x, f->x, sizeof(f->x));
	return x;
}

/* The ranges are what an engine may be asked for. */
static void realm_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
	if (cpu >= (int)e->cpus || !size || !IS_ALIGNED(ipa | size, GRANULE_SIZE))
		world_fail("TLBI of CPU %d, %#llx, %#llx", cpu, (unsigned long long)ipa,
			   (unsigned long long)size);
}

static void realm_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
	if (cpu >= (int)e->cpus || !machine_is_ram(the_world->m, pa, len) ||
	    !IS_ALIGNED(pa | len, GRANULE_SIZE))
		world_fail("touch of %#llx", (unsigned long long)pa);
}

const struct engine_ops world_engine = {
	.name = "hostile",
	.create = realm_create,
	.destroy = realm_destroy,
	.frame = realm_frame,
	.reset = realm_reset,
	.sysregs_get = realm_sysregs_get,
	.sysregs_set = realm_sysregs_set,
	.run = realm_run,
	.tlbi = realm_tlbi,
	.touch = realm_touch,
};
