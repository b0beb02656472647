// SPDX-License-Identifier: BSD-3-Clause
/* vcpu_file.c - vCPU files: what the transports ask of them. */
#include "kvm/core/host.h"
#include "kvm/rules.h"
#include "kvm/core/vm.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

static void aim(const struct kvm_file *f, struct kvm_call *c)
{
	c->vcpu = f->vcpu;
}

const struct kvm_file_ops vcpu_file_ops = {
	.kind = KVM_FILE_VCPU,
	.unknown_call = &rule_kvm_unknown_call,
	.aim = aim,
};

int kvm_vcpu_memfd(struct kvm_file *f)
{
	return f->vcpu->memfd;
}

int kvm_vcpu_ring_memfd(struct kvm_file *f)
{
	return f->vcpu->vm->bus.ring_fd;
}

int kvm_vcpu_dirty_ring_memfd(struct kvm_file *f, uint64_t *bytes)
{
	*bytes = f->vcpu->ring.entries * sizeof(struct kvm_dirty_gfn);
	return f->vcpu->ring.fd;
}

void *kvm_vcpu_control_page(struct kvm_file *f)
{
	return f->vcpu->shared + KVM_VCPU_MMAP_SIZE;
}

void kvm_vcpu_kick(struct kvm_file *f)
{
	pe_kick(f->vcpu->pe);
}

void kvm_vcpu_watch(struct kvm_file *f, int fd)
{
	pe_watch(f->vcpu->pe, fd);
}

bool kvm_vcpu_signal_mask(struct kvm_file *f, uint64_t *mask)
{
	struct kvm_vcpu *v = f->vcpu;

	*mask = atomic_load(&v->sigmask);
	return atomic_load(&v->sigmask_set);
}
