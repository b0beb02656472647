// SPDX-License-Identifier: BSD-3-Clause
/*
 * exit_abort.c - stage 2 aborts: which the host sees and how much of them, which the realm gets,
 * and the completion of an access that the host emulated (DEN0137 A4.3.4, A5.2, A4.4).
 *
 * Judged by a fresh walk, not by what the CPU says: the tables may have changed since.
 */
#include "abi/arm.h"
#include "base/bits.h"
#include "rmm/entry.h"
#include "rmm/rmi_rec.h"

#define ESR_HOST_ABORT	 UINT64_C(0xfc001e3f) /* EC, SET, FnV, EA, FSC */
#define ESR_HOST_EMULATE UINT64_C(0xfdc09e7f) /* and ISV, SAS, SF, WnR */
#define ESR_SAS		 MASK(23, 22)
#define ESR_SSE		 BIT(21)
#define ESR_SRT		 MASK(20, 16)
#define ESR_SF		 BIT(15)
#define HPFAR_FIPA	 MASK(43, 4)

/* A vCPU that faults this often on an entry that is right has another problem. */
#define MAX_SPURIOUS 16

static bool is_external(uint64_t esr)
{
	unsigned int fsc = FIELD_GET(ESR_FSC, esr);

	return fsc == FSC_SEA || (fsc >= 0x13 && fsc <= 0x17);
}

static bool is_translation_fault(uint64_t esr)
{
	unsigned int fsc = FIELD_GET(ESR_FSC, esr);

	return (fsc & 0x3c) == FSC_TRANSLATION || fsc == FSC_TRANSLATION_ABOVE_0;
}

static uint64_t access_mask(uint64_t esr)
{
	return ~UINT64_C(0) >> (64 - (8u << FIELD_GET(ESR_SAS, esr)));
}

static bool exit_abort(struct rec_entry *e, const struct rec_fault *f)
{
	e->exit.exit_reason = RMI_EXIT_SYNC;
	e->exit.esr = f->esr & ESR_HOST_ABORT;
	e->exit.hpfar = f->hpfar & HPFAR_FIPA;
	return true;
}

/* A Data Abort in the unprotected half: the host may emulate it if the syndrome is complete. */
static bool exit_ns_abort(struct rec_entry *e, const struct rec_fault *f)
{
	bool emulatable = (f->esr & ESR_ISV) && !(e->rec->pstate & PSTATE_AARCH32);

	e->rec->last = (struct rec_last_exit){
		.emulatable = emulatable,
		.ns_abort = true,
		.esr = f->esr,
		.far = f->far,
	};
	exit_abort(e, f);
	if (!emulatable) {
		e->exit.esr |= f->esr & ESR_IL;
		return true;
	}
	e->exit.esr = f->esr & ESR_HOST_EMULATE;
	e->exit.far = f->far & (GRANULE_SIZE - 1);
	if (f->esr & ESR_WNR)
		e->exit.gprs[0] = rec_reg(e->rec, FIELD_GET(ESR_SRT, f->esr)) & access_mask(f->esr);
	return true;
}

/* Where an abort goes. */
enum route {
	TO_HOST,
	RUN_AGAIN, /* the entry is right now: another CPU or a table change was faster */
	REALM_SEA,
	REALM_GPF,
	REALM_ADDRESS_SIZE,
};

static enum route right_entry(struct rec_entry *e, const struct rec_fault *f)
{
	if (is_translation_fault(f->esr) && ++e->rec->spurious <= MAX_SPURIOUS)
		return RUN_AGAIN;
	return TO_HOST;
}

static enum route route_protected(struct rec_entry *e, const struct rec_fault *f,
				  const struct rtt_walk *w)
{
	if (rtte_ripas(w->entry, w->level) == RMI_RIPAS_EMPTY)
		return REALM_SEA;
	return rtte_valid(w->entry) ? right_entry(e, f) : TO_HOST;
}

static enum route route_unprotected(struct rec_entry *e, const struct rec_fault *f,
				    struct rtt_walk *w)
{
	if (FIELD_GET(ESR_EC, f->esr) == EC_IABT_LOW)
		return REALM_SEA;
	if (rtte_state(w->entry, w->level) != RTTE_ASSIGNED_NS)
		return TO_HOST;
	if (!rtte_valid(w->entry) && !rtt_ns_reveal(e->rmm, e->rd, w))
		return REALM_GPF;
	return right_entry(e, f);
}

static enum route route(struct rec_entry *e, const struct rec_fault *f, uint64_t ipa)
{
	enum route to;
	struct granule *g;
	struct rtt_walk w;

	if (!rd_in_space(e->rd, ipa))
		return REALM_ADDRESS_SIZE;
	g = realm_lock(e);
	rtt_walk(e->rmm, e->rd, ipa, RTT_LEAF_LEVEL, &w);
	to = rd_in_par(e->rd, ipa) ? route_protected(e, f, &w) : route_unprotected(e, f, &w);
	granule_unlock(g);
	return to;
}

bool rec_handle_abort(struct rec_entry *e, const struct rec_fault *f)
{
	uint64_t ipa = (f->hpfar & HPFAR_FIPA) << 8;

	if (is_external(f->esr)) {
		e->exit.exit_reason = RMI_EXIT_SYNC;
		e->exit.esr = f->esr & ESR_HOST_ABORT;
		return true;
	}
	switch (route(e, f, ipa)) {
	case TO_HOST:
		return rd_in_par(e->rd, ipa) ? exit_abort(e, f) : exit_ns_abort(e, f);
	case RUN_AGAIN:
		break;
	case REALM_SEA:
		inject_abort(e, f->esr, f->far, FSC_SEA);
		break;
	case REALM_GPF:
		inject_abort(e, f->esr, f->far, FSC_GPF);
		break;
	case REALM_ADDRESS_SIZE:
		inject_abort(e, f->esr, f->far, FSC_ADDRESS_SIZE);
		break;
	}
	return false;
}

/* ---- completion ---- */

static uint64_t loaded_value(uint64_t esr, uint64_t v)
{
	uint64_t mask = access_mask(esr);

	v &= mask;
	if ((esr & ESR_SSE) && (v & (mask ^ mask >> 1)))
		v |= ~mask;
	return esr & ESR_SF ? v : v & MASK(31, 0);
}

void abort_complete_mmio(struct rec_entry *e)
{
	uint64_t esr = e->rec->last.esr;
	unsigned int rt = FIELD_GET(ESR_SRT, esr);

	if (!(esr & ESR_WNR) && rt < 31)
		e->rec->x[rt] = loaded_value(esr, e->enter.gprs[0]);
	rec_skip(e->rec);
}
