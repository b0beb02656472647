/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * platform.h - the machine that the kernel layer says it runs on: the values that differ from
 * machine to machine. What the RMM's feature register tells (S2SZ, SVE, PMU, breakpoints, list
 * registers) is asked from it, not written here.
 */
#ifndef KVM_PLATFORM_H
#define KVM_PLATFORM_H

#define PLATFORM_NR_VCPUS     64
#define PLATFORM_MAX_VCPUS    64
#define PLATFORM_IPA_LIMIT    48 /* of ordinary VMs; a realm's limit is S2SZ */
#define PLATFORM_IPA_LPA2     52 /* the same, on a machine with FEAT_LPA2 */
#define PLATFORM_DEFAULT_IPA  40
#define PLATFORM_BREAKPOINTS  6
#define PLATFORM_WATCHPOINTS  4
#define PLATFORM_CTX_CMPS     2
#define PLATFORM_PMU_COUNTERS 6	       /* where there is a PMU, and the RMM has no other number */
#define PLATFORM_COUNTER_HZ   62500000 /* CNTFRQ_EL0 */

#endif
