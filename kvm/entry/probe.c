// SPDX-License-Identifier: BSD-3-Clause
/* probe.c - which calls only ask, and what an answer means. */
#include "kvm/entry/probe.h"

#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"

/* A field of the argument structure, as far as the call has read it; 0 otherwise. */
static uint64_t raw_field(const struct kvm_call *c, size_t offset, size_t size)
{
	uint64_t val = 0;

	if (offset + size <= c->raw_len)
		memcpy(&val, c->raw + offset, size);
	return val;
}
#define RAW(c, type, field)                                                                        \
	raw_field(c, offsetof(struct type, field), sizeof(((struct type *)0)->field))

bool call_is_probe(const struct kvm_call *c, uint32_t nr)
{
	/* No revision has this structure: only the number is tried. */
	if (_IOC_DIR(nr) & _IOC_WRITE && !c->arg)
		return true;
	switch (nr) {
	case (uint32_t)KVM_CHECK_EXTENSION:
	case (uint32_t)KVM_HAS_DEVICE_ATTR:
		return true;
	case (uint32_t)KVM_CREATE_DEVICE:
		return RAW(c, kvm_create_device, flags) & KVM_CREATE_DEVICE_TEST;
	case (uint32_t)KVM_GET_REG_LIST: /* for the number of registers */
		return c->raw_len >= sizeof(struct kvm_reg_list) && !RAW(c, kvm_reg_list, n);
	default:
		return false;
	}
}

result call_note(const struct kvm_call *c, uint32_t nr)
{
	if (nr != (uint32_t)KVM_CHECK_EXTENSION || c->value)
		return OK;
	for (size_t i = 0; i < kvm_num_revisions; i++)
		if (kvm_revisions[i]->cap_rmi == c->arg && c->arg != c->rev->cap_rmi)
			return kvm_revisions[i]->cap_note;
	return OK;
}
