/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm.h - what the kernel would be: the ioctl ABI of /dev/kvm, for transports (backend/), tests
 * and fuzzers. Talks to the RMM by rmm_smc only.
 *
 * A `struct kvm_file` is an open file description. A VM lives until the last of its files (VM,
 * vCPU, device, guest_memfd) is closed. Its vCPUs and devices live as long as it does,
 * the memory of a guest_memfd as long as its file.
 */
#ifndef KVM_KVM_H
#define KVM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/caller.h"

struct kvm_host; /* the whole "kernel": one for each backend */
struct engine_ops;
struct machine;
struct rmm;

/* A revision of the realm ABI (revision/revision.h), by the name that --abi takes. */
struct kvm_revision;
extern const struct kvm_revision *const kvm_revisions[]; /* oldest first */
extern const size_t kvm_num_revisions;
/* NULL: there is none of this name. */
const struct kvm_revision *kvm_revision_find(const char *name);
/* All four: NULL means v12. */
const char *kvm_revision_name(const struct kvm_revision *r);
const char *kvm_revision_about(const struct kvm_revision *r); /* a line for people */
/* The number of KVM_CAP_ARM_RMI. */
uint32_t kvm_revision_cap(const struct kvm_revision *r);
/* True: its realms are created with LPA2 where the machine has it. */
bool kvm_revision_lpa2(const struct kvm_revision *r);

/* In what revisions differ, in words; i is below the count. */
size_t kvm_trait_count(void);
const char *kvm_trait_name(size_t i);
const char *kvm_trait_source(size_t i); /* patch, series */
void kvm_trait_text(size_t i, const struct kvm_revision *r, char *text, size_t size);

/* What no revision of the ABI lets a VMM ask for: then it is the platform's choice. */
struct kvm_realm_choice {
	uint8_t hash_algo; /* RmiHashAlgorithm; 0: SHA-256, as KVM asks for */
	uint8_t rpv[64];
	uint64_t semantics; /* RMI_SEMANTICS_* besides those of the revision */
};

/* Which RMM a realm, its guest and its verifier see behind the kernel (kvm-arm-rmi(7)). */
enum kvm_rmm {
	KVM_RMM_OF_REVISION,
	KVM_RMM_1_0,
	KVM_RMM_2_0_BET0, /* 2.0 as of March 2026: RTT_INIT_RIPAS is still in the RIM */
	KVM_RMM_2_0,
};
/* The RMI_SEMANTICS_* of it. PSCI_AFFINITY_INFO goes by the revision alone. */
uint64_t kvm_rmm_semantics(const struct kvm_revision *r, enum kvm_rmm rmm);

struct kvm_config {
	struct machine *machine;	     /* not owned */
	struct rmm *rmm;		     /* not owned */
	const struct engine_ops *engine;     /* what runs ordinary VMs; NULL: they cannot run */
	const struct kvm_revision *revision; /* NULL: the oldest, v12 */
	bool detect;	/* name user memory that is written behind private pages */
	bool automatic; /* found out for each process from what it calls */
	struct kvm_realm_choice realm;
	enum kvm_rmm rmm_semantics; /* which RMM realms see */
	uint32_t cap_rmi;	    /* KVM_CAP_ARM_RMI; 0: the revision's number */
	bool steal_time; /* it can be known how long a thread waits for a CPU (caller, engine) */
};

int kvm_host_create(const struct kvm_config *cfg, struct kvm_host **out); /* 0, -ENOMEM */
/* Every file must have been closed. */
void kvm_host_destroy(struct kvm_host *h);

enum kvm_file_kind {
	KVM_FILE_SYSTEM,
	KVM_FILE_VM,
	KVM_FILE_VCPU,
	KVM_FILE_DEVICE,
	KVM_FILE_GMEM,
};

/* open("/dev/kvm"); NULL: out of memory. */
struct kvm_file *kvm_open(struct kvm_host *h);
enum kvm_file_kind kvm_file_kind(const struct kvm_file *f);
void kvm_file_get(struct kvm_file *f);
/* Drop a reference; the last one is the file's release. May block until vCPUs have stopped. */
void kvm_file_put(struct kvm_file *f);

/*
 * ioctl(2): the result (>= 0) or -errno. Blocks as the kernel's does; KVM_RUN is ended by
 * kvm_vcpu_interrupt. Different vCPUs may run on different threads at the same time.
 */
int64_t kvm_ioctl(struct kvm_file *f, struct kvm_caller *c, uint32_t nr, uint64_t arg);

/* ---- vCPU files ---- */
/* The shared memory of a vCPU: KVM_VCPU_MMAP_SIZE bytes that the VMM maps, then one page that the
 * transport may use (its own control words). Owned by the vCPU. */
int kvm_vcpu_memfd(struct kvm_file *vcpu);
/* The VM's coalesced ring, one page, which the VMM is to see at KVM_COALESCED_MMIO_PAGE_OFFSET. */
int kvm_vcpu_ring_memfd(struct kvm_file *vcpu);
/* The vCPU's dirty ring, *bytes that the VMM is to see from KVM_DIRTY_LOG_PAGE_OFFSET on; -1: it
 * has none. */
int kvm_vcpu_dirty_ring_memfd(struct kvm_file *vcpu, uint64_t *bytes);
void *kvm_vcpu_control_page(struct kvm_file *vcpu);
/* On any thread: wake a running KVM_RUN, which then asks caller->interrupted. */
void kvm_vcpu_kick(struct kvm_file *vcpu);
/* On the thread of the next KVM_RUN: that `fd` becomes readable wakes it too, once. -1: none. */
void kvm_vcpu_watch(struct kvm_file *vcpu, int fd);
/* KVM_SET_SIGNAL_MASK, which is the transport's to apply while a KVM_RUN lasts: true if one is set,
 * in *mask (the kernel's sigset_t). */
bool kvm_vcpu_signal_mask(struct kvm_file *vcpu, uint64_t *mask);

/* ---- guest_memfd files ---- */
struct kvm_gmem_info {
	uint64_t pa;	 /* contiguous extent */
	uint64_t size;	 /* bytes */
	uint64_t flags;	 /* GUEST_MEMFD_FLAG_* */
	bool has_shared; /* pages that can be touched: now, or after a conversion */
};
void kvm_gmem_info(struct kvm_file *gmem, struct kvm_gmem_info *info);
/* A page of a guest_memfd that no process may touch, because its attribute says that it is private
 * (v15 and later); and a number that changes whenever an answer may. */
bool kvm_page_withheld(struct kvm_host *h, uint64_t pa);
uint64_t kvm_withheld_changes(struct kvm_host *h);
/* fallocate(2): 0, or -EOPNOTSUPP, -EINVAL as the kernel's. */
int kvm_gmem_fallocate(struct kvm_file *gmem, int mode, uint64_t offset, uint64_t len);

/*
 * The MMU notifier: the client changed its mapping of [uaddr, uaddr + size). Called by the owner
 * of the mm, with whatever locks of its own, when mm->ops->lookup gives the new answer already and
 * before the old pages are given away. Shared aliases are unmapped from every VM.
 */
void kvm_mm_invalidate(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size);
/* A memslot of some VM lies in the range. */
bool kvm_mm_uses(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size);

#endif
