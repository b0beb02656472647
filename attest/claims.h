/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claims.h - the claims of platform and realm tokens (DEN0137 1.0-rel0 A7.2.3, A7.2.4), read from
 * untrusted CBOR. Slices point into the input. Unknown claims are ignored, as they must be.
 */
#ifndef ATTEST_CLAIMS_H
#define ATTEST_CLAIMS_H

#include <jansson.h>

#include "attest/cborio.h"
#include "attest/ec.h"
#include "attest/measure.h"
#include "attest/token.h"
#include "base/rule.h"

enum {
	CLAIM_CHALLENGE = 10,
	CLAIM_INSTANCE_ID = 256,
	CLAIM_PROFILE = 265,
	CLAIM_LIFECYCLE = 2395,
	CLAIM_IMPLEMENTATION_ID = 2396,
	CLAIM_SW_COMPONENTS = 2399,
	CLAIM_VERIFICATION_SERVICE = 2400,
	CLAIM_CONFIG = 2401,
	CLAIM_PLATFORM_HASH_ALGO = 2402,
	CLAIM_RPV = 44235,
	CLAIM_REALM_HASH_ALGO = 44236,
	CLAIM_RAK = 44237,
	CLAIM_RIM = 44238,
	CLAIM_REMS = 44239,
	CLAIM_RAK_HASH_ALGO = 44240,
	CLAIM_MEC_POLICY = 44243,
};

/* Keys of one software component. */
enum {
	COMPONENT_TYPE = 1,
	COMPONENT_MEASUREMENT = 2,
	COMPONENT_VERSION = 4,
	COMPONENT_SIGNER_ID = 5,
	COMPONENT_HASH_ALGO = 6,
};

#define PROFILE_PLATFORM "tag:arm.com,2023:cca_platform#1.0.0"
#define PROFILE_PLATFORM_2024 "tag:arm.com,2024:cca_platform#2.0.0"
#define PROFILE_LEGACY "http://arm.com/CCA-SSD/1.0.0"
#define PROFILE_REALM "tag:arm.com,2023:realm#1.0.0"
#define PROFILE_REALM_2024 "tag:arm.com,2024:realm#2.0.0"

#define CLAIMS_MAX_COMPONENTS 64
#define IMPLEMENTATION_ID_SIZE 32
#define INSTANCE_ID_SIZE 33

/* A string claim that is absent or malformed has p NULL; text is not terminated. */
struct claim_uint {
	bool present;
	uint64_t value;
};

struct sw_component {
	struct bytes type, measurement, version, signer_id, hash_algo;
};

struct platform_claims {
	struct bytes profile, challenge, implementation_id, instance_id, config;
	struct bytes verification_service, hash_algo;
	struct claim_uint lifecycle;
	struct sw_component components[CLAIMS_MAX_COMPONENTS];
	size_t num_components;
};

struct realm_claims {
	struct bytes profile, challenge, rpv, rak, hash_algo, rak_hash_algo, rim;
	struct bytes rem[ATTEST_NUM_REMS];
	size_t num_rems;
	struct bytes instance_id;	  /* realm#2.0.0 */
	struct claim_uint mec_policy; /* realm#2.0.0 */
};

/* Read a claims map. OK, or the first thing that is wrong with it; what can be read, is. */
result platform_claims_read(struct bytes in, struct platform_claims *c);
result realm_claims_read(struct bytes in, struct realm_claims *c);

/* True if the map has a claim that only realm tokens have. */
bool claims_are_realm(struct bytes in);

/* The RAK, in either form. False: absent, or no point of a known curve. */
bool realm_claims_rak(const struct realm_claims *c, struct ec_public *rak);

/* The claims by name, as `softrealm token show --json` has them; NULL: out of memory. */
json_t *platform_claims_json(const struct platform_claims *c);
json_t *realm_claims_json(const struct realm_claims *c);

/* "non-CCA platform debug": what a lifecycle value stands for; NULL: nothing. */
const char *lifecycle_name(uint64_t value);

#endif
