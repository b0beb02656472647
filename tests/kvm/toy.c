// SPDX-License-Identifier: BSD-3-Clause
/* toy.c - the toy engine. */
#include "tests/kvm/toy.h"

#include <stdlib.h>
#include <string.h>

#include "abi/rsi.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "tests/stage2.h"

#define TOY_HZ		 62500000
#define TOY_COUNT	 UINT64_C(1000000) /* the counter, whenever it is asked */
#define EC(n)		 ((uint64_t)(n) << 26)
#define EC_IABT		 EC(0x20)
#define EC_DABT		 EC(0x24)
#define ESR_IL		 BIT(25)
#define ESR_ISV		 BIT(24)
#define DFSC_TRANSLATION 0x04
#define LR_STATE	 MASK(63, 62)
#define LR_PENDING	 BIT(62)
#define LR_EOI		 BIT(41)
#define ICH_MISR_EOI	 BIT(0)
#define SGI1R_ISS	 ((3u << 20) | (5u << 17) | (12u << 10) | (11u << 1)) /* ICC_SGI1R_EL1 */

struct toy_program toy_programs[TOY_MAX_PROGRAMS];
atomic_uint toy_failed_checks, toy_exceptions, toy_engines, toy_runs;
atomic_ulong toy_retired;

struct engine {
	struct machine *m;
	unsigned int cpus;
	atomic_bool lost;
	struct engine_frame frame[ENGINE_MAX_CPUS];
	uint64_t sys[ENGINE_MAX_CPUS][ENGINE_NUM_SYSREGS];
};

void toy_reset(void)
{
	memset(toy_programs, 0, sizeof(toy_programs));
	atomic_store(&toy_failed_checks, 0);
	atomic_store(&toy_exceptions, 0);
	atomic_store(&toy_runs, 0);
	atomic_store(&toy_retired, 0);
}

void toy_load(unsigned int slot, uint64_t ipa, const struct toy_insn *insn, unsigned int count)
{
	toy_programs[slot] = (struct toy_program){ipa, insn, count};
}

/* ---- stage 2 ---- */

static enum engine_exit abort_exit(struct engine_frame *f, uint64_t ec, uint64_t ipa,
				   unsigned int level, uint64_t iss)
{
	f->esr = ec | ESR_IL | DFSC_TRANSLATION | level | iss;
	f->far = ipa;
	f->hpfar = (ipa >> 12) << 4;
	return ENGINE_EXIT_SYNC;
}

/* ---- instructions: true when one ended, else *why the CPU leaves ---- */

static uint64_t syndrome(const struct toy_insn *i)
{
	unsigned int sas = i->size == 1 ? 0 : i->size == 2 ? 1 : i->size == 4 ? 2 : 3;

	if (i->op == T_LDP)
		return 0;
	return ESR_ISV | (uint64_t)sas << 22 | (uint64_t)i->a << 16 | (i->size == 8 ? BIT(15) : 0) |
	       (i->op == T_STR ? BIT(6) : 0);
}

static bool access_memory(struct engine *e, struct engine_frame *f, const struct toy_insn *i,
			  enum engine_exit *why)
{
	struct stage2_walk w = stage2_walk(e->m, f, i->imm);
	void *va;

	if (!w.pa) {
		*why = abort_exit(f, EC_DABT, i->imm, w.level, syndrome(i));
		return false;
	}
	va = machine_va(e->m, w.pa, i->size);
	if (i->op == T_STR) {
		memcpy(va, &f->x[i->a], i->size);
	} else {
		f->x[i->a] = 0;
		memcpy(&f->x[i->a], va, i->size);
	}
	return true;
}

static enum engine_exit smc(struct engine_frame *f)
{
	f->esr = EC(EC_SMC64) | ESR_IL;
	return ENGINE_EXIT_SYNC;
}

static bool host_call(struct engine *e, struct engine_frame *f, const struct toy_insn *i,
		      enum engine_exit *why)
{
	struct stage2_walk w = stage2_walk(e->m, f, i->imm);
	struct rsi_host_call *h = w.pa ? machine_va(e->m, w.pa, sizeof(*h)) : NULL;

	if (!h) {
		*why = abort_exit(f, EC_DABT, i->imm, w.level, 0);
		return false;
	}
	memcpy(h->gprs, f->x, sizeof(h->gprs));
	f->x[0] = RSI_HOST_CALL;
	f->x[1] = i->imm;
	*why = smc(f);
	return false;
}

static bool take_irq(struct engine_frame *f, const struct toy_insn *i)
{
	for (int n = 0; n < ENGINE_NUM_LRS; n++) {
		if ((f->lr[n] & LR_STATE) != LR_PENDING)
			continue;
		f->x[i->a] = f->lr[n] & 0xffffffff;
		f->lr[n] &= ~LR_STATE;
		return true;
	}
	return false;
}

static bool execute(struct engine *e, unsigned int cpu, struct pe *pe, const struct toy_insn *i,
		    enum engine_exit *why)
{
	struct engine_frame *f = &e->frame[cpu];

	*why = ENGINE_EXIT_IRQ;
	switch (i->op) {
	case T_MOV:
		f->x[i->a] = i->imm;
		return true;
	case T_LDR:
	case T_STR:
	case T_LDP:
		return access_memory(e, f, i, why);
	case T_SMC:
		*why = smc(f);
		return false;
	case T_HOST:
		return host_call(e, f, i, why);
	case T_SGI:
	case T_SYSREG:
		f->x[30] = i->op == T_SGI ? i->imm : 0;
		f->esr = EC(EC_SYS64) | ESR_IL | (30u << 5) | (i->op == T_SGI ? SGI1R_ISS : i->imm);
		*why = ENGINE_EXIT_SYNC;
		return false;
	case T_IRQ:
		if (take_irq(f, i))
			return true;
		pe_wait(pe, -1, -1);
		return false;
	case T_TIMER:
		f->cntv_ctl = i->imm;
		f->cntv_cval = TOY_COUNT + i->size * (TOY_HZ / 1000);
		pe_set_counter(pe, TOY_COUNT, TOY_HZ);
		f->pc += 4;
		return false; /* a timer output changed: an exit */
	case T_CHECK:
		if (f->x[i->a] != i->imm)
			atomic_fetch_add(&toy_failed_checks, 1);
		return true;
	case T_JUMP:
		f->pc = i->imm - 4;
		return true;
	case T_LOSE:
		atomic_store(&e->lost, true);
		*why = ENGINE_EXIT_LOST;
		return false;
	case T_HALT:
	default:
		pe_wait(pe, -1, -1);
		return false;
	}
}

static const struct toy_insn *fetch(uint64_t pc)
{
	for (int i = 0; i < TOY_MAX_PROGRAMS; i++) {
		const struct toy_program *p = &toy_programs[i];

		if (p->insn && pc >= p->ipa && pc < p->ipa + 4 * p->count)
			return &p->insn[(pc - p->ipa) / 4];
	}
	return NULL;
}

/* ---- the interface ---- */

static enum engine_exit run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	static const struct toy_insn halt = {.op = T_HALT};
	struct engine_frame *f = &e->frame[cpu];
	enum engine_exit why = ENGINE_EXIT_IRQ;

	atomic_fetch_add(&toy_runs, 1);
	if (pe_kicked(pe))
		return ENGINE_EXIT_NOT_RUN;
	f->ich_hcr_out = f->ich_hcr;
	f->ich_misr = 0;
	f->ich_vmcr = 0xff000000u; /* every priority may pass */
	while (!pe_kicked(pe)) {
		const struct toy_insn *i = fetch(f->pc);
		struct stage2_walk w = stage2_walk(e->m, f, f->pc);

		if (atomic_load(&e->lost))
			return ENGINE_EXIT_LOST;
		if (f->pc >= TOY_VBAR && f->pc < TOY_VBAR + 0x800) {
			atomic_fetch_add(&toy_exceptions, 1);
			f->pc = TOY_VBAR + 0x1000; /* once */
		}
		if (f->pc == TOY_VBAR + 0x1000)
			i = &halt;
		else if (!w.pa)
			return abort_exit(f, EC_IABT, f->pc, w.level, 0);
		if (!execute(e, cpu, pe, i ? i : &halt, &why))
			return why;
		f->pc += 4;
		atomic_fetch_add(&toy_retired, 1);
	}
	return ENGINE_EXIT_IRQ;
}

static int create(struct machine *m, unsigned int cpus, struct engine **out)
{
	struct engine *e = calloc(1, sizeof(*e));

	e->m = m;
	e->cpus = cpus;
	atomic_fetch_add(&toy_engines, 1);
	*out = e;
	return 0;
}

static void destroy(struct engine *e)
{
	atomic_fetch_sub(&toy_engines, 1);
	free(e);
}

static struct engine_frame *frame(struct engine *e, unsigned int cpu)
{
	return &e->frame[cpu];
}

static int set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	memcpy(e->sys[cpu], sys, sizeof(e->sys[cpu]));
	return 0;
}

static int reset(struct engine *e, unsigned int cpu, struct pe *pe, const uint64_t *sys)
{
	e->frame[cpu].cntv_ctl = e->frame[cpu].cntp_ctl = 0;
	set(e, cpu, sys);
	e->sys[cpu][ENGINE_VBAR_EL1] = TOY_VBAR; /* as if the realm had set it */
	return 0;
}

static int get(struct engine *e, unsigned int cpu, uint64_t *sys)
{
	memcpy(sys, e->sys[cpu], sizeof(e->sys[cpu]));
	return 0;
}

static void tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
}

static void touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
}

const struct engine_ops engine_toy = {
	.name = "toy",
	.sets_access_flag = true,
	.create = create,
	.destroy = destroy,
	.frame = frame,
	.reset = reset,
	.sysregs_get = get,
	.sysregs_set = set,
	.run = run,
	.tlbi = tlbi,
	.touch = touch,
};
