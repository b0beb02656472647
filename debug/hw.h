/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hw.h - the debug registers of a vCPU, shared by its guest and a debugger that the guest does not
 * see.
 *
 * The rule: the guest comes first. While a vCPU is debugged its debug exceptions go to EL2 and its
 * accesses to debug registers are answered from a copy of its own. A breakpoint or watchpoint that
 * the guest has enabled is in the register that the guest chose. The debugger's take the others,
 * from the last one down; one that finds no place is not in force on this vCPU until there is one.
 * What the guest would have got goes to the guest. While it steps (MDSCR_EL1.SS) all the registers
 * of this vCPU are its own, and the debugger's are not in force.
 */
#ifndef DEBUG_HW_H
#define DEBUG_HW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

enum point_type { POINT_BREAK, POINT_WRITE, POINT_READ, POINT_ACCESS };

/* The debugger's breakpoints and watchpoints. */
struct point {
	enum point_type type;
	uint64_t addr, len; /* len: of a watchpoint */
};
#define MAX_POINTS (ENGINE_NUM_BPS + ENGINE_NUM_WPS)
struct points {
	unsigned int num;
	struct point point[MAX_POINTS];
};

/* 0; -EINVAL: no register can hold it (a watchpoint's range: within 8 bytes, or a power of two,
 * aligned to itself, up to 2 GiB); -ENOSPC: there are no more registers. Twice is once. */
int points_add(struct points *all, const struct point *p);
void points_remove(struct points *all, const struct point *p);

struct hw {
	bool armed;		 /* it is debugged, and `own` is what the guest believes in */
	struct engine_debug own; /* traps: not used */
	uint8_t claim;		 /* DBGCLAIM tags */
	bool pass; /* one instruction to be done as if the guest had no points: it masks them */
};

/* What the CPU is to have, and how many of the points have found no place. With h->armed false it
 * is the guest's own, and nothing traps. */
unsigned int hw_merge(const struct hw *h, const struct points *points, bool step,
		      struct engine_debug *out);
bool hw_guest_steps(const struct hw *h);

/* An exit by a trapped access to a debug register is answered; false: it is none. `x`: X0..X30. */
bool hw_access(struct hw *h, uint64_t esr, uint64_t x[31]);

/* Whose a breakpoint or watchpoint exception is. */
enum hw_whose {
	HW_DEBUGGERS, /* *p is the point */
	HW_GUESTS,    /* it takes the exception */
	HW_MASKED,    /* the guest's, and masked: the instruction is to be done without */
	HW_NOBODYS,   /* the registers were not up to date */
};
enum hw_whose hw_judge(const struct hw *h, const struct points *points, uint64_t esr, uint64_t pc,
		       uint64_t far, uint64_t pstate, const struct point **p);

#endif
