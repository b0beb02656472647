/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * iobus.h - who answers an MMIO access inside the kernel: the vGIC, ioeventfds, coalesced zones.
 */
#ifndef KVM_IOBUS_H
#define KVM_IOBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
};

/* True if the access was handled in the kernel; a read fills *val. */
bool iobus_access(struct kvm_vcpu *v, uint64_t gpa, bool is_write, unsigned int len, uint64_t *val);
void iobus_destroy(struct iobus *b);

#endif
