// SPDX-License-Identifier: BSD-3-Clause
/*
 * populate.c - KVM_ARM_RMI_POPULATE: copy user memory into private pages of a realm.
 *
 * The checks come in the series' order (what a revision adds stands in its object), and a realm is
 * created on the way: even a call that is refused afterwards leaves it NEW. Pages are done one by
 * one; once one is done an error only ends the call. What was done is the call's result, or the
 * structure is advanced over it.
 *
 * The source is pulled through two buffers of host pages: while one is measured, the next is
 * copied, and the destination's pages are made ready.
 */
#include <errno.h>

#include "abi/realm.h"
#include "base/bits.h"
#include "base/fault.h"
#include "kvm/core/vm.h"
#include "kvm/mem/ahead.h"
#include "kvm/mem/gmem.h"
#include "kvm/mem/gmem_attributes.h"
#include "kvm/realm/realm.h"
#include "kvm/realm/rmi.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "machine/memory.h"

#define CHUNK_PAGES 64
#define CHUNK	    (CHUNK_PAGES * GRANULE_SIZE)

/* A populate under way. */
struct job {
	struct kvm_call *c;
	const struct memslot *slot;
	uint64_t gpa, size; /* clamped to the slot */
	uint64_t source;
	uint64_t flags;
	uint64_t buffers; /* PA of two chunks */
	uint64_t done;	  /* bytes */
	uint64_t limit;	  /* pages, where a fault on demand stops it */
};

static result check_range(const struct kvm_vm *vm, const struct kvm_arm_rmi_populate *p)
{
	if (p->base + p->size < p->base)
		return &rule_kvm_populate_wraps;
	if (!p->source_uaddr)
		return &rule_kvm_populate_source_null;
	if (p->base + p->size > realm_shared_bit(vm))
		return &rule_kvm_populate_not_protected;
	return OK;
}

static result check_argument(const struct kvm_vm *vm, const struct kvm_arm_rmi_populate *p)
{
	if (p->reserved)
		return &rule_kvm_populate_reserved;
	if (p->flags & ~KVM_ARM_RMI_POPULATE_FLAGS_MEASURE)
		return &rule_kvm_populate_flags;
	if (!IS_ALIGNED(p->base, GRANULE_SIZE) || !IS_ALIGNED(p->base + p->size, GRANULE_SIZE))
		return &rule_kvm_populate_align;
	if (vm->rev->populate_checks_source_early && !IS_ALIGNED(p->source_uaddr, GRANULE_SIZE))
		return &rule_kvm_populate_source_unaligned;
	return vm->rev->populate_checks_range ? check_range(vm, p) : OK;
}

static result data_create(struct kvm_vm *vm, uint64_t pa, uint64_t ipa, uint64_t src,
			  uint64_t flags)
{
	struct kvm_host *h = vm->host;
	uint64_t rd = vm->realm.rd;
	uint64_t x0 = smc_data_create(h, rd, pa, ipa, src, flags);
	result why;

	if (RMI_STATUS(x0) == RMI_ERROR_RTT && RMI_INDEX(x0) < 3) {
		why = realm_create_tables(vm, ipa, (int)RMI_INDEX(x0), 3);
		if (why)
			return why;
		x0 = smc_data_create(h, rd, pa, ipa, src, flags);
	}
	return x0 ? &rule_kvm_populate_rmi : OK;
}

/* Physical address of the page at gpa. */
static uint64_t page_of(const struct job *j, uint64_t gpa)
{
	return j->slot->gmem->pa + j->slot->gmem_offset + (gpa - j->slot->gpa);
}

static result populate_page(struct job *j, uint64_t gpa, uint64_t src)
{
	struct kvm_vm *vm = j->c->vm;
	uint64_t pa = page_of(j, gpa);
	result why;

	if (j->done / GRANULE_SIZE >= j->limit)
		return &rule_kvm_fault;
	if (!memory_private(vm, j->slot, gpa))
		return &rule_kvm_populate_not_private;
	lock_take(&vm->mmu_lock);
	if (smc_granule_delegate(vm->host, pa)) {
		why = vm->rev->populate_again;
	} else {
		why = data_create(vm, pa, gpa, src, j->flags);
		if (why)
			smc_granule_return(vm->host, pa);
	}
	lock_drop(&vm->mmu_lock);
	return why;
}

static void pull(struct job *j, uint64_t at)
{
	struct kvm_caller *u = j->c->caller;
	uint64_t buffer = j->buffers + (at / CHUNK % 2) * CHUNK;

	u->ops->pull_start(u, buffer, j->source + at, MIN(CHUNK, j->size - at));
}

/*
 * A source page that could not be copied but is there: it is delegated, the RMM will refuse it. One
 * that its guest_memfd's attribute withholds from user space is not there.
 */
static uint64_t unreadable_page(struct job *j, uint64_t at)
{
	struct kvm_mm *mm = j->c->vm->mm;
	uint64_t pa = mm->ops->lookup(mm, j->source + at, false);

	return kvm_page_withheld(j->c->host, pa) ? 0 : pa;
}

/* The pages of one chunk that were copied; what stopped it, if anything did. */
static result populate_chunk(struct job *j, uint64_t at, uint64_t copied)
{
	uint64_t buffer = j->buffers + (at / CHUNK % 2) * CHUNK;
	uint64_t len = MIN(CHUNK, j->size - at);

	for (uint64_t off = 0; off < len; off += GRANULE_SIZE) {
		uint64_t src;
		result why;

		if (j->c->caller->ops->interrupted(j->c->caller))
			return &rule_kvm_populate_interrupted;
		src = buffer + off;
		if (copied < off + GRANULE_SIZE)
			src = unreadable_page(j, at + off);
		if (!src)
			return &rule_kvm_populate_source;
		why = populate_page(j, j->gpa + at + off, src);
		if (why)
			return why;
		j->done += GRANULE_SIZE;
	}
	return OK;
}

static result run_job(struct job *j)
{
	struct kvm_caller *u = j->c->caller;
	struct ahead ahead;
	result why = OK;

	pull(j, 0);
	ahead_start(&ahead, machine_va(j->c->host->machine, page_of(j, j->gpa), j->size), j->size);
	for (uint64_t at = 0; !why && at < j->size; at += CHUNK) {
		ssize_t copied = u->ops->pull_finish(u);
		bool more = at + CHUNK < j->size;

		if (more)
			pull(j, at + CHUNK);
		why = populate_chunk(j, at, copied > 0 ? (uint64_t)copied : 0);
		if (why && more)
			u->ops->pull_finish(u);
	}
	ahead_stop(&ahead);
	return why;
}

/* slots_lock held; the realm is NEW. */
static result populate(struct kvm_call *c, struct kvm_arm_rmi_populate *p)
{
	struct kvm_vm *vm = c->vm;
	struct job j = {.c = c,
			.gpa = p->base,
			.source = p->source_uaddr,
			.flags = p->flags,
			.limit = fault_populate_limit()};
	result why;

	if (!p->size)
		return vm->rev->populate_checks_range ? OK : &rule_kvm_populate_size_zero;
	j.slot = memslot_at(&vm->slots, p->base);
	if (!j.slot || !(j.slot->flags & KVM_MEM_GUEST_MEMFD))
		return &rule_kvm_populate_no_gmem_slot;
	if (!j.slot->gmem)
		return &rule_kvm_populate_gmem_gone;
	/* The kernel's page count: a size just below 2^64 only ends at the slot's end. */
	j.size = MIN(ALIGN_DOWN(p->size, GRANULE_SIZE), j.slot->gpa + j.slot->size - p->base);
	if (!IS_ALIGNED(p->source_uaddr, GRANULE_SIZE)) {
		if (!vm->rev->populate_rounds_source)
			return &rule_kvm_populate_source_align;
		j.source = ALIGN_DOWN(p->source_uaddr, GRANULE_SIZE);
	}
	j.buffers = machine_alloc_client(vm->host->machine, 2 * CHUNK_PAGES, GRANULE_SIZE);
	if (!j.buffers)
		return &rule_kvm_no_memory;
	why = run_job(&j);
	machine_free(vm->host->machine, j.buffers, 2 * CHUNK_PAGES);
	if (vm->rev->populate_in_out) {
		p->base += j.done;
		p->source_uaddr += j.done;
		p->size -= j.done;
	} else {
		c->value = (int32_t)j.done; /* the kernel's int: 2 GiB and more overflow */
	}
	return j.done ? OK : why;
}

static result create_and_populate(struct kvm_call *c, struct kvm_arm_rmi_populate *p)
{
	struct kvm_vm *vm = c->vm;
	result why = check_argument(vm, p);

	if (why)
		return why;
	lock_take(&vm->slots_lock);
	lock_take(&vm->config_lock);
	why = realm_ensure_created(vm);
	lock_drop(&vm->config_lock);
	if (!why)
		why = populate(c, p);
	lock_drop(&vm->slots_lock);
	return why;
}

result vm_rmi_populate(struct kvm_call *c)
{
	const struct kvm_revision *rev = c->rev;
	struct kvm_arm_rmi_populate p;
	result why;

	if (!c->vm->is_realm)
		return rev->populate_not_realm;
	why = call_read(c, &p, sizeof(p));
	if (why)
		return why;
	why = create_and_populate(c, &p);
	if (rev->populate_in_out && (!why || rev->populate_copies_errors) &&
	    call_write_at(c, c->arg, &p, sizeof(p)))
		why = &rule_kvm_populate_copy_back;
	return why;
}
