/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ec.h - ECDSA keys and signatures over the NIST curves, each with the hash that COSE pairs it
 * with: P-256 and SHA-256, P-384 and SHA-384, P-521 and SHA-512.
 *
 * Numbers are big-endian and as long as the curve's field; a signature is r || s.
 */
#ifndef ATTEST_EC_H
#define ATTEST_EC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ec_curve { EC_P256, EC_P384, EC_P521, EC_NUM_CURVES };

#define EC_MAX_SIZE  66
#define EC_MAX_POINT (1 + 2 * EC_MAX_SIZE)
#define EC_MAX_SIG   (2 * EC_MAX_SIZE)

struct ec_public {
	enum ec_curve curve;
	uint8_t x[EC_MAX_SIZE], y[EC_MAX_SIZE];
};

struct ec_private {
	struct ec_public pub;
	uint8_t d[EC_MAX_SIZE];
};

size_t ec_size(enum ec_curve c);      /* of a coordinate: 32, 48 or 66 bytes */
const char *ec_name(enum ec_curve c); /* "P-256", "P-384", "P-521": as in a JWK */

/* The uncompressed point 04 || x || y; its length. */
size_t ec_point(const struct ec_public *pub, uint8_t out[EC_MAX_POINT]);

/*
 * A key from a point, uncompressed or compressed (SEC 1 2.3.4). False: not of this curve's length
 * and form, not on it. The second takes uncompressed ones only.
 */
bool ec_public_load_any(struct ec_public *pub, enum ec_curve c, const uint8_t *point, size_t len);
bool ec_public_load(struct ec_public *pub, enum ec_curve c, const uint8_t *point, size_t len);

/* A key pair from its scalar. 0; -EINVAL: not within 1..n-1; -EIO: the library failed. */
int ec_private_load(struct ec_private *key, enum ec_curve c, const uint8_t *d, size_t len);

/* A new key pair; from a seed, always the same one. 0 or -EIO. */
int ec_generate(struct ec_private *key, enum ec_curve c);
int ec_derive(struct ec_private *key, enum ec_curve c, const void *seed, size_t len);

/*
 * Sign a message, deterministically (RFC 6979): equal key and message, equal signature.
 * 0 and 2 * ec_size bytes in sig; -EIO: the library failed.
 */
int ec_sign(const struct ec_private *key, const void *msg, size_t len, uint8_t sig[EC_MAX_SIG]);

bool ec_verify(const struct ec_public *pub, const void *msg, size_t len, const uint8_t *sig,
	       size_t sig_len);

#endif
