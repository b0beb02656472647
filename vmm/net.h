/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net.h - a virtio network device whose cable is a stream socket: each frame has its length before
 * it, four bytes, big-endian (what passt, QEMU's "-netdev stream" and others speak).
 *
 *	UP --the peer goes, or sends a length that no frame has--> DOWN, for good
 */
#ifndef VMM_NET_H
#define VMM_NET_H

#include "vmm/io.h"
#include "vmm/virtio.h"

#define NET_MAX_LEN 65535u /* of a frame; the guest's buffers are smaller as a rule */

struct net {
	struct virtio_device dev;
	struct io_watch peer; /* closed: DOWN */
	/* Called once, on the main thread, with the lock held: why, or NULL: the peer has gone. */
	void (*down)(struct net *n, const char *why);
	/* what came from the peer, from a frame's length on */
	uint8_t in[2 * (4 + NET_MAX_LEN)];
	size_t nin;
	bool waits;  /* for a buffer of the guest's */
	bool broken; /* a length was wrong */
	/* the rest of a frame that the socket had no room for */
	uint8_t out[4 + NET_MAX_LEN];
	size_t out_at, nout;
	uint64_t dropped; /* frames, in either direction */
};

/* fd: the socket, ours from now on; -1: DOWN from the start. io_init must have been called. */
void net_init(struct net *n, const struct guest_memory *mem, int fd,
	      void (*down)(struct net *n, const char *why));
void net_destroy(struct net *n);

#endif
