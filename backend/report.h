/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.h - what has happened in this backend so far: counted exits and refusals, each realm with
 * its state and measurement registers. Any thread may note and ask.
 */
#ifndef BACKEND_REPORT_H
#define BACKEND_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "base/trace.h"
#include "kvm/kvm.h"

/* Of realms that are gone the newest so many are remembered. */
#define REPORT_MAX_REALMS 8192u

void report_start(void);
void report_note_refusal(const struct trace_call *c);
void report_note_probe(void); /* a question that was answered by a refusal */
void report_note_event(const struct trace_event *e);

/*
 * An array, by serial (so by creation): {"serial": N, "state": "ACTIVE", "rim": HEX,
 * "rem": [HEX, HEX, HEX, HEX]}; rim and rem are null before REALM_CREATE.
 */
json_t *report_realms(void);
/* Of the VM with this serial: {"vm", "hash", "rim", "rem", "extensions": {CAUSE: count}}; NULL: no
 * realm of it is remembered. */
json_t *report_measurements(uint32_t serial);
/* An array of what was refused: {"call", "errno", "rule", "vm", "count", "wrong", "right"}, in the
 * order in which each came first; the first 256 different ones. */
json_t *report_refusals(void);
/* {"abi", "realms", "exits", "host_exits", "refused"}, as summary.h has it. */
json_t *report_json(const char *abi);

#endif
