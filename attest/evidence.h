/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence.h - reading attestation tokens that somebody hands in; verify.h verifies them.
 *
 * Nothing is trusted: the size is limited, nesting is limited, nothing is allocated, and slices
 * point into the caller's bytes, which must outlive the struct evidence.
 */
#ifndef ATTEST_EVIDENCE_H
#define ATTEST_EVIDENCE_H

#include <stdbool.h>

#include "attest/claims.h"
#include "attest/cose.h"
#include "base/rule.h"

#define EVIDENCE_MAX_SIZE 32768

enum evidence_form {
	EVIDENCE_EAT,		  /* tag 399 */
	EVIDENCE_CMW,		  /* tag 907 */
	EVIDENCE_PLATFORM,	  /* a lone platform token */
	EVIDENCE_REALM,		  /* a lone realm token */
	EVIDENCE_PLATFORM_CLAIMS, /* a map of claims, unsigned */
	EVIDENCE_REALM_CLAIMS,
	EVIDENCE_NUM_FORMS
};

struct evidence {
	enum evidence_form form;
	bool has_platform, has_realm;		   /* which of the claims below there are */
	struct bytes platform_map, realm_map;	   /* the claims, encoded */
	struct cose_sign1 platform_sig, realm_sig; /* of signed forms */
	struct platform_claims platform;
	struct realm_claims realm;
	result platform_wrong, realm_wrong;   /* first thing wrong with the claims, or OK */
	result platform_should, realm_should; /* first thing that should be otherwise, or OK */
};

const char *evidence_form_name(enum evidence_form f);

/*
 * Take a file's bytes apart. OK, or the rule that kept it from being any of the forms. Claims that
 * are malformed are no failure of this call: see platform_wrong and realm_wrong.
 */
result evidence_parse(const uint8_t *data, size_t len, struct evidence *ev);

#define EVIDENCE_MAX_SHOULD 5

/*
 * Everything that is not as it should be (RFC 2119), though it could be worse: headers, claims,
 * platform and realm profiles that do not go together. Their number.
 */
size_t evidence_should(const struct evidence *ev, result should[EVIDENCE_MAX_SHOULD]);

#endif
