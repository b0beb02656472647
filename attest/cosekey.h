/* SPDX-License-Identifier: BSD-3-Clause */
/* cosekey.h - COSE_Keys of type EC2 (RFC 9052 7, RFC 9053 7.1), public ones. */
#ifndef ATTEST_COSEKEY_H
#define ATTEST_COSEKEY_H

#include "attest/cborio.h"
#include "attest/ec.h"

#define COSE_MAX_KEY 160 /* an encoded EC2 key of any known curve */

/* Append { kty: EC2, crv, x, y }. */
void cose_put_key(struct cborio_out *out, const struct ec_public *pub);

/*
 * Read such a map, with no label twice. What else RFC 9052 7.1 defines may be in it but must fit:
 * an algorithm of this curve, operations that include verifying; a private part may not. Labels
 * that it does not define are ignored. False: it is not a key that may verify a signature.
 */
bool cose_get_key(struct bytes in, struct ec_public *pub);

#endif
