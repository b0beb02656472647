/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vgic.h - the in-kernel GICv3 (distributor, redistributors, LPIs): MMIO, SGIs, lines, MSIs, list
 * registers, device attributes. Behaves as Linux 7.3's arch/arm64/kvm/vgic does. its.h: the ITSs.
 *
 * Knows nothing of VMs: the owner (kvm/) gives it a set of callbacks. Own locks inside; may be
 * called from any thread. Of the callbacks only `kick` is called with a lock of its own held.
 */
#ifndef KVM_VGIC_H
#define KVM_VGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/caller.h"

#define VGIC_MAX_VCPUS	64
#define VGIC_NR_PRIVATE 32
#define VGIC_MAX_SPIS	988 /* INTIDs 32..1019 */

struct vgic;

struct vgic_owner {
	/* The vCPU may have something to take now: wake it or make it leave the guest. */
	void (*kick)(void *arg, unsigned int vcpu);
	/* vCPUs that exist (never fewer than before), the MPIDR of one (index = vcpu_idx, creation
	 * order). */
	unsigned int (*num_vcpus)(void *arg);
	uint64_t (*mpidr)(void *arg, unsigned int vcpu);
	/* Hold every vCPU out of KVM_RUN, for register access by user space; false: one is in
	 * there now (EBUSY). Both NULL: nothing ever runs. */
	bool (*lock_vcpus)(void *arg);
	void (*unlock_vcpus)(void *arg);
	/* Guest memory by guest physical address, for LPI and ITS tables; called with no lock of
	 * the vGIC's held that a vCPU in the guest would wait for. False: some of it is not there,
	 * or is private. Both NULL: there is none. */
	bool (*guest_read)(void *arg, uint64_t gpa, void *dst, size_t len);
	bool (*guest_write)(void *arg, uint64_t gpa, const void *src, size_t len);
	/* IPA width of the VM in bits. */
	unsigned int ipa_bits;
	/* List registers per vCPU (the RMM's number), at most 16. */
	unsigned int num_lrs;
	void *arg;
};

int vgic_create(const struct vgic_owner *owner, struct vgic **out); /* 0, -ENOMEM */
void vgic_destroy(struct vgic *v);

/* Device attributes of KVM_DEV_TYPE_ARM_VGIC_V3: order of checks, errnos and effects as the
 * kernel's vgic-kvm-device.c. `attr` has been read from the caller already; the value at
 * attr->addr is read or written through the caller here. */
struct kvm_device_attr;
result vgic_set_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr);
result vgic_get_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr);
result vgic_has_attr(struct vgic *v, const struct kvm_device_attr *attr);

/* A vCPU is being created, the num_cpus-th (KVM_CREATE_VCPU, vgic there already): OK, or the rule
 * that the call fails with, because its redistributor does not fit where the regions were set. */
result vgic_vcpu_created(struct vgic *v, unsigned int num_cpus);

/* CTRL_INIT has been done. No vCPU may be created after it (EBUSY is the caller's). */
bool vgic_initialized(const struct vgic *v);
/* At the first KVM_RUN: initialises lazily where the kernel does, checks that the regions are
 * set and fit. OK or the rule that KVM_RUN fails with. */
result vgic_map_resources(struct vgic *v);

/* An MMIO access of vCPU `vcpu`. False: not in the GIC's regions. Unaligned or odd sizes read as
 * zero and write nothing, as the kernel's dispatch does. */
bool vgic_mmio(struct vgic *v, unsigned int vcpu, uint64_t ipa, bool is_write, unsigned int len,
	       uint64_t *val);

/* A write to ICC_SGI1R_EL1 (or SGI0R, ASGI1R) by vCPU `vcpu` that trapped. */
void vgic_sgi(struct vgic *v, unsigned int vcpu, uint64_t value, bool group1);
/* A write to ICC_DIR_EL1 that trapped (vgic_flush asked for TDIR). */
void vgic_deactivate(struct vgic *v, unsigned int vcpu, unsigned int intid);

/* KVM_IRQ_LINE, irqfd: intid >= 32 is an SPI (vcpu ignored), else a PPI of that vCPU. Level for
 * level interrupts; a rising edge for edge ones. False: no such interrupt. */
bool vgic_set_line(struct vgic *v, unsigned int vcpu, unsigned int intid, bool level);

/* The PPI is driven by an in-kernel device (a timer): user space must not drive it. Returns false
 * when it is owned by another already. */
bool vgic_set_owner(struct vgic *v, unsigned int vcpu, unsigned int intid, const void *device);
bool vgic_is_owned(struct vgic *v, unsigned int vcpu, unsigned int intid);

/* End-of-interrupt of a level SPI, for irqfd resampling; called from vgic_sync with no lock held.
 * One function for the whole vgic. */
void vgic_set_eoi_notifier(struct vgic *v, void (*eoi)(void *arg, unsigned int intid), void *arg);

/* Before an entry: fill lrs[0..num_lrs) and the ICH_HCR bits to ask for (UIE when more is pending
 * than fits). After an exit: take the list registers back. Owner thread of the vCPU only. Every
 * flush is followed by one sync, whatever happened in between (a vCPU that did not run gives its
 * list registers back as they were, hcr 0), and before its exit is handled: between the two others
 * may wait for it. vmcr: ICH_VMCR_EL2 at the exit (its priority mask decides what vgic_pending
 * calls takeable). */
void vgic_flush(struct vgic *v, unsigned int vcpu, uint64_t *lrs, uint64_t *hcr);
void vgic_sync(struct vgic *v, unsigned int vcpu, const uint64_t *lrs, uint64_t hcr, uint64_t vmcr);

/* Some enabled interrupt could be taken: what wakes a vCPU that waits. May change at any kick. */
bool vgic_pending(struct vgic *v, unsigned int vcpu);

/* An interrupt that is enabled, pending or active, or in a list register. */
struct vgic_irq_view {
	uint32_t intid;
	int vcpu; /* whose it is, or to whom it is routed; below 0: to none */
	uint8_t priority;
	bool edge, enabled, line, pending, active, in_lr;
};
/* Those that there are, by vCPU, then SPIs, then LPIs: as many as there is room for; how many there
 * are. *enabled: the distributor forwards interrupts. */
size_t vgic_look(struct vgic *v, struct vgic_irq_view *out, size_t room, bool *enabled);

bool vgic_has_its(struct vgic *v);
/* An MSI, to the ITS whose frame holds the address (KVM_SIGNAL_MSI, irqfd): *delivered, or the
 * guest has blocked it. Its refusals: kvm_msi_*. */
struct kvm_msi;
result vgic_msi(struct vgic *v, const struct kvm_msi *m, bool *delivered);

/* The CPU interface as user space has left it (ICH_VMCR_EL2, AP0R0, AP1R0), and the active
 * priorities that a CPU has now. Of a vCPU that is held. */
void vgic_icc_load(struct vgic *v, unsigned int vcpu, uint64_t *vmcr, uint64_t apr[2]);
void vgic_icc_store(struct vgic *v, unsigned int vcpu, uint64_t vmcr, const uint64_t apr[2]);

unsigned int vgic_num_spis(const struct vgic *v);

#endif
