/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * iobus.h - who answers an MMIO access inside the kernel: the vGIC, ioeventfds, coalesced zones.
 */
#ifndef KVM_IOBUS_H
#define KVM_IOBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

struct kvm_vcpu;
struct kvm_vm;

#define IOBUS_MAX 1000 /* devices on a bus, as the kernel's NR_IOBUS_DEVS */

struct ioeventfd {
	uint64_t addr, datamatch;
	uint32_t len; /* 0: any */
	bool wildcard, pio;
	int fd; /* ours */
};

struct coalesced_zone {
	uint64_t addr;
	uint32_t size;
	bool pio;
};

struct iobus {
	struct ioeventfd *eventfd;
	size_t num_eventfds, eventfd_room;
	struct coalesced_zone *zone;
	size_t num_zones, zone_room;

	struct lock ring_lock; /* who writes to the ring */
	uint8_t *ring;	       /* a page that every vCPU's mapping shows; NULL: not yet */
	int ring_fd;
};

void iobus_init(struct iobus *b);
/* The ring is there, with the VM's first vCPU: 0 or -ENOMEM. */
int iobus_make_ring(struct iobus *b);

/* True if the access was handled in the kernel; a read fills *val. */
bool iobus_access(struct kvm_vcpu *v, uint64_t gpa, bool is_write, unsigned int len, uint64_t *val);
void iobus_destroy(struct iobus *b);

#endif
