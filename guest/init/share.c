// SPDX-License-Identifier: BSD-3-Clause
/*
 * share.c - mounts the folders that the host shares, by the names that it gives them
 *
 * The kernel tells the names from Linux 6.9 on.
 */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define SHARES "/sys/fs/virtiofs"

static void mount_share(const char *name)
{
	char where[80];

	snprintf(where, sizeof(where), "/%s", name);
	mkdir(where, 0755);
	if (mount(name, where, "virtiofs", MS_NODEV | MS_NOSUID, NULL))
		say("folder       %s: %s", where, strerror(errno));
	else
		say("folder       %s", where);
}

void shares_mount(void)
{
	DIR *dir = opendir(SHARES);
	struct dirent *ent;

	while (dir && (ent = readdir(dir))) {
		char path[300], name[64];

		snprintf(path, sizeof(path), SHARES "/%s/tag", ent->d_name);
		if (ent->d_name[0] != '.' && read_text(path, name, sizeof(name)) > 0 &&
		    !strchr(name, '/'))
			mount_share(name);
	}
	if (dir)
		closedir(dir);
}
