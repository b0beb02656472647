/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claims.h - the claims of platform and realm tokens, read from untrusted CBOR. Slices point into
 * the input. Unknown claims are ignored, as they must be (RFC 9711 4, RFC 8392 3).
 *
 * Which claims there must be depends on the profile:
 *
 *	CCA_LEGACY  CCA-SSD/1.0.0; the realm token has no profile, its RAK is a raw P-384 point
 *	CCA_2023    RMM 1.0 (DEN0137 1.0-rel0 A7.2)
 *	CCA_2024    RMM 2.0: a realm has an instance id and a MEC policy, a platform a client id
 *	CCA_2026    as 2024, and what binds the RAK is claim 2408, the workload binding
 *
 * A claim that a profile does not know is an unknown claim there, whatever its value.
 */
#ifndef ATTEST_CLAIMS_H
#define ATTEST_CLAIMS_H

#include <jansson.h>

#include "attest/cborio.h"
#include "attest/claim_values.h"
#include "attest/ec.h"
#include "attest/measure.h"
#include "attest/token.h"
#include "base/rule.h"

enum {
	CLAIM_CHALLENGE = 10,
	CLAIM_INSTANCE_ID = 256,
	CLAIM_PROFILE = 265,
	CLAIM_CLIENT_ID = 2394,
	CLAIM_LIFECYCLE = 2395,
	CLAIM_IMPLEMENTATION_ID = 2396,
	CLAIM_SW_COMPONENTS = 2399,
	CLAIM_VERIFICATION_SERVICE = 2400,
	CLAIM_CONFIG = 2401,
	CLAIM_PLATFORM_HASH_ALGO = 2402,
	CLAIM_WORKLOAD_BINDING = 2408,
	CLAIM_RPV = 44235,
	CLAIM_REALM_HASH_ALGO = 44236,
	CLAIM_RAK = 44237,
	CLAIM_RIM = 44238,
	CLAIM_REMS = 44239,
	CLAIM_RAK_HASH_ALGO = 44240,
	CLAIM_MEC_POLICY = 44243,
	CLAIM_LFA_POLICY = 44244,
	CLAIM_DEVICES_HASH = 44257,
};

/* Keys of one software component. */
enum {
	COMPONENT_TYPE = 1,
	COMPONENT_MEASUREMENT = 2,
	COMPONENT_VERSION = 4,
	COMPONENT_SIGNER_ID = 5,
	COMPONENT_HASH_ALGO = 6,
};

#define PROFILE_PLATFORM      "tag:arm.com,2023:cca_platform#1.0.0"
#define PROFILE_PLATFORM_2024 "tag:arm.com,2024:cca_platform#2.0.0"
#define PROFILE_PLATFORM_2026 "tag:arm.com,2026:cca_platform#2.0.0"
#define PROFILE_LEGACY	      "http://arm.com/CCA-SSD/1.0.0"
#define PROFILE_REALM	      "tag:arm.com,2023:realm#1.0.0"
#define PROFILE_REALM_2024    "tag:arm.com,2024:realm#2.0.0"
#define PROFILE_REALM_2026    "tag:arm.com,2026:realm#2.0.0"

enum cca_profile { CCA_LEGACY, CCA_2023, CCA_2024, CCA_2026, CCA_NUM_PROFILES };

#define MEC_POLICY_SHARED  0
#define MEC_POLICY_PRIVATE 1

#define CLAIMS_MAX_COMPONENTS  64
#define IMPLEMENTATION_ID_SIZE 32
#define INSTANCE_ID_SIZE       33

/* A string claim that is absent or malformed has p NULL; text is not terminated. */
struct claim_uint {
	bool present;
	uint64_t value;
};

struct sw_component {
	struct bytes type, measurement, version, signer_id, hash_algo;
};

struct platform_claims {
	enum cca_profile kind; /* of an unknown profile: CCA_2023 */
	struct bytes profile, challenge, implementation_id, instance_id, config;
	struct bytes verification_service, hash_algo, workload_binding;
	struct claim_uint lifecycle, client_id;
	struct sw_component components[CLAIMS_MAX_COMPONENTS];
	size_t num_components;
};

struct realm_claims {
	enum cca_profile kind;
	struct bytes profile, challenge, rpv, rak, hash_algo, rak_hash_algo, rim;
	struct bytes rem[ATTEST_NUM_REMS];
	size_t num_rems;
	struct bytes instance_id, devices_hash;
	struct claim_uint mec_policy, lfa_policy;
};

/*
 * Read a claims map. OK, or the first thing that is wrong with it; what can be read, is. *should
 * is the first rule that it does not follow though it should, or OK.
 */
result platform_claims_read(struct bytes in, struct platform_claims *c, result *should);
result realm_claims_read(struct bytes in, struct realm_claims *c, result *should);

/* True if the map has a claim that only realm tokens have. */
bool claims_are_realm(struct bytes in);

/* Does a table know the key (in whatever profile)? */
bool platform_claims_know(int64_t key);
bool realm_claims_know(int64_t key);

enum claim_set { CLAIMS_NONE, CLAIMS_PLATFORM, CLAIMS_REALM, CLAIMS_COMPONENT };

/* A claim by its name in CLAIM_HEX; *is_bytes: a byte string, or a list of them. False: none. */
bool claim_by_name(enum claim_set set, const char *name, int64_t *key, bool *is_bytes);
bool claim_by_key(enum claim_set set, int64_t key, bool *is_bytes);

/* The RAK, in the form that its profile has. False: absent, or no key that may be one. */
bool realm_claims_rak(const struct realm_claims *c, struct ec_public *rak);

/* What the platform token vouches for: the hash of the RAK's claim. p NULL: it is not there. */
struct bytes platform_claims_binding(const struct platform_claims *c);

/* Bytes of a hash by its name in IANA's registry; 0: not known. */
size_t hash_name_len(struct bytes name);

/*
 * The claims by name; NULL: out of memory. In CLAIM_HEX as `softrealm token show --json` has
 * them, in CLAIM_EAT as `token show --eat` and the tools around Veraison exchange them.
 */
json_t *platform_claims_json(const struct platform_claims *c, enum claim_style style);
json_t *realm_claims_json(const struct realm_claims *c, enum claim_style style);

/* "non-CCA platform debug": what a lifecycle value stands for; NULL: nothing. */
const char *lifecycle_name(uint64_t value);

#endif
