/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state.h - what the RMM keeps: its own book-keeping, and what lies in RD and REC granules.
 */
#ifndef RMM_STATE_H
#define RMM_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/rmi.h"
#include "abi/rsi.h"
#include "attest/token.h"
#include "engine/engine.h"
#include "rmm/granule.h"
#include "rmm/rmm.h"

#define RMM_NUM_VMIDS	256 /* 8-bit VMIDs */
#define RMM_NUM_SERIALS 0x10000
#define RMM_NUM_RECS	ENGINE_MAX_CPUS /* those that can run */
#define RMM_NUM_AUX	16 /* auxiliary granules of a REC: TF-RMM's number, so that hosts see it */
#define RMM_PA_BITS	48
#define RMM_LPA2_BITS	52 /* of an IPA, with LPA2 */

struct rmm {
	struct machine *machine;
	const struct engine_ops *engine;
	const void *attest;
	uint64_t feature_reg0;

	struct granule *granules; /* one for each 4 KiB of RAM, sparse */
	uint64_t num_granules;
	_Atomic uint64_t delegations, undelegations; /* since the start; stored after the state */

	/* RD of the realm that has the VMID, 0: free. Taken by compare-and-swap. */
	_Atomic uint64_t realms[RMM_NUM_VMIDS];
	/* Its engine, from ACTIVE on (NULL: there is none); no host pointer lies in a granule. */
	struct engine *engines[RMM_NUM_VMIDS];
	/* Serials of the realms that exist (granule_adopt); next one to try. */
	_Atomic uint64_t live_serials[RMM_NUM_SERIALS / 64];
	_Atomic uint32_t next_serial;
};

/*
 * Realm (DEN0137 A2.3): NEW -> ACTIVE (REALM_ACTIVATE) -> SYSTEM_OFF (PSCI by the realm); destroyed
 * from any state when it owns no REC and maps nothing. Changed under the RD's lock.
 */
enum rd_state { RD_NEW, RD_ACTIVE, RD_SYSTEM_OFF };

struct rd {
	_Atomic uint32_t state;
	_Atomic uint32_t num_recs; /* REC granules that name this RD as owner */
	uint32_t rec_index;	   /* RECs ever created: the next one's index */
	uint16_t vmid;
	uint16_t serial;
	uint64_t flags; /* RMI_REALM_FLAG_* */
	uint64_t rtt_base;
	int start_level;
	unsigned int num_start;
	unsigned int ipa_bits;
	uint32_t hash;
	uint8_t num_bps, num_wps; /* minus one, as measured */
	uint8_t sve_vq;		  /* vector length in units of 128 bits; 0: no SVE */
	uint8_t pmu;		  /* event counters, plus one; 0: no PMU */
	uint64_t semantics;	  /* RMI_SEMANTICS_* */
	uint8_t instance_id[ATTEST_INSTANCE_ID_SIZE];
	uint8_t rpv[64];
	uint8_t measurement[RSI_NUM_MEASUREMENTS][RSI_MEASUREMENT_SIZE]; /* RIM, REM 0..3 */
	_Atomic bool engine_lost;
	_Atomic uint64_t recs[RMM_NUM_RECS]; /* PA of each REC by its index; 0: none */

	/*
	 * Invalidation of translations. While no CPU is inside the realm it is only counted
	 * (stale); who enters catches up (fresh) before the CPU runs. The order of the two sides:
	 * an invalidation counts and then looks who is inside, an entry goes inside and then
	 * looks at the count, so that one of them sees the other.
	 */
	_Atomic uint32_t inside;
	_Atomic uint64_t stale, fresh;
};

/* What the last exit left to be completed by the next entry. */
struct rec_last_exit {
	bool emulatable; /* Emulatable Data Abort */
	bool ns_abort;	 /* Data Abort at an unprotected IPA */
	uint64_t esr, far;
};

/* A request of the realm that waits for the host (RSI_IPA_STATE_SET). */
struct rec_ripas {
	bool pending;
	uint64_t addr, top;
	uint8_t value;
	bool destroyed;
};

/*
 * What somebody outside wants to see of a REC that runs (rmm/rmm_inspect.h): WANTED until the
 * thread in REC_ENTER has left the realm the next time, then THERE. Under the granule's lock.
 */
enum rec_sample_state { REC_SAMPLE_NONE, REC_SAMPLE_WANTED, REC_SAMPLE_THERE };

struct rec_sample {
	enum rec_sample_state state;
	uint64_t pc, pstate, x[31];
	uint64_t cntp_ctl, cntp_cval, cntv_ctl, cntv_cval, lr[ENGINE_NUM_LRS];
	bool fresh;
	bool has_sysregs;
	uint64_t sysregs[ENGINE_NUM_SYSREGS];
};

enum rec_psci { REC_PSCI_NONE, REC_PSCI_CPU_ON, REC_PSCI_AFFINITY_INFO };

/* Generation of an attestation token: rsi_attest.c has the state machine. */
enum rec_attest_phase { REC_ATTEST_NONE, REC_ATTEST_STARTED, REC_ATTEST_SIGNED };

struct rec_attest {
	enum rec_attest_phase phase;
	struct attest_realm_claims claims; /* as they were at INIT */
	size_t len;			   /* SIGNED: of the token, in the auxiliary granules */
	size_t done;			   /* and what the realm has of it */
};

/*
 * REC: READY <-> RUNNING (`running`, set and cleared by REC_ENTER under the granule's lock). While
 * it is running, all other fields belong to the thread in REC_ENTER; else to the lock.
 */
struct rec {
	uint64_t owner; /* PA of the RD */
	uint32_t index;
	bool running;
	bool runnable;
	bool fresh;	 /* the engine's CPU must be reset before it runs */
	bool big_endian; /* at that reset */
	uint64_t mpidr;	 /* RMI form */
	uint64_t aux[RMM_NUM_AUX];

	uint64_t x[31], pc, pstate;
	uint64_t lr[ENGINE_NUM_LRS];
	uint64_t ich_hcr, ich_misr, ich_vmcr;
	uint64_t cntp_ctl, cntp_cval, cntv_ctl, cntv_cval;
	bool pmu_overflow;

	struct rec_last_exit last;
	struct rec_ripas ripas;
	enum rec_psci psci;
	bool caller_big_endian; /* SCTLR_EL1.EE at CPU_ON: the target starts with it */
	bool host_call;		/* the answer is still to be written at X1 */
	struct rec_attest attest;
	unsigned int spurious;	    /* faults in a row on entries that were right */
	_Atomic uint64_t rsi_calls; /* ever made; written by the thread in REC_ENTER */
	struct rec_sample sample;
};

_Static_assert(sizeof(struct rd) <= GRANULE_SIZE, "RD fits its granule");
_Static_assert(sizeof(struct rec) <= GRANULE_SIZE, "REC fits its granule");
_Static_assert(ATTEST_MAX_TOKEN <= RMM_NUM_AUX * GRANULE_SIZE,
	       "a token fits the auxiliary granules");

static inline struct rd *rd_map(const struct rmm *rmm, uint64_t pa)
{
	return granule_map(rmm, pa);
}

static inline struct rec *rec_map(const struct rmm *rmm, uint64_t pa)
{
	return granule_map(rmm, pa);
}

/* The caller holds the realm's lock: that of its RD. */
static inline void rd_assert_locked(const struct rmm *rmm, const struct rd *rd)
{
	granule_assert_locked(granule_find(rmm, rmm->realms[rd->vmid % RMM_NUM_VMIDS]));
}

static inline struct engine *rd_engine(const struct rmm *rmm, const struct rd *rd)
{
	return rmm->engines[rd->vmid % RMM_NUM_VMIDS];
}

/* True if its translation tables are those of FEAT_LPA2: 52-bit addresses (rtte.h). */
static inline bool rd_lpa2(const struct rd *rd)
{
	return rd->flags & RMI_REALM_FLAG_LPA2;
}

/* True if ipa is inside the Protected half / inside the IPA space. */
static inline bool rd_in_par(const struct rd *rd, uint64_t ipa)
{
	return ipa < UINT64_C(1) << (rd->ipa_bits - 1);
}

static inline bool rd_in_space(const struct rd *rd, uint64_t ipa)
{
	return ipa < UINT64_C(1) << rd->ipa_bits;
}

#endif
