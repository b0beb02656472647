// SPDX-License-Identifier: BSD-3-Clause
/* address.c - makes, binds and connects the socket of a backend. */
#include "cli/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "wire/wire.h"

int address_name(const char *given, char name[ADDRESS_MAX])
{
	char cwd[4096] = "";
	int n;

	if (*given == '@')
		n = snprintf(name, ADDRESS_MAX, "%s", given + 1);
	else if (*given == '/' || !*given)
		n = snprintf(name, ADDRESS_MAX, "%s", given);
	else
		n = snprintf(name, ADDRESS_MAX, "%s/%s", getcwd(cwd, sizeof(cwd)) ?: "", given);
	if (n > 0 && n < ADDRESS_MAX - 1 && (*given != '@' || *name != '/'))
		return 0;
	log_error("\"%s\" cannot be the name of a socket: want a path of at most %d characters, or "
		  "@NAME",
		  given, ADDRESS_MAX - 2);
	return -EINVAL;
}

static int open_socket(const char *name, struct sockaddr_un *sun, socklen_t *len)
{
	int fd;

	if (!wire_address(name, sun, len))
		return -EINVAL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int try_connect(const char *name)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd = open_socket(name, &sun, &len), r;

	if (fd < 0 || !connect(fd, (struct sockaddr *)&sun, len))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int address_connect(const char *name)
{
	int fd = try_connect(name);

	if (fd < 0)
		log_errno(-fd, "no backend can be reached at %s", name);
	return fd;
}

/* Nobody listens there any more: a refused connection proves it. */
static void remove_stale(const char *name)
{
	struct stat st;
	int fd;

	if (*name != '/' || lstat(name, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = try_connect(name);
	if (fd >= 0)
		close(fd);
	else if (fd == -ECONNREFUSED)
		unlink(name);
}

int address_bind(const char *name)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd, r = 0;
	mode_t mask;

	remove_stale(name);
	fd = open_socket(name, &sun, &len);
	if (fd < 0) {
		log_errno(-fd, "%s", name);
		return fd;
	}
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&sun, len))
		r = -errno;
	umask(mask);
	if (!r)
		return fd;
	log_errno(-r, "%s", name);
	close(fd);
	return r;
}
