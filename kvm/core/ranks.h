/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranks.h - the order of the layer's locks (vm.h, docs/locking.md), for base/lock.h. The vGIC's,
 * under which nothing of other layers is called but a kick, come after those of RMM and engine.
 */
#ifndef KVM_RANKS_H
#define KVM_RANKS_H

#include "base/lock.h"

enum {
	RANK_VM = LOCK_RANKS_KVM,
	RANK_VCPU,
	RANK_IRQS, /* of interrupts from user space */
	RANK_ITS,  /* held while guest memory is read */
	RANK_DETECT,
	RANK_SLOTS,
	RANK_CONFIG,
	RANK_HOST,
	RANK_SLOTS_RW,
	RANK_MMU,
	RANK_MP,
	RANK_GMEM,
	RANK_RING,

	RANK_VGIC = LOCK_RANKS_VGIC,
	RANK_TAKEN, /* eventfds that drive an interrupt, of all VMs */

	RANK_HISTORY = LOCK_RANKS_LEAF, /* what a vCPU or a VM did last */
	RANK_CALLS,
};

#endif
