// SPDX-License-Identifier: BSD-3-Clause
/* attest.c - parses what the realm says on its attestation port. */
#include "vmm/attest.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/bits.h"

int attest_init(struct attest *a, const char *nonce)
{
	uint8_t random[ATTEST_NONCE_SIZE];

	memset(a, 0, sizeof(*a));
	if (nonce) {
		if (strlen(nonce) != 2 * ATTEST_NONCE_SIZE ||
		    strspn(nonce, "0123456789abcdefABCDEF") != 2 * ATTEST_NONCE_SIZE)
			return -EINVAL;
		memcpy(a->nonce, nonce, sizeof(a->nonce));
		return 0;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (unsigned int i = 0; i < sizeof(random); i++)
		snprintf(a->nonce + 2 * i, 3, "%02x", random[i]);
	return 0;
}

static void take_line(struct attest *a)
{
	char sha256[65];
	size_t length;
	int end = 0;

	a->line[a->line_len] = 0;
	a->state = ATTEST_FAILED;
	if (sscanf(a->line, "token %zu %64[0-9a-f]%n", &length, sha256, &end) != 2 ||
	    a->line[end] || strlen(sha256) != 64 || !length || length > ATTEST_MAX_TOKEN)
		return;
	memcpy(a->sha256, sha256, sizeof(sha256));
	a->length = length;
	a->state = ATTEST_BODY;
}

/* One byte of the first line. A line that is too long is cut, and is no good line then. */
static void take_char(struct attest *a, char c)
{
	if (c == '\n')
		take_line(a);
	else if (a->line_len < sizeof(a->line) - 1)
		a->line[a->line_len++] = isprint((unsigned char)c) ? c : '?';
	else
		a->state = ATTEST_FAILED;
}

void attest_take(void *attest, const void *data, size_t len)
{
	struct attest *a = attest;
	const char *p = data;

	while (len && a->state == ATTEST_HEAD) {
		take_char(a, *p++);
		len--;
	}
	if (a->state != ATTEST_BODY)
		return;
	len = MIN(len, a->length - a->have);
	memcpy(a->token + a->have, p, len);
	a->have += len;
	if (a->have == a->length)
		a->state = ATTEST_DONE;
}

const char *attest_error(const struct attest *a)
{
	switch (a->state) {
	case ATTEST_HEAD:
		return "the realm handed out no token";
	case ATTEST_BODY:
		return "the realm handed out only a part of its token";
	case ATTEST_FAILED:
		if (!strncmp(a->line, "error ", 6))
			return a->line + 6;
		return "the realm's answer cannot be understood";
	default:
		return NULL;
	}
}

int attest_save(const struct attest *a, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = write(fd, a->token, a->length);
	ret = n < 0 ? -errno : n != (ssize_t)a->length ? -ENOSPC : 0;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}
