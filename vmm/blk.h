/* SPDX-License-Identifier: BSD-3-Clause */
/* blk.h - a virtio block device over a raw image file or a block device. */
#ifndef VMM_BLK_H
#define VMM_BLK_H

#include "vmm/virtio.h"
#include "vmm/worker.h"

struct blk {
	struct virtio_device dev;
	struct worker worker;
	int fd;	       /* a read-only disk's cannot write either */
	uint64_t size; /* bytes, a multiple of the sector size */
	char id[20];   /* what the guest sees as serial number */
};

#define BLK_THREADS 2

/* 0 or -errno, message printed. threads: see worker_start. */
int blk_init(struct blk *b, const struct guest_memory *mem, const char *path, bool readonly,
	     unsigned int index, unsigned int threads);
/* False: a request does not come back; see worker_stop. */
bool blk_destroy(struct blk *b);

#endif
