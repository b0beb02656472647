// SPDX-License-Identifier: BSD-3-Clause
/*
 * attest.c - asks the kernel for a CCA token and hands it out
 *
 * The port is a virtio-console port named org.softrealm.attest; nobody asks for a token where
 * there is none.  The talk on it, lines of ASCII ended by one newline:
 *
 *	host:  NONCE			up to 64 bytes in hexadecimal digits (not read if the
 *					command line has told a nonce: that one is measured)
 *	realm: token LENGTH SHA256	then LENGTH bytes, the token itself
 *	   or: error TEXT
 *
 * The kernel makes the token when outblob is read first after a write to inblob; the file
 * tells no size, so it is read until its end.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"

#define PORT_NAME "org.softrealm.attest"
#define REPORT	  "/sys/kernel/config/tsm/report/demo"
#define TOKEN_MAX 65536

static int read_nonce(int port, struct options *opt)
{
	char line[2 * sizeof(opt->nonce) + 2];
	size_t len = 0;
	int n;

	while (len < sizeof(line) - 1) {
		ssize_t got = read(port, line + len, 1);

		if (got <= 0)
			return got ? -errno : -EPIPE;
		if (line[len] == '\n')
			break;
		len++;
	}
	line[len] = '\0';
	n = hex_decode(line, opt->nonce, sizeof(opt->nonce));
	if (n <= 0)
		return -EINVAL;
	opt->nonce_len = n;
	return 0;
}

static int write_nonce(const struct options *opt)
{
	int fd = open(REPORT "/inblob", O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, opt->nonce, opt->nonce_len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* The length of the token, or -errno. */
static int read_token(uint8_t *token)
{
	int fd = open(REPORT "/outblob", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < TOKEN_MAX && (n = read(fd, token + len, TOKEN_MAX - len)) > 0)
		len += n;
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : (int)len;
}

static int get_token(const struct options *opt, uint8_t *token)
{
	int ret;

	if (mount("none", "/sys/kernel/config", "configfs", 0, NULL) && errno != EBUSY)
		return -errno;
	if (mkdir(REPORT, 0700) && errno != EEXIST)
		return -errno;
	ret = write_nonce(opt);
	if (!ret)
		ret = read_token(token);
	rmdir(REPORT);
	return ret;
}

static int send_token(int port, const uint8_t *token, size_t len)
{
	char head[128], hex[2 * SHA256_LEN + 1];
	int n, err;

	sha256_hex(token, len, hex);
	n = snprintf(head, sizeof(head), "token %zu %s\n", len, hex);
	err = write_all(port, head, n);
	if (!err)
		err = write_all(port, token, len);
	if (!err)
		say("attest: token of %zu bytes, sha256 %s", len, hex);
	return err;
}

static int refuse(int port, int err)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "error %s\n", strerror(-err));

	write_all(port, line, n);
	say("attest failed: %s", strerror(-err));
	return err;
}

int attest_hand_out(const struct options *asked)
{
	static uint8_t token[TOKEN_MAX];
	struct options opt = *asked;
	int port = port_open(PORT_NAME);
	int ret = 0;

	if (port == -ENOENT)
		return 0;
	if (port < 0) {
		say("attest: port: %s", strerror(-port));
		return port;
	}
	if (!opt.nonce_len)
		ret = read_nonce(port, &opt);
	if (!ret)
		ret = get_token(&opt, token);
	ret = ret < 0 ? refuse(port, ret) : send_token(port, token, ret);
	close(port);
	return ret;
}
