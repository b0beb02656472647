/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_kvm.h - a stand-in for kvm/ whose calls each use one thing that the transport offers.
 */
#ifndef TESTS_PRELOAD_FAKE_KVM_H
#define TESTS_PRELOAD_FAKE_KVM_H

#include <linux/ioctl.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/kvm.h"

struct fake_copy {
	uint64_t src, dst, len;
};
/* The value that a realm would see at user address `addr` of a memslot. */
struct fake_word {
	uint64_t addr, value;
};

/* on VM fds */
#define FAKE_COPY	   _IOW(KVMIO, 0xf0, struct fake_copy)	/* user memory to user memory */
#define FAKE_PEEK	   _IOWR(KVMIO, 0xf1, struct fake_word) /* through the memslot's pages */
#define FAKE_POKE	   _IOW(KVMIO, 0xf2, struct fake_word)
#define FAKE_PULL	   _IOW(KVMIO, 0xf3, struct fake_copy) /* src by pulls; dst: a sum */
#define FAKE_SIGNAL	   _IO(KVMIO, 0xf4) /* write 1 to an eventfd of the caller */
#define FAKE_KIND	   _IO(KVMIO, 0xf5) /* kind of the KVM fd; EBADF */
#define FAKE_WHERE	   _IOWR(KVMIO, 0xf6, struct fake_word) /* physical address behind addr */
#define FAKE_DIE	   _IO(KVMIO, 0xf7)			/* the backend exits at once */
#define FAKE_GIVE	   _IO(KVMIO, 0xed) /* a sealed file that holds FAKE_GIVEN */
#define FAKE_GIVEN	   "given to be read"
#define FAKE_KIND_VCPU	   2
/* A vCPU of this id has a dirty ring of so many bytes, which begin so. */
#define FAKE_DIRTY_VCPU	   5
#define FAKE_DIRTY_BYTES   UINT64_C(0x2000)
#define FAKE_DIRTY	   "dirty"
#define FAKE_RING	   "ring"	    /* what lies in the page that a VM's vCPUs share */
#define FAKE_PROTECT	   _IO(KVMIO, 0xfb) /* delegate the page behind a user address ... */
#define FAKE_UNPROTECT	   _IO(KVMIO, 0xfc) /* ... and give it back */
/* [src, src + len) stands for IPA dst and is guarded; dst 0: not any more. */
#define FAKE_GUARD	   _IOW(KVMIO, 0xfd, struct fake_copy)
/* Touches of guarded memory so far; what was said of the last goes to the argument, if any. */
#define FAKE_TOUCHES	   _IO(KVMIO, 0xfe)
#define FAKE_SAID	   128
/* on /dev/kvm */
#define FAKE_FILES	   _IO(KVMIO, 0xf8) /* VMs, vCPUs, devices, guest_memfds open now */
#define FAKE_INVALIDATIONS _IO(KVMIO, 0xf9) /* calls of kvm_mm_invalidate so far */
#define FAKE_ASKED	   _IO(KVMIO, 0xef) /* calls of kvm_mm_uses so far */
#define FAKE_PAGES	   _IO(KVMIO, 0xfa) /* pages of physical memory given out */

/*
 * KVM_RUN waits for a signal as a real vCPU does, unless kvm_run asks for an exit at once:
 */
/* request_interrupt_window: exit as MMIO, phys_addr counts up, data is the caller's delay */
#define FAKE_RUN_EXIT	 1
#define FAKE_RUN_WRITE	 2 /* copy a word to the address in cr8 first, then wait */
#define FAKE_RUN_PROTECT 3 /* wait, then delegate the page behind the address in cr8 */

/* For the transport: which pages FAKE_PROTECT has delegated. */
bool fake_page_protected(const void *arg, uint64_t pa);
uint64_t fake_protection_changes(const void *arg);

#endif
