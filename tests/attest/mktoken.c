// SPDX-License-Identifier: BSD-3-Clause
/*
 * mktoken.c - a token on stdout, for verifiers in other languages:
 *
 *	mktoken eat|cmw|legacy|2.0|2.0-eat sha-256|sha-512 NONCE [PLATFORM]
 *
 * of profile 1.0 but for the last two (2.0: in the outer form that belongs to it), with RIM aa..,
 * REMs 01.., 02.., 03.., 04.., RPV 55... NONCE is 64 bytes in hexadecimal.
 */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "attest/token.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum attest_form form;
		enum attest_profile profile;
	} forms[] = {
		{"eat", ATTEST_FORM_EAT, ATTEST_PROFILE_1_0},
		{"cmw", ATTEST_FORM_CMW, ATTEST_PROFILE_1_0},
		{"legacy", ATTEST_FORM_LEGACY, ATTEST_PROFILE_1_0},
		{"2.0", ATTEST_FORM_OF_PROFILE, ATTEST_PROFILE_2_0},
		{"2.0-eat", ATTEST_FORM_EAT, ATTEST_PROFILE_2_0},
	};
	struct attest_options opt = {0};
	struct attest_realm_claims c = {0};
	struct attest_identity *id;
	uint8_t token[16384];
	size_t len;

	if (argc < 4 || argc > 5 || hex_decode(argv[3], c.challenge, 64) != 64)
		return 2;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(argv[1], forms[i].name)) {
			opt.form = forms[i].form;
			c.profile = forms[i].profile;
		}
	c.hash = strcmp(argv[2], "sha-512") ? MEASURE_SHA_256 : MEASURE_SHA_512;
	opt.dir = argv[4];
	memset(c.instance_id, 0x77, sizeof(c.instance_id));
	c.instance_id[0] = 1;
	c.mec_policy = 1;
	memset(c.rpv, 0x55, sizeof(c.rpv));
	memset(c.rim, 0xaa, sizeof(c.rim));
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		memset(c.rem[i], i + 1, sizeof(c.rem[i]));
	if (attest_identity_load(&opt, &id) ||
	    attest_token_create(id, &c, token, sizeof(token), &len))
		return 1;
	fwrite(token, 1, len, stdout);
	attest_identity_free(id);
	return 0;
}
