// SPDX-License-Identifier: BSD-3-Clause
/*
 * blk.c - the virtio block device (virtio 1.2, 5.2). Requests are done at once, on the vCPU that
 * notifies: an image file is in the page cache more often than not.
 */
#include "vmm/blk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/virtio_blk.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define QUEUE_SIZE 128
#define SECTOR	   512
#define SEG_MAX	   (QUEUE_SIZE - 2)
_Static_assert(SEG_MAX + 2 <= VQ_MAX_SEGMENTS, "a full request fits into a chain");
_Static_assert(VQ_MAX_SEGMENTS <= IOV_MAX, "a chain fits into one preadv");

/*
 * The data buffers of a request: all but the header at the start of the readable part or the
 * status byte at the end of the writable part. Returns their number in out.
 */
static unsigned int data_buffers(const struct iovec *iov, unsigned int n, size_t skip, size_t len,
				 struct iovec *out)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n && len; i++) {
		size_t part;

		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		part = MIN(iov[i].iov_len - skip, len);
		out[count++] = (struct iovec){(uint8_t *)iov[i].iov_base + skip, part};
		skip = 0;
		len -= part;
	}
	return count;
}

/* preadv or pwritev until all is done. */
static int transfer(int fd, struct iovec *iov, unsigned int n, uint64_t offset, bool write)
{
	while (n) {
		ssize_t done = write ? pwritev(fd, iov, (int)n, (off_t)offset)
				     : preadv(fd, iov, (int)n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EIO;
		offset += (uint64_t)done;
		while (n && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (uint8_t *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static uint8_t do_io(struct blk *b, const struct vq_chain *c, uint64_t sector, bool write,
		     uint32_t *written)
{
	struct iovec iov[VQ_MAX_SEGMENTS];
	uint64_t len = write ? c->read_len - sizeof(struct virtio_blk_outhdr) : c->write_len - 1;
	unsigned int n;

	if (len % SECTOR || sector > b->size / SECTOR || len > b->size - sector * SECTOR)
		return VIRTIO_BLK_S_IOERR;
	if (write)
		n = data_buffers(c->iov, c->nread, sizeof(struct virtio_blk_outhdr), len, iov);
	else
		n = data_buffers(c->iov + c->nread, c->nwrite, 0, len, iov);
	if (transfer(b->fd, iov, n, sector * SECTOR, write))
		return VIRTIO_BLK_S_IOERR;
	if (!write)
		*written = (uint32_t)len;
	return VIRTIO_BLK_S_OK;
}

static uint8_t do_request(struct blk *b, const struct vq_chain *c, uint32_t *written)
{
	struct virtio_blk_outhdr h;

	vq_read(c, 0, &h, sizeof(h));
	switch (h.type) {
	case VIRTIO_BLK_T_IN:
		return do_io(b, c, h.sector, false, written);
	case VIRTIO_BLK_T_OUT:
		return do_io(b, c, h.sector, true, written);
	case VIRTIO_BLK_T_FLUSH:
		return fdatasync(b->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		*written = (uint32_t)vq_write(c, 0, b->id, MIN(sizeof(b->id), c->write_len - 1));
		return VIRTIO_BLK_S_OK;
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	struct blk *b = container_of(dev, struct blk, dev);
	struct virtqueue *q = &dev->queues[n];
	unsigned int budget = q->size; /* as in console.c: what comes later is notified later */
	struct vq_chain c;
	bool any = false;
	int ret = 0;

	while (budget-- && (ret = vq_pop(q, &c)) > 0) {
		uint32_t written = 0;
		uint8_t status;

		/* A request without header or status byte cannot even be refused. */
		if (c.read_len < sizeof(struct virtio_blk_outhdr) || !c.write_len) {
			ret = -EPROTO;
			break;
		}
		status = do_request(b, &c, &written);
		vq_write(&c, c.write_len - 1, &status, 1);
		vq_push(q, c.head, written + 1);
		any = true;
	}
	if (any)
		virtio_done(dev, q);
	if (ret < 0) {
		q->broken = true;
		virtio_fail(dev);
	}
}

static const struct virtio_class blk_class = {
	.id = VIRTIO_ID_BLOCK,
	.pci_class = 0x018000, /* mass storage, other */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
};

static int open_image(struct blk *b, const char *path, bool readonly)
{
	struct stat st;
	off_t end;

	b->fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (b->fd < 0 || fstat(b->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENOTBLK;
	/* Two writers, or a writer and a reader, would ruin the file system in it. */
	if (flock(b->fd, (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	end = lseek(b->fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	b->size = ALIGN_DOWN((uint64_t)end, SECTOR);
	if (b->size != (uint64_t)end)
		log_warn("disk %s: its last %u bytes are no whole sector and stay hidden", path,
			 (unsigned int)((uint64_t)end - b->size));
	return b->size ? 0 : -ENOSPC;
}

int blk_init(struct blk *b, const struct guest_memory *mem, const char *path, bool readonly,
	     unsigned int index)
{
	struct virtio_blk_config cfg = {.seg_max = SEG_MAX};
	uint64_t features = BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_FLUSH) |
			    BIT(VIRTIO_RING_F_INDIRECT_DESC);
	int ret;

	memset(b, 0, sizeof(*b));
	ret = open_image(b, path, readonly);
	if (ret) {
		log_error("disk %s: %s", path,
			  ret == -ENOTBLK  ? "neither a regular file nor a block device"
			  : ret == -EBUSY  ? "somebody else uses it (,ro lets several read)"
			  : ret == -ENOSPC ? "smaller than one sector"
					   : strerror(-ret));
		blk_destroy(b);
		return ret;
	}
	if (readonly)
		features |= BIT(VIRTIO_BLK_F_RO);
	snprintf(b->id, sizeof(b->id), "softrealm-disk%u", index);
	virtio_init(&b->dev, &blk_class, mem, features, 1);
	cfg.capacity = b->size / SECTOR;
	b->dev.config_len = offsetof(struct virtio_blk_config, blk_size);
	memcpy(b->dev.config, &cfg, b->dev.config_len);
	return 0;
}

void blk_destroy(struct blk *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}
