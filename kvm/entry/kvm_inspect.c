// SPDX-License-Identifier: BSD-3-Clause
/* kvm_inspect.c - finds VMs by their serial and copies what they are. */
#include "kvm/entry/kvm_inspect.h"

#include <stdlib.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/host.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/realm/realm.h"
#include "kvm/revision/revision.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

size_t kvm_inspect_vms(struct kvm_host *h, uint32_t *serials, size_t room)
{
	size_t n = 0;

	lock_take(&h->lock);
	for (struct kvm_vm *vm = h->vms; vm; vm = vm->next, n++)
		if (n < room)
			serials[n] = vm->serial;
	lock_drop(&h->lock);
	return n;
}

/* With a reference. One whose last is gone is about to leave the list. */
static struct kvm_vm *find_vm(struct kvm_host *h, uint32_t serial)
{
	struct kvm_vm *vm;
	unsigned int refs = 0;

	lock_take(&h->lock);
	for (vm = h->vms; vm && vm->serial != serial; vm = vm->next)
		;
	if (vm)
		refs = atomic_load(&vm->refs);
	while (refs && !atomic_compare_exchange_weak(&vm->refs, &refs, refs + 1))
		;
	lock_drop(&h->lock);
	return refs ? vm : NULL;
}

static const char *state_name(struct kvm_vm *vm)
{
	static const char *const names[] = {
		[REALM_NONE] = "NONE",	 [REALM_NEW] = "NEW",	[REALM_ACTIVE] = "ACTIVE",
		[REALM_DYING] = "DYING", [REALM_DEAD] = "DEAD",
	};

	return vm->is_realm ? names[realm_state(&vm->realm)] : "-";
}

/* slots_rw held. */
static bool copy_memory(struct kvm_vm *vm, struct kvm_vm_view *v)
{
	v->slots = calloc(vm->slots.count + 1, sizeof(*v->slots));
	v->privates = calloc(vm->attrs.count + 1, sizeof(*v->privates));
	if (!v->slots || !v->privates)
		return false;
	for (size_t i = 0; i < vm->slots.count; i++) {
		const struct memslot *s = vm->slots.by_gpa[i];

		v->slots[v->num_slots++] = (struct kvm_slot_view){
			.id = s->id,
			.flags = s->flags,
			.gpa = s->gpa,
			.size = s->size,
			.uaddr = s->uaddr,
			.gmem = s->gmem,
		};
	}
	for (size_t i = 0; i < vm->attrs.count; i++)
		v->privates[v->num_privates++] =
			(struct kvm_private_view){vm->attrs.range[i].start, vm->attrs.range[i].end};
	return true;
}

static bool copy_vcpus(struct kvm_vm *vm, struct kvm_vm_view *v)
{
	struct vgic *vgic = atomic_load(&vm->vgic);

	v->num_vcpus = atomic_load(&vm->num_vcpus);
	v->vcpus = calloc(v->num_vcpus + 1, sizeof(*v->vcpus));
	for (size_t i = 0; v->vcpus && i < v->num_vcpus; i++) {
		struct kvm_vcpu *vcpu = vm->vcpus[i];

		/* Its mutex is not even tried: somebody could be told EBUSY for it. */
		v->vcpus[i] = (struct kvm_vcpu_view){
			.id = vcpu->id,
			.mp_state = atomic_load(&vcpu->mp_state),
			.rec = vcpu->rec.pa,
			.irq_pending = vgic && vgic_pending(vgic, (unsigned int)i),
		};
		history_copy(&vcpu->history, &v->vcpus[i].history);
	}
	return v->vcpus;
}

struct kvm_vm_view *kvm_inspect_vm(struct kvm_host *h, uint32_t serial)
{
	struct kvm_vm *vm = find_vm(h, serial);
	struct kvm_vm_view *v = vm ? calloc(1, sizeof(*v)) : NULL;
	bool ok = false;

	if (v) {
		v->serial = serial;
		v->process = vm->mm->process;
		v->is_realm = vm->is_realm;
		v->dead = atomic_load(&vm->dead);
		v->revision = vm->rev->name;
		v->state = state_name(vm);
		v->ipa_bits = vm->ipa_bits;
		rwlock_read(&vm->slots_rw);
		lock_take(&vm->mmu_lock);
		v->rd = vm->realm.live ? vm->realm.rd : 0;
		v->vmid = vm->realm.vmid;
		lock_drop(&vm->mmu_lock);
		ok = copy_memory(vm, v);
		rwlock_drop(&vm->slots_rw);
		ok = ok && copy_vcpus(vm, v);
		v->num_calls = call_log_copy(&vm->calls, v->calls);
	}
	if (vm)
		vm_put(vm);
	if (ok)
		return v;
	kvm_vm_view_free(v);
	return NULL;
}

void kvm_vm_view_free(struct kvm_vm_view *v)
{
	if (!v)
		return;
	free(v->slots);
	free(v->privates);
	free(v->vcpus);
	free(v);
}

void kvm_inspect_kick(struct kvm_host *h, uint32_t serial, size_t vcpu)
{
	struct kvm_vm *vm = find_vm(h, serial);

	if (!vm)
		return;
	if (vcpu < atomic_load(&vm->num_vcpus))
		pe_kick(vm->vcpus[vcpu]->pe);
	vm_put(vm);
}

bool kvm_inspect_vgic(struct kvm_host *h, uint32_t serial, struct vgic_irq_view *out, size_t room,
		      size_t *num, bool *enabled)
{
	struct kvm_vm *vm = find_vm(h, serial);
	struct vgic *vgic = vm ? atomic_load(&vm->vgic) : NULL;

	if (vgic)
		*num = vgic_look(vgic, out, room, enabled);
	if (vm)
		vm_put(vm);
	return vgic;
}
