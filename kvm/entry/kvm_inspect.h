/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm_inspect.h - copies of what a VM is, for who looks in from outside. Nothing changes; a VM
 * that is looked at may end meanwhile.
 */
#ifndef KVM_KVM_INSPECT_H
#define KVM_KVM_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/core/history.h"
#include "kvm/irq/vgic.h"

struct kvm_host;

struct kvm_slot_view {
	uint32_t id, flags;
	uint64_t gpa, size, uaddr;
	bool gmem;
};

struct kvm_private_view {
	uint64_t start, end; /* GPAs that are private */
};

struct kvm_vcpu_view {
	unsigned int id;
	unsigned int mp_state;
	uint64_t rec;	  /* of a realm: PA of its REC, 0: none yet */
	bool irq_pending; /* the vGIC has an interrupt for it that it could take */
	struct kvm_history_view history;
};

struct kvm_vm_view {
	uint32_t serial;
	int32_t process; /* of its VMM; 0: not known */
	bool is_realm, dead;
	const char *revision, *state;
	unsigned int ipa_bits, vmid;
	uint64_t rd; /* of a realm: PA of its RD; 0: none */
	size_t num_slots, num_privates, num_vcpus;
	struct kvm_slot_view *slots;	   /* by gpa */
	struct kvm_private_view *privates; /* ascending */
	struct kvm_vcpu_view *vcpus;	   /* by index */
	size_t num_calls;
	struct kvm_call_view calls[KVM_CALLS]; /* the last ones, oldest first */
};

/* The serials of all VMs, newest first: as many as there is room for; how many there are. */
size_t kvm_inspect_vms(struct kvm_host *h, uint32_t *serials, size_t room);
/* To be freed with kvm_vm_view_free; NULL: there is no such VM, or no memory. */
struct kvm_vm_view *kvm_inspect_vm(struct kvm_host *h, uint32_t serial);
void kvm_vm_view_free(struct kvm_vm_view *view);

/* vgic_look at the VM's interrupt controller. False: there is no such VM, or it has none yet. */
bool kvm_inspect_vgic(struct kvm_host *h, uint32_t serial, struct vgic_irq_view *out, size_t room,
		      size_t *num, bool *enabled);

/* Bring the vCPU out of the guest for a moment, if it is in there. */
void kvm_inspect_kick(struct kvm_host *h, uint32_t serial, size_t vcpu);

#endif
