/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * platform.h - the simulated platform: what it says of itself and the key it says it with.
 *
 * It lives in a directory: platform.json (ids, life cycle, software components) and cpak.pem, the
 * private Initial Attestation Key. Public halves lie beside it for verifiers: cpak.pub.pem and
 * cpak.jwk. The built-in platform is attest/platform/ of the source tree, published on purpose.
 */
#ifndef ATTEST_PLATFORM_H
#define ATTEST_PLATFORM_H

#include <jansson.h>

#include "attest/claims.h"
#include "attest/ec.h"

/* The implementation id of every platform that softrealm makes. */
#define PLATFORM_TEST_ID "softrealm simulator - TEST ONLY"
_Static_assert(sizeof(PLATFORM_TEST_ID) == IMPLEMENTATION_ID_SIZE, "with the 0 at its end");

struct platform_component {
	const char *type, *version; /* version may be NULL */
	uint8_t measurement[MEASURE_SIZE], signer_id[MEASURE_SIZE];
	size_t measurement_len, signer_id_len;
};

struct platform {
	struct ec_private cpak;
	uint8_t implementation_id[IMPLEMENTATION_ID_SIZE];
	uint8_t instance_id[INSTANCE_ID_SIZE]; /* 01 || SHA-256 of the CPAK's point */
	uint8_t config[MEASURE_SIZE];
	size_t config_len;
	unsigned int lifecycle;
	const char *verification_service; /* or NULL */
	struct platform_component components[CLAIMS_MAX_COMPONENTS];
	size_t num_components;
	json_t *doc; /* owns the strings */
};

/*
 * dir NULL: the built-in platform. 0; -errno: a file cannot be read; -EINVAL: a file is not what
 * it should be. Both are logged.
 */
int platform_load(const char *dir, struct platform *p);
void platform_unload(struct platform *p);

/*
 * Make the directory (it must not exist) with a new CPAK and the built-in description. The private
 * key's mode is 0600. 0 or -errno, logged.
 */
int platform_create(const char *dir);

#endif
