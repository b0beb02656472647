/* SPDX-License-Identifier: BSD-3-Clause */
/* rsi.h - the realm's interface of the RMM, 1.0 (DEN0137 1.0-rel0 chapter B5), and PSCI. */
#ifndef ABI_RSI_H
#define ABI_RSI_H

#include <stddef.h>
#include <stdint.h>

#define RSI_ABI_VERSION	    UINT64_C(0x10000)
#define RSI_ABI_VERSION_1_1 UINT64_C(0x10001) /* RMM 2.0 */

#define RSI_VERSION		       0xC4000190
#define RSI_FEATURES		       0xC4000191
#define RSI_MEASUREMENT_READ	       0xC4000192
#define RSI_MEASUREMENT_EXTEND	       0xC4000193
#define RSI_ATTESTATION_TOKEN_INIT     0xC4000194
#define RSI_ATTESTATION_TOKEN_CONTINUE 0xC4000195
#define RSI_REALM_CONFIG	       0xC4000196
#define RSI_IPA_STATE_SET	       0xC4000197
#define RSI_IPA_STATE_GET	       0xC4000198
#define RSI_HOST_CALL		       0xC4000199

enum { RSI_SUCCESS, RSI_ERROR_INPUT, RSI_ERROR_STATE, RSI_INCOMPLETE, RSI_ERROR_UNKNOWN };
enum { RSI_RIPAS_EMPTY, RSI_RIPAS_RAM, RSI_RIPAS_DESTROYED, RSI_RIPAS_DEV };
enum { RSI_ACCEPT, RSI_REJECT };
#define RSI_CHANGE_DESTROYED (UINT64_C(1) << 0)
#define RSI_NUM_MEASUREMENTS 5
#define RSI_MEASUREMENT_SIZE 64

struct rsi_realm_config {
	uint64_t ipa_width;
	uint8_t hash_algo;
	uint8_t pad0[0x10 - 0x9];
	uint64_t num_aux_planes; /* from here to ats_plane: RSI 1.1 */
	uint64_t gicv3_vtr;	 /* ICH_VTR_EL2 */
	uint64_t ats_plane;
	uint8_t pad2[0x200 - 0x28];
	uint8_t rpv[64];
	uint8_t pad1[0x1000 - 0x240];
};

struct rsi_host_call {
	uint16_t imm;
	uint8_t pad0[6];
	uint64_t gprs[31];
};

_Static_assert(sizeof(struct rsi_realm_config) == 4096, "RsiRealmConfig");
_Static_assert(offsetof(struct rsi_realm_config, gicv3_vtr) == 0x18, "RsiRealmConfig.gicv3_vtr");
_Static_assert(offsetof(struct rsi_realm_config, rpv) == 0x200, "RsiRealmConfig.rpv");
_Static_assert(sizeof(struct rsi_host_call) == 256, "RsiHostCall");
_Static_assert(offsetof(struct rsi_host_call, gprs) == 8, "RsiHostCall.gprs");

/* PSCI 1.1 and SMCCC, as a realm sees them */
#define SMCCC_VERSION	       0x80000000
#define PSCI_VERSION	       0x84000000
#define PSCI_CPU_SUSPEND       0x84000001
#define PSCI_CPU_SUSPEND_64    0xC4000001
#define PSCI_CPU_OFF	       0x84000002
#define PSCI_CPU_ON	       0x84000003
#define PSCI_CPU_ON_64	       0xC4000003
#define PSCI_AFFINITY_INFO     0x84000004
#define PSCI_AFFINITY_INFO_64  0xC4000004
#define PSCI_SYSTEM_OFF	       0x84000008
#define PSCI_SYSTEM_RESET      0x84000009
#define PSCI_FEATURES	       0x8400000A
#define PSCI_SYSTEM_SUSPEND    0x8400000E
#define PSCI_SYSTEM_SUSPEND_64 0xC400000E
#define PSCI_SYSTEM_RESET2     0x84000012
#define PSCI_SYSTEM_RESET2_64  0xC4000012
#define PSCI_SYSTEM_OFF2       0x84000015
#define PSCI_SYSTEM_OFF2_64    0xC4000015
#define TRNG_VERSION	       0x84000050
#define TRNG_FEATURES	       0x84000051
#define TRNG_GET_UUID	       0x84000052
#define TRNG_RND32	       0x84000053
#define TRNG_RND64	       0xC4000053
#define PSCI_VERSION_1_1       UINT64_C(0x10001)

#define PSCI_RET_SUCCESS	    0
#define PSCI_RET_NOT_SUPPORTED	    (-1)
#define PSCI_RET_INVALID_PARAMETERS (-2)
#define PSCI_RET_DENIED		    (-3)
#define PSCI_RET_ALREADY_ON	    (-4)
#define PSCI_RET_INVALID_ADDRESS    (-9)
#define PSCI_AFFINITY_ON	    0
#define PSCI_AFFINITY_OFF	    1

#endif
