// SPDX-License-Identifier: BSD-3-Clause
/*
 * stage2.c - the stage 2 tables of an ordinary VM: VMSAv8-64, 4 KiB pages, in pages of the host
 * that the engine's CPU walks itself. More than 48 bits of IPA are in the form of FEAT_LPA2.
 *
 * An entry that was valid is cleared and invalidated before it is given another meaning
 * (break-before-make). Tables are freed with the VM only.
 */
#include "abi/stage2.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/platform.h"
#include "kvm/rules.h"
#include "machine/memory.h"

#define ENTRIES	   512
#define LEAF	   3
#define VALID	   BIT(0)
#define TABLE_PAGE BIT(1)
#define ADDR	   MASK(47, 12)
#define WRITE	   BIT(7)
/* Normal Write-Back (FWB), readable, accessed. */
#define PAGE_ATTRS (VALID | TABLE_PAGE | FIELD_PUT(MASK(4, 2), 6) | BIT(6) | BIT(10))
#define INNER	   FIELD_PUT(MASK(9, 8), 3) /* shareable; with LPA2 it is address, and VTCR tells */

#define VMID (UINT64_C(1) << 48) /* each VM has a CPU of its own */

static bool is_lpa2(const struct kvm_vm *vm)
{
	return vm->ipa_bits > PLATFORM_IPA_LIMIT;
}

static uint64_t page_attrs(const struct kvm_vm *vm)
{
	return PAGE_ATTRS | (is_lpa2(vm) ? 0 : INNER);
}

static unsigned int level_shift(int level)
{
	return 12 + 9 * (unsigned int)(LEAF - level);
}

static uint64_t *table(const struct kvm_vm *vm, uint64_t pa)
{
	return machine_va(vm->host->machine, pa, GRANULE_SIZE);
}

result stage2_create(struct kvm_vm *vm)
{
	struct ordinary *o = &vm->ordinary;
	unsigned int one_table;

	lock_assert_held(&vm->mmu_lock);
	o->start_level = 4 - (int)(vm->ipa_bits - 8) / 9;
	one_table = 9 * (unsigned int)(LEAF - o->start_level) + 21;
	o->roots = vm->ipa_bits > one_table ? 1u << (vm->ipa_bits - one_table) : 1;
	o->root = machine_alloc(vm->host->machine, o->roots, o->roots * GRANULE_SIZE);
	return o->root ? OK : &rule_kvm_no_memory;
}

static void free_tables(struct kvm_vm *vm, uint64_t pa, int level)
{
	const uint64_t *t = table(vm, pa);

	for (unsigned int i = 0; level < LEAF && i < ENTRIES; i++) {
		if (!(t[i] & VALID))
			continue;
		free_tables(vm, t[i] & ADDR, level + 1);
		machine_free(vm->host->machine, t[i] & ADDR, 1);
	}
}

void stage2_destroy(struct kvm_vm *vm)
{
	struct ordinary *o = &vm->ordinary;

	lock_assert_held(&vm->mmu_lock);
	for (unsigned int i = 0; o->root && i < o->roots; i++)
		free_tables(vm, o->root + i * GRANULE_SIZE, o->start_level);
	if (o->root)
		machine_free(vm->host->machine, o->root, o->roots);
	o->root = 0;
}

uint64_t stage2_vttbr(const struct kvm_vm *vm)
{
	return vm->ordinary.root | VMID;
}

uint64_t stage2_vtcr(const struct kvm_vm *vm)
{
	return vtcr_make(vm->ipa_bits, vm->ordinary.start_level, is_lpa2(vm));
}

/* The entry for ipa at `level`, from the table above it; root tables are one long table. */
static uint64_t *entry_at(const struct kvm_vm *vm, uint64_t table_pa, uint64_t ipa, int level)
{
	uint64_t index = ipa >> level_shift(level);

	if (level > vm->ordinary.start_level)
		index %= ENTRIES;
	return machine_va(vm->host->machine, table_pa + index * sizeof(uint64_t), sizeof(uint64_t));
}

/* The leaf entry of ipa, with the tables on the way if `make`; NULL: there is none, and *skip is
 * where the next one may be. */
static uint64_t *find_leaf(struct kvm_vm *vm, uint64_t ipa, bool make, uint64_t *skip)
{
	uint64_t pa = vm->ordinary.root;

	for (int level = vm->ordinary.start_level; level < LEAF; level++) {
		uint64_t *e = entry_at(vm, pa, ipa, level), new;

		if (!(*e & VALID)) {
			*skip = ALIGN_DOWN(ipa, BIT(level_shift(level))) + BIT(level_shift(level));
			new = make ? machine_alloc(vm->host->machine, 1, GRANULE_SIZE) : 0;
			if (!new)
				return NULL;
			__atomic_store_n(e, new | VALID | TABLE_PAGE, __ATOMIC_RELEASE);
		}
		pa = *e & ADDR;
	}
	return entry_at(vm, pa, ipa, LEAF);
}

static void invalidate(struct kvm_vm *vm, uint64_t ipa, uint64_t size)
{
	struct engine *e = vm->ordinary.engine;

	stats_add(&vm->stats, STAT_REMOTE_TLB_FLUSH_REQUESTS, 1);
	if (!e)
		return;
	vm->host->engine->tlbi(e, -1, ipa, size);
	stats_add(&vm->stats, STAT_REMOTE_TLB_FLUSH, 1);
}

result stage2_map(struct kvm_vm *vm, uint64_t ipa, uint64_t pa, bool writable)
{
	uint64_t want = pa | page_attrs(vm) | (writable ? WRITE : 0), skip;
	uint64_t *e;

	lock_assert_held(&vm->mmu_lock);
	e = find_leaf(vm, ipa, true, &skip);
	if (!e)
		return &rule_kvm_no_memory;
	if (*e == want)
		return OK; /* another vCPU was faster */
	if (*e & VALID) {
		__atomic_store_n(e, 0, __ATOMIC_RELEASE);
		invalidate(vm, ipa, GRANULE_SIZE);
	}
	__atomic_store_n(e, want, __ATOMIC_RELEASE);
	return OK;
}

void stage2_map_ahead(struct kvm_vm *vm, uint64_t ipa, const uint64_t *pa, uint64_t n)
{
	uint64_t *e, skip;

	lock_assert_held(&vm->mmu_lock);
	e = n ? find_leaf(vm, ipa, false, &skip) : NULL;
	for (uint64_t i = 0; e && i < n; i++)
		if (pa[i] && !(e[i] & VALID))
			__atomic_store_n(&e[i], pa[i] | page_attrs(vm) | WRITE, __ATOMIC_RELEASE);
}

/* Clear `bits` in each valid entry of [ipa, end). */
static void clear(struct kvm_vm *vm, uint64_t ipa, uint64_t end, uint64_t bits)
{
	uint64_t start = ipa, skip;
	bool changed = false;

	lock_assert_held(&vm->mmu_lock);
	if (!vm->ordinary.root)
		return;
	end = MIN(end, BIT(vm->ipa_bits));
	while (ipa < end) {
		uint64_t *e = find_leaf(vm, ipa, false, &skip);

		if (e && (*e & VALID) && (*e & bits)) {
			__atomic_store_n(e, *e & ~bits, __ATOMIC_RELEASE);
			changed = true;
		}
		ipa = e ? ipa + GRANULE_SIZE : skip;
	}
	if (changed)
		invalidate(vm, start, end - start);
}

void stage2_unmap(struct kvm_vm *vm, uint64_t ipa, uint64_t end)
{
	clear(vm, ipa, end, ~UINT64_C(0));
}

void stage2_write_protect(struct kvm_vm *vm, uint64_t ipa, uint64_t end)
{
	clear(vm, ipa, end, WRITE);
}

void stage2_write_protect_pages(struct kvm_vm *vm, uint64_t ipa, uint64_t mask)
{
	uint64_t *e, skip;

	lock_assert_held(&vm->mmu_lock);
	for (; vm->ordinary.root && mask; mask >>= 1, ipa += GRANULE_SIZE) {
		e = mask & 1 ? find_leaf(vm, ipa, false, &skip) : NULL;
		if (e && (*e & VALID) && (*e & WRITE))
			__atomic_store_n(e, *e & ~WRITE, __ATOMIC_RELEASE);
	}
}

void stage2_flush(struct kvm_vm *vm)
{
	lock_assert_held(&vm->mmu_lock);
	invalidate(vm, 0, BIT(vm->ipa_bits));
}
