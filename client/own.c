// SPDX-License-Identifier: BSD-3-Clause
/*
 * own.c - descriptors of ours in the VMM's table: far up, close-on-exec.
 *
 * The VMM does not know such a descriptor, but it may close it, or have another under its number:
 * so it is known by device and inode, and looked at before each request.
 */
#include <fcntl.h>

#include "client/parts.h"

bool own_valid(const struct own *o)
{
	struct stat st;

	return o->ino && !sys(fstat, o->fd, &st) && st.st_ino == o->ino && st.st_dev == o->dev;
}

void own_close(struct own *o)
{
	if (own_valid(o))
		sys(close, o->fd);
	*o = (struct own){0};
}

/* The VMM's next descriptor gets the number that the kernel would have given. */
static int move_high(int fd)
{
	static const int from[] = {500, 200, 60};
	long high;

	for (unsigned int i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		high = sys(fcntl, fd, F_DUPFD_CLOEXEC, from[i]);
		if (high >= 0) {
			sys(close, fd);
			return high;
		}
	}
	return fd;
}

int own_take(struct own *o, int fd)
{
	struct stat st;

	if (sys(fstat, fd, &st)) {
		sys(close, fd);
		return -EBADF;
	}
	*o = (struct own){.fd = move_high(fd), .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

bool own_move(struct own *o)
{
	long fd = sys(fcntl, o->fd, F_DUPFD_CLOEXEC, o->fd + 1);

	if (fd < 0)
		return false;
	sys(close, o->fd);
	o->fd = fd;
	return true;
}

int own_number(const struct own *o)
{
	return o->ino ? o->fd : -1;
}
