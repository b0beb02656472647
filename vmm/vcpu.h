/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vcpu.h - the threads that run the vCPUs, and the answers to their exits.
 *
 *	OFF --CPU_ON (--psci user only; KVM does it otherwise)--> ON
 *	ON --CPU_OFF (likewise)--> OFF
 *	any --end_run anywhere, vcpus_stop--> STOPPED (thread joined)
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <pthread.h>

#include "vmm/mmio.h"
#include "vmm/realm.h"

/* Exits that KVM_RUN returned, by kind; the names are vcpu_exit_names. */
enum vcpu_exit {
	VCPU_EXIT_MMIO,
	VCPU_EXIT_MEMORY_FAULT,
	VCPU_EXIT_HYPERCALL,
	VCPU_EXIT_SYSTEM_EVENT,
	VCPU_EXIT_INTR,
	VCPU_EXIT_OTHER,
	VCPU_EXIT_KINDS,
};
extern const char *const vcpu_exit_names[VCPU_EXIT_KINDS];

struct vcpu {
	struct vcpus *all;
	unsigned int id;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool started;	     /* the thread exists and has not been joined */
	bool shut_out;	     /* it may not enter the realm any more */
	bool on;	     /* under all->lock; always true without --psci user */
	bool go;	     /* under all->lock: CPU_ON came, make it runnable */
	struct vcpu_repeat { /* the last memory fault, to see one that never ends */
		uint64_t gpa, size, flags;
		unsigned int count;
	} repeat;
	uint64_t exits[VCPU_EXIT_KINDS]; /* read after the thread has been joined */
};

struct vcpus {
	struct realm *realm;
	struct mmio_map *mmio;
	unsigned int count;
	pthread_mutex_t lock;
	pthread_cond_t power; /* a vCPU was switched on, or the run ended */
	struct vcpu cpu[LAYOUT_MAX_CPUS];
};

/* Start the threads; signals must be blocked but those for faults. 0 or -errno. */
int vcpus_start(struct vcpus *v, struct realm *realm, struct mmio_map *mmio);
/*
 * Kick every vCPU out of the realm and join its thread. end_run must have been called. False: a
 * KVM_RUN does not come back, so its descriptors and memory must stay until the process ends.
 */
bool vcpus_stop(struct vcpus *v);

/* user_psci.c: answer a PSCI call that was forwarded to us (--psci user). */
void psci_handle(struct vcpu *c);

#endif
