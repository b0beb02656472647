// SPDX-License-Identifier: BSD-3-Clause
/*
 * mktoken.c - a token on stdout, for verifiers in other languages:
 *
 *	mktoken eat|cmw|legacy sha-256|sha-512 NONCE [PLATFORM]
 *
 * with RIM aa.., REMs 01.., 02.., 03.., 04.., RPV 55... NONCE is 64 bytes in hexadecimal.
 */
#include <stdio.h>
#include <string.h>

#include "attest/hex.h"
#include "attest/token.h"

int main(int argc, char **argv)
{
	static const char *const forms[] = {"eat", "cmw", "legacy"};
	struct attest_options opt = {0};
	struct attest_realm_claims c;
	struct attest_identity *id;
	uint8_t token[16384];
	size_t len;

	if (argc < 4 || argc > 5 || hex_decode(argv[3], c.challenge, 64) != 64)
		return 2;
	for (unsigned int i = 0; i < 3; i++)
		if (!strcmp(argv[1], forms[i]))
			opt.form = (enum attest_form)i;
	c.hash = strcmp(argv[2], "sha-512") ? MEASURE_SHA_256 : MEASURE_SHA_512;
	opt.dir = argv[4];
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
