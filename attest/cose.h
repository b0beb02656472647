/* SPDX-License-Identifier: BSD-3-Clause */
/* cose.h - COSE_Sign1 (RFC 9052 4.2), as CCA tokens use it. */
#ifndef ATTEST_COSE_H
#define ATTEST_COSE_H

#include "attest/cborio.h"
#include "attest/ec.h"
#include "base/rule.h"

/* Header parameters (RFC 9052 3.1). */
enum {
	HEADER_ALG = 1,
	HEADER_CRIT = 2,
	HEADER_CONTENT_TYPE = 3,
	HEADER_KID = 4,
	HEADER_IV = 5,
	HEADER_PARTIAL_IV = 6,
};

struct cose_sign1 {
	struct bytes protected_, payload, signature;
	struct cborio_in unprotected; /* the pairs of the unprotected header */
	uint64_t num_unprotected;
	enum ec_curve curve; /* what the algorithm in the protected header signs with */
	result should;	     /* the first rule that it does not follow though it should, or OK */
};

/* The COSE number of the algorithm that goes with a curve (RFC 9053 2.1): -7, -35, -36. */
int64_t cose_alg(enum ec_curve c);

/*
 * in must be one tagged COSE_Sign1 and nothing more. Slices point into it. OK or attest_cose*:
 * the structure, the headers, and that this verifier understands what it must.
 */
result cose_parse(struct bytes in, struct cose_sign1 *s);

/* pub is of s->curve. */
bool cose_verify(const struct cose_sign1 *s, const struct ec_public *pub);

/* Append a tagged COSE_Sign1 over payload. 0; -EIO: signing failed. */
int cose_sign(struct cborio_out *out, const struct ec_private *key, struct bytes payload);

/* The same with header maps of the caller's choice, encoded already. */
int cose_sign_headers(struct cborio_out *out, const struct ec_private *key, struct bytes payload,
		      struct bytes protected_, struct bytes unprotected);

#endif
