/* SPDX-License-Identifier: BSD-3-Clause */
/* token.h - the parts of `softrealm token`. */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include <jansson.h>
#include <stdbool.h>

#include "attest/verify.h"

struct token_options {
	bool json, eat, test_platform;
	const char *cpak, *endorsements, *platform;
	struct evidence_policy policy;
	uint8_t nonce[64], rim[MEASURE_SIZE], rpv[64], rem[ATTEST_NUM_REMS][MEASURE_SIZE];
};

/* The subcommands, for a token that could be taken apart; the exit status. */
int token_show(const struct evidence *ev, const struct token_options *o);
int token_verify(const struct evidence *ev, const struct token_options *o);

/* A signed token from a description (attest/forge.h), to standard output. */
int token_create(const char *file, const struct token_options *o);

/* A file that is no token at all, whatever was asked for; the exit status. */
int token_refuse(result why, const struct token_options *o);

/* ---- what show and verify both print ---- */

#define TOKEN_MAX_NOTES 16

void token_print_rule(const char *what, result why);
json_t *token_rule_json(result why);
json_t *token_notes_json(const struct evidence *ev, const struct evidence_policy *policy);
void token_print_notes(const struct evidence *ev, const struct evidence_policy *policy);
json_t *token_json(const struct evidence *ev); /* form, claims, what is wrong with them */
void token_dump(json_t *obj);		       /* takes it over */

#endif
