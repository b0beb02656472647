// SPDX-License-Identifier: BSD-3-Clause
/*
 * ripas.c - RIPAS: RAM over the slots before activation, and the changes that a realm asks for.
 *
 * Both walk alike: the base moves, the top stays, and the level at which the RMM's walk stopped
 * tells whether a table is missing or an entry is in the way.
 */
#include "base/bits.h"
#include "base/log.h"
#include "kvm/core/vm.h"
#include "kvm/mem/gmem_attributes.h"
#include "kvm/realm/realm.h"
#include "kvm/realm/rmi.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

/* The level whose entries fit [start, end) best. */
static int find_level(const struct kvm_realm *r, uint64_t start, uint64_t end)
{
	int level = 3;

	while (level > r->start_level && IS_ALIGNED(start, realm_level_size(level - 1)) &&
	       start + realm_level_size(level - 1) <= end)
		level--;
	return level;
}

result ripas_init(struct kvm_vm *vm, uint64_t start, uint64_t end)
{
	lock_assert_held(&vm->mmu_lock);
	lock_assert_held(&vm->mmu_lock);
	for (uint64_t ipa = start; ipa < end;) {
		uint64_t top, x0 = smc_rtt_init_ripas(vm->host, vm->realm.rd, ipa, end, &top);
		int at = (int)RMI_INDEX(x0), want = find_level(&vm->realm, ipa, end);
		result why;

		if (!x0) {
			ipa = top;
		} else if (RMI_STATUS(x0) != RMI_ERROR_RTT) {
			return &rule_kvm_realm_ripas_failed;
		} else if (at >= want) {
			ipa += GRANULE_SIZE; /* populated already: one failing call a page */
		} else {
			why = realm_create_tables(vm, ipa, at, want);
			if (why)
				return why;
		}
		lock_breathe(&vm->mmu_lock);
	}
	return OK;
}

/* Walk as ripas_init does; the IPA that was reached. */
static uint64_t set_range(struct kvm_vcpu *v, uint64_t base, uint64_t end)
{
	struct kvm_vm *vm = v->vm;
	uint64_t ipa = base;

	while (ipa < end) {
		uint64_t top,
			x0 = smc_rtt_set_ripas(vm->host, vm->realm.rd, v->rec.pa, ipa, end, &top);
		int at = (int)RMI_INDEX(x0), want = find_level(&vm->realm, ipa, end);

		if (!x0) {
			ipa = top;
		} else if (RMI_STATUS(x0) != RMI_ERROR_RTT || at >= want ||
			   realm_create_tables(vm, ipa, at, want)) {
			break; /* the realm is told how far it went and asks again */
		}
		lock_breathe(&vm->mmu_lock);
	}
	return ipa;
}

bool ripas_is_prepared(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	bool ok;

	rwlock_read(&v->vm->slots_rw);
	ok = memory_range_is(v->vm, x->ripas_base, x->ripas_top, x->ripas_value == RMI_RIPAS_RAM);
	rwlock_drop(&v->vm->slots_rw);
	return ok;
}

void ripas_commit(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	uint64_t base = x->ripas_base, end = x->ripas_top, reached;

	v->rec.ripas_pending = false;
	lock_take(&v->vm->mmu_lock);
	reached = set_range(v, base, end);
	if (x->ripas_value == RMI_RIPAS_EMPTY && reached > base)
		realm_unmap_private(v->vm, base, reached);
	lock_drop(&v->vm->mmu_lock);
}
