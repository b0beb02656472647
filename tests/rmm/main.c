// SPDX-License-Identifier: BSD-3-Clause
/* main.c - runs the RMM's tests, then demands that they have reached every rule. */
#include <stdio.h>

#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

static int unreached_rules(void)
{
	int n = 0;

	for (size_t i = 0; i < rmm_rules.count; i++) {
		if (host_rule_seen(rmm_rules.rules[i]))
			continue;
		printf("rule not reached by any test: %s\n", rmm_rules.rules[i]->name);
		n++;
	}
	return n;
}

int main(void)
{
	int failed = 0;

	failed += test_granule();
	failed += test_known_answers();
	failed += test_attest();
	failed += test_realm();
	failed += test_rtt();
	failed += test_ready();
	failed += test_ns();
	failed += test_lpa2();
	failed += test_measure();
	failed += test_enter();
	failed += test_enter_engine();
	failed += test_rsi();
	failed += test_psci();
	failed += test_debug();
	failed += unreached_rules();
	return failed ? 1 : 0;
}
