/* SPDX-License-Identifier: BSD-3-Clause */
/* vhost_blk.h - a virtio block device that another process serves, as qemu-storage-daemon does. */
#ifndef VMM_VHOST_BLK_H
#define VMM_VHOST_BLK_H

#include "vmm/vhost.h"

/* As vhost_init. Size, features and whether it can be written are the other side's. */
int vhost_blk_init(struct vhost *v, const struct guest_memory *mem, const char *path);

#endif
