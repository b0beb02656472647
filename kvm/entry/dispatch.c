// SPDX-License-Identifier: BSD-3-Clause
/*
 * dispatch.c - one row for each call of mainline KVM: kind of file, full 32-bit number, name,
 * arguments, handler. Those of the CCA series stand in the objects of revision/.
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
#include "kvm/entry/probe.h"
#include "kvm/core/vm.h"
#include "kvm/revision/auto.h"
#include "kvm/revision/revision.h"
#include "kvm/row.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"

#define ATTR_ARGS                                                                                  \
	KVM_ARGS(KVM_FIELD(kvm_device_attr, group), KVM_FIELD(kvm_device_attr, attr),              \
		 KVM_FIELD(kvm_device_attr, addr))
#define REG_ARGS KVM_ARGS(KVM_FIELD(kvm_one_reg, id), KVM_FIELD(kvm_one_reg, addr))
#define ZONE_ARGS                                                                                  \
	KVM_ARGS(KVM_FIELD(kvm_coalesced_mmio_zone, addr), KVM_FIELD(kvm_coalesced_mmio_zone, size))
#define IRQ_ARGS KVM_ARGS(KVM_FIELD(kvm_irq_level, irq), KVM_FIELD(kvm_irq_level, level))

static const struct kvm_row rows[] = {
	KVM_ROW(SYSTEM, KVM_GET_API_VERSION, sys_get_api_version, KVM_ARGS(KVM_VALUE(arg))),
	KVM_ROW(SYSTEM, KVM_CREATE_VM, sys_create_vm, KVM_ARGS(KVM_VALUE(type))),
	KVM_ROW(SYSTEM, KVM_CHECK_EXTENSION, sys_check_extension, KVM_ARGS(KVM_VALUE(cap))),
	KVM_ROW(SYSTEM, KVM_GET_VCPU_MMAP_SIZE, sys_vcpu_mmap_size, KVM_ARGS(KVM_VALUE(arg))),

	KVM_ROW(VM, KVM_CHECK_EXTENSION, vm_check_extension, KVM_ARGS(KVM_VALUE(cap))),
	KVM_ROW(VM, KVM_CREATE_VCPU, vm_create_vcpu, KVM_ARGS(KVM_VALUE(id))),
	KVM_ROW(VM, KVM_GET_DIRTY_LOG, vm_get_dirty_log,
		KVM_ARGS(KVM_FIELD(kvm_dirty_log, slot), KVM_FIELD(kvm_dirty_log, dirty_bitmap))),
	KVM_ROW(VM, KVM_CLEAR_DIRTY_LOG, vm_clear_dirty_log,
		KVM_ARGS(KVM_FIELD(kvm_clear_dirty_log, slot),
			 KVM_FIELD(kvm_clear_dirty_log, num_pages),
			 KVM_FIELD(kvm_clear_dirty_log, first_page),
			 KVM_FIELD(kvm_clear_dirty_log, dirty_bitmap))),
	KVM_ROW(VM, KVM_RESET_DIRTY_RINGS, vm_reset_dirty_rings, KVM_ARGS(KVM_VALUE(arg))),
	KVM_ROW(VM, KVM_SET_USER_MEMORY_REGION, vm_set_memory_region,
		KVM_ARGS(KVM_FIELD(kvm_userspace_memory_region, slot),
			 KVM_FIELD(kvm_userspace_memory_region, flags),
			 KVM_FIELD(kvm_userspace_memory_region, guest_phys_addr),
			 KVM_FIELD(kvm_userspace_memory_region, memory_size),
			 KVM_FIELD(kvm_userspace_memory_region, userspace_addr))),
	KVM_ROW(VM, KVM_SET_USER_MEMORY_REGION2, vm_set_memory_region2,
		KVM_ARGS(KVM_FIELD(kvm_userspace_memory_region2, slot),
			 KVM_FIELD(kvm_userspace_memory_region2, flags),
			 KVM_FIELD(kvm_userspace_memory_region2, guest_phys_addr),
			 KVM_FIELD(kvm_userspace_memory_region2, memory_size),
			 KVM_FIELD(kvm_userspace_memory_region2, userspace_addr),
			 KVM_FIELD(kvm_userspace_memory_region2, guest_memfd_offset),
			 KVM_FIELD(kvm_userspace_memory_region2, guest_memfd))),
	KVM_ROW(VM, KVM_CREATE_IRQCHIP, vm_create_irqchip, KVM_ARGS(KVM_VALUE(arg))),
	KVM_ROW(VM, KVM_IRQ_LINE, vm_irq_line, IRQ_ARGS),
	KVM_ROW(VM, KVM_IRQ_LINE_STATUS, vm_irq_line_status, IRQ_ARGS),
	KVM_ROW(VM, KVM_REGISTER_COALESCED_MMIO, vm_register_coalesced, ZONE_ARGS),
	KVM_ROW(VM, KVM_UNREGISTER_COALESCED_MMIO, vm_unregister_coalesced, ZONE_ARGS),
	KVM_ROW(VM, KVM_SET_GSI_ROUTING, vm_set_gsi_routing,
		KVM_ARGS(KVM_FIELD(kvm_irq_routing, nr), KVM_FIELD(kvm_irq_routing, flags))),
	KVM_ROW(VM, KVM_IRQFD, vm_irqfd,
		KVM_ARGS(KVM_FIELD(kvm_irqfd, fd), KVM_FIELD(kvm_irqfd, gsi),
			 KVM_FIELD(kvm_irqfd, flags), KVM_FIELD(kvm_irqfd, resamplefd))),
	KVM_ROW(VM, KVM_IOEVENTFD, vm_ioeventfd,
		KVM_ARGS(KVM_FIELD(kvm_ioeventfd, datamatch), KVM_FIELD(kvm_ioeventfd, addr),
			 KVM_FIELD(kvm_ioeventfd, len), KVM_FIELD(kvm_ioeventfd, fd),
			 KVM_FIELD(kvm_ioeventfd, flags))),
	KVM_ROW(VM, KVM_ENABLE_CAP, vm_enable_cap,
		KVM_ARGS(KVM_FIELD(kvm_enable_cap, cap), KVM_FIELD(kvm_enable_cap, flags),
			 KVM_FIELD(kvm_enable_cap, args[0]))),
	KVM_ROW(VM, KVM_SIGNAL_MSI, vm_signal_msi,
		KVM_ARGS(KVM_FIELD(kvm_msi, address_lo), KVM_FIELD(kvm_msi, address_hi),
			 KVM_FIELD(kvm_msi, data), KVM_FIELD(kvm_msi, flags),
			 KVM_FIELD(kvm_msi, devid))),
	KVM_ROW(VM, KVM_ARM_SET_DEVICE_ADDR, vm_set_device_addr,
		KVM_ARGS(KVM_FIELD(kvm_arm_device_addr, id), KVM_FIELD(kvm_arm_device_addr, addr))),
	KVM_ROW(VM, KVM_ARM_PREFERRED_TARGET, vm_preferred_target, KVM_ARGS(KVM_VALUE(init))),
	KVM_ROW(VM, KVM_ARM_SET_COUNTER_OFFSET, vm_set_counter_offset,
		KVM_ARGS(KVM_FIELD(kvm_arm_counter_offset, counter_offset))),
	KVM_ROW(VM, KVM_ARM_GET_REG_WRITABLE_MASKS, vm_writable_masks,
		KVM_ARGS(KVM_FIELD(reg_mask_range, addr), KVM_FIELD(reg_mask_range, range))),
	KVM_ROW(VM, KVM_CREATE_GUEST_MEMFD, vm_create_guest_memfd,
		KVM_ARGS(KVM_FIELD(kvm_create_guest_memfd, size),
			 KVM_FIELD(kvm_create_guest_memfd, flags))),
	KVM_ROW(VM, KVM_CREATE_DEVICE, vm_create_device,
		KVM_ARGS(KVM_FIELD(kvm_create_device, type), KVM_FIELD(kvm_create_device, flags))),
	KVM_ROW(VM, KVM_SET_DEVICE_ATTR, vm_set_device_attr, ATTR_ARGS),
	KVM_ROW(VM, KVM_HAS_DEVICE_ATTR, vm_has_device_attr, ATTR_ARGS),
	KVM_ROW(VM, KVM_GET_STATS_FD, vm_get_stats_fd, KVM_ARGS(KVM_VALUE(arg))),

	KVM_ROW(VCPU, KVM_RUN, vcpu_run, KVM_ARGS(KVM_VALUE(arg))),
	KVM_ROW(VCPU, KVM_SET_SIGNAL_MASK, vcpu_set_signal_mask,
		KVM_ARGS(KVM_FIELD(kvm_signal_mask, len))),
	KVM_ROW(VCPU, KVM_GET_MP_STATE, vcpu_get_mp_state, KVM_ARGS(KVM_VALUE(mp_state))),
	KVM_ROW(VCPU, KVM_SET_MP_STATE, vcpu_set_mp_state,
		KVM_ARGS(KVM_FIELD(kvm_mp_state, mp_state))),
	KVM_ROW(VCPU, KVM_SET_GUEST_DEBUG, vcpu_set_guest_debug,
		KVM_ARGS(KVM_FIELD(kvm_guest_debug, control))),
	KVM_ROW(VCPU, KVM_GET_VCPU_EVENTS, vcpu_get_events, KVM_ARGS(KVM_VALUE(events))),
	KVM_ROW(VCPU, KVM_SET_VCPU_EVENTS, vcpu_set_events,
		KVM_ARGS(KVM_FIELD(kvm_vcpu_events, exception.serror_pending),
			 KVM_FIELD(kvm_vcpu_events, exception.ext_dabt_pending))),
	KVM_ROW(VCPU, KVM_GET_ONE_REG, vcpu_get_one_reg, REG_ARGS),
	KVM_ROW(VCPU, KVM_SET_ONE_REG, vcpu_set_one_reg, REG_ARGS),
	KVM_ROW(VCPU, KVM_ARM_VCPU_INIT, vcpu_init,
		KVM_ARGS(KVM_FIELD(kvm_vcpu_init, target), KVM_FIELD(kvm_vcpu_init, features[0]))),
	KVM_ROW(VCPU, KVM_GET_REG_LIST, vcpu_get_reg_list, KVM_ARGS(KVM_FIELD(kvm_reg_list, n))),
	KVM_ROW(VCPU, KVM_ARM_VCPU_FINALIZE, vcpu_finalize, KVM_ARGS({"feature", 0, 4})),
	KVM_ROW(VCPU, KVM_SET_DEVICE_ATTR, vcpu_set_device_attr, ATTR_ARGS),
	KVM_ROW(VCPU, KVM_GET_DEVICE_ATTR, vcpu_get_device_attr, ATTR_ARGS),
	KVM_ROW(VCPU, KVM_HAS_DEVICE_ATTR, vcpu_has_device_attr, ATTR_ARGS),
	KVM_ROW(VCPU, KVM_GET_STATS_FD, vcpu_get_stats_fd, KVM_ARGS(KVM_VALUE(arg))),

	KVM_ROW(DEVICE, KVM_SET_DEVICE_ATTR, dev_set_attr, ATTR_ARGS),
	KVM_ROW(DEVICE, KVM_GET_DEVICE_ATTR, dev_get_attr, ATTR_ARGS),
	KVM_ROW(DEVICE, KVM_HAS_DEVICE_ATTR, dev_has_attr, ATTR_ARGS),
};
#define MAX_TRACE_ARGS 8

const struct kvm_row *kvm_row_at(const struct kvm_revision *rev, size_t i)
{
	if (i < ARRAY_SIZE(rows))
		return &rows[i];
	i -= ARRAY_SIZE(rows);
	return i < rev->num_rows ? &rev->rows[i] : NULL;
}

static const struct kvm_row *find_in(const struct kvm_row *in, size_t n, enum kvm_file_kind kind,
				     uint32_t nr)
{
	for (size_t i = 0; i < n; i++)
		if (in[i].kind == kind && in[i].nr == nr)
			return &in[i];
	return NULL;
}

const struct kvm_row *kvm_row_find(const struct kvm_revision *rev, enum kvm_file_kind kind,
				   uint32_t nr)
{
	const struct kvm_row *row = find_in(rows, ARRAY_SIZE(rows), kind, nr);

	return row ? row : find_in(rev->rows, rev->num_rows, kind, nr);
}

static result refuse_unknown(const struct kvm_call *c, uint32_t nr)
{
	result why;

	for (size_t i = 0; i < c->rev->num_foreign; i++) {
		why = c->rev->foreign[i].why;
		if (c->rev->foreign[i].kind == c->file->ops->kind && c->rev->foreign[i].nr == nr)
			return why;
	}
	return c->file->ops->unknown_call;
}

static result dispatch(struct kvm_call *c, const struct kvm_row *row, uint32_t nr)
{
	result why;

	if (c->vm && !c->file->ops->any_process) {
		if (c->vm->mm != c->caller->mm)
			return &rule_kvm_foreign_mm;
		if (atomic_load(&c->vm->dead))
			return &rule_kvm_vm_dead;
	}
	if (!row)
		return refuse_unknown(c, nr);
	if (fault_due(TRACE_KVM, row->name, &c->fault))
		return &rule_kvm_fault;
	if (!c->vcpu)
		return row->handler(c);
	lock_take(&c->vcpu->mutex);
	why = row->handler(c);
	lock_drop(&c->vcpu->mutex);
	return why;
}

/* The argument by name: fields of the structure if it could be read, else the bare value. */
static void report(const struct kvm_call *c, const struct kvm_row *row, uint32_t nr, int64_t ret,
		   result why, uint64_t start)
{
	const char *names[MAX_TRACE_ARGS];
	uint64_t args[MAX_TRACE_ARGS];
	struct trace_call t = {
		.layer = TRACE_KVM,
		.name = row ? row->name : "ioctl",
		.abi = c->rev->name,
		.ret = ret,
		.why = why,
		.start = start,
	};

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
	t.probe = call_is_probe(c, nr);
	t.note = why ? OK : call_note(c, nr);
	t.arg_names = names;
	t.args = args;
	trace_call(&t);
}

/* For who looks in: what the VMM does between two KVM_RUN. */
static void note_call(const struct kvm_call *c, const struct kvm_row *row, int64_t ret)
{
	struct kvm_call_view note = {
		.name = row->name, .ret = ret, .vcpu = c->vcpu ? (int)c->vcpu->index : -1};
	unsigned int n = 0;

	for (const struct kvm_arg *a = row->args; a && a->name && n < ARRAY_SIZE(note.arg); a++) {
		if ((size_t)a->offset + a->size > c->raw_len)
			break;
		note.arg[n] = a->size ? 0 : c->arg;
		memcpy(&note.arg[n++], c->raw + a->offset, MIN(a->size, sizeof(uint64_t)));
	}
	call_log_note(&c->vm->calls, note);
}

int64_t kvm_ioctl(struct kvm_file *f, struct kvm_caller *caller, uint32_t nr, uint64_t arg)
{
	const struct kvm_revision *rev = f->host->automatic ? auto_revision(f, caller, nr, arg)
					 : f->vm	    ? f->vm->rev
							    : f->host->revision;
	const struct kvm_row *row = kvm_row_find(rev, f->ops->kind, nr);
	struct kvm_call c = {
		.file = f, .host = f->host, .rev = rev, .vm = f->vm, .caller = caller, .arg = arg};
	uint64_t start = trace_begin(TRACE_KVM);
	result why;
	int64_t ret;

	if (f->ops->aim)
		f->ops->aim(f, &c);
	trace_enter(c.vm ? c.vm->serial : 0, c.vcpu ? (int)c.vcpu->index : -1);
	why = dispatch(&c, row, nr);
	ret = why ? -(c.fault ? c.fault : why->code) : c.value;
	if (why && f->host->automatic)
		auto_refused(f, caller, why);
	if (c.vm && row && row->handler != vcpu_run)
		note_call(&c, row, ret);
	if (trace_observer_)
		report(&c, row, nr, ret, why, start);
	return ret;
}
