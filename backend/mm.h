/* SPDX-License-Identifier: BSD-3-Clause */
/* mm.h - inside of a client's address space: mm.c, mm_report.c, mm_remap.c, mm_shared.c. */
#ifndef BACKEND_MM_H
#define BACKEND_MM_H

#include <stdatomic.h>

#include "backend/channel.h"

#define MM_TOUCHES_TOLD 16
#define MM_AREA_GMEM	0x10000 /* in an area's tag, beside the protection */

/* A part of a file that others share, in physical memory. */
struct mm_piece {
	struct mm_piece *next;
	uint64_t dev, ino, offset, size;
	uint64_t pa;
};

struct mm {
	struct kvm_mm base;
	struct server *srv;
	struct mm *next; /* srv->mms */
	uint64_t token;
	uint32_t serial; /* names it for the watcher: a process's number is used again */
	pid_t pid;
	unsigned int refs;    /* srv->lock */
	bool process;	      /* one of them is the process's; srv->lock */
	atomic_uint touches;  /* of guarded memory */
	unsigned int closing; /* channels whose file is being released; srv->lock */
	unsigned int vms;     /* ... and so many are VMs'; srv->lock */
	int pidfd;

	struct lock lock; /* all below; innermost */
	struct ranges areas, owned, hidden;
	struct mm_piece *pieces;
	atomic_uint num_gmem;	/* areas that are a guest_memfd's */
	unsigned int reports;	/* under way */
	unsigned int attaching; /* calls that have attached memory and may yet make a slot of it */
	bool uncollected;	/* some owned pages may be in no area; the last report looks */
	bool keep_all;		/* the client maps pages that no area tells of */
	bool warned_fixed, warned_memfd;

	struct lock remap_lock; /* over a whole mm_remap; outer */
	uint64_t changes_seen;	/* when mm_remap looked last */
	atomic_bool look_again; /* areas have changed since */
};

/* Without a VM there is no slot, and nothing needs to be moved. */
static inline bool mm_has_vms(struct mm *mm)
{
	bool has;

	lock_take(&mm->srv->lock);
	has = mm->vms > 0;
	lock_drop(&mm->srv->lock);
	return has;
}

/* ---- mm_shared.c ---- */
/* Where [offset, offset + size) of the file, whole pages, lies in physical memory: *pa. Without a
 * descriptor it is the one of this device and inode, if it is known from before. 0, -EINVAL (not a
 * file that may be shared), -EBADF (not known), or as machine_share. fd stays the caller's. */
int mm_share(struct mm *mm, int fd, const uint64_t id[2], uint64_t offset, uint64_t size,
	     uint64_t *pa);
/* mm->lock held: pieces that no area shows, which are to be unshared without it. */
struct mm_piece *mm_take_unused(struct mm *mm);
void mm_unshare(struct mm *mm, struct mm_piece *p);

#endif
