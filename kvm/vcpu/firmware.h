/* SPDX-License-Identifier: BSD-3-Clause */
/* firmware.h - what a VM's guest finds of firmware: the version of PSCI, and services by SMCCC. */
#ifndef KVM_FIRMWARE_H
#define KVM_FIRMWARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

struct kvm_call;
struct kvm_one_reg;
struct kvm_vcpu;

#define PSCI_VERSION_0_2 0x2
#define PSCI_VERSION_1_0 0x10000
#define PSCI_VERSION_1_3 0x10003

/* Its registers: KVM_REG_ARM_FW, and KVM_REG_ARM_FW_FEAT_BMAP. */
#define FW_NUM_REGS 4 /* PSCI_VERSION, three workarounds */
enum { FW_STANDARD, FW_STANDARD_HYP, FW_VENDOR, FW_VENDOR_2, FW_NUM_BMAPS };
#define FW_STANDARD_TRNG	  UINT64_C(1)
#define FW_STANDARD_HYP_PV_TIME	  UINT64_C(1)
#define FW_VENDOR_FEATURES	  UINT64_C(1)
#define FW_VENDOR_PTP		  UINT64_C(2)
/* Which implementations the VM may be moved between. */
#define FW_VENDOR_2_DISCOVER_VER  UINT64_C(1)
#define FW_VENDOR_2_DISCOVER_CPUS UINT64_C(2)

struct firmware {
	_Atomic uint64_t psci_version;
	_Atomic uint64_t services[FW_NUM_BMAPS];
};

void firmware_init(struct firmware *f);
/* KVM_GET_ONE_REG and KVM_SET_ONE_REG of one of them. */
result firmware_access(struct kvm_call *c, const struct kvm_one_reg *r, bool set);

static inline bool firmware_serves(const struct firmware *f, unsigned int bmap, uint64_t service)
{
	return atomic_load(&((struct firmware *)f)->services[bmap]) & service;
}

/* trng.c: the TRNG call in x0.., answered in x0..x3. */
void trng_call(struct kvm_vcpu *v);

#endif
