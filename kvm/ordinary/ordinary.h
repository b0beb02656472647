/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ordinary.h - an ordinary VM: what a realm has from the RMM, it has from here. A stage 2 and an
 * engine of its own, and exits that the kernel itself takes.
 *
 * The engine comes with the VM's first KVM_RUN. Between runs the EL1 state of a vCPU stays in its
 * CPU; vcpu->regs and sysregs are the truth while vcpu->in_engine is false (ordinary_fetch).
 */
#ifndef KVM_ORDINARY_H
#define KVM_ORDINARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

struct engine;
struct engine_debug;
struct kvm_guest_debug;
struct kvm_vcpu;
struct kvm_vm;

struct ordinary {
	struct engine *engine; /* set once, under config_lock; read by vCPUs that have run */
	uint64_t root;	       /* mmu_lock: start-level tables, contiguous; 0: none yet */
	unsigned int roots;
	int start_level;
};

/* ---- ordinary.c: life, entry and exit ---- */
/* First KVM_RUN of the VM: engine and tables; config_lock held. OK, kvm_no_memory,
 * kvm_run_ordinary_vm (there is no engine to run it). */
result ordinary_activate(struct kvm_vm *vm);
/* With the VM. */
void ordinary_destroy(struct kvm_vm *vm);
/* One run of the CPU and what follows from its exit. OK with *leave: KVM_RUN returns 0. */
result ordinary_run(struct kvm_vcpu *v, bool *leave);

/* ---- state.c: registers, v's mutex held ---- */
/* The state becomes the shadow's: before it is read or written. Nothing where it is so already. */
void ordinary_fetch(struct kvm_vcpu *v);
/* And of the vectors: as long as nobody asks they stay in the CPU. After ordinary_fetch. */
void ordinary_fetch_sve(struct kvm_vcpu *v);
/* The next run loads the shadow. False: the engine is lost, or a kick came (*kicked). */
bool ordinary_load(struct kvm_vcpu *v, bool *kicked);
/* An exception to EL1. far: NULL where there is none. */
void ordinary_inject(struct kvm_vcpu *v, uint64_t esr, const uint64_t *far);

/* ---- guest_debug.c: KVM_SET_GUEST_DEBUG ---- */
void ordinary_set_guest_debug(struct kvm_vcpu *v, const struct kvm_guest_debug *d);
/* The debug registers of the CPU: user space's or the guest's; and the guest's back. */
void debug_collect(struct kvm_vcpu *v, struct engine_debug *d);
void debug_store(struct kvm_vcpu *v, const struct engine_debug *d);
/* PSTATE for an entry; and for the guest after an exit with this one. */
uint64_t debug_enter(const struct kvm_vcpu *v);
uint64_t debug_leave(struct kvm_vcpu *v, uint64_t pstate);
/* A debug exception: KVM_EXIT_DEBUG. */
void debug_exit(struct kvm_vcpu *v, bool *leave);
/* A trapped access to a debug register; false: it is another register. */
bool debug_access(struct kvm_vcpu *v, uint64_t esr);

/* ---- stage2.c: the tables; mmu_lock held ---- */
result stage2_create(struct kvm_vm *vm);
void stage2_destroy(struct kvm_vm *vm);
/* What the CPU is told of them. */
uint64_t stage2_vttbr(const struct kvm_vm *vm);
uint64_t stage2_vtcr(const struct kvm_vm *vm);
/* Map a page, in place of what is mapped there. OK, kvm_no_memory. */
result stage2_map(struct kvm_vm *vm, uint64_t ipa, uint64_t pa, bool writable);
/* Map n pages for writing where nothing is mapped, if there is a table; pa 0: none. All within one
 * level 3 table. */
void stage2_map_ahead(struct kvm_vm *vm, uint64_t ipa, const uint64_t *pa, uint64_t n);
/* Unmap [ipa, end), or (write_protect) only take the right to write. */
void stage2_unmap(struct kvm_vm *vm, uint64_t ipa, uint64_t end);
void stage2_write_protect(struct kvm_vm *vm, uint64_t ipa, uint64_t end);
/* The same for the pages whose bits are set, ipa's is bit 0; it holds once stage2_flush has been
 * called. */
void stage2_write_protect_pages(struct kvm_vm *vm, uint64_t ipa, uint64_t mask);
void stage2_flush(struct kvm_vm *vm);

/* ---- stage1.c ---- */
/* The level (-1..3) at which the guest's walk for va reads this page of its memory; false: none. */
bool stage1_level(struct kvm_vcpu *v, uint64_t va, uint64_t page, int *level);

/* ---- abort.c ---- */
/* KVM_SET_VCPU_EVENTS: the last access, to a device, ends with an external abort. */
result ordinary_abort_access(struct kvm_vcpu *v);
/* A stage 2 abort: map the page, emulate the access, or inject. */
result ordinary_abort(struct kvm_vcpu *v, bool *leave);

#endif
