/* SPDX-License-Identifier: BSD-3-Clause */
/* suites.h - the groups of the tests of kvm/; each returns how many failed. */
#ifndef TESTS_KVM_SUITES_H
#define TESTS_KVM_SUITES_H

int test_system(void);
int test_memory(void);
int test_populate(void);
int test_pvtime(void);
int test_vcpu(void);
int test_run(void);
int test_stats(void);
int test_mmio(void);
int test_msi(void);
int test_detect(void);
int test_dirty_ring(void);
int test_faults(void);
int test_firmware(void);
int test_guest_mem(void);
int test_locks(void);
int test_both_kinds(void);
int test_calls(void);
int test_auto(void);
int test_revisions(void);
int test_semantics(void);
int test_rim_order(void);
int test_rmm(void);
int test_threads(void);
int test_walls(void);

#endif
