/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vm.h - a virtual machine: its parts, its locks, its life.
 *
 * A VM lives as long as one of its files (VM, vCPU, device, guest_memfd) is open; the last one
 * ends it on the closing thread. vCPUs and the vGIC live as long as the VM.
 *
 * Locks, outer before inner (docs/locking.md: how they meet those of other layers). No lock is held
 * while the caller's memory map is asked or attached, except slots_lock; that is why
 * kvm_mm_invalidate may come with any lock of the caller held.
 *
 *	lock		vCPU and device creation
 *	vcpu->mutex	one per vCPU, over each of its ioctls; under `lock` only tried
 *	detect.lock	digests of user memory (mem/detect.h)
 *	slots_lock	changes of memslots, attributes, I/O bus; populate
 *	config_lock	the realm's state, features, ID registers, timer PPIs, SMCCC filter
 *	host->lock	the list of VMs, VMIDs
 *	slots_rw	memslots, attributes and I/O bus as data; writers hold slots_lock too
 *	mmu_lock	the realm's RTTs and everything mapped in them; mmu_seq
 */
#ifndef KVM_VM_H
#define KVM_VM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kvm/mem/attributes.h"
#include "kvm/mem/detect.h"
#include "kvm/core/host.h"
#include "kvm/core/history.h"
#include "kvm/core/ranks.h"
#include "kvm/core/stats.h"
#include "kvm/vcpu/firmware.h"
#include "kvm/vcpu/iobus.h"
#include "kvm/mem/memslot.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/platform.h"
#include "kvm/realm/realm.h"
#include "kvm/vcpu/smccc.h"
#include "kvm/vcpu/sysreg.h"

struct kvm_guest_debug;

/*
 * What stands behind a VM: the RMM (realm/), or an engine of its own (ordinary/). Each has one
 * constant table; the rooms below them ask the VM.
 */
struct vm_kind {
	/* Stage 2; mmu_lock held, and dropped now and then where unmapping is long. The shared
	 * alias of [gpa, end), or all that there is; a realm's private pages, whose data is
	 * lost. */
	void (*unmap_shared)(struct kvm_vm *vm, uint64_t gpa, uint64_t end);
	void (*unmap_private)(struct kvm_vm *vm, uint64_t gpa, uint64_t end);
	/* The next store of each page faults, where that can be had: of [gpa, end); or of the pages
	 * whose bits are set, gpa's is bit 0, once `flush` has been called. */
	void (*write_protect)(struct kvm_vm *vm, uint64_t gpa, uint64_t end);
	void (*write_protect_pages)(struct kvm_vm *vm, uint64_t gpa, uint64_t mask);
	void (*flush)(struct kvm_vm *vm);

	/* First KVM_RUN of each vCPU; config_lock held. */
	result (*activate)(struct kvm_vm *vm);
	/* One entry and what follows from its exit; v's mutex held. OK with *leave: KVM_RUN
	 * ends. */
	result (*run)(struct kvm_vcpu *v, bool *leave);
	/* v's shadow registers become the truth, as far as the host may know it; its mutex held. */
	void (*fetch)(struct kvm_vcpu *v);
	/* The same of its vectors and ZCR_EL1, of a vCPU with SVE; after fetch. */
	void (*fetch_sve)(struct kvm_vcpu *v);
	/* The last access to a device ends with an external abort; its mutex held. */
	result (*abort_access)(struct kvm_vcpu *v);
	/* KVM_SET_GUEST_DEBUG, checked; its mutex held. */
	void (*set_guest_debug)(struct kvm_vcpu *v, const struct kvm_guest_debug *d);
	/* Nanoseconds that v's CPU has waited for one of the host; 0: nobody knows. v's mutex
	 * held. */
	uint64_t (*run_delay)(struct kvm_vcpu *v);
	/* The PSCI call of `calling` that means `target` is done, with this status; false: refused.
	 * target's mp_lock held. */
	bool (*psci_complete)(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status);

	/* With the VM: all that the above have made. */
	void (*destroy)(struct kvm_vm *vm);
};
extern const struct vm_kind vm_kind_realm, vm_kind_ordinary;

enum { VM_TIMER_VIRT, VM_TIMER_PHYS, VM_TIMER_HVIRT, VM_TIMER_HPHYS, VM_NUM_TIMERS };

struct kvm_vm {
	struct kvm_host *host;
	const struct kvm_revision *_Atomic rev; /* that answers; changes until it is decided */
	struct kvm_vm *next;			/* host->vms */
	unsigned int walkers;			/* threads that look at it in a walk; host->lock */
	uint32_t serial;			/* counted from 1, never used again */
	atomic_uint refs;
	struct kvm_mm *mm; /* the creator's; every other gets EIO */
	atomic_bool dead;  /* every call is EIO from now on */
	bool is_realm;
	const struct vm_kind *kind;
	void (*end)(struct kvm_vm *vm); /* when the last reference is gone: the VM's, too */
	unsigned int ipa_bits;

	struct lock lock, slots_lock, config_lock, mmu_lock;
	struct rwlock slots_rw;

	/* lock */
	struct kvm_vcpu *vcpus[PLATFORM_MAX_VCPUS]; /* creation order; entries never change */
	atomic_uint num_vcpus;			    /* grows only */
	_Atomic(struct vgic *) vgic; /* once KVM_CREATE_DEVICE has made it; set once */
	struct vgic *gic;	     /* what it will be: an ITS may be created before it */
	struct irqs *irqs;

	/* slots_lock, slots_rw */
	struct memslots slots;
	struct attributes attrs;
	struct iobus bus;
	uint64_t manual_dirty_log;
	bool dirty_ring_with_bitmap;
	atomic_uint dirty_ring_bytes; /* of each vCPU; set once, under `lock`; 0: no ring */

	struct detect detect;

	/* config_lock */
	bool features_set;	   /* by the first KVM_ARM_VCPU_INIT, for all vCPUs */
	atomic_uint features;	   /* read anywhere */
	unsigned int pmu_counters; /* PMCR_EL0.N */
	bool pmu_filtered;	   /* by KVM_ARM_VCPU_PMU_V3_FILTER */
	uint64_t pmu_denied;	   /* ENGINE_PMU_* */
	struct idregs idregs;
	bool has_ran; /* a vCPU has passed its first KVM_RUN's checks */
	bool timer_ppis_fixed;
	uint32_t timer_ppi[VM_NUM_TIMERS];
	bool writable_imp_regs;
	struct smccc_filter filter;
	struct firmware firmware; /* read anywhere */
	struct kvm_realm realm;
	struct ordinary ordinary; /* if it is not a realm */
	atomic_bool nisv_to_user, system_suspend;
	/* Of an ordinary VM: what the counters that its guest reads are behind the engine's. Once
	 * KVM_ARM_SET_COUNTER_OFFSET has set both, writes to the counters are ignored. */
	_Atomic uint64_t cntvoff, cntpoff;
	atomic_bool counter_offset;

	struct call_log calls;

	/* mmu_lock: counts changes that make an earlier look-up of a page stale */
	uint64_t mmu_seq;
	struct stats stats;
};

/* A VM of the caller: OK with *out (one reference), kvm_no_memory. */
result vm_create(struct kvm_call *c, bool is_realm, unsigned int ipa_bits, struct kvm_vm **out);
void vm_get(struct kvm_vm *vm);
void vm_put(struct kvm_vm *vm);

/* A walk over all VMs that holds no lock in between: the one after `vm` (NULL: the first), which
 * does not go away until the walk has gone on. NULL: that was the last. Walk to the end. */
struct kvm_vm *vm_walk_next(struct kvm_host *h, struct kvm_vm *vm);

/* NULL: there is none. */
struct kvm_vcpu *vm_vcpu_by_id(struct kvm_vm *vm, uint64_t id);
struct kvm_vcpu *vm_vcpu_by_mpidr(struct kvm_vm *vm, uint64_t mpidr);

/* Hold all vCPUs out of their ioctls; false: one is in one now, none is held. vm->lock held. */
bool vm_trylock_vcpus(struct kvm_vm *vm);
void vm_unlock_vcpus(struct kvm_vm *vm);

static inline bool vm_has_feature(const struct kvm_vm *vm, unsigned int feature)
{
	return atomic_load(&((struct kvm_vm *)vm)->features) & (1u << feature);
}

#endif
