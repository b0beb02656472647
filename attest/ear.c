// SPDX-License-Identifier: BSD-3-Clause
/*
 * ear.c - a verdict as an EAT Attestation Result.
 *
 * The vector has the claims for which this verifier has looked at something, with the values that
 * Veraison's CCA scheme gives them. A submodule's status is that of its worst claim.
 */
#include <stdio.h>
#include <time.h>

#include "attest/ear.h"
#include "attest/refvals.h"
#include "attest/rules.h"

/* AR4SI: values and the tiers that they lie in. */
enum {
	AR_NONE = 0,
	AR_APPROVED = 2,
	AR_APPROVED_BOOT = 3,
	AR_WARNING = 32,
	AR_UNRECOGNIZED_EXECUTABLES = 33,
	AR_CONTRAINDICATED = 96,
	AR_UNRECOGNIZED_INSTANCE = 97,
	AR_CRYPTO_FAILED = 99,
};

struct vector {
	int instance_identity, configuration, executables, hardware;
};

static const char *status_of(const struct vector *v)
{
	const int all[] = {v->instance_identity, v->configuration, v->executables, v->hardware};
	int worst = AR_NONE;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		worst = all[i] > worst ? all[i] : worst;
	return worst >= AR_CONTRAINDICATED ? "contraindicated"
	       : worst >= AR_WARNING	   ? "warning"
	       : worst >= AR_APPROVED	   ? "affirming"
					   : "none";
}

static json_t *submodule(const struct vector *v, const char *policy)
{
	return json_pack("{s:s, s:{s:i, s:i, s:i, s:i}, s:s}", "ear.status", status_of(v),
			 "ear.trustworthiness-vector", "instance-identity", v->instance_identity,
			 "configuration", v->configuration, "executables", v->executables,
			 "hardware", v->hardware, "ear.appraisal-policy-id", policy);
}

static struct vector platform_vector(const struct evidence *ev, const struct evidence_policy *p,
				     const struct evidence_verdict *v)
{
	const struct platform_claims *c = &ev->platform;
	uint64_t state = c->lifecycle.value >> 8;
	struct vector out = {AR_CRYPTO_FAILED, AR_CRYPTO_FAILED, AR_CRYPTO_FAILED,
			     AR_CRYPTO_FAILED};

	if (v->why == &rule_attest_no_trust_anchor)
		out = (struct vector){AR_UNRECOGNIZED_INSTANCE, AR_NONE, AR_NONE, AR_NONE};
	if (v->check[EVIDENCE_CHECK_PLATFORM] != EVIDENCE_HELD)
		return out;
	/* Secured, or debug that leaves the platform's root of trust alone. */
	out.instance_identity = state == 0x30 || state == 0x40 ? AR_APPROVED : AR_CONTRAINDICATED;
	out.configuration = refvals_config_is(p->refvals, c) ? AR_APPROVED : AR_CONTRAINDICATED;
	out.executables = refvals_unknown_component(p->refvals, c) == c->num_components
				  ? AR_APPROVED
				  : AR_UNRECOGNIZED_EXECUTABLES;
	out.hardware = AR_APPROVED; /* the anchor names this implementation */
	return out;
}

static struct vector realm_vector(const struct evidence *ev, const struct evidence_policy *p,
				  const struct evidence_verdict *v)
{
	const struct endorse_realm *r = refvals_realm(p->refvals, &ev->realm);
	struct vector out = {0};

	if (v->check[EVIDENCE_CHECK_BINDING] != EVIDENCE_HELD) {
		out.instance_identity = out.executables = AR_CRYPTO_FAILED;
		return out;
	}
	out.instance_identity = AR_APPROVED;
	if (v->why == &rule_attest_expected_nonce)
		out.instance_identity = AR_CONTRAINDICATED;
	if (!r)
		out.executables = AR_UNRECOGNIZED_EXECUTABLES;
	else if (!refvals_rpv_is(r, &ev->realm))
		out.executables = AR_CONTRAINDICATED;
	else if (refvals_other_rem(r, &ev->realm) < ATTEST_NUM_REMS)
		out.executables = AR_APPROVED_BOOT;
	else
		out.executables = AR_APPROVED;
	return out;
}

json_t *ear_json(const struct evidence *ev, const struct evidence_policy *policy,
		 const struct evidence_verdict *v)
{
	struct vector platform = platform_vector(ev, policy, v);
	struct vector realm = realm_vector(ev, policy, v);
	json_t *ear = json_pack("{s:s, s:I, s:{s:s, s:s}, s:{s:o}}", "eat_profile",
				"tag:github.com,2023:veraison/ear", "iat", (json_int_t)time(NULL),
				"ear.verifier-id", "developer", "softrealm", "build",
				SOFTREALM_VERSION, "submods", "CCA_SSD_PLATFORM",
				submodule(&platform, "softrealm: endorsements"));

	if (ev->has_realm && !policy->platform_only)
		json_object_set_new(json_object_get(ear, "submods"), "CCA_REALM",
				    submodule(&realm, "softrealm: endorsements"));
	return ear;
}
