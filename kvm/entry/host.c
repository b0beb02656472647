// SPDX-License-Identifier: BSD-3-Clause
/* host.c - the system file: its calls that are neither a capability nor a VM's. */
#include "kvm/core/host.h"

#include <errno.h>
#include <stdlib.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/platform.h"
#include "kvm/realm/rmi.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"

static const struct kvm_file_ops system_file_ops = {
	.kind = KVM_FILE_SYSTEM,
	.unknown_call = &rule_kvm_unknown_call,
};

static const struct kvm_file_ops vm_file_ops = {
	.kind = KVM_FILE_VM,
	.unknown_call = &rule_kvm_unknown_call,
};

int kvm_host_create(const struct kvm_config *cfg, struct kvm_host **out)
{
	struct kvm_host *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->machine = cfg->machine;
	h->rmm = cfg->rmm;
	h->engine = cfg->engine;
	h->realm = cfg->realm;
	h->revision = cfg->revision ? cfg->revision : kvm_revisions[0];
	h->rmm_semantics = cfg->rmm_semantics;
	h->cap_rmi = cfg->cap_rmi;
	h->detect = cfg->detect;
	h->automatic = cfg->automatic;
	h->steal_time = cfg->steal_time;
	h->vmids[0] = true;
	pthread_cond_init(&h->walked, NULL);
	lock_init(&h->lock, RANK_HOST, "host->lock");
	lock_init(&h->gmem_lock, RANK_GMEM, "host->gmem_lock");
	h->rmi = h->rmm && smc_probe(h, &h->feature0);
	*out = h;
	return 0;
}

void kvm_host_destroy(struct kvm_host *h)
{
	if (!h)
		return;
	lock_destroy(&h->lock);
	pthread_cond_destroy(&h->walked);
	lock_destroy(&h->gmem_lock);
	free(h);
}

struct kvm_file *kvm_open(struct kvm_host *h)
{
	return file_create(h, &system_file_ops, NULL);
}

result sys_get_api_version(struct kvm_call *c)
{
	if (c->arg)
		return &rule_kvm_arg_not_zero;
	c->value = KVM_API_VERSION;
	return OK;
}

result sys_vcpu_mmap_size(struct kvm_call *c)
{
	if (c->arg)
		return &rule_kvm_arg_not_zero;
	c->value = KVM_VCPU_MMAP_SIZE;
	return OK;
}

unsigned int host_ipa_limit(const struct kvm_host *h)
{
	return host_feature(h, RMI_FEATURE0_LPA2) ? PLATFORM_IPA_LPA2 : PLATFORM_IPA_LIMIT;
}

static result check_type(const struct kvm_call *c, bool *realm, unsigned int *ipa)
{
	const struct kvm_host *h = c->host;
	unsigned int limit = host_ipa_limit(h);
	result why = c->rev->vm_type(c->arg, realm);

	if (why)
		return why;
	if (*realm && !h->rmi)
		return &rule_kvm_create_vm_no_rmm;
	if (*realm)
		limit = FIELD_GET(RMI_FEATURE0_S2SZ, h->feature0);
	*ipa = c->arg & KVM_VM_TYPE_ARM_IPA_SIZE_MASK;
	if (*ipa && (*ipa < 32 || *ipa > limit))
		return &rule_kvm_create_vm_ipa;
	if (!*ipa)
		*ipa = PLATFORM_DEFAULT_IPA;
	return *ipa > limit ? &rule_kvm_create_vm_ipa : OK;
}

result sys_create_vm(struct kvm_call *c)
{
	struct kvm_file *f;
	struct kvm_vm *vm;
	unsigned int ipa;
	bool realm;
	result why = check_type(c, &realm, &ipa);

	if (why)
		return why;
	why = vm_create(c, realm, ipa, &vm);
	if (why)
		return why;
	f = file_create(c->host, &vm_file_ops, vm);
	vm_put(vm); /* the file has its own reference */
	return f ? call_install(c, f) : &rule_kvm_no_memory;
}
