/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keyfile.h - keys as people keep them: PKCS#8, SEC 1, SubjectPublicKeyInfo and X.509 certificates
 * in PEM or DER, JWK and JWK sets (RFC 7517), and the trust-anchor store of rust-ccatoken: a JSON
 * array of {instance-id, implementation-id, pkey: JWK}.
 */
#ifndef ATTEST_KEYFILE_H
#define ATTEST_KEYFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "attest/claims.h"
#include "attest/ec.h"

#define TRUST_MAX_ANCHORS 16
#define KEYFILE_MAX_SIZE  65536

struct trust_anchor {
	bool any_platform; /* a bare key: the ids below are not given */
	uint8_t implementation_id[IMPLEMENTATION_ID_SIZE];
	uint8_t instance_id[INSTANCE_ID_SIZE];
	struct ec_public key;
};

struct trust_anchors {
	size_t count;
	struct trust_anchor anchor[TRUST_MAX_ANCHORS];
};

/*
 * Any of the forms. A private key counts as its public half, a certificate as its key: nothing
 * else in it is looked at. data[len] must be 0. 0; -EINVAL: none of them, *wrong says why.
 */
int keyfile_parse_anchors(const uint8_t *data, size_t len, struct trust_anchors *out,
			  const char **wrong);

/* One entry of such a store. False: it is not one. */
bool keyfile_take_anchor(const json_t *entry, struct trust_anchor *out);

/* A PEM private key. 0 or -EINVAL. */
int keyfile_parse_private(const char *text, struct ec_private *key);

/* Text of a key, to be freed by the caller; NULL: out of memory. */
char *keyfile_private_pem(const struct ec_private *key); /* "EC PRIVATE KEY" (SEC 1) */
char *keyfile_public_pem(const struct ec_public *pub);	 /* "PUBLIC KEY" */
json_t *keyfile_jwk(const struct ec_public *pub);	 /* {kty, crv, x, y} */

#endif
