// SPDX-License-Identifier: BSD-3-Clause
/* gdb.c - makes the socket that a debugger attaches to. */
#include "cli/gdb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/option.h"

#define UNIX_PREFIX "unix:"

/* NULL: it is none. */
static const char *path_of(const char *where)
{
	size_t n = strlen(UNIX_PREFIX);

	return strncmp(where, UNIX_PREFIX, n) ? NULL : where + n;
}

/* 0: it is none. */
static unsigned int port_of(const char *where)
{
	char *end;
	unsigned long n = strtoul(where, &end, 10);

	return *where < '0' || *where > '9' || *end || n > UINT16_MAX ? 0 : (unsigned int)n;
}

int gdb_address_check(const char *where)
{
	struct sockaddr_un sun;
	const char *path = path_of(where);

	if (path ? *path && strlen(path) < sizeof(sun.sun_path) : port_of(where) != 0)
		return 0;
	return option_wrong("--gdb", where,
			    "a port (1 to 65535), or unix: and the path of a socket");
}

static int listen_tcp(unsigned int port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, r;

	if (fd < 0)
		return -errno;
	/* A connection inherits what the backend's filter would not let it ask for. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!bind(fd, (struct sockaddr *)&sin, sizeof(sin)) && !listen(fd, 1))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* A socket at which nobody listens is what a killed run has left. */
static void remove_stale(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (!lstat(sun->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) && errno == ECONNREFUSED)
		unlink(sun->sun_path);
	close(fd);
}

static int listen_unix(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, r = 0;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	remove_stale(&sun);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 1))
		r = -errno;
	umask(mask);
	if (!r)
		return fd;
	close(fd);
	return r;
}

int gdb_listen(const char *where)
{
	const char *path = path_of(where);
	int fd = path ? listen_unix(path) : listen_tcp(port_of(where));

	if (fd < 0)
		log_errno(-fd, "--gdb %s", where);
	else
		log_note("gdb can attach: target remote %s%s",
			 path ? "" : "localhost:", path ? path : where);
	return fd;
}

void gdb_remove(const char *where)
{
	const char *path = path_of(where);

	if (path)
		unlink(path);
}
