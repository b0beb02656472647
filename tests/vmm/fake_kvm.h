/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_kvm.h - a scripted /dev/kvm behind the wrapped open and ioctl (meson's --wrap): it records
 * the calls in order, answers 0 or what the test set, and gives each KVM_RUN the next step.
 */
#ifndef TESTS_VMM_FAKE_KVM_H
#define TESTS_VMM_FAKE_KVM_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/v12.h"

#define FAKE_MAX_CALLS 256
#define FAKE_MAX_STEPS 256

/* What one KVM_RUN does: fill in run, answer 0 or -errno. NULL fill: block until kicked. */
struct fake_step {
	int ret;
	void (*fill)(struct kvm_run *run);
};

struct fake_kvm {
	const char *calls[FAKE_MAX_CALLS]; /* names, KVM_RUN and register accesses left out */
	unsigned int ncalls;
	bool missing;	      /* there is no /dev/kvm */
	int rmi;	      /* what KVM_CAP_ARM_RMI answers */
	unsigned int cap;     /* its number */
	uint64_t type;	      /* the VM type that it takes */
	bool in_out;	      /* v13 and later: POPULATE advances its structure */
	bool gmem_attributes; /* v15 and later */
	unsigned int not_rmi; /* a number that means something else and answers 1 */
	const char *fail;     /* the call of this name... */
	int fail_errno;	      /* ...fails with this */
	/* populate: the answer of each call in turn; 0: everything that was asked */
	int populate[16];
	unsigned int npopulate;
	struct kvm_arm_rmi_populate populated[16];
	struct kvm_memory_attributes attributes; /* the last ones */
	unsigned int nattributes;
	uint32_t last_init[16]; /* features of VCPU_INIT */
	uint64_t x1;		/* what GET_ONE_REG answers */
	uint64_t pc, x0;
	struct kvm_arm_rmi_psci_complete completed;
	unsigned int ncompleted, nrunnable;
	const struct fake_step *steps[16]; /* per vCPU */
	unsigned int at[16];
};
extern struct fake_kvm fake;

void fake_reset(void);
bool fake_called(const char *name);

#endif
