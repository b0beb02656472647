// SPDX-License-Identifier: BSD-3-Clause
/*
 * abort.c - stage 2 aborts of an ordinary VM.
 *
 * With a slot the page is mapped, of user memory or of a guest_memfd that user space may map: for
 * reading where user memory or the slot is read-only, and where the slot has a dirty log until the
 * first store. Without a log its neighbours come along: an exit costs more than hundreds of them.
 * Without a slot the access is a device's (mmio.c).
 */
#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/rules.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/mmio.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

#define EC_ABT_LEVEL BIT(26) /* set in the class of an abort from EL1 itself */
#define ESR_CM	     BIT(8)
#define ESR_WNR	     BIT(6)
#define ESR_FSC	     MASK(5, 0)
#define ESR_IL	     BIT(25)
#define FSC_SEA	     0x10
#define FSC_SEA_TTW  0x14 /* plus the level: of a walk of the guest's tables */
#define FSC_PERM     0x0c /* and the level */

/* A synchronous external abort, at the instruction that made the access. */
static void inject_abort(struct kvm_vcpu *v, uint64_t esr, uint64_t far)
{
	uint64_t ec = esr & MASK(31, 26), fsc = FSC_SEA;
	int level;

	if (esr & ESR_ABT_S1PTW) {
		if (!stage1_level(v, far, FIELD_GET(HPFAR_FIPA, v->rec.exit.hpfar), &level))
			return; /* the tables have changed: the guest tries again */
		fsc = (unsigned int)(FSC_SEA_TTW + level);
	}
	if (v->regs.pstate & 0xf)
		ec |= EC_ABT_LEVEL;
	ordinary_inject(v, ec | ESR_IL | fsc, &far);
}

/* A store, or a stage 1 walk that sets an access or dirty flag: a walk that only reads never lacks
 * a permission. */
static bool is_write_fault(uint64_t esr)
{
	if (esr & ESR_ABT_S1PTW)
		return (esr & ESR_FSC & ~UINT64_C(3)) == FSC_PERM;
	return ESR_EC(esr) == EC_DABT_LOW && ESR_ABT_WRITE(esr);
}

#define WINDOW_PAGES (MEMSLOT_WINDOW / GRANULE_SIZE)

/* Pages that are mapped for a store: the one that is asked for, and those around it. */
struct around {
	uint64_t lo, hi;
	uint64_t pa[WINDOW_PAGES]; /* 0: not there, or not writable */
};

/* The page behind gpa, or 0. */
static uint64_t look(const struct kvm_vm *vm, const struct memslot_view *view, uint64_t gpa,
		     bool is_write)
{
	uint64_t offset = gpa - view->gpa;

	if (view->gmem_pa)
		return view->gmem_pa + offset;
	return vm->mm->ops->lookup(vm->mm, view->uaddr + offset, is_write);
}

static uint64_t look_around(const struct kvm_vm *vm, const struct memslot_view *view, uint64_t gpa,
			    struct around *a)
{
	memslot_window(view, gpa, &a->lo, &a->hi);
	for (uint64_t g = a->lo; g < a->hi; g += GRANULE_SIZE)
		a->pa[(g - a->lo) / GRANULE_SIZE] = look(vm, view, g, true);
	return a->pa[(gpa - a->lo) / GRANULE_SIZE];
}

static result map(struct kvm_vcpu *v, const struct memslot_view *view, uint64_t gpa, bool is_write)
{
	struct kvm_vm *vm = v->vm;
	bool writable = !view->readonly && (is_write || !view->logging);
	struct around a = {0};
	uint64_t pa = writable ? look_around(vm, view, gpa, &a) : 0;
	result why = OK;

	if (!pa && !is_write) {
		writable = false;
		pa = look(vm, view, gpa, false);
	}
	lock_take(&vm->mmu_lock);
	if (vm->mmu_seq != view->seq) {
		/* the guest faults again, after a look at signals */
	} else if (!pa) {
		why = &rule_kvm_fault_no_user_page;
	} else {
		why = stage2_map(vm, gpa, pa, writable);
		if (!why && is_write)
			memslot_mark_dirty(view->slot, gpa, &v->ring);
		if (!why)
			stage2_map_ahead(vm, a.lo, a.pa, (a.hi - a.lo) / GRANULE_SIZE);
	}
	lock_drop(&vm->mmu_lock);
	return why;
}

/* User space decodes the instruction, or does what it thinks right. */
static void exit_nisv(struct kvm_vcpu *v, uint64_t gpa, bool *leave)
{
	v->run->arm_nisv.esr_iss = v->rec.exit.esr & (ESR_CM | ESR_ABT_S1PTW | ESR_WNR | ESR_FSC);
	v->run->arm_nisv.fault_ipa = gpa;
	v->run->exit_reason = KVM_EXIT_ARM_NISV;
	*leave = true;
}

/* No memory: a device, if the syndrome says what the access is. */
static result device(struct kvm_vcpu *v, uint64_t gpa, bool *leave)
{
	const struct rmi_rec_exit *x = &v->rec.exit;

	if (ESR_EC(x->esr) == EC_IABT_LOW || (x->esr & ESR_ABT_S1PTW)) {
		inject_abort(v, x->esr, x->far);
		return OK;
	}
	if (x->esr & ESR_CM) { /* cache maintenance: nothing to maintain */
		vcpu_skip(v);
		return OK;
	}
	if (x->esr & ESR_ISS_ISV)
		mmio_abort(v, gpa, leave);
	else if (atomic_load(&v->vm->nisv_to_user))
		exit_nisv(v, gpa, leave);
	else
		return &rule_kvm_run_no_syndrome;
	return OK;
}

result ordinary_abort(struct kvm_vcpu *v, bool *leave)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	uint64_t gpa = FIELD_GET(HPFAR_FIPA, x->hpfar) << GRANULE_SHIFT;
	bool is_write = is_write_fault(x->esr);
	struct memslot_view view;

	if (!memslot_look(v->vm, gpa, &view) || (view.readonly && is_write))
		return device(v, gpa | (x->far & (GRANULE_SIZE - 1)), leave);
	return map(v, &view, gpa, is_write);
}

result ordinary_abort_access(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;

	v->mmio_needed = false;
	inject_abort(v, FIELD_PUT(MASK(31, 26), EC_DABT_LOW), x->far);
	return OK;
}
