/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * toy.h - an engine whose CPUs execute toy programs: what a realm does, without an arm64 CPU.
 *
 * A program is a table of instructions at an IPA; one takes 4 bytes of address space. Every fetch
 * and access walks the stage 2 tables that the RMM wrote, so a page that is not mapped faults as on
 * hardware, and an emulated access goes on where the RMM moved the PC.
 */
#ifndef TESTS_KVM_TOY_H
#define TESTS_KVM_TOY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

enum toy_op {
	T_MOV,	  /* x[a] = imm */
	T_LDR,	  /* x[a] = size bytes at imm */
	T_STR,	  /* size bytes at imm = x[a] */
	T_LDP,	  /* an access at imm without a valid syndrome */
	T_SMC,	  /* the SMC that x0.. tell */
	T_HOST,	  /* RSI_HOST_CALL, structure at imm, filled from x0..x30; results are there */
	T_SGI,	  /* ICC_SGI1R_EL1 = imm */
	T_SYSREG, /* MSR of the register whose ISS is imm */
	T_IRQ,	  /* wait for a virtual interrupt, take and finish it: x[a] = INTID */
	T_TIMER,  /* CNTV_CTL = imm (ISTATUS included); CNTV_CVAL is size ms ahead */
	T_CHECK,  /* x[a] must be imm */
	T_JUMP,	  /* to imm */
	T_HALT,	  /* for ever */
	T_LOSE,	  /* the engine dies */
};

struct toy_insn {
	enum toy_op op;
	unsigned int a;
	uint64_t imm;
	unsigned int size;
};

struct toy_program {
	uint64_t ipa;
	const struct toy_insn *insn;
	unsigned int count;
};

#define TOY_MAX_PROGRAMS 8
#define TOY_VBAR	 UINT64_C(0xffff0000) /* where exceptions of a realm end: toy_exceptions */

extern struct toy_program toy_programs[TOY_MAX_PROGRAMS];
extern atomic_uint toy_failed_checks; /* of T_CHECK */
extern atomic_uint toy_exceptions;    /* taken to EL1 by the realm (an SEA); it halts then */
extern atomic_uint toy_engines;	      /* that live now */
extern atomic_uint toy_runs;	      /* of any CPU */
extern atomic_ulong toy_retired;      /* instructions that ended */

/* No programs, counters zero. */
void toy_reset(void);
void toy_load(unsigned int slot, uint64_t ipa, const struct toy_insn *insn, unsigned int count);

extern const struct engine_ops engine_toy;

#endif
