/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace_format.h - the file that --trace writes: one header, then records, in the byte order of
 * the machine that wrote it.
 *
 * A record begins with struct trace_record; `size` counts all of its bytes and is a multiple of 8,
 * so a reader can pass over kinds that it does not know. Names (of calls with those of their
 * arguments, of events, of rules) are numbers; a TRACE_REC_NAME record with the text comes before
 * the first record that uses one. Number 0 is no name. Records of one thread are in the order of
 * their ends; a call's `time` is its begin.
 *
 * A file that ends in the middle of a record is the trace of a process that was killed: all before
 * it is good.
 */
#ifndef BACKEND_TRACE_FORMAT_H
#define BACKEND_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_FILE_MAGIC   "SRTRACE" /* with its NUL: 8 bytes */
#define TRACE_FILE_VERSION 1u
#define TRACE_RECORD_MAX   4096u

struct trace_file_header {
	char magic[8];
	uint32_t version;
	uint32_t size;	   /* of this header: where the first record begins */
	uint64_t realtime; /* nanoseconds since 1970 at the time 0 of the records */
	uint64_t pad;
};

enum trace_record_kind {
	TRACE_REC_NAME = 1, /* struct trace_rec_name */
	TRACE_REC_CALL,	    /* struct trace_rec_call; name: the call's */
	TRACE_REC_EXIT,	    /* struct trace_rec_exit; name: the reason */
	TRACE_REC_STATE,    /* the header alone; name: what has happened */
	TRACE_REC_MEASURE,  /* struct trace_rec_measure; name: the cause */
	TRACE_REC_LOST,	    /* struct trace_rec_lost */
};

struct trace_record {
	uint16_t size;
	uint8_t kind;
	uint8_t layer;	 /* of a call: enum trace_layer */
	uint32_t thread; /* of the backend, a small number */
	uint64_t time;	 /* nanoseconds since the trace began */
	uint32_t vm;	 /* serial of the VM, so of its realm; 0: none */
	int16_t vcpu;	 /* its index; -1: none */
	uint16_t name;
};

struct trace_rec_name {
	struct trace_record r; /* name: the number that is given */
	char text[];	       /* and the arguments' names, each ended by a NUL, `nargs` of them */
};

struct trace_rec_call {
	struct trace_record r;
	uint64_t duration; /* nanoseconds */
	int64_t ret;	   /* ioctl: >= 0 or -errno; else X0 */
	uint16_t rule;	   /* why it was refused; 0: it was not */
	uint16_t exit;	   /* KVM_RUN: the reason that it returned with; 0: none */
	uint16_t nargs;
	uint16_t pad;
	uint64_t args[];
};

struct trace_rec_exit {
	struct trace_record r;
	uint32_t to_user; /* 1: KVM_RUN returned to the VMM; 0: the kernel handled it */
	uint32_t pad;
};

struct trace_rec_measure {
	struct trace_record r;
	uint32_t index;	   /* 0: RIM; 1..4: REMs */
	uint32_t hash_len; /* 32 or 64 */
	uint64_t addr, top, flags;
	uint8_t digest[64]; /* of the content; zero: there is none */
	uint8_t value[64];  /* of the register, after */
};

struct trace_rec_lost {
	struct trace_record r;
	uint64_t count; /* records that there was no room for, before this one */
};

_Static_assert(sizeof(struct trace_file_header) == 32, "header");
_Static_assert(sizeof(struct trace_record) == 24, "record");
_Static_assert(offsetof(struct trace_rec_call, args) == 48, "call");
_Static_assert(sizeof(struct trace_rec_measure) == 184, "measure");

#endif
