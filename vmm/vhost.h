/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vhost.h - a virtio device that another process serves (vhost-user, the front end).
 *
 * That process gets the memory's descriptor, the queues' places and two eventfds for each, and
 * serves requests by itself; here remain the transport, the device's status and its configuration.
 * In a realm it sees shared pages alone. The guest's addresses come with or without the alias bit,
 * so the memory is told of twice.
 *
 *	IDLE --DRIVER_OK, all is told--> SERVED --reset, each queue is stopped--> IDLE
 *	any --the other side hangs up, is silent for VHOST_PATIENCE, or talks nonsense--> GONE
 *
 * GONE is for ever, and the device needs a reset that does not help.
 */
#ifndef VMM_VHOST_H
#define VMM_VHOST_H

#include "vmm/io.h"
#include "vmm/virtio.h"

#define VHOST_PATIENCE	 10 /* seconds */
#define VHOST_MAX_QUEUES 2
#define VHOST_CONFIG_MAX 60 /* bytes of a device's configuration */

struct vhost;

struct vhost_queue {
	struct io_watch call; /* eventfd that the other side writes */
	int kick;	      /* eventfd that we write */
	struct vhost *vhost;
};

struct vhost {
	struct virtio_device dev;
	const char *path; /* of its socket, for messages */
	struct io_watch sock;
	uint64_t features; /* the other side's */
	bool acks;	   /* it says when it has done what it was told */
	bool has_config;   /* it knows the device's configuration */
	bool served, gone;
	struct vhost_queue queue[VHOST_MAX_QUEUES];
};

/*
 * Connect to who listens at the path, and agree on features; the memory has a descriptor. The
 * class's functions are vhost_notify, vhost_reset and vhost_ready. 0 or -errno, message printed;
 * vhost_destroy in any case.
 */
int vhost_init(struct vhost *v, const struct virtio_class *class, const struct guest_memory *mem,
	       const char *path, unsigned int nqueues);
/* The first `len` bytes of the device's configuration, where that is the other side's. 0; -EPROTO:
 * it has none; -EPIPE. */
int vhost_get_config(struct vhost *v, void *config, uint32_t len);
/* After the last vCPU. */
void vhost_destroy(struct vhost *v);

void vhost_notify(struct virtio_device *dev, unsigned int n);
void vhost_reset(struct virtio_device *dev);
void vhost_ready(struct virtio_device *dev);

#endif
