// SPDX-License-Identifier: BSD-3-Clause
/* rsi_attest.c - RSI ATTESTATION_TOKEN_INIT and CONTINUE. */
#include "rmm/rsi.h"
#include "rmm/rules.h"

result rsi_attestation_token_init(struct rsi_call *c)
{
	return &rule_rsi_attest_no_identity;
}

result rsi_attestation_token_continue(struct rsi_call *c)
{
	return &rule_rsi_attest_no_identity;
}
