// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c - runs the tests of kvm/, then demands that they have reached every rule. With a pattern
 * (* and ?) as its argument: those tests only.
 */
#include <stdio.h>

#include "kvm/rules.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

/* Out of memory, of physical memory, of VMIDs: not worth a test that takes all there is. */
static bool is_exhaustion(const struct rule *r)
{
	return r->code == ENOMEM;
}

/* The vGIC's rules have tests of their own, without a VM; a VM that runs without a vGIC has, too
 * (test_ordinary_cpu.c). */
static bool is_tested_elsewhere(const struct rule *r)
{
	static const char *const prefixes[] = {"kvm_vgic_", "kvm_irq", "kvm_its_", "kvm_routing_",
					       "kvm_msi_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(r->name, prefixes[i], strlen(prefixes[i])))
			return true;
	return r == &rule_kvm_create_device_late || r == &rule_kvm_run_levels;
}

static int unreached_rules(void)
{
	int n = 0;

	for (size_t i = 0; i < kvm_rules.count; i++) {
		const struct rule *r = kvm_rules.rules[i];

		if (fx_rule_seen(r) || is_exhaustion(r) || is_tested_elsewhere(r))
			continue;
		printf("rule not reached by any test: %s\n", r->name);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	failed += test_system();
	failed += test_memory();
	failed += test_populate();
	failed += test_vcpu();
	failed += test_run();
	failed += test_stats();
	failed += test_mmio();
	failed += test_msi();
	failed += test_faults();
	failed += test_detect();
	failed += test_dirty_ring();
	failed += test_firmware();
	failed += test_guest_mem();
	failed += test_pvtime();
	failed += test_locks();
	failed += test_walls();
	failed += test_both_kinds();
	failed += test_calls();
	failed += test_auto();
	failed += test_revisions();
	failed += test_semantics();
	failed += test_rim_order();
	failed += test_rmm();
	failed += test_threads();
	if (argc < 2)
		failed += unreached_rules();
	return failed ? 1 : 0;
}
