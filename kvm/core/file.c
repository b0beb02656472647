// SPDX-License-Identifier: BSD-3-Clause
/* file.c - open file descriptions: references, what the transports ask, what closing means. */
#include <stdlib.h>

#include "abi/kvm.h"
#include "kvm/core/device.h"
#include "kvm/core/host.h"
#include "kvm/core/vm.h"
#include "kvm/mem/gmem.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

struct kvm_file *file_create(struct kvm_host *h, enum kvm_file_kind kind, struct kvm_vm *vm)
{
	struct kvm_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	atomic_init(&f->refs, 1);
	f->kind = kind;
	f->host = h;
	f->vm = vm;
	if (vm)
		vm_get(vm);
	return f;
}

struct kvm_file *kvm_open(struct kvm_host *h)
{
	return file_create(h, KVM_FILE_SYSTEM, NULL);
}

enum kvm_file_kind kvm_file_kind(const struct kvm_file *f)
{
	return f->kind;
}

void kvm_file_get(struct kvm_file *f)
{
	atomic_fetch_add(&f->refs, 1);
}

void kvm_file_put(struct kvm_file *f)
{
	if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	if (f->kind == KVM_FILE_GMEM)
		gmem_release(f);
	else if (f->kind == KVM_FILE_DEVICE)
		free(f->dev);
	if (f->vm)
		vm_put(f->vm);
	free(f);
}

int kvm_vcpu_memfd(struct kvm_file *f)
{
	return f->vcpu->memfd;
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
