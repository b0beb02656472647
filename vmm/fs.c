// SPDX-License-Identifier: BSD-3-Clause
/*
 * fs.c - the virtio file system device (virtio 1.2, 5.11): FUSE calls on two queues, the first of
 * them for those that must not wait behind others. One thread serves both.
 */
#include "vmm/fs.h"

#include <errno.h>
#include <linux/fuse.h>
#include <linux/virtio_fs.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* A call of a whole page count, and its headers, fit into a queue without indirect descriptors. */
#define QUEUE_SIZE 128
_Static_assert(FUSE_MAX_DATA / 4096 + 8 <= QUEUE_SIZE, "a full call fits into the queue");

static int64_t serve(struct virtio_device *dev, const struct vq_chain *c)
{
	struct fs *fs = container_of(dev, struct fs, dev);
	size_t len = vq_read(c, 0, fs->in, MIN(c->read_len, FUSE_MAX_CALL));
	bool answers = c->write_len >= sizeof(struct fuse_out_header);

	len = fuse_serve(&fs->fuse, fs->in, len, fs->out,
			 answers ? c->write_len : sizeof(struct fuse_out_header));
	return answers ? (int64_t)vq_write(c, 0, fs->out, len) : 0;
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	worker_notify(&container_of(dev, struct fs, dev)->worker);
}

static void reset(struct virtio_device *dev)
{
	struct fs *fs = container_of(dev, struct fs, dev);

	worker_settle(&fs->worker);
	fuse_reset(&fs->fuse);
}

static const struct virtio_class fs_class = {
	.id = VIRTIO_ID_FS,
	.pci_class = 0x018000, /* mass storage, other */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
	.reset = reset,
};

int fs_init(struct fs *fs, const struct guest_memory *mem, const char *path, const char *tag,
	    bool readonly, unsigned int threads)
{
	struct virtio_fs_config cfg = {.num_request_queues = 1};
	int ret;

	memset(fs, 0, sizeof(*fs));
	virtio_init(&fs->dev, &fs_class, mem, BIT(VIRTIO_RING_F_INDIRECT_DESC), 2);
	memcpy(cfg.tag, tag, strnlen(tag, sizeof(cfg.tag)));
	fs->dev.config_len = sizeof(cfg);
	memcpy(fs->dev.config, &cfg, sizeof(cfg));
	ret = fuse_open(&fs->fuse, path, readonly);
	fs->in = malloc(FUSE_MAX_CALL);
	fs->out = malloc(FUSE_MAX_CALL);
	if (!ret && (!fs->in || !fs->out))
		ret = -ENOMEM;
	if (!ret)
		ret = worker_start(&fs->worker, &fs->dev, threads, serve);
	if (!ret)
		return 0;
	log_errno(-ret, "--share %s", path);
	fs_destroy(fs);
	return ret;
}

bool fs_destroy(struct fs *fs)
{
	if (!worker_stop(&fs->worker))
		return false;
	fuse_close(&fs->fuse);
	free(fs->in);
	free(fs->out);
	fs->in = fs->out = NULL;
	return true;
}
