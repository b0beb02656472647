/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stats.h - counters of a VM or vCPU that user space reads from a descriptor (KVM_GET_STATS_FD).
 *
 * They are those of arm64's kernel, in its order. The first call makes a file in memory (header,
 * id, descriptors, data; abi/kvm.h), in which the counters live from then on: who has the
 * descriptor reads them without asking anybody, also when the VM is gone. The file is sealed:
 * nobody but this process writes to it, and its size stays.
 *
 * A struct stats has one writer at a time: a vCPU's under its mutex, a VM's under mmu_lock.
 */
#ifndef KVM_STATS_H
#define KVM_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"

/* Words of the data. Nobody polls before a halt, and no WFI or WFE leaves an engine: what is not
 * named here is 0. */
enum vcpu_stat {
	STAT_HALT_WAKEUP = 3,
	STAT_HALT_WAIT_NS = 6,
	STAT_HALT_WAIT_HIST = 71,
	STAT_BLOCKING = 103,
	STAT_HVC_EXIT = 104,
	STAT_WFE_EXIT,
	STAT_WFI_EXIT,
	STAT_MMIO_EXIT_USER,
	STAT_MMIO_EXIT_KERNEL,
	STAT_SIGNAL_EXITS,
	STAT_EXITS,
	STATS_OF_VCPU,
};
#define STATS_HIST 32 /* words of a histogram: by powers of two */

enum vm_stat {
	STAT_REMOTE_TLB_FLUSH,
	STAT_REMOTE_TLB_FLUSH_REQUESTS,
	STATS_OF_VM,
};

struct stats_layout;
extern const struct stats_layout stats_of_vm, stats_of_vcpu;

struct stats {
	const struct stats_layout *layout;
	uint64_t *data; /* `own`, or in the file */
	uint64_t own[STATS_OF_VCPU];
	uint8_t *file; /* its mapping; NULL: nobody has asked yet */
	int fd;
};

void stats_init(struct stats *s, const struct stats_layout *layout);
void stats_destroy(struct stats *s);
/* The file is there, in s->fd, which stays the owner's; `id` says whose it is. The writer is kept
 * out. OK or kvm_no_memory. */
result stats_open(struct stats *s, const char *name, const char *id);

static inline void stats_set(struct stats *s, unsigned int which, uint64_t value)
{
	__atomic_store_n(&s->data[which], value, __ATOMIC_RELAXED);
}

static inline void stats_add(struct stats *s, unsigned int which, uint64_t n)
{
	stats_set(s, which, s->data[which] + n);
}

#endif
