// SPDX-License-Identifier: BSD-3-Clause
/* vm.c - virtual machines as all rooms see them: references, walks, their vCPUs. */
#include "kvm/core/vm.h"

#include "kvm/vcpu/vcpu.h"

void vm_get(struct kvm_vm *vm)
{
	atomic_fetch_add(&vm->refs, 1);
}

void vm_put(struct kvm_vm *vm)
{
	if (atomic_fetch_sub(&vm->refs, 1) == 1)
		vm->end(vm);
}

struct kvm_vm *vm_walk_next(struct kvm_host *h, struct kvm_vm *vm)
{
	struct kvm_vm *next;

	lock_take(&h->lock);
	next = vm ? vm->next : h->vms;
	if (next)
		next->walkers++;
	if (vm && !--vm->walkers)
		pthread_cond_broadcast(&h->walked);
	lock_drop(&h->lock);
	return next;
}

struct kvm_vcpu *vm_vcpu_by_id(struct kvm_vm *vm, uint64_t id)
{
	unsigned int n = atomic_load(&vm->num_vcpus);

	for (unsigned int i = 0; i < n; i++)
		if (vm->vcpus[i]->id == id)
			return vm->vcpus[i];
	return NULL;
}

struct kvm_vcpu *vm_vcpu_by_mpidr(struct kvm_vm *vm, uint64_t mpidr)
{
	unsigned int n = atomic_load(&vm->num_vcpus);

	for (unsigned int i = 0; i < n; i++)
		if ((vcpu_mpidr(vm->vcpus[i]) & MPIDR_AFFINITY) == (mpidr & MPIDR_AFFINITY))
			return vm->vcpus[i];
	return NULL;
}

bool vm_trylock_vcpus(struct kvm_vm *vm)
{
	unsigned int n = atomic_load(&vm->num_vcpus), i;

	lock_assert_held(&vm->lock);
	for (i = 0; i < n; i++)
		if (!lock_try(&vm->vcpus[i]->mutex))
			break;
	if (i == n)
		return true;
	while (i--)
		lock_drop(&vm->vcpus[i]->mutex);
	return false;
}

void vm_unlock_vcpus(struct kvm_vm *vm)
{
	for (unsigned int i = atomic_load(&vm->num_vcpus); i--;)
		lock_drop(&vm->vcpus[i]->mutex);
}
