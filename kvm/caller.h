/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * caller.h - who makes an ioctl: access to its memory, its descriptors, its address space.
 *
 * kvm/ never sees a client process. A caller is made by the transport (backend/: over the wire;
 * in process: direct memory) and lives for one ioctl on one thread. Handlers call these at the
 * place in the order of checks where the kernel would touch user memory, so EFAULT comes where it
 * comes in the kernel. All user addresses are values, never pointers.
 */
#ifndef KVM_CALLER_H
#define KVM_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kvm_file;
struct kvm_mm;
struct kvm_caller;
struct kvm_revision;

struct kvm_caller_ops {
	/* Copy all of len bytes: 0, or -EFAULT (part may have been copied). */
	int (*read)(struct kvm_caller *c, void *dst, uint64_t uaddr, size_t len);
	int (*write)(struct kvm_caller *c, uint64_t uaddr, const void *src, size_t len);

	/*
	 * Copy user memory into physical memory (host pages that the kvm layer owns), in the
	 * background: start one, work, finish it. At most one is under way. finish returns the
	 * bytes copied, short where the source faults (0: the first byte faults).
	 */
	void (*pull_start)(struct kvm_caller *c, uint64_t pa, uint64_t uaddr, size_t len);
	ssize_t (*pull_finish)(struct kvm_caller *c);

	/* Give the caller a descriptor for a new file (takes over the reference): the number, or
	 * -EMFILE (then the file has been closed). */
	int (*install)(struct kvm_caller *c, struct kvm_file *f);
	/* Give the caller a descriptor, for reading, of the file that fd has open here (which stays
	 * ours): the number, or -EMFILE. */
	int (*give_fd)(struct kvm_caller *c, int fd);
	/* The KVM file behind the caller's descriptor; NULL: it is none of ours or not open. */
	struct kvm_file *(*lookup)(struct kvm_caller *c, int fd);
	/* A duplicate, in this process, of the caller's ordinary descriptor (an eventfd): the
	 * number (close it yourself) or -EBADF. */
	int (*take_fd)(struct kvm_caller *c, int fd);

	/* A signal is pending for the calling thread: long work stops with EINTR. */
	bool (*interrupted)(struct kvm_caller *c);

	/* KVM_RUN: nanoseconds that the calling thread has waited for a CPU in its life; 0: nobody
	 * knows. It never goes back while it is about one vCPU. */
	uint64_t (*run_delay)(struct kvm_caller *c);
};

struct kvm_caller {
	const struct kvm_caller_ops *ops;
	struct kvm_mm *mm; /* the caller's address space: a VM answers EIO to any other */
};

/* With --abi auto: which revision the process speaks, as far as it is known (revision/auto.c). All
 * zero at first; the kernel layer's. */
struct kvm_choice {
	const struct kvm_revision *_Atomic made; /* NULL: not yet */
	unsigned int remain;			 /* revisions; 0: nothing has been seen */
	unsigned int asked;			 /* revisions whose capability was asked for */
	uint64_t last_cap;
	unsigned int in_a_row;
	bool asked_any, enumerates, warned;
	char why[128];
};

/*
 * The address space of a client process: which physical page backs a user address now. A range
 * that a memslot names is moved onto physical memory at attach and followed from then on (mmap,
 * munmap, mprotect over it). Shared by all callers of the process; thread-safe.
 */
struct kvm_mm_ops {
	/* A memslot starts to use [uaddr, uaddr + size). Nothing need be mapped there yet.
	 * 0, -ENOMEM (no physical memory left). */
	int (*attach)(struct kvm_mm *mm, struct kvm_caller *c, uint64_t uaddr, uint64_t size);
	/* PA of the page that holds uaddr now; 0: nothing there that may be accessed so (no
	 * mapping, PROT_NONE, or read-only when write is set), or not in physical memory. */
	uint64_t (*lookup)(struct kvm_mm *mm, uint64_t uaddr, bool write);
	/* What touches user memory there is to be told of, or not any more; gpa is the page that it
	 * stands for. NULL: nobody can tell. */
	void (*guard)(struct kvm_mm *mm, struct kvm_caller *c, uint64_t uaddr, uint64_t size,
		      uint64_t gpa, bool on);
	void (*get)(struct kvm_mm *mm);
	void (*put)(struct kvm_mm *mm);
};

struct kvm_mm {
	const struct kvm_mm_ops *ops;
	int32_t process; /* its number, as this process sees it; 0: not seen, or this one */
	struct kvm_choice choice;
};

#endif
