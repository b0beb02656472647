// SPDX-License-Identifier: BSD-3-Clause
/*
 * port.c - finds a virtio-console port by its name
 *
 * The host announces all ports of a console at once, the console itself first (vport*p0, which has
 * no name); the names of the others come a little later.  So there is nothing to wait for where
 * port 0 alone has none.
 */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PORTS	    "/sys/class/virtio-ports"
#define PORT_TRIES  200 /* times 10 ms */
#define ALONE_TRIES 3	/* that found nothing to wait for */

/* Opens the port if it has its name by now; -ENOENT if not.  *unnamed: how many have none yet. */
static int open_named(const char *wanted, int *unnamed)
{
	char path[400], name[64];
	DIR *dir = opendir(PORTS);
	struct dirent *ent;
	int fd = -ENOENT;

	*unnamed = 0;
	while (dir && fd == -ENOENT && (ent = readdir(dir))) {
		if (ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PORTS "/%s/name", ent->d_name);
		read_text(path, name, sizeof(name));
		*unnamed += !name[0];
		if (strcmp(name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", ent->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	if (dir)
		closedir(dir);
	return fd;
}

int port_open(const char *name)
{
	struct timespec nap = {.tv_nsec = 10000000};
	int alone = 0, unnamed, fd, i;

	for (i = 0; i < PORT_TRIES && alone < ALONE_TRIES; i++) {
		fd = open_named(name, &unnamed);
		if (fd != -ENOENT)
			return fd;
		/* Without a console device there is no port either: not for long. */
		alone += unnamed == 1 || (!unnamed && i >= PORT_TRIES / 10);
		nanosleep(&nap, NULL);
	}
	return -ENOENT;
}
