// SPDX-License-Identifier: BSD-3-Clause
/* file.c - open file descriptions: what they are about, references, the last close. */
#include <stdlib.h>

#include "kvm/core/host.h"
#include "kvm/core/vm.h"

struct kvm_file *file_create(struct kvm_host *h, const struct kvm_file_ops *ops, struct kvm_vm *vm)
{
	struct kvm_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	atomic_init(&f->refs, 1);
	f->ops = ops;
	f->host = h;
	f->vm = vm;
	if (vm)
		vm_get(vm);
	return f;
}

enum kvm_file_kind kvm_file_kind(const struct kvm_file *f)
{
	return f->ops->kind;
}

void kvm_file_get(struct kvm_file *f)
{
	atomic_fetch_add(&f->refs, 1);
}

void kvm_file_put(struct kvm_file *f)
{
	if (!f || atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	if (f->ops->release)
		f->ops->release(f);
	if (f->vm)
		vm_put(f->vm);
	free(f);
}
