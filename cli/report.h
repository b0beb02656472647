/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - what the page of a run shows (softrealm report), as data. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <jansson.h>

#include "cli/trace.h"

#define REPORT_BINS 240u /* columns of the exits over time */

/*
 * Reads the trace to its end. `summary` is what --summary wrote, or NULL; it is borrowed.
 *
 * An object:
 *	seconds, records, lost
 *	summary		as given, or null
 *	calls		[{layer, name, count, refused, seconds, longest}], longest total first
 *	exits		{bin: seconds a column, user: {NAME: [count]}, host: {NAME: [count]}}
 *	milestones	[{t, vm, text}]: changes of state, and what the console printed
 *	refusals	[{t, call, args, errno, rule, wrong, right, source, count}]: one a rule
 *	ledger		[{t, register, cause, address, top, what, count, digest, value}]: ranges
 *			that join, of one cause and one region, are one entry of `count`
 *	memory		[{t, vm, kind: "slot"|"attributes"|"ripas"|"populate", base, top, value}]
 *
 * Addresses are text ("0x40000000"), times are seconds since the trace began.
 * 0, -ENOMEM, or -EINVAL: the trace is damaged (logged).
 */
int report_data(struct trace_reader *r, json_t *summary, json_t **out);

#endif
