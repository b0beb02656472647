/* SPDX-License-Identifier: BSD-3-Clause */
/* fs.h - a virtio file system device: a folder of the host's, shared with the realm. */
#ifndef VMM_FS_H
#define VMM_FS_H

#include "vmm/fuse.h"
#include "vmm/virtio.h"
#include "vmm/worker.h"

#define FS_TAG_MAX 36

struct fs {
	struct virtio_device dev;
	struct worker worker;
	struct fuse fuse;
	uint8_t *in, *out; /* FUSE_MAX_CALL bytes each: copies that the realm cannot change */
};

/* tag: the name that the realm mounts; threads: 1 or 0 (worker.h). 0 or -errno, message printed. */
int fs_init(struct fs *fs, const struct guest_memory *mem, const char *path, const char *tag,
	    bool readonly, unsigned int threads);
/* False: a request does not come back; see worker_stop. */
bool fs_destroy(struct fs *fs);

#endif
