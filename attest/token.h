/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * token.h - the platform's identity and the CCA attestation tokens made under it.
 *
 * A token is a platform token (signed by the CPAK, made once when the identity is loaded) and a
 * realm token (signed by the RAK, made for each request); the platform token's challenge is the
 * hash of the RAK's public key, which binds the two (DEN0137 1.0-rel0, A7.2).
 *
 * Nothing here is secret or safe: the built-in platform's private key is published.
 */
#ifndef ATTEST_TOKEN_H
#define ATTEST_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/measure.h"

#define ATTEST_CHALLENGE_SIZE	64
#define ATTEST_NUM_REMS		4
#define ATTEST_INSTANCE_ID_SIZE 33
#define ATTEST_MAX_TOKEN	20480 /* no token of any platform is longer */

/* How a token is wrapped and which claims it speaks. */
enum attest_form {
	ATTEST_FORM_OF_PROFILE, /* EAT for a token of profile 1.0, CMW for one of 2.0 */
	ATTEST_FORM_EAT,	/* tag 399: what RMM 1.0 emits */
	ATTEST_FORM_CMW,	/* tag 907, each part a [263, bytes] record: what RMM 2.0 emits */
	ATTEST_FORM_LEGACY,	/* tag 399, CCA-SSD/1.0.0, raw RAK */
};

/* Which pair of profiles a token is of. */
enum attest_profile {
	ATTEST_PROFILE_1_0, /* tag:arm.com,2023: realm#1.0.0, cca_platform#1.0.0 */
	ATTEST_PROFILE_2_0, /* tag:arm.com,2024: realm#2.0.0, cca_platform#2.0.0 */
	ATTEST_NUM_PROFILES
};

struct attest_options {
	const char *dir;    /* a directory of attest_platform_create; NULL: the test platform */
	bool deterministic; /* the same RAK for the same platform; otherwise a fresh one */
	enum attest_form form;
	bool has_lifecycle;	/* otherwise as the platform's description says */
	unsigned int lifecycle; /* value of claim 2395 */
};

struct attest_identity;

/*
 * Load a platform, make its RAK and its platform token. opt may be NULL: all defaults.
 * 0; -ENOENT, -EACCES...: a file of the directory cannot be read; -EINVAL: a file is not what it
 * should be (logged); -ENOMEM; -EIO: the crypto library failed.
 */
int attest_identity_load(const struct attest_options *opt, struct attest_identity **out);
void attest_identity_free(struct attest_identity *id);

/* What a realm token says. Registers in their 64-byte form; the token cuts them to the hash. */
struct attest_realm_claims {
	uint8_t challenge[ATTEST_CHALLENGE_SIZE];
	uint8_t rpv[64];
	enum measure_hash hash;
	enum attest_profile profile;
	uint8_t instance_id[ATTEST_INSTANCE_ID_SIZE]; /* profile 2.0 */
	unsigned int mec_policy;		      /* profile 2.0: 0 shared, 1 private */
	uint8_t rim[MEASURE_SIZE];
	uint8_t rem[ATTEST_NUM_REMS][MEASURE_SIZE];
};

/*
 * The id of a realm that is being created: 01 and 32 random bytes; of a deterministic identity the
 * same for the same serial. id NULL: random.
 */
void attest_instance_id(const struct attest_identity *id, unsigned int serial,
			uint8_t out[ATTEST_INSTANCE_ID_SIZE]);

/* No token for a realm with this hash is longer, in bytes. */
size_t attest_token_bound(const struct attest_identity *id, enum measure_hash hash);

/*
 * Make a token. Thread-safe: the identity is not changed.
 * 0 and the length in *len; -ENOSPC: cap is too small (attest_token_bound is always enough);
 * -EIO: the crypto library failed.
 */
int attest_token_create(const struct attest_identity *id, const struct attest_realm_claims *c,
			uint8_t *buf, size_t cap, size_t *len);

#endif
