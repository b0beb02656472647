// SPDX-License-Identifier: BSD-3-Clause
/* stats.c - statistics of a VM or vCPU: which there are, and the file that tells them. */
#include "kvm/core/stats.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/memfile.h"
#include "kvm/call.h"
#include "kvm/core/vm.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct row {
	const char *name;
	uint32_t flags;
	int16_t exponent;
	uint16_t words;
};

struct stats_layout {
	const struct row *rows;
	uint32_t num, words;
};

#define COUNTER(name)                                                                              \
	{                                                                                          \
		name, KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE | KVM_STATS_BASE_POW10, 0, 1 \
	}
#define NANOSECONDS(name, type, words)                                                             \
	{                                                                                          \
		name, KVM_STATS_TYPE_##type | KVM_STATS_UNIT_SECONDS | KVM_STATS_BASE_POW10, -9,   \
			words                                                                      \
	}

/* As virt/kvm and arch/arm64/kvm/guest.c have them. */
static const struct row vcpu_rows[] = {
	COUNTER("halt_successful_poll"),
	COUNTER("halt_attempted_poll"),
	COUNTER("halt_poll_invalid"),
	COUNTER("halt_wakeup"),
	NANOSECONDS("halt_poll_success_ns", CUMULATIVE, 1),
	NANOSECONDS("halt_poll_fail_ns", CUMULATIVE, 1),
	NANOSECONDS("halt_wait_ns", CUMULATIVE, 1),
	NANOSECONDS("halt_poll_success_hist", LOG_HIST, STATS_HIST),
	NANOSECONDS("halt_poll_fail_hist", LOG_HIST, STATS_HIST),
	NANOSECONDS("halt_wait_hist", LOG_HIST, STATS_HIST),
	{"blocking", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_BOOLEAN | KVM_STATS_BASE_POW10, 0, 1},
	COUNTER("hvc_exit_stat"),
	COUNTER("wfe_exit_stat"),
	COUNTER("wfi_exit_stat"),
	COUNTER("mmio_exit_user"),
	COUNTER("mmio_exit_kernel"),
	COUNTER("signal_exits"),
	COUNTER("exits"),
};
/* In rows of one word and of a histogram: where each counter is. */
_Static_assert(STAT_HALT_WAIT_HIST == 7 + 2 * STATS_HIST, "halt_wait_hist");
_Static_assert(STAT_BLOCKING == STAT_HALT_WAIT_HIST + STATS_HIST, "blocking");
_Static_assert(STATS_OF_VCPU == ARRAY_SIZE(vcpu_rows) + 3 * (STATS_HIST - 1), "vcpu_rows");

static const struct row vm_rows[] = {
	COUNTER("remote_tlb_flush"),
	COUNTER("remote_tlb_flush_requests"),
};
_Static_assert(STATS_OF_VM == ARRAY_SIZE(vm_rows), "vm_rows");

const struct stats_layout stats_of_vcpu = {vcpu_rows, ARRAY_SIZE(vcpu_rows), STATS_OF_VCPU};
const struct stats_layout stats_of_vm = {vm_rows, ARRAY_SIZE(vm_rows), STATS_OF_VM};

static struct kvm_stats_header header_of(const struct stats_layout *l)
{
	const uint32_t desc = sizeof(struct kvm_stats_header) + KVM_STATS_NAME_SIZE;

	return (struct kvm_stats_header){
		.name_size = KVM_STATS_NAME_SIZE,
		.num_desc = l->num,
		.id_offset = sizeof(struct kvm_stats_header),
		.desc_offset = desc,
		.data_offset = desc + l->num * (uint32_t)sizeof(struct kvm_stats_desc),
	};
}

static size_t size_of(const struct stats_layout *l)
{
	return header_of(l).data_offset + l->words * sizeof(uint64_t);
}

void stats_init(struct stats *s, const struct stats_layout *layout)
{
	memset(s, 0, sizeof(*s));
	s->layout = layout;
	s->data = s->own;
	s->fd = -1;
}

void stats_destroy(struct stats *s)
{
	if (s->file)
		munmap(s->file, size_of(s->layout));
	if (s->fd >= 0)
		close(s->fd);
}

static void fill(struct stats *s, const char *id)
{
	const struct kvm_stats_header h = header_of(s->layout);
	struct kvm_stats_desc *d = (void *)(s->file + h.desc_offset);
	uint32_t offset = 0;

	memcpy(s->file, &h, sizeof(h));
	snprintf((char *)s->file + h.id_offset, KVM_STATS_NAME_SIZE, "%s", id);
	for (const struct row *r = s->layout->rows; r < s->layout->rows + h.num_desc; r++, d++) {
		d->flags = r->flags;
		d->exponent = r->exponent;
		d->size = r->words;
		d->offset = offset;
		snprintf(d->name, sizeof(d->name), "%s", r->name);
		offset += r->words * (uint32_t)sizeof(uint64_t);
	}
	memcpy(s->file + h.data_offset, s->data, offset);
}

result stats_open(struct stats *s, const char *name, const char *id)
{
	void *at;
	int fd;

	if (s->file)
		return OK;
	fd = memfile_create(name, size_of(s->layout), F_SEAL_FUTURE_WRITE, &at);
	if (fd < 0)
		return &rule_kvm_no_memory;
	s->fd = fd;
	s->file = at;
	fill(s, id);
	s->data = (void *)(s->file + header_of(s->layout).data_offset);
	return OK;
}

/* ---- the calls ---- */

/* By the number of the process that has made the VM, where it has one here. */
static int process_of(const struct kvm_vm *vm)
{
	return vm->mm->process ? vm->mm->process : getpid();
}

result vm_get_stats_fd(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	char id[KVM_STATS_NAME_SIZE];
	result why;

	snprintf(id, sizeof(id), "kvm-%d", process_of(vm));
	lock_take(&vm->mmu_lock);
	why = stats_open(&vm->stats, "kvm-vm-stats", id);
	lock_drop(&vm->mmu_lock);
	return why ? why : call_give(c, vm->stats.fd);
}

result vcpu_get_stats_fd(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	char id[KVM_STATS_NAME_SIZE], name[KVM_STATS_NAME_SIZE];
	result why;

	lock_assert_held(&v->mutex);
	snprintf(id, sizeof(id), "kvm-%d/vcpu-%u", process_of(c->vm), v->id);
	snprintf(name, sizeof(name), "kvm-vcpu-stats:%u", v->id);
	why = stats_open(&v->stats, name, id);
	return why ? why : call_give(c, v->stats.fd);
}
