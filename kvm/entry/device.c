// SPDX-License-Identifier: BSD-3-Clause
/* device.c - KVM_CREATE_DEVICE and the calls of device files; the older irqchip calls. */
#include "kvm/entry/device.h"

#include <stdlib.h>

#include "abi/kvm.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vm_irq.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

/* One for a VM, before a vCPU has run, and not while one is in a call. vm->lock held. */
static result create_vgic(struct kvm_vm *vm)
{
	result why;

	if (!vm_trylock_vcpus(vm))
		return &rule_kvm_vcpu_busy;
	lock_take(&vm->config_lock);
	why = atomic_load(&vm->vgic) ? &rule_kvm_create_device_exists
	      : vm->has_ran	     ? &rule_kvm_create_device_late
				     : OK;
	if (!why)
		atomic_store(&vm->vgic, vm->gic);
	lock_drop(&vm->config_lock);
	vm_unlock_vcpus(vm);
	return why;
}

/* Any number, at any time: what it translates for comes into being when it likes. */
static result create(struct kvm_vm *vm, uint32_t type, struct its **its)
{
	if (type == KVM_DEV_TYPE_ARM_VGIC_V3)
		return create_vgic(vm);
	return its_create(vm->gic, its) ? &rule_kvm_no_memory : OK;
}

static void aim(const struct kvm_file *f, struct kvm_call *c)
{
	c->dev = f->dev;
}

static void release(struct kvm_file *f)
{
	free(f->dev);
}

static const struct kvm_file_ops device_file_ops = {
	.kind = KVM_FILE_DEVICE,
	.unknown_call = &rule_kvm_unknown_device_call,
	.aim = aim,
	.release = release,
};

static result install(struct kvm_call *c, struct its *its)
{
	struct kvm_device *d = calloc(1, sizeof(*d));
	struct kvm_file *f;

	if (!d)
		return &rule_kvm_no_memory;
	d->vgic = c->vm->gic;
	d->its = its;
	f = file_create(c->host, &device_file_ops, c->vm);
	if (!f) {
		free(d);
		return &rule_kvm_no_memory;
	}
	f->dev = d;
	return call_install(c, f);
}

result vm_create_device(struct kvm_call *c)
{
	struct kvm_create_device cd;
	struct its *its = NULL;
	result why = call_read(c, &cd, sizeof(cd));

	if (why)
		return why;
	if (cd.type != KVM_DEV_TYPE_ARM_VGIC_V3 && cd.type != KVM_DEV_TYPE_ARM_VGIC_ITS)
		return &rule_kvm_create_device_unknown;
	if (!(cd.flags & KVM_CREATE_DEVICE_TEST)) {
		lock_take(&c->vm->lock);
		why = create(c->vm, cd.type, &its);
		lock_drop(&c->vm->lock);
		if (!why)
			why = install(c, its);
		if (why)
			return why;
		cd.fd = (uint32_t)c->value;
		c->value = 0;
	}
	return call_write_at(c, c->arg, &cd, sizeof(cd));
}

result vm_create_irqchip(struct kvm_call *c)
{
	return &rule_kvm_create_irqchip;
}

result vm_set_device_addr(struct kvm_call *c)
{
	struct kvm_arm_device_addr a;
	result why = call_read(c, &a, sizeof(a));

	return why ? why : &rule_kvm_set_device_addr;
}

/* CTRL_INIT ends the creation of vCPUs: an engine may start now for that many. */
static void expect_cpus(struct kvm_vm *vm)
{
	if (vm->is_realm)
		machine_expect_cpus(vm->host->machine, atomic_load(&vm->num_vcpus));
}

result dev_set_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	bool init;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	if (c->dev->its)
		return its_set_attr(c->dev->its, c->caller, &a);
	init = a.group == KVM_DEV_ARM_VGIC_GRP_CTRL && a.attr == KVM_DEV_ARM_VGIC_CTRL_INIT;
	if (!init)
		return vgic_set_attr(c->dev->vgic, c->caller, &a);
	lock_take(&c->vm->lock); /* no vCPU is half made */
	why = vgic_set_attr(c->dev->vgic, c->caller, &a);
	lock_drop(&c->vm->lock);
	if (!why)
		expect_cpus(c->vm);
	return why;
}

result dev_get_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	return c->dev->its ? its_get_attr(c->dev->its, c->caller, &a)
			   : vgic_get_attr(c->dev->vgic, c->caller, &a);
}

result dev_has_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	return c->dev->its ? its_has_attr(c->dev->its, &a) : vgic_has_attr(c->dev->vgic, &a);
}
