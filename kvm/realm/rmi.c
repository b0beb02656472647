// SPDX-License-Identifier: BSD-3-Clause
/* rmi.c - the host's RMI calls: fills registers, makes the SMC. */
#include "kvm/realm/rmi.h"

#include "base/log.h"
#include "kvm/core/host.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

#define SMC(h, r) rmm_smc((h)->rmm, NULL, (r))

/* Arguments beyond those given are zero. */
#define REGS(name, ...) uint64_t name[RMM_NUM_REGS] = {__VA_ARGS__}

bool smc_probe(struct kvm_host *h, uint64_t *feature_reg0)
{
	REGS(v, RMI_VERSION, RMI_ABI_VERSION);
	REGS(f, RMI_FEATURES, 0);

	SMC(h, v);
	if (v[0] != RMI_SUCCESS)
		return false;
	SMC(h, f);
	if (f[0] != RMI_SUCCESS)
		return false;
	*feature_reg0 = f[1];
	return true;
}

uint64_t smc_granule_delegate(struct kvm_host *h, uint64_t pa)
{
	REGS(r, RMI_GRANULE_DELEGATE, pa);

	SMC(h, r);
	return r[0];
}

uint64_t smc_granule_undelegate(struct kvm_host *h, uint64_t pa)
{
	REGS(r, RMI_GRANULE_UNDELEGATE, pa);

	SMC(h, r);
	return r[0];
}

uint64_t smc_realm_create(struct kvm_host *h, uint64_t rd, uint64_t params)
{
	REGS(r, RMI_REALM_CREATE, rd, params);

	SMC(h, r);
	return r[0];
}

uint64_t smc_realm_activate(struct kvm_host *h, uint64_t rd)
{
	REGS(r, RMI_REALM_ACTIVATE, rd);

	SMC(h, r);
	return r[0];
}

uint64_t smc_realm_destroy(struct kvm_host *h, uint64_t rd)
{
	REGS(r, RMI_REALM_DESTROY, rd);

	SMC(h, r);
	return r[0];
}

uint64_t smc_rec_aux_count(struct kvm_host *h, uint64_t rd, uint64_t *count)
{
	REGS(r, RMI_REC_AUX_COUNT, rd);

	SMC(h, r);
	*count = r[1];
	return r[0];
}

uint64_t smc_rec_create(struct kvm_host *h, uint64_t rd, uint64_t rec, uint64_t params)
{
	REGS(r, RMI_REC_CREATE, rd, rec, params);

	SMC(h, r);
	return r[0];
}

uint64_t smc_rec_destroy(struct kvm_host *h, uint64_t rec)
{
	REGS(r, RMI_REC_DESTROY, rec);

	SMC(h, r);
	return r[0];
}

uint64_t smc_rec_enter(struct kvm_host *h, struct pe *pe, uint64_t rec, uint64_t run)
{
	REGS(r, RMI_REC_ENTER, rec, run);

	rmm_smc(h->rmm, pe, r);
	return r[0];
}

uint64_t smc_data_create(struct kvm_host *h, uint64_t rd, uint64_t pa, uint64_t ipa, uint64_t src,
			 uint64_t flags)
{
	REGS(r, RMI_DATA_CREATE, rd, pa, ipa, src, flags);

	SMC(h, r);
	return r[0];
}

uint64_t smc_data_create_unknown(struct kvm_host *h, uint64_t rd, uint64_t pa, uint64_t ipa)
{
	REGS(r, RMI_DATA_CREATE_UNKNOWN, rd, pa, ipa);

	SMC(h, r);
	return r[0];
}

uint64_t smc_data_destroy(struct kvm_host *h, uint64_t rd, uint64_t ipa, uint64_t *pa,
			  uint64_t *top)
{
	REGS(r, RMI_DATA_DESTROY, rd, ipa);

	SMC(h, r);
	*pa = r[1];
	*top = r[2];
	return r[0];
}

uint64_t smc_rtt_create(struct kvm_host *h, uint64_t rd, uint64_t rtt, uint64_t ipa, int level)
{
	REGS(r, RMI_RTT_CREATE, rd, rtt, ipa, (uint64_t)level);

	SMC(h, r);
	return r[0];
}

uint64_t smc_rtt_destroy(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level, uint64_t *rtt,
			 uint64_t *top)
{
	REGS(r, RMI_RTT_DESTROY, rd, ipa, (uint64_t)level);

	SMC(h, r);
	*rtt = r[1];
	*top = r[2];
	return r[0];
}

uint64_t smc_rtt_fold(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level, uint64_t *rtt)
{
	REGS(r, RMI_RTT_FOLD, rd, ipa, (uint64_t)level);

	SMC(h, r);
	*rtt = r[1];
	return r[0];
}

uint64_t smc_rtt_init_ripas(struct kvm_host *h, uint64_t rd, uint64_t base, uint64_t top,
			    uint64_t *out_top)
{
	REGS(r, RMI_RTT_INIT_RIPAS, rd, base, top);

	SMC(h, r);
	*out_top = r[1];
	return r[0];
}

uint64_t smc_rtt_set_ripas(struct kvm_host *h, uint64_t rd, uint64_t rec, uint64_t base,
			   uint64_t top, uint64_t *out_top)
{
	REGS(r, RMI_RTT_SET_RIPAS, rd, rec, base, top);

	SMC(h, r);
	*out_top = r[1];
	return r[0];
}

uint64_t smc_rtt_map_unprotected(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level,
				 uint64_t desc)
{
	REGS(r, RMI_RTT_MAP_UNPROTECTED, rd, ipa, (uint64_t)level, desc);

	SMC(h, r);
	return r[0];
}

uint64_t smc_rtt_unmap_unprotected(struct kvm_host *h, uint64_t rd, uint64_t ipa, int level,
				   uint64_t *top)
{
	REGS(r, RMI_RTT_UNMAP_UNPROTECTED, rd, ipa, (uint64_t)level);

	SMC(h, r);
	*top = r[1];
	return r[0];
}

uint64_t smc_psci_complete(struct kvm_host *h, uint64_t calling, uint64_t target, uint64_t status)
{
	REGS(r, RMI_PSCI_COMPLETE, calling, target, status);

	SMC(h, r);
	return r[0];
}

uint64_t smc_granule_alloc(struct kvm_host *h, bool *refused)
{
	uint64_t pa = machine_alloc(h->machine, 1, GRANULE_SIZE);

	*refused = false;
	if (!pa)
		return 0;
	machine_hide(h->machine, pa, 1); /* fresh, and we never write to it */
	if (!smc_granule_delegate(h, pa))
		return pa;
	*refused = true;
	machine_free(h->machine, pa, 1);
	return 0;
}

void smc_granule_return(struct kvm_host *h, uint64_t pa)
{
	if (!smc_granule_undelegate(h, pa))
		return;
	log_warn("granule %#llx cannot be undelegated: leaked", (unsigned long long)pa);
	machine_leak(h->machine, pa);
}

void smc_granule_free(struct kvm_host *h, uint64_t pa)
{
	if (!pa)
		return;
	smc_granule_return(h, pa);
	machine_free(h->machine, pa, 1);
}
