/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inproc.h - the whole of softrealm's "host" in one process: machine, RMM and kvm/ as functions,
 * no socket, no interposer. For tests, fuzzers and benchmarks.
 *
 * Descriptors are handles (numbers from INPROC_FIRST_FD up, so that they cannot be mistaken for
 * real ones). User addresses are addresses of this process: a bad one is EFAULT, never a crash.
 * Anonymous private memory that a realm's memslot names is moved onto physical memory, content and
 * protection kept; whoever changes such a mapping afterwards says so (inproc_forget).
 *
 * Thread-safe, but for create and destroy.
 */
#ifndef BACKEND_INPROC_H
#define BACKEND_INPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/kvm.h"

#define INPROC_FIRST_FD 0x4000
#define INPROC_MAX_FDS	256

struct engine_ops;
struct inproc;
struct machine;
struct rmm;

struct inproc_config {
	const struct engine_ops *engine;     /* what runs realms; NULL: they exit with SERROR */
	const struct kvm_revision *revision; /* NULL: v12 */
	bool detect;			     /* kvm_config.detect */
	bool automatic;			     /* found out from what is called */
	enum kvm_rmm rmm;		     /* which RMM realms see */
	uint32_t cap_rmi;		     /* 0: the revision's */
	/* What the calling thread has waited for a CPU, in nanoseconds; NULL: the truth. */
	uint64_t (*run_delay)(void);
	bool no_steal_time;    /* as where nothing counts it */
	uint64_t feature_reg0; /* of the RMM; 0: the platform's */
	unsigned int cpu;      /* MACHINE_CPU_* of the machine's CPUs */
	uint64_t ram;	       /* bytes of each area (machine/memory.h); 0: the default */
	bool pa_is_va;	       /* host addresses equal PAs (conformance suites) */
	const void *attest;    /* the RMM's attestation identity, or NULL */
};

/* 0, or the -errno of machine_create, rmm_create, kvm_host_create. cfg NULL: all defaults. */
int inproc_create(const struct inproc_config *cfg, struct inproc **out);
/* Closes what is open. No call may be under way. */
void inproc_destroy(struct inproc *p);

struct machine *inproc_machine(struct inproc *p);
struct rmm *inproc_rmm(struct inproc *p);
struct kvm_host *inproc_kvm(struct inproc *p);

/* open("/dev/kvm"): a handle, -EMFILE, -ENOMEM. */
int inproc_open(struct inproc *p);
/* 0 or -EBADF. The file lives on while a call or a mapping uses it. */
int inproc_close(struct inproc *p, int fd);
/* The file behind a handle, not counted; NULL: none. */
struct kvm_file *inproc_file(struct inproc *p, int fd);
/* The real descriptor behind the handle of an ordinary file (KVM_GET_STATS_FD), which stays with
 * the handle; -1: none. */
int inproc_given(struct inproc *p, int fd);

/* ioctl(2): >= 0 or -errno; -EBADF where nothing is open. `arg` is a value or an address. */
int64_t inproc_ioctl(struct inproc *p, int fd, uint32_t nr, uint64_t arg);
/* The same, as another process would do it. */
int64_t inproc_ioctl_foreign(struct inproc *p, int fd, uint32_t nr, uint64_t arg);
/* fallocate(2) on a guest_memfd: 0 or -errno. */
int inproc_fallocate(struct inproc *p, int fd, int mode, uint64_t offset, uint64_t len);

/*
 * A signal for the thread that uses this file: the call under way, or the next one, ends with
 * EINTR where the kernel's would. It stays pending until a call has answered EINTR.
 */
void inproc_signal(struct inproc *p, int fd);

/* mmap(2) at offset 0: a vCPU's shared pages, or a guest_memfd made with the MMAP flag. NULL:
 * cannot be mapped. Holds the file open; undo with inproc_munmap. */
void *inproc_mmap(struct inproc *p, int fd, size_t size);
/* The same at KVM_DIRTY_LOG_PAGE_OFFSET: a vCPU's dirty ring. */
void *inproc_mmap_dirty_ring(struct inproc *p, int fd, size_t size);
void inproc_munmap(struct inproc *p, void *addr, size_t size);

/* The caller is about to unmap or protect [addr, addr + size): the VMs forget the pages. What was
 * moved there becomes inaccessible (PROT_NONE), its content is lost. */
void inproc_forget(struct inproc *p, void *addr, size_t size);

#endif
