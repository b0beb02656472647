/* SPDX-License-Identifier: BSD-3-Clause */
/* auto.h - which revision a VMM speaks, found out from what it calls (--abi auto). */
#ifndef KVM_AUTO_H
#define KVM_AUTO_H

#include "kvm/core/host.h"

/*
 * The revision that answers this call, which may be the one that decides it (auto.c). No lock is
 * held. After the decision it costs a load.
 */
const struct kvm_revision *auto_revision(struct kvm_file *f, struct kvm_caller *u, uint32_t nr,
					 uint64_t arg);
/* A call was refused: if it was another revision's, the VMM mixes them, and is told so once. */
void auto_refused(struct kvm_file *f, struct kvm_caller *u, result why);

#endif
