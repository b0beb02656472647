/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmi.h - the host's RMI calls: registers in, X0 (status | index << 8) out.
 *
 * Output pointers are written whatever the status; callers look at the status first.
 */
#ifndef KVM_RMI_H
#define KVM_RMI_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/rmi.h"

struct kvm_host;
struct pe;

/* True if the RMM speaks 1.0; the feature register is read then. */
bool smc_probe(struct kvm_host *h, uint64_t *feature_reg0);

uint64_t smc_granule_delegate(struct kvm_host *h, uint64_t pa);
uint64_t smc_granule_undelegate(struct kvm_host *h, uint64_t pa);
uint64_t smc_realm_create(struct kvm_host *h, uint64_t rd, uint64_t params);
uint64_t smc_realm_activate(struct kvm_host *h, uint64_t rd);
uint64_t smc_realm_destroy(struct kvm_host *h, uint64_t rd);
uint64_t smc_rec_aux_count(struct kvm_host *h, uint64_t rd, uint64_t *count);
uint64_t smc_rec_create(struct kvm_host *h, uint64_t rd, uint64_t rec, uint64_t params);
uint64_t smc_rec_destroy(struct kvm_host *h, uint64_t rec);
/* Blocks while the realm runs; pe_kick ends it. */
uint64_t smc_rec_enter(struct kvm_host *h, struct pe *pe, uint64_t rec, uint64_t run);
uint64_t smc_data_create(struct kvm_host *h, uint64_t rd, uint64_t pa, uint64_t ipa, uint64_t src,
			 uint64_t flags);
uint64_t smc_data_create_unknown(struct kvm_host *h, uint64_t rd, uint64_t pa, uint64_t ipa);
uint64_t smc_data_destroy(struct kvm_host *h, uint64_t rd, uint64_t ipa, uint64_t *pa,
			  uint64_t *top);
uint64_t smc_rtt_create(struct kvm_host *h, uint64_t rd, uint64_t rtt, uint64_t ipa, int level);
uint64_t smc_rtt_destroy(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level, uint64_t *rtt,
			 uint64_t *top);
uint64_t smc_rtt_fold(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level, uint64_t *rtt);
uint64_t smc_rtt_init_ripas(struct kvm_host *h, uint64_t rd, uint64_t base, uint64_t top,
			    uint64_t *out_top);
uint64_t smc_rtt_set_ripas(struct kvm_host *h, uint64_t rd, uint64_t rec, uint64_t base,
			   uint64_t top, uint64_t *out_top);
uint64_t smc_rtt_map_unprotected(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level,
				 uint64_t desc);
uint64_t smc_rtt_unmap_unprotected(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level,
				   uint64_t *top);
uint64_t smc_psci_complete(struct kvm_host *h, uint64_t calling, uint64_t target, uint64_t status);

/* A page of the host, delegated: its PA, or 0 (no memory, or refused: *refused tells). */
uint64_t smc_granule_alloc(struct kvm_host *h, bool *refused);
/* Undelegate a page that has an owner. One that cannot be is leaked, with a warning: machine_free
 * leaves it out, so nobody gets it ever again. */
void smc_granule_return(struct kvm_host *h, uint64_t pa);
/* Undelegate and free. 0: nothing. */
void smc_granule_free(struct kvm_host *h, uint64_t pa);

#endif
