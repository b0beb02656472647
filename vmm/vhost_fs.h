/* SPDX-License-Identifier: BSD-3-Clause */
/* vhost_fs.h - a virtio file system device that another process serves: a virtiofsd. */
#ifndef VMM_VHOST_FS_H
#define VMM_VHOST_FS_H

#include "vmm/vhost.h"

/* tag: the name that the realm mounts; else as vhost_init. */
int vhost_fs_init(struct vhost *v, const struct guest_memory *mem, const char *path,
		  const char *tag);

#endif
