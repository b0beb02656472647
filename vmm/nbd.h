/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nbd.h - a qcow2 image behind a qemu-nbd of our own, spoken to by the NBD protocol
 * (NetworkBlockDevice/nbd, doc/proto.md). Several threads ask at the same time, each on its own
 * connection. qemu-nbd ends with the last of them, so also when this process is killed.
 */
#ifndef VMM_NBD_H
#define VMM_NBD_H

#include <pthread.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/helper.h"

#define NBD_CONNECTIONS 2

struct nbd {
	struct helper helper;
	uint64_t size;
	uint16_t flags; /* what it can do, NBD_FLAG_* */
	struct nbd_connection {
		pthread_mutex_t lock;
		int fd; /* -1: lost */
	} connections[NBD_CONNECTIONS];
};

/* 0 or -errno, message printed. */
int nbd_open(struct nbd *n, const char *path, bool readonly);
void nbd_close(struct nbd *n);

/* Each 0 or -EIO. The buffers' array is changed. */
int nbd_transfer(struct nbd *n, struct iovec *iov, unsigned int count, uint64_t at, bool write);
int nbd_flush(struct nbd *n);
/* Zeroes are read there afterwards; with `discard` that is not certain. */
int nbd_clear(struct nbd *n, uint64_t at, uint32_t len, bool discard, bool unmap);

#endif
