// SPDX-License-Identifier: BSD-3-Clause
/* vhost_blk.c - the block device's configuration, which is the other side's (virtio 1.2, 5.2). */
#include "vmm/vhost_blk.h"

#include <errno.h>
#include <linux/virtio_blk.h>
#include <string.h>

#include "base/log.h"

/* A realm copies all through its pool of bounce buffers: no segment may fill that. The driver alone
 * has to know. */
#define SEGMENT_MAX (64u << 10)

/* What its configuration tells of, up to CONFIG_LEN; one queue, and a cache that stays as it is. */
#define FEATURES                                                                                   \
	(BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_RO) | BIT(VIRTIO_BLK_F_BLK_SIZE) |           \
	 BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_BLK_F_TOPOLOGY) | BIT(VIRTIO_BLK_F_DISCARD) |        \
	 BIT(VIRTIO_BLK_F_WRITE_ZEROES))
#define CONFIG_LEN (offsetof(struct virtio_blk_config, write_zeroes_may_unmap) + 4)
_Static_assert(CONFIG_LEN <= VHOST_CONFIG_MAX, "it is asked for at once");

static const struct virtio_class vhost_blk_class = {
	.id = VIRTIO_ID_BLOCK,
	.pci_class = 0x018000, /* mass storage, other */
	.queue_size = 128,
	.notify = vhost_notify,
	.reset = vhost_reset,
	.ready = vhost_ready,
};

int vhost_blk_init(struct vhost *v, const struct guest_memory *mem, const char *path)
{
	struct virtio_blk_config cfg = {0};
	int r = vhost_init(v, &vhost_blk_class, mem, path, 1);

	if (r)
		return r;
	r = vhost_get_config(v, &cfg, CONFIG_LEN);
	if (r) {
		log_error("unix:%s: it tells no size: is it a vhost-user-blk device?", path);
		return r;
	}
	if (!(v->features & BIT(VIRTIO_BLK_F_SIZE_MAX)) || cfg.size_max > SEGMENT_MAX)
		cfg.size_max = SEGMENT_MAX;
	v->dev.offered |= (v->features & FEATURES) | BIT(VIRTIO_BLK_F_SIZE_MAX);
	v->dev.config_len = CONFIG_LEN;
	memcpy(v->dev.config, &cfg, CONFIG_LEN);
	return 0;
}
