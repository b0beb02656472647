/* SPDX-License-Identifier: BSD-3-Clause */
/* attested.h - the verdict on the token that a run has handed out (--attest FILE). */
#ifndef CLI_ATTESTED_H
#define CLI_ATTESTED_H

#include "cli/launcher.h"

/*
 * {verdict: "verified", "refused" or "not verified", why, and if refused the rule}: the token
 * against the run's nonce, its RIM as the backend saw it, and its platform's key. NULL: the run
 * has handed out none.
 */
json_t *attested_verdict(const struct launch *l);

#endif
