// SPDX-License-Identifier: BSD-3-Clause
/*
 * iobus.c - MMIO inside the kernel: ioeventfds and coalesced zones; the vGIC is asked first.
 *
 * The coalesced ring belongs to the VM: one page, in a file of its own, which lies in every vCPU's
 * mapping.
 */
#include "kvm/vcpu/iobus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/array.h"
#include "base/bits.h"
#include "base/memfile.h"
#include "kvm/core/eventfd.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

#define RING_ENTRIES                                                                               \
	((4096 - sizeof(struct kvm_coalesced_mmio_ring)) / sizeof(struct kvm_coalesced_mmio))

/* ---- accesses ---- */

static bool matches(const struct ioeventfd *e, uint64_t gpa, unsigned int len, uint64_t val)
{
	if (e->pio || e->addr != gpa)
		return false;
	if (!e->len)
		return true;
	return e->len == len && (e->wildcard || e->datamatch == val);
}

static bool signal_eventfd(const struct iobus *b, uint64_t gpa, unsigned int len, uint64_t val)
{
	for (size_t i = 0; i < b->num_eventfds; i++) {
		if (matches(&b->eventfd[i], gpa, len, val)) {
			eventfd_add_one(b->eventfd[i].fd);
			return true;
		}
	}
	return false;
}

static bool in_zone(const struct iobus *b, uint64_t gpa, unsigned int len)
{
	for (size_t i = 0; i < b->num_zones; i++) {
		const struct coalesced_zone *z = &b->zone[i];

		if (!z->pio && gpa >= z->addr && gpa + len <= z->addr + z->size && gpa + len > gpa)
			return true;
	}
	return false;
}

/* The ring is shared with user space: its indices are read once and checked. ring_lock held. */
static bool put(uint8_t *page, uint64_t gpa, unsigned int len, uint64_t val)
{
	struct kvm_coalesced_mmio_ring *ring = (void *)page;
	struct kvm_coalesced_mmio *slots = (void *)(page + sizeof(*ring)), *slot;
	uint32_t last = __atomic_load_n(&ring->last, __ATOMIC_RELAXED);
	uint32_t first = __atomic_load_n(&ring->first, __ATOMIC_ACQUIRE);

	if (last >= RING_ENTRIES || (last + 1) % RING_ENTRIES == first)
		return false;
	slot = &slots[last]; /* &ring->coalesced_mmio[last], but gcc 14 takes that for an overflow
			      */
	slot->phys_addr = gpa;
	slot->len = len;
	slot->pio = 0;
	memcpy(slot->data, &val, sizeof(val));
	__atomic_store_n(&ring->last, (last + 1) % RING_ENTRIES, __ATOMIC_RELEASE);
	return true;
}

static bool coalesce(struct iobus *b, uint64_t gpa, unsigned int len, uint64_t val)
{
	bool done;

	lock_take(&b->ring_lock);
	done = put(b->ring, gpa, len, val);
	lock_drop(&b->ring_lock);
	return done;
}

bool iobus_access(struct kvm_vcpu *v, uint64_t gpa, bool is_write, unsigned int len, uint64_t *val)
{
	struct kvm_vm *vm = v->vm;
	struct vgic *vgic = atomic_load(&vm->vgic);
	bool done;

	if (vgic && vgic_mmio(vgic, v->index, gpa, is_write, len, val))
		return true;
	if (!is_write)
		return false;
	rwlock_read(&vm->slots_rw);
	done = signal_eventfd(&vm->bus, gpa, len, *val) ||
	       (in_zone(&vm->bus, gpa, len) && coalesce(&vm->bus, gpa, len, *val));
	rwlock_drop(&vm->slots_rw);
	return done;
}

void iobus_init(struct iobus *b)
{
	lock_init(&b->ring_lock, RANK_RING, "iobus->ring_lock");
}

int iobus_make_ring(struct iobus *b)
{
	void *page;
	int fd;

	if (b->ring)
		return 0;
	fd = memfile_create(VCPU_MEMFD_NAME, GRANULE_SIZE, 0, &page);
	if (fd < 0)
		return fd;
	b->ring = page;
	b->ring_fd = fd;
	return 0;
}

void iobus_destroy(struct iobus *b)
{
	if (b->ring) {
		munmap(b->ring, GRANULE_SIZE);
		close(b->ring_fd);
	}
	lock_destroy(&b->ring_lock);
	for (size_t i = 0; i < b->num_eventfds; i++)
		close(b->eventfd[i].fd);
	free(b->eventfd);
	free(b->zone);
	memset(b, 0, sizeof(*b));
}

/* ---- registration; slots_lock held, slots_rw for the change itself ---- */

static bool bus_full(const struct iobus *b)
{
	return b->num_eventfds + b->num_zones >= IOBUS_MAX;
}

/* Two that could both answer one access. */
static bool collides(const struct iobus *b, const struct ioeventfd *n)
{
	for (size_t i = 0; i < b->num_eventfds; i++) {
		const struct ioeventfd *e = &b->eventfd[i];

		if (e->pio == n->pio && e->addr == n->addr &&
		    (!e->len || !n->len ||
		     (e->len == n->len &&
		      (e->wildcard || n->wildcard || e->datamatch == n->datamatch))))
			return true;
	}
	return false;
}

static result add_eventfd(struct kvm_vm *vm, const struct ioeventfd *n)
{
	struct iobus *b = &vm->bus;
	result why = OK;

	if (collides(b, n))
		return &rule_kvm_ioeventfd_collision;
	if (bus_full(b))
		return &rule_kvm_iobus_full;
	rwlock_write(&vm->slots_rw);
	if (array_reserve(&b->eventfd, &b->eventfd_room, b->num_eventfds + 1, sizeof(*n)))
		why = &rule_kvm_no_memory;
	else
		b->eventfd[b->num_eventfds++] = *n;
	rwlock_drop(&vm->slots_rw);
	return why;
}

static bool same_eventfd(const struct ioeventfd *a, const struct ioeventfd *b)
{
	return a->pio == b->pio && a->addr == b->addr && a->len == b->len &&
	       a->wildcard == b->wildcard && (a->wildcard || a->datamatch == b->datamatch) &&
	       eventfd_same(a->fd, b->fd);
}

static result remove_eventfd(struct kvm_vm *vm, const struct ioeventfd *n)
{
	struct iobus *b = &vm->bus;

	for (size_t i = 0; i < b->num_eventfds; i++) {
		if (!same_eventfd(&b->eventfd[i], n))
			continue;
		rwlock_write(&vm->slots_rw);
		close(b->eventfd[i].fd);
		b->eventfd[i] = b->eventfd[--b->num_eventfds];
		rwlock_drop(&vm->slots_rw);
		return OK;
	}
	return &rule_kvm_ioeventfd_absent;
}

static result check_assign(const struct kvm_ioeventfd *a)
{
	if (a->len != 0 && a->len != 1 && a->len != 2 && a->len != 4 && a->len != 8)
		return &rule_kvm_ioeventfd_len;
	if (a->addr + a->len < a->addr)
		return &rule_kvm_ioeventfd_wrap;
	if (a->flags & ~(uint32_t)KVM_IOEVENTFD_VALID_FLAG_MASK)
		return &rule_kvm_ioeventfd_flags;
	if (!a->len && (a->flags & KVM_IOEVENTFD_FLAG_DATAMATCH))
		return &rule_kvm_ioeventfd_datamatch;
	return OK;
}

result vm_ioeventfd(struct kvm_call *c)
{
	struct kvm_ioeventfd a;
	struct ioeventfd n;
	bool deassign;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	deassign = a.flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
	if (!deassign)
		why = check_assign(&a);
	if (why)
		return why;
	n = (struct ioeventfd){.addr = a.addr,
			       .datamatch = a.datamatch,
			       .len = a.len,
			       .wildcard = !(a.flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
			       .pio = a.flags & KVM_IOEVENTFD_FLAG_PIO};
	why = eventfd_take(c->caller, a.fd, &n.fd);
	if (why)
		return why;
	lock_take(&c->vm->slots_lock);
	why = deassign ? remove_eventfd(c->vm, &n) : add_eventfd(c->vm, &n);
	lock_drop(&c->vm->slots_lock);
	if (deassign || why)
		close(n.fd);
	return why;
}

result vm_register_coalesced(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	struct iobus *b = &vm->bus;
	struct kvm_coalesced_mmio_zone z;
	result why = call_read(c, &z, sizeof(z));

	if (why)
		return why;
	if (z.pio > 1)
		return &rule_kvm_coalesced_pio;
	lock_take(&vm->slots_lock);
	if (bus_full(b)) {
		lock_drop(&vm->slots_lock);
		return &rule_kvm_iobus_full;
	}
	rwlock_write(&vm->slots_rw);
	if (array_reserve(&b->zone, &b->zone_room, b->num_zones + 1, sizeof(*b->zone)))
		why = &rule_kvm_no_memory;
	else
		b->zone[b->num_zones++] =
			(struct coalesced_zone){.addr = z.addr, .size = z.size, .pio = z.pio};
	rwlock_drop(&vm->slots_rw);
	lock_drop(&vm->slots_lock);
	return why;
}

/* Every zone that contains the range named goes; none: nothing happens. */
result vm_unregister_coalesced(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	struct iobus *b = &vm->bus;
	struct kvm_coalesced_mmio_zone z;
	size_t kept = 0;
	result why = call_read(c, &z, sizeof(z));

	if (why)
		return why;
	if (z.pio > 1)
		return &rule_kvm_coalesced_pio;
	lock_take(&vm->slots_lock);
	rwlock_write(&vm->slots_rw);
	for (size_t i = 0; i < b->num_zones; i++) {
		const struct coalesced_zone *o = &b->zone[i];

		if (o->pio == z.pio && z.addr >= o->addr && z.addr + z.size >= z.addr &&
		    z.addr + z.size <= o->addr + o->size)
			continue;
		b->zone[kept++] = *o;
	}
	b->num_zones = kept;
	rwlock_drop(&vm->slots_rw);
	lock_drop(&vm->slots_lock);
	return why;
}
