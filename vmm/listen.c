// SPDX-License-Identifier: BSD-3-Clause
/* listen.c - makes unix sockets. */
#include "vmm/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static int make(const char *path, struct sockaddr_un *addr)
{
	int fd;

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
}

int connect_to(const char *path)
{
	struct sockaddr_un addr;
	int fd = make(path, &addr), err;

	if (fd < 0 || !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

static bool is_left_over(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = connect_to(path);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

int listen_at(const char *path)
{
	struct sockaddr_un addr;
	int fd = make(path, &addr), ret, err;

	if (fd < 0)
		return fd;
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (ret && errno == EADDRINUSE && is_left_over(path) && !unlink(path))
		ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (!ret && !listen(fd, BACKLOG))
		return fd;
	err = errno;
	close(fd);
	return -err;
}
