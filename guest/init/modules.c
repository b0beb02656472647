// SPDX-License-Identifier: BSD-3-Clause
/*
 * modules.c - loads the kernel's own modules, plain or compressed as Debian ships them, but for the
 * drivers of virtio devices that this realm does not have: unpacking them takes long
 */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULE_INIT_COMPRESSED_FILE 4 /* linux/module.h: the kernel unpacks it */

static const struct {
	const char *module;
	unsigned long device;
} drivers[] = {
	{"virtio_blk", VIRTIO_ID_BLOCK},
	{"virtio-rng", VIRTIO_ID_RNG},
	{"failover", VIRTIO_ID_NET},
	{"net_failover", VIRTIO_ID_NET},
	{"virtio_net", VIRTIO_ID_NET},
	{"vsock", VIRTIO_ID_VSOCK},
	{"vmw_vsock_virtio_transport_common", VIRTIO_ID_VSOCK},
	{"vmw_vsock_virtio_transport", VIRTIO_ID_VSOCK},
};

static bool have_device(unsigned long id)
{
	DIR *dir = opendir("/sys/bus/virtio/devices");
	struct dirent *ent;
	bool have = false;

	while (dir && !have && (ent = readdir(dir))) {
		char path[300], text[16];

		snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/device", ent->d_name);
		have = read_text(path, text, sizeof(text)) > 0 && strtoul(text, NULL, 16) == id;
	}
	if (dir)
		closedir(dir);
	return have;
}

static bool wanted(const char *file)
{
	size_t len = strcspn(file, ".");
	size_t i;

	for (i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (!strncmp(file, drivers[i].module, len) && !drivers[i].module[len])
			return have_device(drivers[i].device);
	}
	return true;
}

static int load(const char *name)
{
	const char *end = strrchr(name, '.');
	int flags = end && !strcmp(end, ".ko") ? 0 : MODULE_INIT_COMPRESSED_FILE;
	char path[300];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", flags))
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
		int err = wanted(name) ? load(name) : 0;

		/* The attestation driver has no device outside a realm. */
		if (err && err != -EEXIST && !(err == -ENODEV && !facts_in_realm()))
			say("module %s: %s", name, strerror(-err));
	}
}
