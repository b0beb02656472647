/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * seen.h - which dispatch rows and which rules the inputs have reached, by name.
 *
 * A fuzzer's installer of trace_observe: libFuzzer gets each pair of a row and a rule as a counter
 * of its own, so that an input that reaches a new one is kept.
 */
#ifndef FUZZ_SEEN_H
#define FUZZ_SEEN_H

/* Start to observe (once); what would be logged is dropped. */
void seen_start(void);
/* A rule that no trace reports (attest/): by the name of the refusal. */
struct rule;
void seen_rule(const struct rule *r);
/* "row NAME" and "rule NAME" lines on stdout. */
void seen_print(void);

#endif
