/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fault.h - faults on demand: makes a chosen call fail, so that a VMM's recovery can be tried.
 *
 * A specification is WHAT[:KEY=VALUE]...
 *
 *	populate           KVM_ARM_RMI_POPULATE; partial=PAGES: stops after so many, or errno=NAME
 *	ioctl=NAME         that ioctl is not carried out; errno=NAME (default EIO)
 *	rmi=NAME           that RMI command is not carried out; status=RMI_ERROR_... (default INPUT)
 *	conversion         the exit of a RIPAS change: missing (nobody is told), twice (the next
 *	                   KVM_RUN tells it again), or only delay=
 *	engine             kill-after=TIME (2s, 500ms): the CPU engine dies so long after it started
 *
 * When: nth=N the N-th such call only (default 1); every=N each N-th; p=P (or prob=P) with
 * probability P (0..1), drawn from seed=N, so that a run can be repeated (without it, from a new
 * one).
 *
 * delay=TIME makes such a call take so much longer; without errno= or status= it is then carried
 * out.
 *
 * The faults are set before the first call and then only counted: dispatchers ask from any thread.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trace.h"

/* Add one fault. 0, or -EINVAL with what is wrong in err; -ENOSPC: too many (32). */
int fault_add(const char *spec, char *err, size_t size);
/* Those of a pack: populate, ripas, signals, descriptors, engine. The same answers. */
int fault_add_pack(const char *name, char *err, size_t size);

struct fault_tally {
	const char *spec;	 /* as it was given */
	uint64_t matched, fired; /* calls of its name; those of them that it hit */
	uint64_t seed;		 /* of p=; 0: it is drawn from none */
};
/* Of the i-th fault; false: there are fewer. */
bool fault_tally(unsigned int i, struct fault_tally *t);
void fault_clear(void);

extern bool fault_armed_;
bool fault_lookup(enum trace_layer layer, const char *name, int *code);

/* True: do not carry out this call, answer *code (an errno, or an RMI status). */
static inline bool fault_due(enum trace_layer layer, const char *name, int *code)
{
	return fault_armed_ && fault_lookup(layer, name, code);
}

/* Pages after which this POPULATE has to stop; UINT64_MAX without a fault. One call, one answer. */
uint64_t fault_populate_limit(void);

/* What has to happen to this exit of a RIPAS change; one exit, one answer. */
enum fault_conversion { CONVERSION_TOLD, CONVERSION_MISSING, CONVERSION_TWICE };
enum fault_conversion fault_conversion(void);

/* Milliseconds after which an engine that starts now has to die; 0: none. */
unsigned int fault_engine_kill_ms(void);

#endif
