/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * der.h - EC keys in DER: SubjectPublicKeyInfo and certificates (RFC 5280), PKCS#8 (RFC 5958),
 * ECPrivateKey (RFC 5915). False: not of this form, or no key of a known curve.
 */
#ifndef ATTEST_DER_H
#define ATTEST_DER_H

#include "attest/cborio.h"
#include "attest/ec.h"

#define DER_MAX_KEY 512 /* more than any key of a known curve takes */

bool der_parse_spki(struct bytes der, struct ec_public *pub);
bool der_parse_certificate(struct bytes der, struct ec_public *pub); /* its signature is ignored */
bool der_parse_pkcs8(struct bytes der, struct ec_private *key);
bool der_parse_sec1(struct bytes der, struct ec_private *key);

/* The length of what was written. */
size_t der_put_spki(uint8_t out[DER_MAX_KEY], const struct ec_public *pub);
size_t der_put_sec1(uint8_t out[DER_MAX_KEY], const struct ec_private *key);

#endif
