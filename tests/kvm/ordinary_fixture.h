/* SPDX-License-Identifier: BSD-3-Clause */
/* ordinary_fixture.h - an ordinary VM on the real engine, that runs the programs of ordinary.S. */
#ifndef TESTS_KVM_ORDINARY_FIXTURE_H
#define TESTS_KVM_ORDINARY_FIXTURE_H

#include "tests/kvm/fixture.h"

#define X(n)	 (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 2 * (n))
#define DATA_OFF UINT64_C(0x100000) /* of the data in f->ram */

/* cmocka: a host with the real engine. */
int ordinary_setup(void **state);
/* The same, and its CPUs have SVE. */
int ordinary_setup_sve(void **state);
/* The same, and they have a PMU. */
int ordinary_setup_pmu(void **state);
/* n vCPUs, memory with the programs at RAM; vCPU 0 starts at one of them. */
void ordinary_make(struct fx *f, unsigned int n, uint64_t program);
/* The same in a VM that there is already; or with one vCPU and no GIC. */
void ordinary_fill(struct fx *f, unsigned int n, uint64_t program);
void ordinary_make_without_gic(struct fx *f, uint64_t program);
/* One vCPU with a PMU, whose interrupt is PPI 23; filter: NULL, or what it counts. */
void ordinary_make_pmu(struct fx *f, uint64_t program, const struct kvm_pmu_event_filter *filter);
/* One vCPU with vectors up to vq * 128 bits. */
void ordinary_make_sve(struct fx *f, uint64_t vq, uint64_t program);
/* vCPU 0 runs until it stores 8 bytes to the device: them. */
uint64_t ordinary_next_store(struct fx *f);
/* vCPU 0 runs; its exit is a store of this value to the device, or a load that gets it. */
void ordinary_expect_store(struct fx *f, uint64_t offset, unsigned int len, uint64_t value);
void ordinary_expect_load(struct fx *f, uint64_t offset, unsigned int len, uint64_t value);

#endif
