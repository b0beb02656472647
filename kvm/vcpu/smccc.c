// SPDX-License-Identifier: BSD-3-Clause
/*
 * smccc.c - hypercalls that reach the kernel: PSCI and RSI_HOST_CALL exits of a realm.
 *
 * First the filter that user space set (deny, forward), then what the kernel serves: SMCCC
 * version and features, stolen time, the KVM vendor calls, PSCI. Everything else is NOT_SUPPORTED.
 */
#include "kvm/vcpu/smccc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "abi/kvm.h"
#include "abi/rsi.h"
#include "base/array.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

#define SMCCC_ARCH_FEATURES	  0x80000001
#define SMCCC_ARCH_WORKAROUND_1	  0x80008000
#define SMCCC_ARCH_WORKAROUND_2	  0x80007fff
#define SMCCC_ARCH_WORKAROUND_3	  0x80003fff
#define SMCCC_VENDOR_UID	  0x8600ff01
#define SMCCC_VENDOR_KVM_FEATURES 0x86000000
#define SMCCC_VENDOR_KVM_PTP	  0x86000001
#define KVM_PTP_VIRT_COUNTER	  0
#define KVM_PTP_PHYS_COUNTER	  1
#define NO_CALL			  0x80ff0000 /* that anybody serves */
#define SMCCC_VERSION_1_1	  0x10001
#define SMCCC_RET_NOT_REQUIRED	  (-2)
#define SMCCC_OWNER(fid)	  (((fid) >> 24) & 0x3f)
#define SMCCC_OWNER_STANDARD	  4
#define SMCCC_NUMBER(fid)	  ((fid)&0xffff)
#define PSCI_LAST_NUMBER	  0x1f

/* ---- the filter ---- */

/* The architecture's own range may not be filtered: user space must not lie about mitigations. */
static bool in_arch_range(uint32_t start, uint32_t end)
{
	return (start <= 0x8000ffff && end >= 0x80000000) ||
	       (start <= 0xc000ffff && end >= 0xc0000000);
}

static bool overlaps(const struct smccc_filter *f, uint32_t start, uint32_t end)
{
	for (size_t i = 0; i < f->count; i++)
		if (start <= f->range[i].end && end >= f->range[i].start)
			return true;
	return in_arch_range(start, end);
}

static result insert(struct smccc_filter *f, uint32_t start, uint32_t end, uint8_t action)
{
	if (overlaps(f, start, end))
		return &rule_kvm_smccc_overlap;
	if (array_reserve(&f->range, &f->room, f->count + 1, sizeof(*f->range)))
		return &rule_kvm_no_memory;
	f->range[f->count++] = (struct smccc_range){start, end, action};
	return OK;
}

result smccc_set_filter(struct kvm_vm *vm, struct kvm_caller *c, uint64_t uaddr)
{
	static const uint8_t zero[sizeof(((struct kvm_smccc_filter *)0)->pad)];
	struct kvm_smccc_filter f;
	uint32_t end;
	result why;

	if (c->ops->read(c, &f, uaddr, sizeof(f)))
		return &rule_kvm_arg_fault;
	if (memcmp(f.pad, zero, sizeof(zero)))
		return &rule_kvm_smccc_pad;
	end = f.base + f.nr_functions - 1;
	if (!f.nr_functions || end < f.base || f.action > KVM_SMCCC_FILTER_FWD_TO_USER)
		return &rule_kvm_smccc_range;
	lock_take(&vm->config_lock);
	why = vm->has_ran ? &rule_kvm_smccc_late : insert(&vm->filter, f.base, end, f.action);
	lock_drop(&vm->config_lock);
	return why;
}

void smccc_destroy(struct smccc_filter *f)
{
	free(f->range);
	memset(f, 0, sizeof(*f));
}

/* Fixed once a vCPU has run, so read without a lock. */
static uint8_t filter_action(const struct smccc_filter *f, uint32_t fid)
{
	for (size_t i = 0; i < f->count; i++)
		if (fid >= f->range[i].start && fid <= f->range[i].end)
			return f->range[i].action;
	return KVM_SMCCC_FILTER_HANDLE;
}

/* ---- calls ---- */

static bool is_psci(uint32_t fid)
{
	return SMCCC_OWNER(fid) == SMCCC_OWNER_STANDARD && SMCCC_NUMBER(fid) <= PSCI_LAST_NUMBER;
}

bool is_trng(uint32_t fid)
{
	return (fid >= TRNG_VERSION && fid <= TRNG_RND32) || fid == TRNG_RND64;
}

/* The host's time, and the guest's counter at that moment. */
static void ptp(struct kvm_vcpu *v, uint64_t *x)
{
	uint64_t count = pe_count(v->pe), now;
	struct timespec ts;

	switch ((uint32_t)x[1]) {
	case KVM_PTP_VIRT_COUNTER:
		count -= atomic_load(&v->vm->cntvoff);
		break;
	case KVM_PTP_PHYS_COUNTER:
		count -= atomic_load(&v->vm->cntpoff);
		break;
	default:
		smccc_return(x, PSCI_RET_NOT_SUPPORTED);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	now = (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
	x[0] = now >> 32;
	x[1] = (uint32_t)now;
	x[2] = count >> 32;
	x[3] = (uint32_t)count;
}

/* What user space has left on of the services. */
static bool is_served(const struct kvm_vcpu *v, uint32_t fid)
{
	const struct firmware *f = &v->vm->firmware;

	if (is_trng(fid))
		return firmware_serves(f, FW_STANDARD, FW_STANDARD_TRNG);
	switch (fid) {
	case PV_TIME_FEATURES:
	case PV_TIME_ST:
		return firmware_serves(f, FW_STANDARD_HYP, FW_STANDARD_HYP_PV_TIME);
	case SMCCC_VENDOR_UID:
	case SMCCC_VENDOR_KVM_FEATURES:
		return firmware_serves(f, FW_VENDOR, FW_VENDOR_FEATURES);
	case SMCCC_VENDOR_KVM_PTP:
		return firmware_serves(f, FW_VENDOR, FW_VENDOR_PTP);
	}
	return true;
}

static int64_t arch_feature(const struct kvm_vcpu *v, uint32_t feature)
{
	switch (feature) {
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return SMCCC_RET_NOT_REQUIRED;
	case PV_TIME_FEATURES: /* of the service; whether this vCPU has it, the call itself tells */
		return is_served(v, feature) ? 0 : PSCI_RET_NOT_SUPPORTED;
	default:
		return PSCI_RET_NOT_SUPPORTED;
	}
}

static void serve(struct kvm_vcpu *v, uint32_t fid)
{
	uint64_t *x = v->regs.x;

	if (!is_served(v, fid))
		fid = NO_CALL;
	switch (fid) {
	case SMCCC_VERSION:
		smccc_return(x, SMCCC_VERSION_1_1);
		break;
	case SMCCC_ARCH_FEATURES:
		smccc_return(x, arch_feature(v, (uint32_t)x[1]));
		break;
	case PV_TIME_FEATURES:
		smccc_return(x, pvtime_features(v, (uint32_t)x[1]));
		break;
	case PV_TIME_ST:
		smccc_return(x, pvtime_start(v));
		break;
	case SMCCC_VENDOR_UID:
		x[0] = 0xb66fb428; /* 28b46fb6-2ec5-11e9-a9ca-4b564d003a74: KVM */
		x[1] = 0xe911c52e;
		x[2] = 0x564bcaa9;
		x[3] = 0x743a004d;
		break;
	case SMCCC_VENDOR_KVM_FEATURES:
		smccc_return(x, (int64_t)atomic_load(&v->vm->firmware.services[FW_VENDOR]));
		x[2] = atomic_load(&v->vm->firmware.services[FW_VENDOR_2]);
		break;
	case SMCCC_VENDOR_KVM_PTP:
		ptp(v, x);
		break;
	case TRNG_VERSION:
	case TRNG_FEATURES:
	case TRNG_GET_UUID:
	case TRNG_RND32:
	case TRNG_RND64:
		trng_call(v);
		break;
	default:
		smccc_return(x, PSCI_RET_NOT_SUPPORTED);
	}
}

/* KVM_EXIT_HYPERCALL. */
static void forward(struct kvm_vcpu *v, uint32_t fid)
{
	memset(&v->run->hypercall, 0, sizeof(v->run->hypercall));
	v->run->hypercall.nr = fid;
	if (v->vm->is_realm)
		v->run->hypercall.flags = v->vm->rev->hypercall_flags;
	else if (ESR_EC(v->rec.exit.esr) == EC_SMC64)
		v->run->hypercall.flags = KVM_HYPERCALL_EXIT_SMC;
	v->run->exit_reason = KVM_EXIT_HYPERCALL;
}

void smccc_call(struct kvm_vcpu *v, bool *leave)
{
	uint32_t fid = (uint32_t)v->regs.x[0];

	switch (filter_action(&v->vm->filter, fid)) {
	case KVM_SMCCC_FILTER_FWD_TO_USER:
		forward(v, fid);
		*leave = true;
		return;
	case KVM_SMCCC_FILTER_DENY:
		smccc_return(v->regs.x, PSCI_RET_NOT_SUPPORTED);
		return;
	}
	if (is_psci(fid))
		*leave = psci_call(v);
	else
		serve(v, fid);
}
