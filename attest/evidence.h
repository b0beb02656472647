/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * evidence.h - reading and verifying attestation tokens that somebody hands in.
 *
 * Nothing is trusted: the size is limited, nesting is limited, nothing is allocated, and slices
 * point into the caller's bytes, which must outlive the struct evidence.
 */
#ifndef ATTEST_EVIDENCE_H
#define ATTEST_EVIDENCE_H

#include <stdbool.h>

#include "attest/claims.h"
#include "attest/cose.h"
#include "attest/keyfile.h"
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
	bool has_platform, has_realm;		  /* which of the claims below there are */
	struct cose_sign1 platform_sig, realm_sig; /* of signed forms */
	struct platform_claims platform;
	struct realm_claims realm;
	result platform_wrong, realm_wrong; /* first thing wrong with the claims, or OK */
};

const char *evidence_form_name(enum evidence_form f);

/*
 * Take a file's bytes apart. OK, or the rule that kept it from being any of the forms. Claims that
 * are malformed are no failure of this call: see platform_wrong and realm_wrong.
 */
result evidence_parse(const uint8_t *data, size_t len, struct evidence *ev);

/* What the relying party expects; a slice with p NULL is not compared. Shorter ones are padded. */
struct evidence_expected {
	struct bytes nonce, rim, rem[ATTEST_NUM_REMS], rpv;
};

enum evidence_check {
	EVIDENCE_CHECK_PLATFORM, /* the CPAK signed the platform token */
	EVIDENCE_CHECK_REALM,	 /* the RAK signed the realm token */
	EVIDENCE_CHECK_BINDING,	 /* the platform token vouches for the RAK */
	EVIDENCE_CHECK_CLAIMS,	 /* every claim is there and well-formed */
	EVIDENCE_CHECK_EXPECTED, /* the claims are those that were expected */
	EVIDENCE_NUM_CHECKS
};

const char *evidence_check_name(enum evidence_check c); /* "platform-signature", ... */

/*
 * Verify a complete token, in the order of evidence_check; *passed is the number of checks that
 * held. OK, or the first rule that was broken. expected may be NULL.
 */
result evidence_verify(const struct evidence *ev, const struct trust_anchors *anchors,
		       const struct evidence_expected *expected, unsigned int *passed);

/* Verify a lone platform token: its signature and its claims. */
result evidence_verify_platform(const struct evidence *ev, const struct trust_anchors *anchors,
				unsigned int *passed);

/* Not wrong, but worth saying: NULL-terminated sentences, at most `cap` with the NULL. */
void evidence_notes(const struct evidence *ev, const char **notes, size_t cap);

#endif
