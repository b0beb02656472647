// SPDX-License-Identifier: BSD-3-Clause
/*
 * dispatch.c - one row for each call: kind of file, full 32-bit number, name, arguments, handler.
 *
 * Numbers are compared as 32 bits and per kind of file: several stand twice.
 */
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/fault.h"
#include "base/trace.h"
#include "kvm/call.h"
#include "kvm/core/host.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "kvm/core/vm.h"

#define ARGS(...)                                                                                  \
	(const struct kvm_arg[])                                                                   \
	{                                                                                          \
		__VA_ARGS__, { NULL, 0, 0 }                                                        \
	}
#define VALUE(name) {#name, 0, 0}
#define FIELD(type, field)                                                                         \
	{                                                                                          \
		#field, offsetof(struct type, field), sizeof(((struct type *)0)->field)            \
	}

#define ROW(kind, nr, handler, args) {KVM_FILE_##kind, (uint32_t)(nr), #nr, args, handler}

#define ATTR_ARGS                                                                                  \
	ARGS(FIELD(kvm_device_attr, group), FIELD(kvm_device_attr, attr),                          \
	     FIELD(kvm_device_attr, addr))
#define REG_ARGS ARGS(FIELD(kvm_one_reg, id), FIELD(kvm_one_reg, addr))
#define ZONE_ARGS ARGS(FIELD(kvm_coalesced_mmio_zone, addr), FIELD(kvm_coalesced_mmio_zone, size))
#define IRQ_ARGS ARGS(FIELD(kvm_irq_level, irq), FIELD(kvm_irq_level, level))

const struct kvm_row kvm_rows[] = {
	ROW(SYSTEM, KVM_GET_API_VERSION, sys_get_api_version, ARGS(VALUE(arg))),
	ROW(SYSTEM, KVM_CREATE_VM, sys_create_vm, ARGS(VALUE(type))),
	ROW(SYSTEM, KVM_CHECK_EXTENSION, sys_check_extension, ARGS(VALUE(cap))),
	ROW(SYSTEM, KVM_GET_VCPU_MMAP_SIZE, sys_vcpu_mmap_size, ARGS(VALUE(arg))),

	ROW(VM, KVM_CHECK_EXTENSION, vm_check_extension, ARGS(VALUE(cap))),
	ROW(VM, KVM_CREATE_VCPU, vm_create_vcpu, ARGS(VALUE(id))),
	ROW(VM, KVM_GET_DIRTY_LOG, vm_get_dirty_log,
	    ARGS(FIELD(kvm_dirty_log, slot), FIELD(kvm_dirty_log, dirty_bitmap))),
	ROW(VM, KVM_CLEAR_DIRTY_LOG, vm_clear_dirty_log,
	    ARGS(FIELD(kvm_clear_dirty_log, slot), FIELD(kvm_clear_dirty_log, num_pages),
		 FIELD(kvm_clear_dirty_log, first_page),
		 FIELD(kvm_clear_dirty_log, dirty_bitmap))),
	ROW(VM, KVM_SET_USER_MEMORY_REGION, vm_set_memory_region,
	    ARGS(FIELD(kvm_userspace_memory_region, slot),
		 FIELD(kvm_userspace_memory_region, flags),
		 FIELD(kvm_userspace_memory_region, guest_phys_addr),
		 FIELD(kvm_userspace_memory_region, memory_size),
		 FIELD(kvm_userspace_memory_region, userspace_addr))),
	ROW(VM, KVM_SET_USER_MEMORY_REGION2, vm_set_memory_region2,
	    ARGS(FIELD(kvm_userspace_memory_region2, slot),
		 FIELD(kvm_userspace_memory_region2, flags),
		 FIELD(kvm_userspace_memory_region2, guest_phys_addr),
		 FIELD(kvm_userspace_memory_region2, memory_size),
		 FIELD(kvm_userspace_memory_region2, userspace_addr),
		 FIELD(kvm_userspace_memory_region2, guest_memfd_offset),
		 FIELD(kvm_userspace_memory_region2, guest_memfd))),
	ROW(VM, KVM_CREATE_IRQCHIP, vm_create_irqchip, ARGS(VALUE(arg))),
	ROW(VM, KVM_IRQ_LINE, vm_irq_line, IRQ_ARGS),
	ROW(VM, KVM_IRQ_LINE_STATUS, vm_irq_line_status, IRQ_ARGS),
	ROW(VM, KVM_REGISTER_COALESCED_MMIO, vm_register_coalesced, ZONE_ARGS),
	ROW(VM, KVM_UNREGISTER_COALESCED_MMIO, vm_unregister_coalesced, ZONE_ARGS),
	ROW(VM, KVM_SET_GSI_ROUTING, vm_set_gsi_routing,
	    ARGS(FIELD(kvm_irq_routing, nr), FIELD(kvm_irq_routing, flags))),
	ROW(VM, KVM_IRQFD, vm_irqfd,
	    ARGS(FIELD(kvm_irqfd, fd), FIELD(kvm_irqfd, gsi), FIELD(kvm_irqfd, flags),
		 FIELD(kvm_irqfd, resamplefd))),
	ROW(VM, KVM_IOEVENTFD, vm_ioeventfd,
	    ARGS(FIELD(kvm_ioeventfd, datamatch), FIELD(kvm_ioeventfd, addr),
		 FIELD(kvm_ioeventfd, len), FIELD(kvm_ioeventfd, fd),
		 FIELD(kvm_ioeventfd, flags))),
	ROW(VM, KVM_ENABLE_CAP, vm_enable_cap,
	    ARGS(FIELD(kvm_enable_cap, cap), FIELD(kvm_enable_cap, flags),
		 FIELD(kvm_enable_cap, args[0]))),
	ROW(VM, KVM_SIGNAL_MSI, vm_signal_msi,
	    ARGS(FIELD(kvm_msi, address_lo), FIELD(kvm_msi, address_hi), FIELD(kvm_msi, data),
		 FIELD(kvm_msi, flags), FIELD(kvm_msi, devid))),
	ROW(VM, KVM_ARM_SET_DEVICE_ADDR, vm_set_device_addr,
	    ARGS(FIELD(kvm_arm_device_addr, id), FIELD(kvm_arm_device_addr, addr))),
	ROW(VM, KVM_ARM_PREFERRED_TARGET, vm_preferred_target, ARGS(VALUE(init))),
	ROW(VM, KVM_ARM_SET_COUNTER_OFFSET, vm_set_counter_offset,
	    ARGS(FIELD(kvm_arm_counter_offset, counter_offset))),
	ROW(VM, KVM_ARM_GET_REG_WRITABLE_MASKS, vm_writable_masks,
	    ARGS(FIELD(reg_mask_range, addr), FIELD(reg_mask_range, range))),
	ROW(VM, KVM_SET_MEMORY_ATTRIBUTES, vm_set_memory_attributes,
	    ARGS(FIELD(kvm_memory_attributes, address), FIELD(kvm_memory_attributes, size),
		 FIELD(kvm_memory_attributes, attributes), FIELD(kvm_memory_attributes, flags))),
	ROW(VM, KVM_CREATE_GUEST_MEMFD, vm_create_guest_memfd,
	    ARGS(FIELD(kvm_create_guest_memfd, size), FIELD(kvm_create_guest_memfd, flags))),
	ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate,
	    ARGS(FIELD(kvm_arm_rmi_populate, base), FIELD(kvm_arm_rmi_populate, size),
		 FIELD(kvm_arm_rmi_populate, source_uaddr), FIELD(kvm_arm_rmi_populate, flags),
		 FIELD(kvm_arm_rmi_populate, reserved))),
	ROW(VM, KVM_CREATE_DEVICE, vm_create_device,
	    ARGS(FIELD(kvm_create_device, type), FIELD(kvm_create_device, flags))),
	ROW(VM, KVM_SET_DEVICE_ATTR, vm_set_device_attr, ATTR_ARGS),
	ROW(VM, KVM_HAS_DEVICE_ATTR, vm_has_device_attr, ATTR_ARGS),

	ROW(VCPU, KVM_RUN, vcpu_run, ARGS(VALUE(arg))),
	ROW(VCPU, KVM_SET_SIGNAL_MASK, vcpu_set_signal_mask, ARGS(FIELD(kvm_signal_mask, len))),
	ROW(VCPU, KVM_GET_MP_STATE, vcpu_get_mp_state, ARGS(VALUE(mp_state))),
	ROW(VCPU, KVM_SET_MP_STATE, vcpu_set_mp_state, ARGS(FIELD(kvm_mp_state, mp_state))),
	ROW(VCPU, KVM_SET_GUEST_DEBUG, vcpu_set_guest_debug,
	    ARGS(FIELD(kvm_guest_debug, control))),
	ROW(VCPU, KVM_GET_VCPU_EVENTS, vcpu_get_events, ARGS(VALUE(events))),
	ROW(VCPU, KVM_SET_VCPU_EVENTS, vcpu_set_events,
	    ARGS(FIELD(kvm_vcpu_events, exception.serror_pending),
		 FIELD(kvm_vcpu_events, exception.ext_dabt_pending))),
	ROW(VCPU, KVM_GET_ONE_REG, vcpu_get_one_reg, REG_ARGS),
	ROW(VCPU, KVM_SET_ONE_REG, vcpu_set_one_reg, REG_ARGS),
	ROW(VCPU, KVM_ARM_VCPU_INIT, vcpu_init,
	    ARGS(FIELD(kvm_vcpu_init, target), FIELD(kvm_vcpu_init, features[0]))),
	ROW(VCPU, KVM_GET_REG_LIST, vcpu_get_reg_list, ARGS(FIELD(kvm_reg_list, n))),
	ROW(VCPU, KVM_ARM_VCPU_FINALIZE, vcpu_finalize, ARGS({"feature", 0, 4})),
	ROW(VCPU, KVM_ARM_VCPU_RMI_PSCI_COMPLETE, vcpu_psci_complete,
	    ARGS(FIELD(kvm_arm_rmi_psci_complete, target_mpidr),
		 FIELD(kvm_arm_rmi_psci_complete, psci_status))),
	ROW(VCPU, KVM_SET_DEVICE_ATTR, vcpu_set_device_attr, ATTR_ARGS),
	ROW(VCPU, KVM_GET_DEVICE_ATTR, vcpu_get_device_attr, ATTR_ARGS),
	ROW(VCPU, KVM_HAS_DEVICE_ATTR, vcpu_has_device_attr, ATTR_ARGS),

	ROW(DEVICE, KVM_SET_DEVICE_ATTR, dev_set_attr, ATTR_ARGS),
	ROW(DEVICE, KVM_GET_DEVICE_ATTR, dev_get_attr, ATTR_ARGS),
	ROW(DEVICE, KVM_HAS_DEVICE_ATTR, dev_has_attr, ATTR_ARGS),
};
const size_t kvm_num_rows = ARRAY_SIZE(kvm_rows);

#define MAX_TRACE_ARGS 8

static const struct kvm_row *find_row(enum kvm_file_kind kind, uint32_t nr)
{
	for (size_t i = 0; i < kvm_num_rows; i++)
		if (kvm_rows[i].kind == kind && kvm_rows[i].nr == nr)
			return &kvm_rows[i];
	return NULL;
}

static result refuse_unknown(const struct kvm_call *c)
{
	switch (c->file->kind) {
	case KVM_FILE_SYSTEM:
	case KVM_FILE_VM:
	case KVM_FILE_VCPU:
		return &rule_kvm_unknown_call;
	default:
		return &rule_kvm_unknown_device_call;
	}
}

static result dispatch(struct kvm_call *c, const struct kvm_row *row)
{
	result why;

	if (c->vm && c->file->kind != KVM_FILE_GMEM) {
		if (c->vm->mm != c->caller->mm)
			return &rule_kvm_foreign_mm;
		if (atomic_load(&c->vm->dead))
			return &rule_kvm_vm_dead;
	}
	if (!row)
		return refuse_unknown(c);
	if (fault_due(TRACE_KVM, row->name, &c->fault))
		return &rule_kvm_fault;
	if (!c->vcpu)
		return row->handler(c);
	pthread_mutex_lock(&c->vcpu->mutex);
	why = row->handler(c);
	pthread_mutex_unlock(&c->vcpu->mutex);
	return why;
}

/* The argument by name: fields of the structure if it could be read, else the bare value. */
static void report(const struct kvm_call *c, const struct kvm_row *row, uint32_t nr, int64_t ret,
		   result why)
{
	const char *names[MAX_TRACE_ARGS];
	uint64_t args[MAX_TRACE_ARGS];
	struct trace_call t = {
		.layer = TRACE_KVM, .name = row ? row->name : "ioctl", .ret = ret, .why = why};

	for (const struct kvm_arg *a = row ? row->args : NULL; a && a->name; a++) {
		if (t.nargs == MAX_TRACE_ARGS || (size_t)a->offset + a->size > c->raw_len)
			break;
		names[t.nargs] = a->name;
		args[t.nargs] = a->size ? 0 : c->arg;
		memcpy(&args[t.nargs], c->raw + a->offset, MIN(a->size, sizeof(uint64_t)));
		t.nargs++;
	}
	if (!t.nargs) {
		names[0] = row ? "arg" : "nr";
		args[0] = row ? c->arg : nr;
		t.nargs = 1;
	}
	t.arg_names = names;
	t.args = args;
	trace_call(&t);
}

int64_t kvm_ioctl(struct kvm_file *f, struct kvm_caller *caller, uint32_t nr, uint64_t arg)
{
	const struct kvm_row *row = find_row(f->kind, nr);
	struct kvm_call c = {
		.file = f, .host = f->host, .vm = f->vm, .caller = caller, .arg = arg};
	result why;
	int64_t ret;

	if (f->kind == KVM_FILE_VCPU)
		c.vcpu = f->vcpu;
	else if (f->kind == KVM_FILE_DEVICE)
		c.dev = f->dev;
	why = dispatch(&c, row);
	ret = why ? -(c.fault ? c.fault : why->code) : c.value;
	if (trace_observer_)
		report(&c, row, nr, ret, why);
	return ret;
}
