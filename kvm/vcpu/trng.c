// SPDX-License-Identifier: BSD-3-Clause
/* trng.c - the True Random Number Generator firmware interface (Arm DEN0098), 1.0. */
#include <sys/random.h>

#include "abi/rsi.h"
#include "base/bits.h"
#include "kvm/vcpu/firmware.h"
#include "kvm/vcpu/smccc.h"
#include "kvm/vcpu/vcpu.h"

#define TRNG_VERSION_1_0       0x10000
#define TRNG_INVALID_PARAMETER (-2)
#define TRNG_NO_ENTROPY	       (-3)

/* 0d21e000-4384-11eb-8070-5244554e5a4c: KVM's. */
static void uuid(uint64_t x[4])
{
	x[0] = 0x00e0210d;
	x[1] = 0xeb118443;
	x[2] = 0x44527080;
	x[3] = 0x4c5a4e55;
}

/* Bit 0 of the number is bit 0 of x3; what is above it is zero. */
static void number(uint64_t x[4], unsigned int reg_bits)
{
	uint64_t bits = x[1], random[3];

	if (bits > 3 * reg_bits) {
		smccc_return(x, TRNG_INVALID_PARAMETER);
		return;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		smccc_return(x, TRNG_NO_ENTROPY);
		return;
	}
	smccc_return(x, PSCI_RET_SUCCESS);
	for (unsigned int i = 0; i < 3 && bits > i * reg_bits; i++)
		x[3 - i] = random[i] & MASK(MIN(bits - i * reg_bits, reg_bits) - 1, 0);
}

void trng_call(struct kvm_vcpu *v)
{
	uint64_t *x = v->regs.x;

	switch ((uint32_t)x[0]) {
	case TRNG_VERSION:
		smccc_return(x, TRNG_VERSION_1_0);
		break;
	case TRNG_FEATURES:
		smccc_return(x,
			     is_trng((uint32_t)x[1]) ? PSCI_RET_SUCCESS : PSCI_RET_NOT_SUPPORTED);
		break;
	case TRNG_GET_UUID:
		uuid(x);
		break;
	case TRNG_RND32:
		number(x, 32);
		break;
	case TRNG_RND64:
		number(x, 64);
		break;
	}
}
