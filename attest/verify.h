/* SPDX-License-Identifier: BSD-3-Clause */
/* verify.h - the verdict on a token: who signed it, and does it say what was expected? */
#ifndef ATTEST_VERIFY_H
#define ATTEST_VERIFY_H

#include "attest/evidence.h"
#include "attest/keyfile.h"

/* What the relying party expects; a slice with p NULL is not compared. Shorter ones are padded. */
struct evidence_expected {
	struct bytes nonce, rim, rem[ATTEST_NUM_REMS], rpv;
};

struct evidence_policy {
	const struct trust_anchors *anchors;
	struct evidence_expected expected;
	const struct refvals *refvals; /* what is endorsed (refvals.h); NULL: not looked at */
	bool platform_only;	       /* a realm token is neither needed nor looked at */
	bool lenient; /* what only should be otherwise (evidence_should) is no failure */
};

enum evidence_check {
	EVIDENCE_CHECK_PLATFORM, /* the CPAK signed the platform token */
	EVIDENCE_CHECK_REALM,	 /* the RAK signed the realm token */
	EVIDENCE_CHECK_BINDING,	 /* the platform token vouches for the RAK */
	EVIDENCE_CHECK_CLAIMS,	 /* every claim is there and well-formed */
	EVIDENCE_CHECK_EXPECTED, /* the claims are those that were expected */
	EVIDENCE_NUM_CHECKS
};

enum evidence_state {
	EVIDENCE_NOT_REACHED, /* an earlier check failed */
	EVIDENCE_NOT_ASKED,   /* the policy does not ask for it */
	EVIDENCE_FAILED,
	EVIDENCE_HELD,
};

struct evidence_verdict {
	result why; /* OK, or the first rule that was broken */
	enum evidence_state check[EVIDENCE_NUM_CHECKS];
	/* What differed, of a rule that compares; what is "" otherwise. */
	struct {
		char what[80];
		struct bytes expected, actual;
	} mismatch;
	uint8_t digest[64]; /* of the RAK, which mismatch may point to */
};

const char *evidence_check_name(enum evidence_check c); /* "platform-signature", ... */

/*
 * Verify a complete token, or with platform_only a platform token or half, in the order of
 * evidence_check. Returns v->why.
 */
result evidence_verify(const struct evidence *ev, const struct evidence_policy *policy,
		       struct evidence_verdict *v);

/*
 * Not wrong, but worth saying: NULL-terminated sentences, at most `cap` with the NULL. With a
 * policy, also what it leaves open.
 */
void evidence_notes(const struct evidence *ev, const struct evidence_policy *policy,
		    const char **notes, size_t cap);

#endif
