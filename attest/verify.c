// SPDX-License-Identifier: BSD-3-Clause
/* verify.c - the verdict on a token. */
#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/platform.h"
#include "attest/refvals.h"
#include "attest/rules.h"
#include "attest/verify.h"
#include "base/bits.h"

const char *evidence_check_name(enum evidence_check c)
{
	static const char *const names[] = {
		[EVIDENCE_CHECK_PLATFORM] = "platform-signature",
		[EVIDENCE_CHECK_REALM] = "realm-signature",
		[EVIDENCE_CHECK_BINDING] = "binding",
		[EVIDENCE_CHECK_CLAIMS] = "claims",
		[EVIDENCE_CHECK_EXPECTED] = "expected-values",
	};

	_Static_assert(ARRAY_SIZE(names) == EVIDENCE_NUM_CHECKS, "a name for each check");
	return names[c];
}

static void differs(struct evidence_verdict *v, const char *what, struct bytes expected,
		    struct bytes actual)
{
	snprintf(v->mismatch.what, sizeof(v->mismatch.what), "%s", what);
	v->mismatch.expected = expected;
	v->mismatch.actual = actual;
}

/* ---- signatures and binding ---- */

static bool is_of(const struct trust_anchor *a, const struct platform_claims *c)
{
	return a->any_platform ||
	       (bytes_equal(c->implementation_id, a->implementation_id, IMPLEMENTATION_ID_SIZE) &&
		bytes_equal(c->instance_id, a->instance_id, INSTANCE_ID_SIZE));
}

/* Which id is another one, where there is one anchor to compare with. */
static void say_which_id(const struct platform_claims *c, const struct trust_anchors *anchors,
			 struct evidence_verdict *v)
{
	const struct trust_anchor *a = &anchors->anchor[0];
	struct bytes impl = {a->implementation_id, IMPLEMENTATION_ID_SIZE};
	struct bytes inst = {a->instance_id, INSTANCE_ID_SIZE};

	if (!anchors->count)
		return;
	if (anchors->count > 1)
		differs(v, "instance id", (struct bytes){0}, c->instance_id);
	else if (!bytes_equal(c->implementation_id, impl.p, impl.len))
		differs(v, "implementation id", impl, c->implementation_id);
	else
		differs(v, "instance id", inst, c->instance_id);
}

/* "... P-256, not P-384": in words, there is nothing to compare byte by byte. */
static void say_curves(struct evidence_verdict *v, const char *key, enum ec_curve has,
		       enum ec_curve signs)
{
	snprintf(v->mismatch.what, sizeof(v->mismatch.what),
		 "the %s is a key of %s, the algorithm is that of %s", key, ec_name(has),
		 ec_name(signs));
}

/* One of the keys of this platform must have signed it. */
static result check_platform(const struct evidence *ev, const struct evidence_policy *policy,
			     struct evidence_verdict *v)
{
	const struct platform_claims *c = &ev->platform;
	result why = &rule_attest_no_trust_anchor;

	for (size_t i = 0; i < policy->anchors->count; i++) {
		const struct trust_anchor *a = &policy->anchors->anchor[i];

		if (!is_of(a, c))
			continue;
		if (a->key.curve == ev->platform_sig.curve) {
			if (cose_verify(&ev->platform_sig, &a->key))
				return OK;
			why = &rule_attest_platform_signature;
		} else if (why == &rule_attest_no_trust_anchor) {
			why = &rule_attest_platform_key_type;
			say_curves(v, "CPAK", a->key.curve, ev->platform_sig.curve);
		}
	}
	if (why == &rule_attest_no_trust_anchor) {
		if (!c->implementation_id.p || !c->instance_id.p)
			return ev->platform_wrong;
		say_which_id(c, policy->anchors, v);
	}
	if (why == &rule_attest_platform_signature)
		v->mismatch.what[0] = '\0';
	return why;
}

static result check_realm(const struct evidence *ev, struct evidence_verdict *v)
{
	struct ec_public rak;

	/* Without a RAK there is nothing to check with: say what is wrong with the claims. */
	if (!realm_claims_rak(&ev->realm, &rak))
		return ev->realm_wrong ? ev->realm_wrong : &rule_attest_realm_public_key;
	if (rak.curve != ev->realm_sig.curve) {
		say_curves(v, "RAK", rak.curve, ev->realm_sig.curve);
		return &rule_attest_realm_key_type;
	}
	return cose_verify(&ev->realm_sig, &rak) ? OK : &rule_attest_realm_signature;
}

static int md_by_name(struct bytes name)
{
	if (bytes_are_text(name, "sha-256"))
		return GCRY_MD_SHA256;
	if (bytes_are_text(name, "sha-384"))
		return GCRY_MD_SHA384;
	if (bytes_are_text(name, "sha-512"))
		return GCRY_MD_SHA512;
	return GCRY_MD_NONE;
}

/* The hash is over the claim's bytes as they are, encoded COSE_Key or raw point. */
static result check_binding(const struct evidence *ev, struct evidence_verdict *v)
{
	int md = md_by_name(ev->realm.rak_hash_algo);
	struct bytes binding = platform_claims_binding(&ev->platform);
	struct bytes digest = {v->digest, 0};

	if (md == GCRY_MD_NONE)
		return ev->realm_wrong ? ev->realm_wrong : &rule_attest_realm_rak_hash_algo;
	if (!binding.p)
		return ev->platform_wrong ? ev->platform_wrong : &rule_attest_binding;
	crypto_init();
	gcry_md_hash_buffer(md, v->digest, ev->realm.rak.p, ev->realm.rak.len);
	digest.len = gcry_md_get_algo_dlen(md);
	if (bytes_equal(binding, digest.p, digest.len))
		return OK;
	differs(v, "hash of the RAK", digest, binding);
	return &rule_attest_binding;
}

static result check_claims(const struct evidence *ev, const struct evidence_policy *policy)
{
	result should[EVIDENCE_MAX_SHOULD];

	if (ev->platform_wrong)
		return ev->platform_wrong;
	if (policy->platform_only) {
		should[0] = ev->platform_sig.should ? ev->platform_sig.should : ev->platform_should;
		return policy->lenient ? OK : should[0];
	}
	if (ev->realm_wrong)
		return ev->realm_wrong;
	return !policy->lenient && evidence_should(ev, should) ? should[0] : OK;
}

/* ---- expected values ---- */

/* Both padded with zeros to the longer one. */
static bool same_padded(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < MAX(a.len, b.len); i++)
		if ((i < a.len ? a.p[i] : 0) != (i < b.len ? b.p[i] : 0))
			return false;
	return true;
}

/* Is the claim as expected, if anything is? *asked counts what is. */
static bool holds(const char *what, struct bytes claim, struct bytes expected, unsigned int *asked,
		  struct evidence_verdict *v)
{
	if (!expected.p)
		return true;
	++*asked;
	if (same_padded(claim, expected))
		return true;
	differs(v, what, expected, claim);
	return false;
}

static const char *const rem_names[] = {"REM1", "REM2", "REM3", "REM4"};

static result check_expected(const struct realm_claims *c, const struct evidence_expected *e,
			     unsigned int *asked, struct evidence_verdict *v)
{
	if (!holds("nonce", c->challenge, e->nonce, asked, v))
		return &rule_attest_expected_nonce;
	if (!holds("RIM", c->rim, e->rim, asked, v))
		return &rule_attest_expected_rim;
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		if (!holds(rem_names[i], c->rem[i], e->rem[i], asked, v))
			return &rule_attest_expected_rem;
	return holds("RPV", c->rpv, e->rpv, asked, v) ? OK : &rule_attest_expected_rpv;
}

/* ---- endorsements ---- */

static void say_component(const struct refvals *r, const struct platform_claims *c, size_t i,
			  struct evidence_verdict *v)
{
	const struct sw_component *sw = &c->components[i];
	const struct ref_component *ref = refvals_component(r, sw->type);

	differs(v, "", (struct bytes){0}, sw->measurement);
	if (ref && bytes_equal(sw->measurement, ref->measurement, ref->measurement_len)) {
		v->mismatch.expected = (struct bytes){ref->signer_id, ref->signer_id_len};
		v->mismatch.actual = sw->signer_id;
	} else if (ref) {
		v->mismatch.expected = (struct bytes){ref->measurement, ref->measurement_len};
	}
	snprintf(v->mismatch.what, sizeof(v->mismatch.what), "software component %zu%s", i,
		 !ref					   ? ", of a type that is not endorsed"
		 : v->mismatch.actual.p == sw->signer_id.p ? ", its signer id or version"
							   : ", its measurement");
}

static result check_endorsed_platform(const struct platform_claims *c, const struct refvals *r,
				      struct evidence_verdict *v)
{
	size_t i;

	if (!refvals_lifecycle_is(r, c)) {
		snprintf(v->mismatch.what, sizeof(v->mismatch.what),
			 "life cycle 0x%04x, endorsed is 0x%04x", (unsigned int)c->lifecycle.value,
			 (unsigned int)r->lifecycle);
		return &rule_attest_expected_lifecycle;
	}
	if (!refvals_config_is(r, c)) {
		differs(v, "platform configuration", (struct bytes){r->config, r->config_len},
			c->config);
		return &rule_attest_expected_config;
	}
	i = refvals_unknown_component(r, c);
	if (i == c->num_components)
		return OK;
	say_component(r, c, i, v);
	return &rule_attest_expected_component;
}

static result check_endorsed_realm(const struct realm_claims *c, const struct refvals *r,
				   struct evidence_verdict *v)
{
	const struct endorse_realm *realm = refvals_realm(r, c);
	size_t i;

	if (!realm) {
		differs(v, "RIM", (struct bytes){0}, c->rim);
		if (r->num_realms == 1)
			v->mismatch.expected = (struct bytes){r->realm[0].rim, r->realm[0].len};
		return &rule_attest_expected_rim;
	}
	if (!refvals_rpv_is(realm, c)) {
		differs(v, "RPV", (struct bytes){realm->rpv, sizeof(realm->rpv)}, c->rpv);
		return &rule_attest_expected_rpv;
	}
	i = refvals_other_rem(realm, c);
	if (i == ATTEST_NUM_REMS)
		return OK;
	differs(v, rem_names[i], (struct bytes){realm->rem[i], realm->len}, c->rem[i]);
	return &rule_attest_expected_rem;
}

static result check_endorsed(const struct evidence *ev, const struct evidence_policy *policy,
			     unsigned int *asked, struct evidence_verdict *v)
{
	result why;

	if (!policy->refvals)
		return OK;
	++*asked;
	why = check_endorsed_platform(&ev->platform, policy->refvals, v);
	if (why || policy->platform_only)
		return why;
	return check_endorsed_realm(&ev->realm, policy->refvals, v);
}

/* ---- the verdict ---- */

static bool asks(const struct evidence_policy *policy, enum evidence_check c)
{
	return !policy->platform_only || c == EVIDENCE_CHECK_PLATFORM ||
	       c == EVIDENCE_CHECK_CLAIMS || (c == EVIDENCE_CHECK_EXPECTED && policy->refvals);
}

static result one_check(const struct evidence *ev, const struct evidence_policy *policy,
			enum evidence_check c, struct evidence_verdict *v)
{
	unsigned int asked = 0;
	result why = OK;

	switch (c) {
	case EVIDENCE_CHECK_PLATFORM:
		why = check_platform(ev, policy, v);
		break;
	case EVIDENCE_CHECK_REALM:
		why = check_realm(ev, v);
		break;
	case EVIDENCE_CHECK_BINDING:
		why = check_binding(ev, v);
		break;
	case EVIDENCE_CHECK_CLAIMS:
		why = check_claims(ev, policy);
		break;
	default:
		if (!policy->platform_only)
			why = check_expected(&ev->realm, &policy->expected, &asked, v);
		if (!why)
			why = check_endorsed(ev, policy, &asked, v);
		v->check[c] = why ? EVIDENCE_FAILED : asked ? EVIDENCE_HELD : EVIDENCE_NOT_ASKED;
		return why;
	}
	v->check[c] = why ? EVIDENCE_FAILED : EVIDENCE_HELD;
	return why;
}

static result check_form(const struct evidence *ev, const struct evidence_policy *policy)
{
	if (ev->form == EVIDENCE_PLATFORM_CLAIMS || ev->form == EVIDENCE_REALM_CLAIMS)
		return &rule_attest_unsigned;
	if (!ev->has_platform)
		return &rule_attest_realm_only;
	return ev->has_realm || policy->platform_only ? OK : &rule_attest_platform_only;
}

result evidence_verify(const struct evidence *ev, const struct evidence_policy *policy,
		       struct evidence_verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->why = check_form(ev, policy);
	for (int c = 0; c < EVIDENCE_NUM_CHECKS; c++) {
		if (!asks(policy, (enum evidence_check)c))
			v->check[c] = EVIDENCE_NOT_ASKED;
		else if (!v->why)
			v->why = one_check(ev, policy, (enum evidence_check)c, v);
	}
	return v->why;
}

/* ---- notes ---- */

struct notes {
	const char **list;
	size_t n, cap;
};

static void add_note(struct notes *notes, bool cond, const char *text)
{
	if (cond && notes->n + 1 < notes->cap)
		notes->list[notes->n++] = text;
}

void evidence_notes(const struct evidence *ev, const struct evidence_policy *policy,
		    const char **list, size_t cap)
{
	const struct platform_claims *p = &ev->platform;
	struct notes notes = {list, 0, cap};
	result should[EVIDENCE_MAX_SHOULD];
	size_t n = evidence_should(ev, should);

	if (policy) {
		add_note(&notes, policy->platform_only && ev->has_realm,
			 "the realm token was not looked at");
		add_note(&notes, !policy->platform_only && !policy->expected.nonce.p,
			 "without --nonce the token may be an old one");
		add_note(&notes,
			 !policy->platform_only && !policy->expected.rim.p && !policy->refvals,
			 "without --rim the realm may hold anything");
	}
	add_note(&notes,
		 ev->has_platform && p->lifecycle.present && p->lifecycle.value >> 8 != 0x30,
		 "the platform is not in the secured state; not every verifier looks at that");
	add_note(&notes,
		 bytes_equal(p->implementation_id, PLATFORM_TEST_ID, IMPLEMENTATION_ID_SIZE),
		 "this is a simulator's token: it proves nothing, and the only protection is that "
		 "nobody takes a simulator's key for a trust anchor");
	for (size_t i = 0; i < n; i++)
		add_note(&notes, true, should[i]->wrong);
	add_note(&notes, ev->has_realm && !ev->realm.profile.p,
		 "the realm token is of the legacy form: no profile");
	list[notes.n] = NULL;
}
