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
void report_note_refusal(void);
void report_note_probe(void); /* a question that was answered by a refusal */
void report_note_event(const struct trace_event *e);

/*
 * An array, by serial (so by creation): {"serial": N, "state": "ACTIVE", "rim": HEX,
 * "rem": [HEX, HEX, HEX, HEX]}; rim and rem are null before REALM_CREATE.
 */
json_t *report_realms(void);
/* {"abi", "realms", "exits", "host_exits", "refused"}, as summary.h has it. */
json_t *report_json(const char *abi);

#endif
