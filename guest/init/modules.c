// SPDX-License-Identifier: BSD-3-Clause
/*
 * modules.c - loads the kernel's own modules, compressed as Debian ships them
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE_INIT_COMPRESSED_FILE 4 /* linux/module.h: the kernel unpacks it */

static int load(const char *name)
{
	char path[300];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", MODULE_INIT_COMPRESSED_FILE))
		err = -errno;
	close(fd);
	return err;
}

void modules_load(void)
{
	char list[4096];
	char *name, *save;

	read_text("/modules.list", list, sizeof(list));
	for (name = strtok_r(list, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		int err = load(name);

		/* The attestation driver has no device outside a realm. */
		if (err && err != -EEXIST && !(err == -ENODEV && !facts_in_realm()))
			say("module %s: %s", name, strerror(-err));
	}
}
