// SPDX-License-Identifier: BSD-3-Clause
/* input.c - what the attestation subcommands take from files and options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "attest/platform.h"
#include "base/log.h"
#include "cli/input.h"

ssize_t input_read_start(const char *path, uint8_t *buf, size_t cap)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	int err = f ? 0 : errno;
	size_t n = 0;

	if (f) {
		errno = 0;
		n = fread(buf, 1, cap - 1, f);
		if (ferror(f))
			err = errno ? errno : EIO;
		if (f != stdin)
			fclose(f);
	}
	if (err) {
		log_errno(err, "%s", path);
		return -err;
	}
	buf[n] = '\0';
	return (ssize_t)n;
}

ssize_t input_read(const char *path, uint8_t *buf, size_t cap)
{
	ssize_t n = input_read_start(path, buf, cap);

	if (n < (ssize_t)cap - 1)
		return n;
	log_errno(EFBIG, "%s", path);
	return -EFBIG;
}

ssize_t input_hex(const char *option, const char *text, uint8_t *out, size_t cap)
{
	ssize_t n = hex_decode(text, out, cap);

	if (n > 0)
		return n;
	if (n == -ENOSPC)
		log_error("%s: longer than %zu bytes", option, cap);
	else
		log_error("%s: '%s' is not hexadecimal", option, text);
	return -EINVAL;
}

int input_rem(const char *text, uint8_t out[MEASURE_SIZE], size_t *len)
{
	ssize_t n;

	if (text[0] < '1' || text[0] > '4' || text[1] != '=') {
		log_error("--rem: '%s' is not I=HEX with I from 1 to 4", text);
		return -EINVAL;
	}
	n = input_hex("--rem", text + 2, out, MEASURE_SIZE);
	if (n < 0)
		return -EINVAL;
	*len = (size_t)n;
	return text[0] - '0';
}

int input_platform_anchor(const char *dir, struct trust_anchors *out)
{
	struct platform p;
	int err = platform_load(dir, &p);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	out->count = 1;
	out->anchor[0].key = p.cpak.pub;
	memcpy(out->anchor[0].implementation_id, p.implementation_id, IMPLEMENTATION_ID_SIZE);
	memcpy(out->anchor[0].instance_id, p.instance_id, INSTANCE_ID_SIZE);
	platform_unload(&p);
	return 0;
}

int input_anchors(const char *path, struct trust_anchors *out)
{
	static uint8_t text[KEYFILE_MAX_SIZE];
	ssize_t n = input_read(path, text, sizeof(text));
	const char *wrong;

	if (n < 0)
		return (int)n;
	if (!keyfile_parse_anchors(text, (size_t)n, out, &wrong))
		return 0;
	log_error("%s: no key: %s", path, wrong);
	return -EINVAL;
}
