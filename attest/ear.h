/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ear.h - a verdict in the shape of an EAT Attestation Result (draft-ietf-rats-ear), as JSON and
 * unsigned: trustworthiness vectors (draft-ietf-rats-ar4si) for the platform and the realm.
 */
#ifndef ATTEST_EAR_H
#define ATTEST_EAR_H

#include <jansson.h>

#include "attest/verify.h"

/* A new value; NULL: out of memory. policy->refvals is not NULL. */
json_t *ear_json(const struct evidence *ev, const struct evidence_policy *policy,
		 const struct evidence_verdict *v);

#endif
