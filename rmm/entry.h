/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * entry.h - one REC_ENTER under way: what the files that answer the realm share.
 *
 * The thread in REC_ENTER owns the REC. It takes the RD's lock (realm_lock) around every look at
 * the realm's tables, pages and measurements, and never across a run.
 */
#ifndef RMM_ENTRY_H
#define RMM_ENTRY_H

#include "abi/arm.h"
#include "rmm/rtt.h"

struct rec_entry {
	struct rmm *rmm;
	struct pe *pe;
	struct rec *rec;
	struct rd *rd; /* of the REC's owner, which lives as long as the REC */
	struct rmi_rec_enter enter;
	struct rmi_rec_exit exit; /* zero but for what the exit says; finished by rec_enter.c */
};

/* What an engine reports of a synchronous exit. */
struct rec_fault {
	uint64_t esr, far, hpfar;
};

#define ESR_EC	MASK(31, 26)
#define ESR_IL	BIT(25)
#define ESR_ISV BIT(24)
#define ESR_FSC MASK(5, 0)
#define ESR_WNR BIT(6)
#define ESR_EA	BIT(9)
#define ESR_ISS MASK(24, 0)

#define FSC_ADDRESS_SIZE	0x00 /* + level */
#define FSC_TRANSLATION		0x04 /* + level */
#define FSC_TRANSLATION_ABOVE_0 0x2b /* level -1 */
#define FSC_SEA			0x10
#define FSC_GPF			0x28

static inline struct granule *realm_lock(const struct rec_entry *e)
{
	struct granule *g = granule_find(e->rmm, e->rec->owner);

	granule_lock(g);
	return g;
}

static inline uint64_t rec_reg(const struct rec *rec, unsigned int n)
{
	return n < 31 ? rec->x[n] : 0;
}

/* ---- what ends a run: true if the host has to know (e->exit says what), false to run on ---- */
bool rec_handle_sync(struct rec_entry *e, const struct rec_fault *f);  /* exit_sync.c */
bool rec_handle_abort(struct rec_entry *e, const struct rec_fault *f); /* exit_abort.c */
bool rsi_handle_smc(struct rec_entry *e);			       /* rsi.c */

/* ---- completion of the last exit, on entry ---- */
void abort_complete_mmio(struct rec_entry *e);
void rsi_complete_ripas(struct rec_entry *e);
/* False: its page is gone; e->exit tells the host, and the realm does not run. */
bool rsi_complete_host_call(struct rec_entry *e);

/* The GIC state that the host gives: OK or the broken rule (gic.c). */
result gic_check_enter(const struct rec_entry *e);
#define GIC_HOST_HCR UINT64_C(0x40fe) /* UIE .. VGrp1DIE, TDIR */

/* ---- exceptions into the realm (inject.c) ---- */
/* An abort as the realm would see it at EL1; esr and far as reported to EL2. */
void inject_abort(struct rec_entry *e, uint64_t esr, uint64_t far, unsigned int fsc);
void inject_undefined(struct rec_entry *e);

/* ID registers: op0 3, op1 0, CRn 0 (realm_idregs.c). */
uint64_t idreg_read(const struct rd *rd, unsigned int crm, unsigned int op2);

#endif
