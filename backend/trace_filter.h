/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace_filter.h - which calls and events a trace is to hold.
 *
 * A specification is a list of words, taken from left to right:
 *
 *	kvm rmi rsi psci	calls of that layer
 *	exits state measure	events
 *	refused			refused calls of any layer; RMI_ERROR_RTT is no refusal: by it a
 *				host finds its way through the tables
 *	all none default	all of these, none, or all but rmi and measure
 *	-WORD			without it
 *	WORD/N			a call layer, but only each N-th call
 *	vm=N vcpu=N		only of this VM (its serial), of this vCPU (its index)
 *
 * A list that begins with a bare word begins with nothing; with -, vm= or vcpu=, with the default.
 */
#ifndef BACKEND_TRACE_FILTER_H
#define BACKEND_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trace.h"

#define TRACE_FILTER_REFUSED 4 /* bits 0..3: the call layers (enum trace_layer) */
#define TRACE_FILTER_EXITS   5
#define TRACE_FILTER_STATE   6
#define TRACE_FILTER_MEASURE 7

#define TRACE_FILTER_ALL 0xffu
/* Without the kinds of which there are many. */
#define TRACE_FILTER_DEFAULT_WHAT                                                                  \
	(TRACE_FILTER_ALL & ~(1u << TRACE_RMI | 1u << TRACE_FILTER_MEASURE))
#define TRACE_FILTER_DEFAULT                                                                       \
	{                                                                                          \
		.what = TRACE_FILTER_DEFAULT_WHAT, .vcpu = -1                                      \
	}

struct trace_filter {
	uint32_t what;	   /* bits, as above */
	uint32_t every[4]; /* of each layer; 0, 1: every call */
	uint32_t vm;	   /* 0: all */
	int32_t vcpu;	   /* -1: all */
};

/* 0, or -EINVAL with the reason in err. */
int trace_filter_parse(const char *spec, struct trace_filter *f, char *err, size_t size);

static inline bool trace_filter_has(const struct trace_filter *f, unsigned int bit)
{
	return f->what & 1u << bit;
}

#endif
