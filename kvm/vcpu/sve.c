// SPDX-License-Identifier: BSD-3-Clause
/*
 * sve.c - SVE in the ONE_REG interface: the lengths of a vCPU's vectors, and the vectors.
 *
 * KVM_ARM_VCPU_FINALIZE fixes the lengths and makes the shadow of the vectors (v->sve). A realm's
 * stays zero: what it has in them is not the host's.
 */
#include "kvm/vcpu/onereg.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/rules.h"

#define SVE_VQ_MAX ENGINE_MAX_VQ
#define VQ_BYTES   ENGINE_VQ_BYTES

void sve_init(struct kvm_vcpu *v)
{
	if (!v->sve_finalized && vm_has_feature(v->vm, KVM_ARM_VCPU_SVE))
		v->sve_max_vq =
			(unsigned int)FIELD_GET(RMI_FEATURE0_SVE_VL, v->vm->host->feature0) + 1;
	v->sve_in_engine = false;
	if (v->sve)
		memset(v->sve, 0, sizeof(*v->sve));
}

result sve_finalize(struct kvm_vcpu *v)
{
	if (v->sve_finalized)
		return &rule_kvm_finalize_again;
	v->sve = calloc(1, sizeof(*v->sve));
	if (!v->sve)
		return &rule_kvm_no_memory;
	v->sve_finalized = true;
	return OK;
}

/* ---- lengths ---- */

static result get_sve_vls(struct kvm_call *c, const struct kvm_one_reg *r)
{
	uint64_t vqs[8] = {0};

	vqs[0] = MASK(c->vcpu->sve_max_vq - 1, 0);
	return call_write_at(c, r->addr, vqs, sizeof(vqs));
}

/* Only the maximum can be chosen: every length of the CPU up to it, none above. */
static result set_sve_vls(struct kvm_call *c, const struct kvm_one_reg *r)
{
	unsigned int max = FIELD_GET(RMI_FEATURE0_SVE_VL, c->host->feature0) + 1, n;
	uint64_t vqs[8];
	result why;

	if (c->vcpu->sve_finalized || realm_state(&c->vm->realm) != REALM_NONE)
		return &rule_kvm_reg_sve_late;
	why = call_read_at(c, vqs, r->addr, sizeof(vqs));
	if (why)
		return why;
	for (n = 0; n < SVE_VQ_MAX && (vqs[0] & BIT(n)); n++)
		;
	if (!n || n > max || vqs[0] != MASK(n - 1, 0))
		return &rule_kvm_reg_sve_lengths;
	for (int i = 1; i < 8; i++)
		if (vqs[i])
			return &rule_kvm_reg_sve_lengths;
	c->vcpu->sve_max_vq = n;
	return OK;
}

/* ---- vectors ---- */

/* Where the shadow has a register, how long it is, and how long user space's is. */
struct vector {
	uint8_t *bytes;
	unsigned int len, size;
};

static result find_vector(const struct kvm_vcpu *v, uint64_t id, struct vector *r)
{
	unsigned int n = (unsigned int)(id >> 5 & 0x1f);
	bool z = id >= KVM_REG_ARM64_SVE_ZREG(0) &&
		 id <= (KVM_REG_ARM64_SVE_ZREG(31) | KVM_REG_ARM64_SVE_SLICE);
	bool p = id >= KVM_REG_ARM64_SVE_PREG(0) &&
		 id <= (KVM_REG_ARM64_SVE_FFR | KVM_REG_ARM64_SVE_SLICE);

	if (!vm_has_feature(v->vm, KVM_ARM_VCPU_SVE))
		return &rule_kvm_reg_unknown;
	if (!z && !p)
		return &rule_kvm_reg_sve_id;
	if (id & KVM_REG_ARM64_SVE_SLICE)
		return &rule_kvm_reg_unknown;
	if (!v->sve_finalized)
		return &rule_kvm_vcpu_not_finalized;
	r->size = reg_bytes(id);
	r->len = v->sve_max_vq * (z ? VQ_BYTES : VQ_BYTES / 8);
	r->bytes = z ? v->sve->z[n] : n < 16 ? v->sve->p[n] : v->sve->ffr;
	return OK;
}

/* What is beyond the vCPU's length reads as zero and ignores what is written. */
static result access_vector(struct kvm_call *c, const struct kvm_one_reg *r, bool set)
{
	uint8_t buf[SVE_VQ_MAX * VQ_BYTES] = {0};
	struct vector vec = {0};
	result why = find_vector(c->vcpu, r->id, &vec);

	if (why)
		return why;
	if (!set) {
		memcpy(buf, vec.bytes, vec.len);
		return call_write_at(c, r->addr, buf, vec.size);
	}
	why = call_read_at(c, buf, r->addr, vec.len);
	if (!why)
		memcpy(vec.bytes, buf, vec.len);
	return why;
}

bool sve_is_it(const struct kvm_vcpu *v, uint64_t id)
{
	return vm_has_feature(v->vm, KVM_ARM_VCPU_SVE) &&
	       ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE || id == KVM_REG_ZCR_EL1);
}

result sve_access(struct kvm_call *c, const struct kvm_one_reg *r, bool set)
{
	if (r->id != KVM_REG_ARM64_SVE_VLS)
		return access_vector(c, r, set);
	if (!vm_has_feature(c->vm, KVM_ARM_VCPU_SVE))
		return &rule_kvm_reg_unknown;
	return set ? set_sve_vls(c, r) : get_sve_vls(c, r);
}

size_t sve_list(const struct kvm_vcpu *v, uint64_t *ids)
{
	size_t n = 0;

	ids[n++] = KVM_REG_ARM64_SVE_VLS;
	if (v->vm->is_realm)
		return n;
	for (uint64_t i = 0; i < 32; i++)
		ids[n++] = KVM_REG_ARM64_SVE_ZREG(i);
	for (uint64_t i = 0; i < 16; i++)
		ids[n++] = KVM_REG_ARM64_SVE_PREG(i);
	ids[n++] = KVM_REG_ARM64_SVE_FFR;
	return n;
}
