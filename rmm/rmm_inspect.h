/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmm_inspect.h - looks into the RMM from outside, as no host can: nothing changes, and no lock is
 * held for longer than a walk over some thousand entries.
 */
#ifndef RMM_RMM_INSPECT_H
#define RMM_RMM_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmm;

#define RMM_NUM_GRANULE_STATES 7

/* How many granules are in each state; each granule is counted once. */
void rmm_inspect_granules(const struct rmm *rmm, uint64_t count[RMM_NUM_GRANULE_STATES]);
const char *rmm_inspect_granule_state(unsigned int state);

/* A part of a realm's IPA space that is in one state. */
struct rmm_range {
	uint64_t ipa, end;
	const char *hipas; /* "UNASSIGNED", "ASSIGNED", "UNASSIGNED_NS", "ASSIGNED_NS" */
	const char *ripas; /* "EMPTY", "RAM", "DESTROYED"; NULL: unprotected */
};
/* The one that begins at ipa: some of it, if it is long. False: rd is no realm's, or the space ends
 * below ipa. Takes the RD's lock. */
bool rmm_inspect_range(const struct rmm *rmm, uint64_t rd, uint64_t ipa, struct rmm_range *out);

/* One step of a walk. */
#define RMM_MAX_STEPS 5 /* from level -1 on */
struct rmm_step {
	int level;
	uint64_t table, index, entry;
	const char *state; /* "TABLE", or a range's hipas */
};
/* From the start level to the entry that stands for the IPA. How many steps; 0: no such realm. */
unsigned int rmm_inspect_walk(const struct rmm *rmm, uint64_t rd, uint64_t ipa,
			      struct rmm_step steps[RMM_MAX_STEPS]);

/* Those system registers of the realm that tell where it is. */
struct rmm_el1_view {
	uint64_t sctlr, tcr, ttbr0, ttbr1, vbar, elr, esr, far, sp_el0, sp_el1;
};

struct rmm_rec_view {
	bool running;
	bool runnable;
	uint64_t mpidr;
	uint64_t rsi_calls; /* that the realm has made on it */
	bool fresh;	    /* it has not run since it was made, or switched on */
	bool has_regs;	    /* false: it runs, and nobody has asked; the rest is not known */
	uint64_t pc, pstate, x[31], lr[4];
	uint64_t cntp_ctl, cntp_cval, cntv_ctl, cntv_cval;
	bool has_el1;
	struct rmm_el1_view el1;
	uint64_t esr, far; /* of its last exit; 0 while it runs */
};
/* False: rec is no REC. Of one that runs the registers are those of the first exit after
 * rmm_inspect_ask. */
bool rmm_inspect_rec(const struct rmm *rmm, uint64_t rec, struct rmm_rec_view *out);
/* What a REC that runs has in its registers is wanted: it is there as soon as it has left the
 * realm, which the caller may hasten by a kick. False: it does not run, or is no REC. */
bool rmm_inspect_ask(const struct rmm *rmm, uint64_t rec);

/* Read the realm's memory, private or not: how many bytes from ipa on are there, at most len. */
size_t rmm_inspect_read(const struct rmm *rmm, uint64_t rd, uint64_t ipa, void *to, size_t len);

#endif
