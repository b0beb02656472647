/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine.h - "run this EL1 vCPU until it exits": the boundary between the RMM and what executes
 * realm instructions.
 *
 * One engine per realm, one engine CPU per REC, bound for the realm's life. The EL1 and EL0 state
 * of a CPU (system registers, FP/SIMD, timers, GIC CPU interface) stays inside the engine between
 * runs; the frame carries only what changes hands at every exit. The explicit calls sysregs_get,
 * sysregs_set and reset move the rest.
 *
 * Threads: a CPU's calls (frame, run, reset, sysregs, run_delay) come from one thread at a time.
 * tlbi, touch and destroy may come from any thread, also while CPUs run.
 *
 * Back-ends: engine_qemu (engine/qemu.c), and test engines that play a script in place of a guest.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct machine;
struct pe;

#define ENGINE_MAX_CPUS 127
#define ENGINE_NUM_LRS	4

/*
 * How a run ended, and what of the frame is valid then.
 *
 * The first three: the guest ran (if only to its first interrupt), and "in and out" and "out" are
 * as it left them; esr, far and hpfar only where said. The last two: the guest did not run, or
 * nobody knows how far. Nothing of the frame may be read; what the run before told is still in it.
 */
enum engine_exit {
	ENGINE_EXIT_SYNC,    /* esr, far, hpfar */
	ENGINE_EXIT_IRQ,     /* an interrupt for the host: a timer, GIC maintenance, a kick */
	ENGINE_EXIT_SERROR,  /* esr */
	ENGINE_EXIT_NOT_RUN, /* the PE had been kicked: the guest is as it was before the call */
	ENGINE_EXIT_LOST,    /* the engine died or answers no more; so do all later runs */
};

/*
 * What a run takes and gives. Memory owned by the engine (it may be shared with the CPU): read
 * each field once per run. All in guest-architectural format.
 */
struct engine_frame {
	/* in and out */
	uint64_t x[31];
	uint64_t pc;
	uint64_t pstate;	     /* SPSR_EL2 format */
	uint64_t lr[ENGINE_NUM_LRS]; /* ICH_LR<n>_EL2 */
	/* in */
	uint64_t ich_hcr; /* ICH_HCR_EL2 */
	/* HCR_EL2, as the caller wants it; the engine adds what it needs itself. TPU: memory is
	 * written from outside, and IC IVAU makes the engine look at a page of code again. */
	uint64_t hcr;
	uint64_t vttbr, vtcr;
	uint64_t vmpidr; /* MPIDR_EL1 that the guest reads */
	/* MIDR_EL1, CTR_EL0 and CLIDR_EL1 that the guest reads; 0: the engine's own. */
	uint64_t midr, ctr, clidr;
	/* What the virtual and the physical counter that the guest reads are behind the engine's;
	 * a realm has neither. */
	uint64_t cntvoff, cntpoff;
	uint64_t vsesr; /* VSESR_EL2: the syndrome of the virtual SError of HCR_EL2.VSE */
	/* The longest vectors that the guest has, in units of 128 bits; 0: SVE traps, as it does
	 * where the machine's CPU has none (machine_cpu). */
	uint32_t sve_vq;
	/* How many event counters the guest has, up to ENGINE_NUM_COUNTERS, plus one; 0: it has no
	 * PMU, whose registers trap, as they do where the machine has none. Those of counters that
	 * it has not trap, too. */
	uint32_t pmu;
	/* out */
	uint64_t esr, far, hpfar; /* see enum engine_exit */
	uint64_t sctlr;		  /* SCTLR_EL1, with these */
	uint64_t ich_misr, ich_vmcr, ich_hcr_out;
	uint64_t hcr_out; /* VSE is clear once the virtual SError has been taken */
	uint64_t cntv_ctl, cntv_cval, cntp_ctl, cntp_cval; /* ISTATUS as of the exit */
	uint64_t pmu_overflow; /* 0 or 1: the PMU's interrupt is asserted */
	uint64_t cntpct;       /* the counter then; the engine tells the PE, too (pe_set_counter) */
};

/* The system registers that sysregs_get and sysregs_set move, in this order. */
/* clang-format off */
#define ENGINE_SYSREGS(F)                                                                          \
	F(SCTLR_EL1) F(TTBR0_EL1) F(TTBR1_EL1) F(TCR_EL1) F(MAIR_EL1) F(AMAIR_EL1) F(VBAR_EL1)     \
	F(SP_EL0) F(SP_EL1) F(ELR_EL1) F(SPSR_EL1) F(ESR_EL1) F(FAR_EL1) F(AFSR0_EL1)              \
	F(AFSR1_EL1) F(TPIDR_EL0) F(TPIDRRO_EL0) F(TPIDR_EL1) F(CPACR_EL1) F(CNTKCTL_EL1)          \
	F(CONTEXTIDR_EL1) F(PAR_EL1) F(CSSELR_EL1) F(MDSCR_EL1)
/* clang-format on */

enum engine_sysreg {
#define ENGINE_SYSREG_ENUM(r) ENGINE_##r,
	ENGINE_SYSREGS(ENGINE_SYSREG_ENUM)
#undef ENGINE_SYSREG_ENUM
		ENGINE_NUM_SYSREGS
};

/* The rest of a CPU's state, which engine_state moves: for whoever saves and restores all of it. */
/* clang-format off */
#define ENGINE_STATE_REGS(F)                                                                       \
	F(APIAKEYLO_EL1) F(APIAKEYHI_EL1) F(APIBKEYLO_EL1) F(APIBKEYHI_EL1) F(APDAKEYLO_EL1)       \
	F(APDAKEYHI_EL1) F(APDBKEYLO_EL1) F(APDBKEYHI_EL1) F(APGAKEYLO_EL1) F(APGAKEYHI_EL1)       \
	F(CNTV_CVAL_EL0) F(CNTV_CTL_EL0) F(CNTP_CVAL_EL0) F(CNTP_CTL_EL0)                          \
	F(ICH_VMCR_EL2) F(ICH_AP0R0_EL2) F(ICH_AP1R0_EL2) F(FPCR) F(FPSR) F(VDISR_EL2)
/* clang-format on */

enum engine_state_reg {
#define ENGINE_STATE_ENUM(r) ENGINE_##r,
	ENGINE_STATE_REGS(ENGINE_STATE_ENUM)
#undef ENGINE_STATE_ENUM
		ENGINE_NUM_STATE_REGS
};

#define ENGINE_NUM_COUNTERS 6

/* The PMU, where the machine has one; registers as the guest reads them. */
struct engine_pmu {
	uint64_t pmcr; /* its bits 7:0 */
	uint64_t cntenset, intenset, ovsset, selr, userenr;
	uint64_t ccntr, ccfiltr;
	uint64_t evcntr[ENGINE_NUM_COUNTERS], evtyper[ENGINE_NUM_COUNTERS];
	uint64_t denied; /* in only: ENGINE_PMU_*, until a reset */
};

/* The guest is not told of the event; and cycles are not counted, by no counter. */
#define ENGINE_PMU_NO_SW_INCR UINT64_C(1)
#define ENGINE_PMU_NO_CYCLES  UINT64_C(2)

struct engine_state {
	uint64_t reg[ENGINE_NUM_STATE_REGS];
	uint64_t v[32][2]; /* low half first */
	/* In only: bit n: V<n> stays as it is. SVE's part above the others becomes zero. */
	uint64_t v_kept;
	struct engine_pmu pmu;
};

#define ENGINE_MAX_VQ	16 /* of ENGINE_VQ_BYTES each */
#define ENGINE_VQ_BYTES 16

/* What SVE adds, of vectors as long as can be; bytes as STR stores them. */
struct engine_sve {
	uint8_t z[32][ENGINE_MAX_VQ * ENGINE_VQ_BYTES]; /* V<n> first */
	uint8_t p[16][ENGINE_MAX_VQ * ENGINE_VQ_BYTES / 8];
	uint8_t ffr[ENGINE_MAX_VQ * ENGINE_VQ_BYTES / 8];
	uint64_t zcr; /* ZCR_EL1 */
};

#define ENGINE_NUM_BPS 6
#define ENGINE_NUM_WPS 4

/* What of debugging is the caller's business, and ends a run (ENGINE_EXIT_SYNC, by its class). */
enum engine_debug_traps {
	ENGINE_DEBUG_NONE,	 /* nothing: all is the guest's */
	ENGINE_DEBUG_REGISTERS,	 /* accesses to debug registers */
	ENGINE_DEBUG_EXCEPTIONS, /* and debug exceptions, wherever MDSCR_EL1 would send them */
};

/* A CPU's debug registers. A reset makes them the architectural ones, and leaves the traps. */
struct engine_debug {
	uint64_t bvr[ENGINE_NUM_BPS], bcr[ENGINE_NUM_BPS];
	uint64_t wvr[ENGINE_NUM_WPS], wcr[ENGINE_NUM_WPS];
	uint64_t mdscr, mdccint, osdlr;
	uint64_t os_lock; /* OSLSR_EL1.OSLK: 0 or 1 */
	uint64_t traps;	  /* enum engine_debug_traps; in only */
};

/* All of a CPU's state but the frame. */
struct engine_whole {
	uint64_t sys[ENGINE_NUM_SYSREGS];
	struct engine_state state;
	struct engine_debug debug;
};

struct engine_ops {
	const char *name;
	/* With VTCR_EL2.HA its CPUs set the access flag of a stage 2 leaf, atomically, before they
	 * first use it (FEAT_HAFDBS). */
	bool sets_access_flag;

	/* Start an engine with `cpus` (1..ENGINE_MAX_CPUS) CPUs for a realm. May return before the
	 * CPUs are up: the first run waits. 0, -ENOENT (the program is not installed), -ENOMEM,
	 * -EAGAIN. */
	int (*create)(struct machine *m, unsigned int cpus, struct engine **out);
	/* Stops every CPU; no call is or will be in progress. */
	void (*destroy)(struct engine *e);

	struct engine_frame *(*frame)(struct engine *e, unsigned int cpu);

	/*
	 * Load the architectural reset state: the given system registers, FP/SIMD, SVE, debug,
	 * pointer authentication keys, timers (disabled), GIC CPU interface and active priorities,
	 * all else zero. Needed before the first run and at CPU_ON. Waits until the CPU has come
	 * up, which a kick of `pe` (NULL: none) ends. Returns 0, -EIO (lost) or -EINTR (kicked:
	 * nothing was done).
	 */
	int (*reset)(struct engine *e, unsigned int cpu, struct pe *pe,
		     const uint64_t sys[ENGINE_NUM_SYSREGS]);
	/* Of a CPU that has been reset. 0 or -EIO (lost). */
	int (*sysregs_get)(struct engine *e, unsigned int cpu, uint64_t sys[ENGINE_NUM_SYSREGS]);
	int (*sysregs_set)(struct engine *e, unsigned int cpu,
			   const uint64_t sys[ENGINE_NUM_SYSREGS]);

	/* The state beyond sysregs, of a CPU that has been reset. 0 or -EIO (lost). NULL in engines
	 * that run realms only. */
	int (*state_get)(struct engine *e, unsigned int cpu, struct engine_state *s);
	int (*state_set)(struct engine *e, unsigned int cpu, const struct engine_state *s);

	/* Z, P, FFR and ZCR_EL1, of a CPU that has been reset and has SVE. What is beyond the
	 * frame's sve_vq does not stay. 0 or -EIO (lost). NULL in engines that run realms only. */
	int (*sve_get)(struct engine *e, unsigned int cpu, struct engine_sve *s);
	int (*sve_set)(struct engine *e, unsigned int cpu, const struct engine_sve *s);

	/* The debug registers, of a CPU that has been reset. 0 or -EIO (lost). NULL in engines that
	 * cannot be debugged. */
	int (*debug_get)(struct engine *e, unsigned int cpu, struct engine_debug *d);
	int (*debug_set)(struct engine *e, unsigned int cpu, const struct engine_debug *d);

	/* All of these at once, in one exchange with the CPU. 0 or -EIO (lost). NULL in engines
	 * that run realms only. */
	int (*whole_get)(struct engine *e, unsigned int cpu, struct engine_whole *w);
	int (*whole_set)(struct engine *e, unsigned int cpu, const struct engine_whole *w);

	/*
	 * Run the CPU from its frame until it exits. ENGINE_EXIT_NOT_RUN if the PE has been
	 * kicked; ENGINE_EXIT_IRQ at once if a timer output differs from what the last exit
	 * reported.
	 * A timer whose output is asserted at entry does not cause another exit by itself until
	 * it has been deasserted. The maintenance interrupt of a list register with EOI may wait
	 * for the next exit, if its vINTID is a timer's (27, 30) and the guest has set the timer
	 * anew: lr and ich_misr tell of it then.
	 */
	enum engine_exit (*run)(struct engine *e, unsigned int cpu, struct pe *pe);

	/* Nanoseconds that what executes the CPU has waited for a CPU of the host so far; 0: nobody
	 * knows. NULL in engines that cannot tell. */
	uint64_t (*run_delay)(struct engine *e, unsigned int cpu);

	/* Invalidate stage 2 translations of [ipa, ipa + size), and all stage 1 derived from them,
	 * on every CPU; done when it returns. `cpu`: one that the caller owns and that is not
	 * running, or -1. */
	void (*tlbi)(struct engine *e, int cpu, uint64_t ipa, uint64_t size);

	/* [pa, pa + len), page-aligned, was rewritten from outside: forget code translated from
	 * it. `cpu` as for tlbi. */
	void (*touch)(struct engine *e, int cpu, uint64_t pa, uint64_t len);
};

extern const struct engine_ops engine_qemu;

#endif
