/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attest.h - takes the realm's attestation token from the console port "org.softrealm.attest".
 *
 * The talk, lines of ASCII ended by one newline: we send a nonce as 128 hexadecimal digits; the
 * realm answers "token LENGTH SHA256" and LENGTH bytes, or "error TEXT". What comes is kept as it
 * is: whether it is a good token is for a verifier to say.
 *
 *	HEAD --"token ..."--> BODY --LENGTH bytes--> DONE
 *	HEAD --anything else--> FAILED
 *
 * Changed by the port's output only, under the console's lock; read after the run.
 */
#ifndef VMM_ATTEST_H
#define VMM_ATTEST_H

#include <stddef.h>
#include <stdint.h>

#define ATTEST_PORT	  "org.softrealm.attest"
#define ATTEST_NONCE_SIZE 64
#define ATTEST_MAX_TOKEN  65536

struct attest {
	enum { ATTEST_HEAD, ATTEST_BODY, ATTEST_DONE, ATTEST_FAILED } state;
	char nonce[2 * ATTEST_NONCE_SIZE + 1]; /* in digits, as it is sent */
	char line[256];			       /* the answer's first line */
	size_t line_len;
	char sha256[65]; /* of the token, as the realm says */
	uint8_t token[ATTEST_MAX_TOKEN];
	size_t length, have;
};

/* nonce: digits to use, or NULL for a fresh random one. 0, -EINVAL (not 128 digits), -errno. */
int attest_init(struct attest *a, const char *nonce);
/* What the realm writes to the port (an output function of console.h). */
void attest_take(void *attest, const void *data, size_t len);
/* Why there is no token, or NULL. */
const char *attest_error(const struct attest *a);
/* Write the token to a file: 0 or -errno. Only without attest_error. */
int attest_save(const struct attest *a, const char *path);

#endif
