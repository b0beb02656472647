/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * realm.h - a realm as the host sees it: life cycle, stage 2, RIPAS.
 */
#ifndef KVM_REALM_H
#define KVM_REALM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/kvm.h"

struct kvm_vm;
struct kvm_vcpu;

/* See realm_life.c for who changes it. */
enum realm_state { REALM_NONE, REALM_NEW, REALM_ACTIVE, REALM_DYING, REALM_DEAD };

struct kvm_realm {
	atomic_uint state; /* enum realm_state; changed under config_lock */
	bool live;	   /* rd names a realm whose tables may be changed; mmu_lock */
	uint64_t rd;
	uint64_t root;	    /* start-level tables, contiguous */
	unsigned int roots; /* how many */
	int start_level;
	unsigned int vmid;
	unsigned int num_aux;
};

static inline enum realm_state realm_state(struct kvm_realm *r)
{
	return (enum realm_state)atomic_load(&r->state);
}

/* ---- realm_life.c: the life cycle ---- */
/* NONE: create it (RD, root tables); NEW: nothing. ACTIVE: kvm_realm_active; DEAD: kvm_realm_dead;
 * else what failed. config_lock held. */
result realm_ensure_created(struct kvm_vm *vm);
/* First KVM_RUN: RECs, RIPAS, ACTIVATE. A failure leaves the realm DEAD. */
result realm_activate(struct kvm_vm *vm);
/* With the VM: RECs, tables, RD. */
void realm_destroy(struct kvm_vm *vm);
void realm_set_state(struct kvm_vm *vm, enum realm_state s);
/* The RMI_SEMANTICS_* of this RMM behind this revision. */
uint64_t realm_semantics(const struct kvm_revision *r, enum kvm_rmm rmm);

/* The bit that tells the shared alias of a guest address. */
uint64_t realm_shared_bit(const struct kvm_vm *vm);

/* ---- realm_mem.c: stage 2; mmu_lock held. Unmapping drops it now and then. ---- */
static inline uint64_t realm_level_size(int level)
{
	return UINT64_C(1) << (12 + 9 * (3 - level));
}

/* Delegate pa and map it at ipa with unknown content; nothing if it was delegated already: then
 * another has done it. OK, kvm_rmi_failed, kvm_no_memory. */
result realm_map_private(struct kvm_vm *vm, uint64_t ipa, uint64_t pa);
/* Map pa at ipa, in the shared half, read-write; nothing if something is mapped there. */
result realm_map_shared(struct kvm_vm *vm, uint64_t ipa, uint64_t pa);
/* Unmap the shared alias of [gpa, end). */
void realm_unmap_shared(struct kvm_vm *vm, uint64_t gpa, uint64_t end);
/* Destroys the data: pages are undelegated, their RIPAS becomes DESTROYED. */
void realm_unmap_private(struct kvm_vm *vm, uint64_t gpa, uint64_t end);
/* Tables for levels from+1 .. to over ipa. */
result realm_create_tables(struct kvm_vm *vm, uint64_t ipa, int from, int to);
/* Every table but the root destroyed; private data has been unmapped. */
void realm_destroy_tables(struct kvm_vm *vm);

/* ---- fault.c: stage 2 faults of a realm ---- */
result fault_private(struct kvm_vcpu *v, uint64_t gpa);
/* The fault at the shared alias of gpa. *mmio: there is no memory, the access is to be emulated. */
result fault_shared(struct kvm_vcpu *v, uint64_t gpa, bool is_write, bool *mmio);

/* ---- ripas.c ---- */
/* RIPAS RAM over one slot, before activation; mmu_lock held. */
result ripas_init(struct kvm_vm *vm, uint64_t start, uint64_t end);
/* Commit the change that v's realm asked for; partly, if memory runs out. */
void ripas_commit(struct kvm_vcpu *v);
/* The attributes of the range are what the change wants them to be, where they can be changed. */
bool ripas_is_prepared(struct kvm_vcpu *v);

/* ---- rec_run.c ---- */
/* config_lock held. */
result rec_create(struct kvm_vcpu *v);
void rec_destroy(struct kvm_vcpu *v);
/* One REC_ENTER and what follows from its exit. OK with *leave: KVM_RUN returns 0. */
result rec_run(struct kvm_vcpu *v, bool *leave);
/* OK, kvm_events_realm_dabt. */
result rec_abort_access(struct kvm_vcpu *v);

/* Fill kvm_run with KVM_EXIT_MEMORY_FAULT; the caller answers kvm_run_memory_fault. */
void vcpu_memory_fault(struct kvm_vcpu *v, uint64_t gpa, uint64_t size, bool private);

#endif
