// SPDX-License-Identifier: BSD-3-Clause
/* vhost_fs.c - the file system device's configuration, which is this side's (virtio 1.2, 5.11). */
#include "vmm/vhost_fs.h"

#include <linux/virtio_fs.h>
#include <string.h>

#define QUEUES 2 /* one for requests that must not wait, one for all others */

static const struct virtio_class vhost_fs_class = {
	.id = VIRTIO_ID_FS,
	.pci_class = 0x018000, /* mass storage, other */
	.queue_size = VQ_MAX_SIZE,
	.notify = vhost_notify,
	.reset = vhost_reset,
	.ready = vhost_ready,
};

int vhost_fs_init(struct vhost *v, const struct guest_memory *mem, const char *path,
		  const char *tag)
{
	struct virtio_fs_config cfg = {.num_request_queues = QUEUES - 1};
	int r = vhost_init(v, &vhost_fs_class, mem, path, QUEUES);

	memcpy(cfg.tag, tag, strnlen(tag, sizeof(cfg.tag)));
	v->dev.config_len = sizeof(cfg);
	memcpy(v->dev.config, &cfg, sizeof(cfg));
	return r;
}
