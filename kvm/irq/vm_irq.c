// SPDX-License-Identifier: BSD-3-Clause
/* vm_irq.c - ties a VM to its vGIC and to user space's interrupts; their VM calls. */
#include "kvm/irq/vm_irq.h"

#include "abi/arm.h"
#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "kvm/irq/irq.h"
#include "kvm/rules.h"
#include "kvm/mem/guest_mem.h"
#include "kvm/vcpu/vcpu.h"
#include "kvm/irq/vgic.h"
#include "kvm/core/vm.h"
#include "machine/memory.h"
#include "machine/pe.h"

/* ---- what the vGIC asks ---- */

static void kick(void *arg, unsigned int vcpu)
{
	struct kvm_vm *vm = arg;

	pe_kick(vm->vcpus[vcpu]->pe);
}

static unsigned int num_vcpus(void *arg)
{
	struct kvm_vm *vm = arg;

	return atomic_load(&vm->num_vcpus);
}

static uint64_t mpidr(void *arg, unsigned int vcpu)
{
	struct kvm_vm *vm = arg;

	return vcpu_mpidr(vm->vcpus[vcpu]);
}

static bool lock_vcpus(void *arg)
{
	struct kvm_vm *vm = arg;

	lock_take(&vm->lock);
	if (vm_trylock_vcpus(vm)) {
		for (unsigned int i = 0; i < atomic_load(&vm->num_vcpus); i++)
			vm->kind->fetch(vm->vcpus[i]);
		return true;
	}
	lock_drop(&vm->lock);
	return false;
}

static void unlock_vcpus(void *arg)
{
	struct kvm_vm *vm = arg;

	vm_unlock_vcpus(vm);
	lock_drop(&vm->lock);
}

/* Guest memory that is shared: an emulated device sees no private page. */
static bool is_shared(struct kvm_vm *vm, uint64_t gpa, size_t len)
{
	uint64_t end = gpa + len;
	bool shared = end > gpa;

	rwlock_read(&vm->slots_rw);
	for (uint64_t g = ALIGN_DOWN(gpa, GRANULE_SIZE); shared && g < end; g += GRANULE_SIZE)
		shared = !attributes_private(&vm->attrs, g);
	rwlock_drop(&vm->slots_rw);
	return shared;
}

static bool guest_read(void *arg, uint64_t gpa, void *dst, size_t len)
{
	return is_shared(arg, gpa, len) && !guest_mem_read(arg, gpa, dst, len);
}

static bool guest_write(void *arg, uint64_t gpa, const void *src, size_t len)
{
	return is_shared(arg, gpa, len) && !guest_mem_write(arg, gpa, src, len, NULL);
}

static unsigned int num_lrs(const struct kvm_vm *vm)
{
	if (!vm->host->rmi)
		return 4;
	return FIELD_GET(RMI_FEATURE0_GICV3_NUM_LRS, vm->host->feature0) + 1;
}

result vm_vgic_create(struct kvm_vm *vm)
{
	struct vgic_owner owner = {
		.kick = kick,
		.num_vcpus = num_vcpus,
		.mpidr = mpidr,
		.lock_vcpus = lock_vcpus,
		.unlock_vcpus = unlock_vcpus,
		.guest_read = guest_read,
		.guest_write = guest_write,
		.ipa_bits = vm->ipa_bits,
		.num_lrs = num_lrs(vm),
		.arg = vm,
	};

	return vgic_create(&owner, &vm->gic) ? &rule_kvm_no_memory : OK;
}

/* ---- what the interrupts ask ---- */

static struct vgic *get_vgic(void *arg)
{
	struct kvm_vm *vm = arg;

	return atomic_load(&vm->vgic);
}

static int vcpu_by_id(void *arg, unsigned int id)
{
	struct kvm_vcpu *v = vm_vcpu_by_id(arg, id);

	return v ? (int)v->index : -1;
}

/* On any thread; a vCPU that runs is told. */
static void cpu_line(void *arg, int vcpu, bool fiq, bool level)
{
	struct kvm_vcpu *v = ((const struct kvm_vm *)arg)->vcpus[vcpu];
	uint64_t line = fiq ? HCR_VF : HCR_VI, was;

	was = level ? atomic_fetch_or(&v->irq_lines, line) : atomic_fetch_and(&v->irq_lines, ~line);
	if (!(was & line) == level)
		pe_kick(v->pe);
}

struct irqs *vm_irqs_create(struct kvm_vm *vm)
{
	struct irqs_owner owner = {
		.vgic = get_vgic, .vcpu_by_id = vcpu_by_id, .cpu_line = cpu_line, .arg = vm};

	return irqs_create(&owner);
}

/* ---- calls ---- */

result vm_irq_line(struct kvm_call *c)
{
	struct kvm_irq_level l;
	result why = call_read(c, &l, sizeof(l));

	return why ? why : irqs_line(c->vm->irqs, &l);
}

result vm_irq_line_status(struct kvm_call *c)
{
	struct kvm_irq_level l;
	result why = call_read(c, &l, sizeof(l));

	if (!why)
		why = irqs_line(c->vm->irqs, &l);
	return why ? why : call_write_at(c, c->arg, &l, sizeof(l));
}

result vm_irqfd(struct kvm_call *c)
{
	struct kvm_irqfd f;
	result why = call_read(c, &f, sizeof(f));

	return why ? why : irqs_irqfd(c->vm->irqs, c->caller, &f);
}

result vm_set_gsi_routing(struct kvm_call *c)
{
	struct kvm_irq_routing r;
	result why = call_read(c, &r, sizeof(r));

	return why ? why : irqs_set_routing(c->vm->irqs, c->caller, &r, c->arg + sizeof(r));
}

result vm_signal_msi(struct kvm_call *c)
{
	struct kvm_msi m;
	result why = call_read(c, &m, sizeof(m));

	bool delivered = false;

	if (!why)
		why = irqs_signal_msi(c->vm->irqs, &m, &delivered);
	c->value = delivered;
	return why;
}
