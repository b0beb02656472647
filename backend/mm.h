/* SPDX-License-Identifier: BSD-3-Clause */
/* mm.h - inside of a client's address space: mm.c, mm_report.c, mm_remap.c. */
#ifndef BACKEND_MM_H
#define BACKEND_MM_H

#include <stdatomic.h>

#include "backend/channel.h"

#define MM_TOUCHES_TOLD 16
#define MM_AREA_GMEM	0x10000 /* in an area's tag, beside the protection */

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

	pthread_mutex_t lock; /* all below; innermost */
	struct ranges areas, owned, hidden;
	atomic_uint num_gmem; /* areas that are a guest_memfd's */
	unsigned int reports; /* under way */
	bool uncollected;     /* some owned pages may be in no area; the last report looks */
	bool keep_all;	      /* the client maps pages that no area tells of */
	bool warned_fixed, warned_memfd;

	pthread_mutex_t remap_lock; /* over a whole mm_remap; outer */
	uint64_t changes_seen;	    /* when mm_remap looked last */
	atomic_bool look_again;	    /* areas have changed since */
};

/* Without a VM there is no slot, and nothing needs to be moved. */
static inline bool mm_has_vms(struct mm *mm)
{
	bool has;

	pthread_mutex_lock(&mm->srv->lock);
	has = mm->vms > 0;
	pthread_mutex_unlock(&mm->srv->lock);
	return has;
}

#endif
