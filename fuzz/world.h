/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * world.h - a small machine with an RMM in it, a hostile host (world.c, world_ops.c) and a hostile
 * realm (world_realm.c), both played from one input.
 *
 * After each call these must hold, else the process aborts with a message:
 *	the RMM's invariants (rmm_check);
 *	a refused command has changed nothing, and what it answers is well-formed;
 *	registers that the answer does not define are preserved, on both sides;
 *	an exit record holds nothing of the realm's registers but what that exit may tell.
 * At the end of each input every realm can be destroyed, and every granule undelegated.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "abi/rmi.h"
#include "engine/engine.h"
#include "fuzz/args.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "rmm/rmm.h"

#define WORLD_PAGES 1024 /* 4 MiB */

/*
 * Pages by custom of world_ops.c's longer operations; every single call may name any page.
 * Slot s: a realm's granules at pages SLOT_PAGES * s.
 */
#define WORLD_SLOTS	  2
#define SLOT_PAGES	  96
#define SLOT_RD		  0
#define SLOT_REC	  1  /* .. 3 */
#define SLOT_RUN	  4  /* .. 6 */
#define SLOT_TABLES	  16 /* .. 31: aligned for 16 start tables */
#define SLOT_AUX	  32 /* .. 79 */
#define SLOT_RECS	  3
#define LOOSE_PAGE	  (WORLD_SLOTS * SLOT_PAGES) /* .. 219: tables, data */
#define REALM_PARAMS_PAGE 220
#define REC_PARAMS_PAGE	  221
#define BLOCK_PAGE	  512 /* .. 1023: 2 MiB, aligned */
#define MANY_RECS_PAGE	  256 /* .. 800 */

struct engine {
	unsigned int cpus;
	struct engine_frame frame[ENGINE_MAX_CPUS];
	uint64_t sys[ENGINE_MAX_CPUS][ENGINE_NUM_SYSREGS];
	struct {
		bool known; /* x is what the realm left there at its last call */
		uint64_t x[31];
	} left[ENGINE_MAX_CPUS];
};

struct world {
	struct input in;
	struct arg_pool pool;
	struct machine *m;
	struct rmm *rmm;
	struct pe *pe;
	uint64_t x[RMM_NUM_REGS]; /* the last answer */
	result why;
	unsigned int depth; /* of REC_ENTER */
	bool engine_breaks; /* the engine answers -EIO */
	bool lpa2;	    /* the platform has it, and realms are made with it */
	unsigned int runs;  /* of this input: an input that never ends is no use */
	/* What the host does while the realm runs (STEP_HOST); and, where a call enters the realm
	 * again and again, how it is told that the input is used up. May be NULL. */
	void (*meanwhile)(struct world *w);
	void (*stop)(struct world *w);
};

/* What the platform is like. */
struct world_platform {
	uint64_t feature_reg0; /* as for rmm_create */
	bool attests;	       /* has an attestation identity */
};

/* The input must live until world_end. */
void world_begin(struct world *w, const uint8_t *data, size_t size,
		 const struct world_platform *platform);
void world_end(struct world *w);

/* One RMI command, checked. */
uint64_t world_smc(struct world *w, uint64_t fid, const uint64_t *args, size_t n);
#define WORLD_RMI(w, NAME, ...)                                                                    \
	world_smc(w, RMI_##NAME, (const uint64_t[]){__VA_ARGS__},                                  \
		  sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
/* The same without the checks, for long sequences; world_check afterwards. */
uint64_t world_smc_unchecked(struct world *w, uint64_t fid, const uint64_t *args, size_t n);
#define WORLD_QUICK(w, NAME, ...)                                                                  \
	world_smc_unchecked(w, RMI_##NAME, (const uint64_t[]){__VA_ARGS__},                        \
			    sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
void world_check(struct world *w);
__attribute__((noreturn, format(printf, 1, 2))) void world_fail(const char *fmt, ...);

void *world_va(struct world *w, uint64_t pa); /* NULL: no memory of the machine */
/* The page is the host's: it may write there. */
bool world_is_host(struct world *w, uint64_t pa);

/*
 * One operation of the host, from the input. Its first byte is the low byte of an RMI function
 * identifier (0x50..0x69) or one of these.
 */
enum world_op {
	OP_RAW_SMC = 0x01,
	OP_REALM_PARAMS,
	OP_REC_PARAMS,
	OP_ENTER_ARGS,
	OP_DELEGATE_RANGE,
	OP_UNDELEGATE_RANGE,
	OP_MAKE_REALM,
	OP_MAKE_TABLES,
	OP_MAKE_PAGE,
	OP_FILL_TABLE,
	OP_FILL_NS_TABLE,
	OP_MANY_RECS,
	OP_KICK,
	OP_UNKICK,
	OP_ENTER, /* REC_ENTER of slot and REC by number */
};
void world_host_op(struct world *w);

/* Realm in slot s: `conf` chooses its size, hash, number of RECs, and whether it is active. */
void world_make_realm(struct world *w, unsigned int slot, uint8_t conf);
#define CONF_ACTIVE 0x80

/* ---- the realm's side ---- */
extern const struct engine_ops world_engine;
/* An engine is told of its machine only: there is one world at a time. */
void world_set_current(struct world *w);

/* What begins a step of the realm, beside the low byte of an RSI identifier (0x90..0x99). */
enum world_step {
	STEP_IRQ = 0x01,
	STEP_SERROR,
	STEP_LOST,
	STEP_RAW,
	STEP_LOAD,
	STEP_STORE,
	STEP_FETCH,
	STEP_ABORT,
	STEP_WFX,
	STEP_HVC,
	STEP_SYSREG,
	STEP_GIC_WRITE,
	STEP_KICK,
	STEP_PSTATE,
	STEP_BREAK, /* the engine fails from now on */
	STEP_HOST,  /* the host does something meanwhile, on another PE */
	STEP_PSCI32 = 0x20,
	STEP_PSCI64 = 0x40,
	STEP_SMCCC_VERSION = 0x80,
	STEP_RAW_SMC,
};

/* In every register that the realm has not set for a call. The host must never see it. */
#define WORLD_SECRET UINT64_C(0x5ec2e75ec2e70000)
static inline bool is_secret(uint64_t v)
{
	return v >> 16 == WORLD_SECRET >> 16;
}

#endif
