/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * call.h - one ioctl under way: what a handler gets, and the table of all calls.
 *
 * A handler answers OK, with the ioctl's result in `value`, or the rule that was broken. It reads
 * its argument where the kernel would (call_read), so EFAULT has the kernel's place in the order
 * of checks.
 */
#ifndef KVM_CALL_H
#define KVM_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/caller.h"
#include "kvm/kvm.h"

struct kvm_vm;
struct kvm_vcpu;
struct kvm_device;

#define CALL_TRACE_BYTES 64 /* of the argument structure, kept for the trace */

struct kvm_call {
	struct kvm_file *file;
	struct kvm_host *host;
	const struct kvm_revision *rev; /* that answers */
	struct kvm_vm *vm;		/* NULL: a call on /dev/kvm */
	struct kvm_vcpu *vcpu;		/* vCPU calls; its mutex is held */
	struct kvm_device *dev;		/* device calls */
	struct kvm_caller *caller;
	uint64_t arg;
	int fault;     /* errno of a fault on demand, in place of the rule's */
	int64_t value; /* result of a call that is not refused */
	uint8_t raw[CALL_TRACE_BYTES];
	size_t raw_len;
};

/* The argument structure: OK or kvm_arg_fault. */
result call_read(struct kvm_call *c, void *dst, size_t len);
/* Any other user memory. */
result call_read_at(struct kvm_call *c, void *dst, uint64_t uaddr, size_t len);
result call_write_at(struct kvm_call *c, uint64_t uaddr, const void *src, size_t len);

/* Hand out a descriptor for f (takes over the reference): its number becomes the value. */
result call_install(struct kvm_call *c, struct kvm_file *f);
/* The same for an ordinary file, which is only to be read; fd stays ours. */
result call_give(struct kvm_call *c, int fd);

/* An argument by name: a field of the structure, or (size 0) the argument itself. */
struct kvm_arg {
	const char *name;
	uint16_t offset;
	uint8_t size;
};

struct kvm_row {
	enum kvm_file_kind kind;
	uint32_t nr;
	const char *name;
	const struct kvm_arg *args; /* ended by a NULL name */
	result (*handler)(struct kvm_call *c);
};

/* Every call of a revision, for those who list them (info, manual, fuzz dictionaries): i from 0 to
 * the first NULL. */
const struct kvm_row *kvm_row_at(const struct kvm_revision *rev, size_t i);
/* NULL: a file of this kind has no such call there. */
const struct kvm_row *kvm_row_find(const struct kvm_revision *rev, enum kvm_file_kind kind,
				   uint32_t nr);

/* ---- one handler a row, by file ---- */
/* host.c */
result sys_get_api_version(struct kvm_call *c);
result sys_create_vm(struct kvm_call *c);
result sys_vcpu_mmap_size(struct kvm_call *c);
/* caps.c */
result sys_check_extension(struct kvm_call *c);
result vm_check_extension(struct kvm_call *c);
result vm_enable_cap(struct kvm_call *c);
/* vm_life.c */
result vm_create_vcpu(struct kvm_call *c);
result vm_preferred_target(struct kvm_call *c);
result vm_set_counter_offset(struct kvm_call *c);
result vm_writable_masks(struct kvm_call *c);
result vm_set_device_attr(struct kvm_call *c);
result vm_has_device_attr(struct kvm_call *c);
/* device.c */
result vm_create_device(struct kvm_call *c);
result vm_create_irqchip(struct kvm_call *c);
result vm_set_device_addr(struct kvm_call *c);
result dev_set_attr(struct kvm_call *c);
result dev_get_attr(struct kvm_call *c);
result dev_has_attr(struct kvm_call *c);
/* vm_irq.c */
result vm_irq_line(struct kvm_call *c);
result vm_irq_line_status(struct kvm_call *c);
result vm_irqfd(struct kvm_call *c);
result vm_set_gsi_routing(struct kvm_call *c);
result vm_signal_msi(struct kvm_call *c);
/* memslot.c, dirty.c, dirty_ring.c */
result vm_set_memory_region(struct kvm_call *c);
result vm_set_memory_region2(struct kvm_call *c);
result vm_get_dirty_log(struct kvm_call *c);
result vm_clear_dirty_log(struct kvm_call *c);
result vm_reset_dirty_rings(struct kvm_call *c);
/* attributes.c; by revision */
result vm_set_memory_attributes(struct kvm_call *c);
/* gmem_attributes.c; by revision */
result gmem_set_memory_attributes(struct kvm_call *c);
/* gmem.c */
result vm_create_guest_memfd(struct kvm_call *c);
/* populate.c; by revision */
result vm_rmi_populate(struct kvm_call *c);
/* iobus.c */
result vm_ioeventfd(struct kvm_call *c);
result vm_register_coalesced(struct kvm_call *c);
result vm_unregister_coalesced(struct kvm_call *c);
/* vcpu.c */
result vcpu_init(struct kvm_call *c);
result vcpu_finalize(struct kvm_call *c);
result vcpu_set_signal_mask(struct kvm_call *c);
result vcpu_set_guest_debug(struct kvm_call *c);
result vcpu_set_device_attr(struct kvm_call *c);
result vcpu_get_device_attr(struct kvm_call *c);
result vcpu_has_device_attr(struct kvm_call *c);
/* vcpu_run.c */
result vcpu_run(struct kvm_call *c);
/* stats.c */
result vm_get_stats_fd(struct kvm_call *c);
result vcpu_get_stats_fd(struct kvm_call *c);
/* onereg.c, reglist.c */
result vcpu_get_one_reg(struct kvm_call *c);
result vcpu_set_one_reg(struct kvm_call *c);
result vcpu_get_reg_list(struct kvm_call *c);
/* vcpu_events.c */
result vcpu_get_mp_state(struct kvm_call *c);
result vcpu_set_mp_state(struct kvm_call *c);
result vcpu_get_events(struct kvm_call *c);
result vcpu_set_events(struct kvm_call *c);
/* psci.c; by revision */
result vcpu_psci_complete(struct kvm_call *c);

#endif
