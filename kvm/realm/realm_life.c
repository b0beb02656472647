// SPDX-License-Identifier: BSD-3-Clause
/*
 * realm_life.c - the life of a realm.
 *
 *	NONE	no RD. An ordinary VM stays here.
 *	NEW	RD and root tables are delegated; pages may be populated. Entered by the first
 *		POPULATE, or by the first KVM_RUN on its way to ACTIVE.
 *	ACTIVE	RECs exist and run; nothing more is measured. Entered by the first KVM_RUN.
 *	DYING	the VM's last file was closed.
 *	DEAD	activation failed half-way, or the realm is gone. Final.
 *
 * Changed under config_lock only (or with the last reference); read anywhere. Activation goes
 * through DEAD: whatever fails in it leaves the realm there, as in v12.
 */
#include "kvm/realm/realm.h"

#include <string.h>

#include "abi/rmi.h"
#include "base/bits.h"
#include "base/log.h"
#include "base/trace.h"
#include "kvm/core/vm.h"
#include "kvm/realm/rmi.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

static const char *const state_names[] = {
	[REALM_NONE] = "realm NONE",   [REALM_NEW] = "realm NEW",   [REALM_ACTIVE] = "realm ACTIVE",
	[REALM_DYING] = "realm DYING", [REALM_DEAD] = "realm DEAD",
};

void realm_set_state(struct kvm_vm *vm, enum realm_state s)
{
	struct trace_event e = {.kind = TRACE_STATE, .name = state_names[s], .realm = vm->serial};

	atomic_store(&vm->realm.state, s);
	trace_event(&e);
}

uint64_t realm_shared_bit(const struct kvm_vm *vm)
{
	return BIT(vm->ipa_bits - 1);
}

static unsigned int vmid_take(struct kvm_host *h)
{
	unsigned int id;

	lock_take(&h->lock);
	for (id = 0; id < KVM_NUM_VMIDS && h->vmids[id]; id++)
		;
	if (id < KVM_NUM_VMIDS)
		h->vmids[id] = true;
	lock_drop(&h->lock);
	return id < KVM_NUM_VMIDS ? id : 0;
}

static void vmid_give(struct kvm_host *h, unsigned int id)
{
	if (!id)
		return;
	lock_take(&h->lock);
	h->vmids[id] = false;
	lock_drop(&h->lock);
}

/* Start level and number of concatenated root tables for an IPA width. */
static void choose_geometry(struct kvm_realm *r, unsigned int bits)
{
	unsigned int one_table;

	r->start_level = 4 - (int)(bits - 8) / 9;
	one_table = 9 * (3 - r->start_level) + 21;
	r->roots = bits > one_table ? 1u << (bits - one_table) : 1;
}

static result delegate_root(struct kvm_vm *vm)
{
	struct kvm_host *h = vm->host;
	struct kvm_realm *r = &vm->realm;
	unsigned int i;

	r->root = machine_alloc(h->machine, r->roots, r->roots * GRANULE_SIZE);
	if (!r->root)
		return &rule_kvm_no_memory;
	for (i = 0; i < r->roots; i++)
		if (smc_granule_delegate(h, r->root + i * GRANULE_SIZE))
			break;
	if (i == r->roots)
		return OK;
	while (i--)
		smc_granule_return(h, r->root + i * GRANULE_SIZE);
	machine_free(h->machine, r->root, r->roots);
	r->root = 0;
	return &rule_kvm_realm_create_failed;
}

static void release_granules(struct kvm_vm *vm)
{
	struct kvm_host *h = vm->host;
	struct kvm_realm *r = &vm->realm;

	for (unsigned int i = 0; r->root && i < r->roots; i++)
		smc_granule_free(h, r->root + i * GRANULE_SIZE);
	smc_granule_free(h, r->rd);
	vmid_give(h, r->vmid);
	r->root = r->rd = 0;
	r->vmid = 0;
}

/* With SVE: every vCPU finalised, one vector length. */
static result check_sve(struct kvm_vm *vm, unsigned int *vq)
{
	unsigned int n = atomic_load(&vm->num_vcpus);

	*vq = 1;
	if (!vm_has_feature(vm, KVM_ARM_VCPU_SVE))
		return OK;
	for (unsigned int i = 0; i < n; i++) {
		if (!vm->vcpus[i]->sve_finalized)
			return &rule_kvm_realm_sve_not_finalized;
		if (i && vm->vcpus[i]->sve_max_vq != *vq)
			return &rule_kvm_realm_sve_lengths;
		*vq = vm->vcpus[i]->sve_max_vq;
	}
	return OK;
}

uint64_t realm_semantics(const struct kvm_revision *r, enum kvm_rmm rmm)
{
	static const uint64_t flags[] = {
		[KVM_RMM_1_0] = 0,
		[KVM_RMM_2_0_BET0] = RMI_SEMANTICS_2_0,
		[KVM_RMM_2_0] = RMI_SEMANTICS_2_0 | RMI_SEMANTICS_RIPAS_UNMEASURED,
	};

	return flags[rmm ? rmm : r->rmm] |
	       (r->rmm_has_affinity_info ? RMI_SEMANTICS_AFFINITY_INFO : 0);
}

static void fill_params(struct kvm_vm *vm, unsigned int vq, struct rmi_realm_params *p)
{
	uint64_t dfr0 = vm->idregs.val[IDREG_AA64DFR0];

	p->s2sz = vm->ipa_bits;
	p->num_bps = FIELD_GET(DFR0_BRPS, dfr0);
	p->num_wps = FIELD_GET(DFR0_WRPS, dfr0);
	p->hash_algo = vm->host->realm.hash_algo;
	memcpy(p->rpv, vm->host->realm.rpv, sizeof(p->rpv));
	p->semantics =
		realm_semantics(vm->rev, vm->host->rmm_semantics) | vm->host->realm.semantics;
	p->vmid = vm->realm.vmid;
	p->rtt_base = vm->realm.root;
	p->rtt_level_start = vm->realm.start_level;
	p->rtt_num_start = vm->realm.roots;
	if (vm->rev->realm_has_lpa2 && host_feature(vm->host, RMI_FEATURE0_LPA2))
		p->flags |= RMI_REALM_FLAG_LPA2;
	if (vm_has_feature(vm, KVM_ARM_VCPU_SVE)) {
		p->flags |= RMI_REALM_FLAG_SVE;
		p->sve_vl = vq - 1;
	}
	if (vm->rev->realm_has_pmu && vm_has_feature(vm, KVM_ARM_VCPU_PMU_V3)) {
		p->flags |= RMI_REALM_FLAG_PMU;
		p->pmu_num_ctrs = vm->pmu_counters;
	}
}

/* RMI_REALM_CREATE from a page of the host, and what the RMM wants for each REC. */
static result create_rd(struct kvm_vm *vm, unsigned int vq)
{
	struct kvm_host *h = vm->host;
	uint64_t page = machine_alloc(h->machine, 1, GRANULE_SIZE);
	uint64_t aux = 0;
	result why = OK;

	if (!page)
		return &rule_kvm_no_memory;
	fill_params(vm, vq, machine_va(h->machine, page, GRANULE_SIZE));
	if (smc_realm_create(h, vm->realm.rd, page)) {
		why = vm->idregs.set ? &rule_kvm_realm_create_failed : &rule_kvm_realm_no_vcpu_init;
	} else if (smc_rec_aux_count(h, vm->realm.rd, &aux) || aux > RMI_MAX_REC_AUX) {
		smc_realm_destroy(h, vm->realm.rd);
		why = &rule_kvm_realm_create_failed;
	}
	vm->realm.num_aux = aux;
	machine_free(h->machine, page, 1);
	return why;
}

static void set_live(struct kvm_vm *vm, bool live)
{
	lock_take(&vm->mmu_lock);
	vm->realm.live = live;
	lock_drop(&vm->mmu_lock);
}

static result create(struct kvm_vm *vm)
{
	struct kvm_realm *r = &vm->realm;
	unsigned int vq;
	bool refused;
	result why;

	choose_geometry(r, vm->ipa_bits);
	r->vmid = vmid_take(vm->host);
	if (!r->vmid)
		return &rule_kvm_realm_no_vmid;
	r->rd = smc_granule_alloc(vm->host, &refused);
	why = r->rd	? delegate_root(vm)
	      : refused ? &rule_kvm_realm_create_failed
			: &rule_kvm_no_memory;
	if (!why)
		why = check_sve(vm, &vq);
	if (!why)
		why = create_rd(vm, vq);
	if (why) {
		release_granules(vm);
		return why;
	}
	set_live(vm, true);
	realm_set_state(vm, REALM_NEW);
	return OK;
}

result realm_ensure_created(struct kvm_vm *vm)
{
	lock_assert_held(&vm->config_lock);
	switch (realm_state(&vm->realm)) {
	case REALM_NONE:
		return create(vm);
	case REALM_NEW:
		return OK;
	case REALM_DEAD:
		return &rule_kvm_realm_dead;
	default:
		return &rule_kvm_realm_active;
	}
}

/* RIPAS RAM over every slot that has a guest_memfd, in the order of the id hash. */
static result init_slots(struct kvm_vm *vm)
{
	result why = OK;

	rwlock_read(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	for (unsigned int b = 0; !why && b < MEMSLOT_BUCKETS; b++)
		for (struct memslot *s = vm->slots.bucket[b]; !why && s; s = s->hash_next)
			if (s->flags & KVM_MEM_GUEST_MEMFD)
				why = ripas_init(vm, s->gpa, s->gpa + s->size);
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
	return why;
}

/* From NEW, by its last steps. */
static result complete(struct kvm_vm *vm)
{
	unsigned int n = atomic_load(&vm->num_vcpus);
	result why = OK;

	if (!atomic_load(&vm->vgic))
		return vm->rev->run_no_irqchip;
	for (unsigned int i = 0; !why && i < n; i++)
		why = rec_create(vm->vcpus[i]);
	if (!why)
		why = init_slots(vm);
	if (!why && smc_realm_activate(vm->host, vm->realm.rd))
		why = &rule_kvm_realm_activate_failed;
	return why;
}

result realm_activate(struct kvm_vm *vm)
{
	result why;

	lock_assert_held(&vm->config_lock);
	if (realm_state(&vm->realm) == REALM_ACTIVE)
		return OK; /* another vCPU ran first */
	if (realm_state(&vm->realm) == REALM_DEAD)
		return vm->rev->run_dead;
	why = realm_ensure_created(vm);
	if (why)
		return why;
	atomic_store(&vm->realm.state, REALM_DEAD); /* unless all goes well */
	why = complete(vm);
	realm_set_state(vm, why ? REALM_DEAD : REALM_ACTIVE);
	if (why && vm->rev->failed_activation_kills_vm)
		atomic_store(&vm->dead, true);
	return why;
}

void realm_destroy(struct kvm_vm *vm)
{
	unsigned int n = atomic_load(&vm->num_vcpus);

	if (!vm->realm.rd)
		return;
	realm_set_state(vm, REALM_DYING);
	for (unsigned int i = 0; i < n; i++)
		rec_destroy(vm->vcpus[i]);
	/* No private data is left: every guest_memfd has been closed. */
	set_live(vm, false);
	lock_take(&vm->mmu_lock);
	realm_destroy_tables(vm);
	lock_drop(&vm->mmu_lock);
	if (smc_realm_destroy(vm->host, vm->realm.rd))
		log_warn("the realm cannot be destroyed: its granules are leaked");
	else
		release_granules(vm);
	realm_set_state(vm, REALM_DEAD);
}

/* ---- what the rooms below ask ---- */

/* A page is marked dirty when it is mapped: nothing can be protected again. */
static void no_write_protect(struct kvm_vm *vm, uint64_t gpa, uint64_t end)
{
}

static void no_flush(struct kvm_vm *vm)
{
}

/* What exits told is all that the host may know. */
static void no_fetch(struct kvm_vcpu *v)
{
}

/* Accepted and without effect: the RMM owns its debug registers. */
static void no_guest_debug(struct kvm_vcpu *v, const struct kvm_guest_debug *d)
{
}

static bool complete_psci(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status)
{
	return !smc_psci_complete(calling->vm->host, calling->rec.pa, target->rec.pa, status);
}

const struct vm_kind vm_kind_realm = {
	.unmap_shared = realm_unmap_shared,
	.unmap_private = realm_unmap_private,
	.write_protect = no_write_protect,
	.write_protect_pages = no_write_protect,
	.flush = no_flush,
	.activate = realm_activate,
	.run = rec_run,
	.fetch = no_fetch,
	.fetch_sve = no_fetch,
	.abort_access = rec_abort_access,
	.set_guest_debug = no_guest_debug,
	.psci_complete = complete_psci,
	.destroy = realm_destroy,
};
