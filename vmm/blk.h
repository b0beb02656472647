/* SPDX-License-Identifier: BSD-3-Clause */
/* blk.h - a virtio block device over a raw image, a block device or a qcow2 image. */
#ifndef VMM_BLK_H
#define VMM_BLK_H

#include "vmm/nbd.h"
#include "vmm/virtio.h"
#include "vmm/worker.h"

struct blk {
	struct virtio_device dev;
	struct worker worker;
	int fd; /* a read-only disk's cannot write either; -1: a qcow2 image */
	struct nbd nbd;
	uint64_t size; /* bytes, a multiple of the sector size */
	char id[20];   /* what the guest sees as serial number */
};

#define BLK_THREADS 2

/* 0 or -errno, message printed. threads: see worker_start. */
int blk_init(struct blk *b, const struct guest_memory *mem, const char *path, bool readonly,
	     bool qcow2, unsigned int index, unsigned int threads);
/* False: a request does not come back; see worker_stop. */
bool blk_destroy(struct blk *b);

#endif
