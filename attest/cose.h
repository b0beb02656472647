/* SPDX-License-Identifier: BSD-3-Clause */
/* cose.h - COSE_Sign1 (RFC 9052 4.2) and EC2 COSE_Keys (RFC 9053 7.1), as CCA tokens use them. */
#ifndef ATTEST_COSE_H
#define ATTEST_COSE_H

#include "attest/cborio.h"
#include "attest/ec.h"
#include "base/rule.h"

#define COSE_MAX_KEY 160 /* an encoded EC2 key of any known curve */

struct cose_sign1 {
	struct bytes protected_, payload, signature;
	enum ec_curve curve; /* what the algorithm in the protected header signs with */
};

/* in must be one tagged COSE_Sign1 and nothing more. Slices point into it. OK or attest_cose*. */
result cose_parse(struct bytes in, struct cose_sign1 *s);

/* pub is of s->curve. */
bool cose_verify(const struct cose_sign1 *s, const struct ec_public *pub);

/* Append a tagged COSE_Sign1 over payload. 0; -EIO: signing failed. */
int cose_sign(struct cborio_out *out, const struct ec_private *key, struct bytes payload);

/* Append { kty: EC2, crv, x, y }. */
void cose_put_key(struct cborio_out *out, const struct ec_public *pub);

/* Read such a map; other parameters in it are ignored. False: no usable key. */
bool cose_get_key(struct bytes in, struct ec_public *pub);

#endif
