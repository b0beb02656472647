/* SPDX-License-Identifier: BSD-3-Clause */
/* suites.h - the groups of the RMM's tests; each returns how many failed. */
#ifndef TESTS_RMM_SUITES_H
#define TESTS_RMM_SUITES_H

int test_granule(void);
int test_known_answers(void);
int test_realm(void);
int test_rtt(void);
int test_ready(void);
int test_ns(void);
int test_lpa2(void);
int test_measure(void);
int test_enter(void);
int test_enter_engine(void);
int test_rsi(void);
int test_psci(void);
int test_attest(void);
int test_debug(void);

#endif
