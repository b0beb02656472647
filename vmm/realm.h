/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * realm.h - the realm as KVM sees it: the calls of the realm ABI in the one order that satisfies
 * every check of every revision. realm_create (VM, vCPUs, GIC, memory), then realm_populate for
 * each image in turn, realm_set_entry, and the first KVM_RUN activates it.
 *
 * All functions return 0 or a positive enum vmm_status, with a message printed.
 */
#ifndef VMM_REALM_H
#define VMM_REALM_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/realm.h"
#include "vmm/abi.h"
#include "vmm/image.h"
#include "vmm/layout.h"
#include "vmm/ram.h"

struct realm_config {
	unsigned int cpus, ipa_bits;
	unsigned int sve_vq; /* longest vectors, in units of 128 bits; 0: no SVE */
	bool pmu;
	uint64_t ram, ram_size;
	bool its;
	bool psci_user; /* PSCI calls become KVM_EXIT_HYPERCALL */
	bool ram_file;	/* other processes map its shared pages */
};

struct realm {
	struct realm_config cfg;
	struct realm_abi abi; /* what the kernel speaks */
	int sys_fd, vm_fd, gic_fd, its_fd, gmem_fd;
	int vcpu_fds[LAYOUT_MAX_CPUS];
	struct kvm_run *runs[LAYOUT_MAX_CPUS];
	uint64_t run_size; /* bytes of a vCPU's mapping */
	struct guest_memory mem;
};

int realm_create(struct realm *r, const struct realm_config *cfg);
int realm_populate(struct realm *r, const struct image *im, bool measure);
int realm_set_entry(struct realm *r, uint64_t pc, uint64_t dtb);
/* After every vCPU thread has ended; also on a realm whose creation failed half-way. */
void realm_destroy(struct realm *r);

/*
 * The realm made [addr, addr + size) private (RAM) or shared (EMPTY), or touched it so: change
 * the attribute and drop what the other side held. What is not RAM is left alone. 0 or -errno.
 */
int realm_convert(struct realm *r, uint64_t addr, uint64_t size, bool to_private);

int realm_set_reg(int vcpu_fd, uint64_t id, uint64_t value); /* 0 or -errno */
int realm_get_reg(int vcpu_fd, uint64_t id, uint64_t *value);

#endif
