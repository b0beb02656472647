// SPDX-License-Identifier: BSD-3-Clause
/*
 * realm_mem.c - a realm's stage 2, by RMI: map, unmap, tables. Pages of 4 KiB only, as in v12.
 *
 * The RMM owns the truth. The host keeps no copy of it: a delegation that is refused means that
 * another vCPU was faster, and unmapping walks by the `top` that the RMM answers. Walks breathe
 * between two calls (lock_breathe): mmu_seq has been raised by then, and the tables are the RMM's.
 */
#include <stdbool.h>

#include "base/bits.h"
#include "base/log.h"
#include "kvm/realm/realm.h"
#include "kvm/realm/rmi.h"
#include "kvm/rules.h"
#include "kvm/core/vm.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

#define PAGE_LEVEL    3
/* Descriptor of an unprotected page: Normal Write-Back, read-write. */
#define NS_DESC_ATTRS (UINT64_C(6) << 2 | UINT64_C(3) << 6)

result realm_create_tables(struct kvm_vm *vm, uint64_t ipa, int from, int to)
{
	lock_assert_held(&vm->mmu_lock);
	for (int level = from + 1; level <= to; level++) {
		uint64_t base = ALIGN_DOWN(ipa, realm_level_size(level - 1));
		bool refused;
		uint64_t rtt = smc_granule_alloc(vm->host, &refused);
		uint64_t x0;

		if (!rtt)
			return &rule_kvm_no_memory;
		x0 = smc_rtt_create(vm->host, vm->realm.rd, rtt, base, level);
		if (!x0)
			continue;
		smc_granule_free(vm->host, rtt);
		/* Somebody else's table there is as good as ours. */
		if (RMI_STATUS(x0) != RMI_ERROR_RTT || RMI_INDEX(x0) != (unsigned int)level - 1)
			return &rule_kvm_rmi_failed;
	}
	return OK;
}

result realm_map_private(struct kvm_vm *vm, uint64_t ipa, uint64_t pa)
{
	struct kvm_host *h = vm->host;
	result why = OK;
	uint64_t x0;

	lock_assert_held(&vm->mmu_lock);
	if (rmm_claim_ready(h->rmm, vm->realm.rd, ipa) || smc_granule_delegate(h, pa))
		return OK;
	x0 = smc_data_create_unknown(h, vm->realm.rd, pa, ipa);
	if (RMI_STATUS(x0) == RMI_ERROR_RTT && RMI_INDEX(x0) < PAGE_LEVEL) {
		why = realm_create_tables(vm, ipa, (int)RMI_INDEX(x0), PAGE_LEVEL);
		if (!why)
			x0 = smc_data_create_unknown(h, vm->realm.rd, pa, ipa);
	}
	if (!x0)
		return OK;
	smc_granule_return(h, pa);
	return why ? why : &rule_kvm_rmi_failed;
}

result realm_map_shared(struct kvm_vm *vm, uint64_t ipa, uint64_t pa)
{
	struct kvm_host *h = vm->host;
	uint64_t desc = pa | NS_DESC_ATTRS;
	uint64_t x0 = smc_rtt_map_unprotected(h, vm->realm.rd, ipa, PAGE_LEVEL, desc);
	result why;

	lock_assert_held(&vm->mmu_lock);
	if (RMI_STATUS(x0) == RMI_ERROR_RTT && RMI_INDEX(x0) < PAGE_LEVEL) {
		why = realm_create_tables(vm, ipa, (int)RMI_INDEX(x0), PAGE_LEVEL);
		if (why)
			return why;
		x0 = smc_rtt_map_unprotected(h, vm->realm.rd, ipa, PAGE_LEVEL, desc);
	}
	return !x0 || RMI_STATUS(x0) == RMI_ERROR_RTT ? OK : &rule_kvm_rmi_failed;
}

/* Tables of `level` over [start, end) whose entries have become all alike: fold them away. */
static void fold(struct kvm_vm *vm, uint64_t start, uint64_t end, int level)
{
	uint64_t span = realm_level_size(level - 1);
	uint64_t rd = vm->realm.rd, rtt;

	for (uint64_t ipa = ALIGN_DOWN(start, span); ipa < end; ipa += span) {
		uint64_t x0 = smc_rtt_fold(vm->host, rd, ipa, level, &rtt);

		if (RMI_STATUS(x0) == RMI_ERROR_RTT && RMI_INDEX(x0) == (unsigned int)level &&
		    level < PAGE_LEVEL) {
			fold(vm, MAX(start, ipa), MIN(end, ipa + span), level + 1);
			x0 = smc_rtt_fold(vm->host, rd, ipa, level, &rtt);
		}
		if (!x0)
			smc_granule_free(vm->host, rtt);
		lock_breathe(&vm->mmu_lock);
	}
}

/*
 * One step of an unmapping walk that answered x0: where to go on, or 0 to give up. A block in the
 * way (top has not moved) is split into pages.
 */
static uint64_t walk_on(struct kvm_vm *vm, uint64_t ipa, uint64_t x0, uint64_t top)
{
	if (x0 && RMI_STATUS(x0) != RMI_ERROR_RTT) {
		log_warn("RMM: unmapping %#llx: status %#llx", (unsigned long long)ipa,
			 (unsigned long long)x0);
		return 0;
	}
	if (top > ipa)
		return top;
	if (!x0 || RMI_INDEX(x0) >= PAGE_LEVEL ||
	    realm_create_tables(vm, ipa, (int)RMI_INDEX(x0), PAGE_LEVEL))
		return 0;
	return ipa;
}

void realm_unmap_shared(struct kvm_vm *vm, uint64_t gpa, uint64_t end)
{
	uint64_t bit = realm_shared_bit(vm);
	uint64_t start = gpa | bit;
	uint64_t stop = MIN(start + (end - gpa), 2 * bit);
	uint64_t top = 0;

	lock_assert_held(&vm->mmu_lock);
	if (!vm->realm.live || start >= stop)
		return;
	for (uint64_t ipa = start; ipa && ipa < stop;) {
		uint64_t x0 =
			smc_rtt_unmap_unprotected(vm->host, vm->realm.rd, ipa, PAGE_LEVEL, &top);

		ipa = walk_on(vm, ipa, x0, top);
		lock_breathe(&vm->mmu_lock);
	}
	fold(vm, start, stop, vm->realm.start_level + 1);
}

void realm_unmap_private(struct kvm_vm *vm, uint64_t gpa, uint64_t end)
{
	uint64_t stop = MIN(end, realm_shared_bit(vm));
	uint64_t pa = 0, top = 0;

	lock_assert_held(&vm->mmu_lock);
	if (!vm->realm.live || gpa >= stop)
		return;
	for (uint64_t ipa = gpa; ipa < stop;) {
		uint64_t x0 = smc_data_destroy(vm->host, vm->realm.rd, ipa, &pa, &top);

		if (!x0)
			smc_granule_return(vm->host, pa);
		ipa = walk_on(vm, ipa, x0, top);
		if (!ipa)
			break;
		lock_breathe(&vm->mmu_lock);
	}
	fold(vm, gpa, stop, vm->realm.start_level + 1);
}

/* Tables of `level` in [start, end), and those below them. */
static void destroy_level(struct kvm_vm *vm, uint64_t start, uint64_t end, int level)
{
	uint64_t span = realm_level_size(level - 1);
	uint64_t rtt = 0, top = 0;

	for (uint64_t ipa = start; ipa < end;) {
		uint64_t x0 = smc_rtt_destroy(vm->host, vm->realm.rd, ipa, level, &rtt, &top);

		if (RMI_STATUS(x0) == RMI_ERROR_RTT && top <= ipa && level < PAGE_LEVEL) {
			destroy_level(vm, ipa, ipa + span, level + 1);
			x0 = smc_rtt_destroy(vm->host, vm->realm.rd, ipa, level, &rtt, &top);
		}
		if (!x0)
			smc_granule_free(vm->host, rtt);
		ipa = top > ipa ? top : ipa + span;
	}
}

void realm_destroy_tables(struct kvm_vm *vm)
{
	lock_assert_held(&vm->mmu_lock);
	if (vm->realm.start_level < PAGE_LEVEL)
		destroy_level(vm, 0, BIT(vm->ipa_bits), vm->realm.start_level + 1);
}
