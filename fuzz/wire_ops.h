/* SPDX-License-Identifier: BSD-3-Clause */
/* wire_ops.h - the operations in fuzz_wire's inputs, and how it answers questions. */
#ifndef FUZZ_WIRE_OPS_H
#define FUZZ_WIRE_OPS_H

enum wire_op {
	WIRE_OP_CONNECT,   /* role, version, token */
	WIRE_OP_CALL,	   /* end, last byte of the ioctl, what comes with it */
	WIRE_OP_CALL_ONLY, /* the same, and nobody listens */
	WIRE_OP_CONVERSE,  /* end */
	WIRE_OP_RAW,	   /* end, type, which words are wide, words */
	WIRE_OP_CLOSE,	   /* end */
	WIRE_OP_CLOSE_ALL,
	WIRE_OP_MAKE_VM, /* ends 0 system, 1 VM, 2 vCPU, 3 guest_memfd if it is the first */
	WIRE_OP_MEMORY,	 /* SYNC, DISCARD, GMEM_MAP, VCPU_MEMORY */
	WIRE_OP_FALLOCATE,
	WIRE_OP_CANCEL,
	WIRE_NUM_OPS
};

/* The low four bits of the byte that says how to answer; other values: rightly. */
enum wire_answer {
	ANSWER_ERROR = 1,
	ANSWER_HUGE,
	ANSWER_TYPE,
	ANSWER_CLOSE,
	ANSWER_NOTHING,
	ANSWER_FD,
	ANSWER_TWICE,
	ANSWER_SHORT,
	ANSWER_AFTER_CANCEL,
};

#endif
