// SPDX-License-Identifier: BSD-3-Clause
/*
 * blk.c - the virtio block device (virtio 1.2, 5.2). Requests are done by threads, several at a
 * time: a flush that takes long holds nobody up who reads.
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

#include "base/iov.h"
#include "base/log.h"

#define QUEUE_SIZE     128
#define SECTOR	       512
#define SEG_MAX	       (QUEUE_SIZE - 2)
/* A realm copies all through its pool of bounce buffers: who reads ahead megabytes fills that. */
#define SIZE_MAX_BYTES (64u << 10) /* of a segment */
#define GOOD_BYTES     (512u << 10)
#define MAX_CLEAR      16u	 /* ranges of a discard */
#define MAX_SECTOR     0x200000u /* of one of them */
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
static int transfer(struct blk *b, struct iovec *iov, unsigned int n, uint64_t offset, bool write)
{
	if (b->fd < 0)
		return nbd_transfer(&b->nbd, iov, n, offset, write);
	while (n) {
		ssize_t done = write ? pwritev(b->fd, iov, (int)n, (off_t)offset)
				     : preadv(b->fd, iov, (int)n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EIO;
		offset += (uint64_t)done;
		n = iov_advance(&iov, n, (size_t)done);
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
	if (transfer(b, iov, n, sector * SECTOR, write))
		return VIRTIO_BLK_S_IOERR;
	if (!write)
		*written = (uint32_t)len;
	return VIRTIO_BLK_S_OK;
}

/* ---- discard, write zeroes ---- */

static int write_zeroes(struct blk *b, uint64_t at, uint64_t len)
{
	static const uint8_t zeroes[65536];

	while (len) {
		struct iovec iov = {(void *)zeroes, MIN(len, sizeof(zeroes))};
		size_t n = iov.iov_len;

		if (transfer(b, &iov, 1, at, true))
			return -EIO;
		at += n;
		len -= n;
	}
	return 0;
}

/* A file system that has no holes: a discard is a hint, zeroes are written. */
static uint8_t clear(struct blk *b, const struct virtio_blk_discard_write_zeroes *r, bool discard)
{
	bool unmap = discard || (r->flags & VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
	int mode = (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) | FALLOC_FL_KEEP_SIZE;
	uint64_t at = r->sector * SECTOR, len = r->num_sectors * (uint64_t)SECTOR;

	if (r->sector > b->size / SECTOR || len > b->size - at)
		return VIRTIO_BLK_S_IOERR;
	if (r->flags & ~(discard ? 0u : VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP))
		return VIRTIO_BLK_S_UNSUPP;
	if (len && b->fd < 0)
		return nbd_clear(&b->nbd, at, (uint32_t)len, discard, unmap) ? VIRTIO_BLK_S_IOERR
									     : VIRTIO_BLK_S_OK;
	if (!len || !fallocate(b->fd, mode, (off_t)at, (off_t)len))
		return VIRTIO_BLK_S_OK;
	if (errno != EOPNOTSUPP && errno != ENODEV)
		return VIRTIO_BLK_S_IOERR;
	return discard || !write_zeroes(b, at, len) ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static uint8_t do_clear(struct blk *b, const struct vq_chain *c, bool discard)
{
	struct virtio_blk_discard_write_zeroes r[MAX_CLEAR];
	size_t len = c->read_len - sizeof(struct virtio_blk_outhdr);
	uint8_t status = VIRTIO_BLK_S_OK;

	if (!(b->dev.accepted & BIT(VIRTIO_BLK_F_DISCARD)))
		return VIRTIO_BLK_S_UNSUPP;
	if (!len || len % sizeof(r[0]) || len > sizeof(r))
		return VIRTIO_BLK_S_IOERR;
	vq_read(c, sizeof(struct virtio_blk_outhdr), r, len);
	for (size_t i = 0; i < len / sizeof(r[0]) && !status; i++)
		status = clear(b, &r[i], discard);
	return status;
}

/* ---- requests ---- */

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
		return (b->fd < 0 ? nbd_flush(&b->nbd) : fdatasync(b->fd)) ? VIRTIO_BLK_S_IOERR
									   : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		*written = (uint32_t)vq_write(c, 0, b->id, MIN(sizeof(b->id), c->write_len - 1));
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return do_clear(b, c, h.type == VIRTIO_BLK_T_DISCARD);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/* A request without header or status byte cannot even be refused. */
static int64_t serve(struct virtio_device *dev, const struct vq_chain *c)
{
	struct blk *b = container_of(dev, struct blk, dev);
	uint32_t written = 0;
	uint8_t status;

	if (c->read_len < sizeof(struct virtio_blk_outhdr) || !c->write_len)
		return -EPROTO;
	status = do_request(b, c, &written);
	vq_write(c, c->write_len - 1, &status, 1);
	return written + 1;
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	worker_notify(&container_of(dev, struct blk, dev)->worker);
}

static void reset(struct virtio_device *dev)
{
	worker_settle(&container_of(dev, struct blk, dev)->worker);
}

static const struct virtio_class blk_class = {
	.id = VIRTIO_ID_BLOCK,
	.pci_class = 0x018000, /* mass storage, other */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
	.reset = reset,
};

static int set_size(struct blk *b, const char *path, uint64_t size)
{
	b->size = ALIGN_DOWN(size, SECTOR);
	if (b->size != size)
		log_warn("disk %s: its last %u bytes are not a whole sector and are left out", path,
			 (unsigned int)(size - b->size));
	return b->size ? 0 : -ENOSPC;
}

static int open_image(struct blk *b, const char *path, bool readonly)
{
	struct stat st;
	char magic[4];
	off_t end;

	b->fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (b->fd < 0 || fstat(b->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -ENOTBLK;
	/* Two writers, or a writer and a reader, would ruin the file system in it. */
	if (flock(b->fd, (readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	if (pread(b->fd, magic, sizeof(magic), 0) == sizeof(magic) && !memcmp(magic, "QFI\xfb", 4))
		return -ENOEXEC;
	end = lseek(b->fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	return set_size(b, path, (uint64_t)end);
}

static void make_config(struct blk *b, bool readonly)
{
	struct virtio_blk_config cfg = {
		.capacity = b->size / SECTOR,
		.size_max = SIZE_MAX_BYTES,
		.seg_max = SEG_MAX,
		.min_io_size = 1,
		.opt_io_size = GOOD_BYTES / SECTOR,
		.max_discard_sectors = MAX_SECTOR,
		.max_discard_seg = MAX_CLEAR,
		.discard_sector_alignment = 1,
		.max_write_zeroes_sectors = MAX_SECTOR,
		.max_write_zeroes_seg = MAX_CLEAR,
		.write_zeroes_may_unmap = 1,
	};

	b->dev.config_len = offsetof(struct virtio_blk_config, write_zeroes_may_unmap) + 4;
	if (readonly)
		b->dev.config_len = offsetof(struct virtio_blk_config, wce);
	memcpy(b->dev.config, &cfg, b->dev.config_len);
}

static const char *explain(int ret)
{
	return ret == -ENOTBLK	 ? "neither a regular file nor a block device"
	       : ret == -EBUSY	 ? "somebody else uses it (,ro lets several read)"
	       : ret == -ENOSPC	 ? "smaller than one sector"
	       : ret == -ENOEXEC ? "a qcow2 image: say so (,qcow2)"
				 : strerror(-ret);
}

int blk_init(struct blk *b, const struct guest_memory *mem, const char *path, bool readonly,
	     bool qcow2, unsigned int index, unsigned int threads)
{
	uint64_t features = BIT(VIRTIO_BLK_F_SIZE_MAX) | BIT(VIRTIO_BLK_F_SEG_MAX) |
			    BIT(VIRTIO_BLK_F_TOPOLOGY) | BIT(VIRTIO_BLK_F_FLUSH) |
			    BIT(VIRTIO_RING_F_INDIRECT_DESC);
	int ret;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	b->nbd.helper.messages = -1;
	if (!qcow2)
		ret = open_image(b, path, readonly);
	else if (nbd_open(&b->nbd, path, readonly))
		return -EIO;
	else
		ret = set_size(b, path, b->nbd.size);
	features |= readonly ? BIT(VIRTIO_BLK_F_RO)
			     : BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES);
	snprintf(b->id, sizeof(b->id), "softrealm-disk%u", index);
	virtio_init(&b->dev, &blk_class, mem, features, 1);
	make_config(b, readonly);
	if (!ret)
		ret = worker_start(&b->worker, &b->dev, threads, serve);
	if (!ret)
		return 0;
	log_error("disk %s: %s", path, explain(ret));
	blk_destroy(b);
	return ret;
}

bool blk_destroy(struct blk *b)
{
	if (!worker_stop(&b->worker))
		return false;
	if (b->nbd.helper.messages >= 0)
		nbd_close(&b->nbd);
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	return true;
}
