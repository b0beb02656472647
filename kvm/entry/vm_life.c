// SPDX-License-Identifier: BSD-3-Clause
/* vm_life.c - virtual machines: creation, the end; vCPU creation and small VM calls. */
#include "kvm/core/vm.h"

#include <stdlib.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/irq/irq.h"
#include "kvm/irq/vgic.h"
#include "kvm/irq/vm_irq.h"
#include "kvm/rules.h"
#include "kvm/vcpu/timer.h"
#include "kvm/vcpu/vcpu.h"

#define KVM_MAX_VCPU_IDS 512

static void init_locks(struct kvm_vm *vm)
{
	lock_init(&vm->lock, RANK_VM, "vm->lock");
	detect_init(vm);
	lock_init(&vm->slots_lock, RANK_SLOTS, "vm->slots_lock");
	lock_init(&vm->config_lock, RANK_CONFIG, "vm->config_lock");
	lock_init(&vm->mmu_lock, RANK_MMU, "vm->mmu_lock");
	rwlock_init(&vm->slots_rw, RANK_SLOTS_RW, "vm->slots_rw");
	iobus_init(&vm->bus);
	lock_init(&vm->calls.lock, RANK_CALLS, "vm->calls");
}

static void destroy_locks(struct kvm_vm *vm)
{
	lock_destroy(&vm->lock);
	lock_destroy(&vm->slots_lock);
	lock_destroy(&vm->config_lock);
	lock_destroy(&vm->mmu_lock);
	rwlock_destroy(&vm->slots_rw);
	lock_destroy(&vm->calls.lock);
}

static void unlist(struct kvm_vm *vm)
{
	struct kvm_vm **p;

	lock_take(&vm->host->lock);
	while (vm->walkers)
		lock_wait(&vm->host->lock, &vm->host->walked);
	for (p = &vm->host->vms; *p != vm; p = &(*p)->next)
		;
	*p = vm->next;
	lock_drop(&vm->host->lock);
}

static void destroy(struct kvm_vm *vm)
{
	unsigned int n = atomic_load(&vm->num_vcpus);
	struct trace_context before = trace_enter(vm->serial, -1);

	unlist(vm);
	irqs_destroy(vm->irqs);
	iobus_destroy(&vm->bus);
	vm->kind->destroy(vm);
	for (unsigned int i = 0; i < n; i++)
		vcpu_destroy(vm->vcpus[i]);
	vgic_destroy(vm->gic);
	memslots_destroy(vm);
	detect_destroy(vm);
	attributes_destroy(&vm->attrs);
	smccc_destroy(&vm->filter);
	if (vm->mm->ops->put)
		vm->mm->ops->put(vm->mm);
	destroy_locks(vm);
	stats_destroy(&vm->stats);
	free(vm);
	trace_enter(before.vm, before.vcpu);
}

result vm_create(struct kvm_call *c, bool is_realm, unsigned int ipa_bits, struct kvm_vm **out)
{
	struct kvm_host *h = c->host;
	struct kvm_mm *mm = c->caller->mm;
	struct kvm_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return &rule_kvm_no_memory;
	vm->host = h;
	vm->rev = c->rev;
	vm->mm = mm;
	vm->is_realm = is_realm;
	vm->kind = is_realm ? &vm_kind_realm : &vm_kind_ordinary;
	vm->end = destroy;
	vm->ipa_bits = ipa_bits;
	atomic_init(&vm->refs, 1);
	vm->irqs = vm_irqs_create(vm);
	if (!vm->irqs || vm_vgic_create(vm)) {
		irqs_destroy(vm->irqs);
		free(vm);
		return &rule_kvm_no_memory;
	}
	init_locks(vm);
	stats_init(&vm->stats, &stats_of_vm);
	timer_init(vm);
	firmware_init(&vm->firmware);
	if (mm->ops->get)
		mm->ops->get(mm);
	lock_take(&h->lock);
	vm->serial = ++h->last_serial;
	vm->next = h->vms;
	h->vms = vm;
	lock_drop(&h->lock);
	*out = vm;
	return OK;
}

/* ---- KVM_CREATE_VCPU ---- */

static result check_new_vcpu(struct kvm_vm *vm, uint64_t id)
{
	struct vgic *vgic = atomic_load(&vm->vgic);

	if (atomic_load(&vm->num_vcpus) >= PLATFORM_MAX_VCPUS)
		return &rule_kvm_create_vcpu_count;
	if (vgic && vgic_initialized(vgic))
		return &rule_kvm_create_vcpu_late;
	if (id >= PLATFORM_MAX_VCPUS)
		return &rule_kvm_create_vcpu_id;
	return vm_vcpu_by_id(vm, id) ? &rule_kvm_create_vcpu_exists : OK;
}

/* The descriptor comes before the vCPU counts: whoever guesses its number waits for a lock. Nobody
 * but this thread knows of a vCPU that does not count, so one without a descriptor can go. */
static result publish(struct kvm_call *c, struct kvm_vcpu *v)
{
	struct vgic *vgic = atomic_load(&c->vm->vgic);
	struct kvm_file *f;
	result why = OK;

	if (vgic)
		why = vgic_vcpu_created(vgic, v->index + 1);
	if (why)
		return why;
	f = file_create(c->host, &vcpu_file_ops, c->vm);
	if (!f)
		return &rule_kvm_no_memory;
	f->vcpu = v;
	why = call_install(c, f);
	if (why)
		return why;
	c->vm->vcpus[v->index] = v;
	atomic_fetch_add(&c->vm->num_vcpus, 1);
	return OK;
}

static result create_vcpu(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	struct kvm_vcpu *v;
	result why = check_new_vcpu(vm, c->arg);

	if (!why)
		why = vcpu_create(vm, (unsigned int)c->arg, &v);
	if (why)
		return why;
	why = publish(c, v);
	if (why)
		vcpu_destroy(v);
	return why;
}

result vm_create_vcpu(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	result why;

	if (c->arg >= KVM_MAX_VCPU_IDS)
		return &rule_kvm_create_vcpu_id;
	lock_take(&vm->lock);
	lock_take(&vm->config_lock);
	why = create_vcpu(c);
	lock_drop(&vm->config_lock);
	lock_drop(&vm->lock);
	return why;
}

/* ---- small calls ---- */

result vm_preferred_target(struct kvm_call *c)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8};

	return call_write_at(c, c->arg, &init, sizeof(init));
}

result vm_set_counter_offset(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	struct kvm_arm_counter_offset off;
	result why = call_read(c, &off, sizeof(off));

	if (why)
		return why;
	if (vm->is_realm)
		return &rule_kvm_counter_offset_realm;
	if (off.reserved)
		return &rule_kvm_counter_offset_reserved;
	lock_take(&vm->lock);
	if (vm_trylock_vcpus(vm)) {
		for (unsigned int i = 0; i < atomic_load(&vm->num_vcpus); i++)
			ordinary_fetch(vm->vcpus[i]); /* timers compare with what is now */
		atomic_store(&vm->cntvoff, off.counter_offset);
		atomic_store(&vm->cntpoff, off.counter_offset);
		atomic_store(&vm->counter_offset, true);
		vm_unlock_vcpus(vm);
	} else
		why = &rule_kvm_vcpu_busy;
	lock_drop(&vm->lock);
	return why;
}

result vm_writable_masks(struct kvm_call *c)
{
	static const uint32_t zero[13];
	uint64_t masks[FEATURE_ID_SPACE] = {0};
	struct reg_mask_range r;
	result why = call_read(c, &r, sizeof(r));

	if (why)
		return why;
	if (r.range || memcmp(r.reserved, zero, sizeof(zero)))
		return &rule_kvm_masks_reserved;
	idregs_writable(c->vm, masks);
	return call_write_at(c, r.addr, masks, sizeof(masks));
}

static result read_attr(struct kvm_call *c, struct kvm_device_attr *a)
{
	return call_read(c, a, sizeof(*a));
}

result vm_set_device_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = read_attr(c, &a);

	if (why)
		return why;
	if (a.group != KVM_ARM_VM_SMCCC_CTRL || a.attr != KVM_ARM_VM_SMCCC_FILTER)
		return &rule_kvm_attr_unknown;
	return smccc_set_filter(c->vm, c->caller, a.addr);
}

result vm_has_device_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = read_attr(c, &a);

	if (why)
		return why;
	if (a.group != KVM_ARM_VM_SMCCC_CTRL || a.attr != KVM_ARM_VM_SMCCC_FILTER)
		return &rule_kvm_attr_unknown;
	return OK;
}
