// SPDX-License-Identifier: BSD-3-Clause
/*
 * mm_shared.c - memslots on files that other processes share: which piece of physical memory
 * (machine/shared.h) shows which part of a file, in one address space.
 *
 * A piece is as large as the area that it was made for. Areas that lie inside of one use it too,
 * at whatever address: two slots on one part of a file have one physical page. A piece lives until
 * no area shows any of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "backend/mm.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "machine/shared.h"

#define XFS_MAGIC 0x58465342
#define ZFS_MAGIC 0x2fc12fc1
#define BCACHEFS  0xca451a4e

/* Their pages come from this machine's memory and disks. Others' (FUSE, the network, what may be
 * mounted over these) come from somebody who may never answer: a load would not end. */
static const unsigned long local[] = {
	TMPFS_MAGIC,	   HUGETLBFS_MAGIC,  RAMFS_MAGIC, EXT4_SUPER_MAGIC, XFS_MAGIC,
	BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, ZFS_MAGIC,	  BCACHEFS,
};

/* The size of its pages; 0: no file that may be shared. */
static uint64_t look_at(int fd, struct stat *st)
{
	struct statfs fs;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & (O_ACCMODE | O_PATH)) != O_RDWR || fstat(fd, st) ||
	    !S_ISREG(st->st_mode) || fstatfs(fd, &fs))
		return 0;
	if ((unsigned long)fs.f_type == HUGETLBFS_MAGIC)
		return fs.f_bsize;
	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if ((unsigned long)fs.f_type == local[i])
			return GRANULE_SIZE;
	return 0;
}

static bool find_place(struct mm *mm, const struct mm_piece *want, uint64_t *pa)
{
	const struct mm_piece *p;

	lock_take(&mm->lock);
	p = mm->pieces;
	while (p && (p->dev != want->dev || p->ino != want->ino || p->offset > want->offset ||
		     want->offset + want->size > p->offset + p->size))
		p = p->next;
	if (p)
		*pa = p->pa + (want->offset - p->offset);
	lock_drop(&mm->lock);
	return p != NULL;
}

static int add(struct mm *mm, const struct mm_piece *want, int fd, uint64_t step, uint64_t *pa)
{
	struct mm_piece *p = malloc(sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = *want;
	p->offset = ALIGN_DOWN(want->offset, step);
	p->size = ALIGN_UP(want->offset + want->size, step) - p->offset;
	r = machine_share(mm->srv->cfg.machine, fd, p->offset, p->size, step, &p->pa);
	if (r) {
		free(p);
		return r;
	}
	*pa = p->pa + (want->offset - p->offset);
	lock_take(&mm->lock);
	p->next = mm->pieces;
	mm->pieces = p;
	mm->uncollected = true; /* if no area comes of it */
	lock_drop(&mm->lock);
	return 0;
}

int mm_share(struct mm *mm, int fd, const uint64_t id[2], uint64_t offset, uint64_t size,
	     uint64_t *pa)
{
	struct mm_piece want = {.dev = id[0], .ino = id[1], .offset = offset, .size = size};
	struct stat st;
	uint64_t step = fd >= 0 ? look_at(fd, &st) : 0;
	bool known;

	if ((fd >= 0 && !step) || offset + size < offset)
		return -EINVAL;
	if (fd >= 0) {
		want.dev = st.st_dev;
		want.ino = st.st_ino;
	}
	known = find_place(mm, &want, pa);
	if (known)
		machine_share_again(mm->srv->cfg.machine, *pa);
	else if (fd >= 0)
		return add(mm, &want, fd, step, pa);
	return known ? 0 : -EBADF;
}

static bool is_shown(const struct mm *mm, const struct mm_piece *p)
{
	for (size_t i = 0; i < mm->areas.n; i++) {
		const struct range *a = &mm->areas.v[i];

		if (a->to < p->pa + p->size && p->pa < a->to + (a->end - a->start))
			return true;
	}
	return false;
}

struct mm_piece *mm_take_unused(struct mm *mm)
{
	struct mm_piece **at = &mm->pieces, *p, *unused = NULL;

	lock_assert_held(&mm->lock);
	while ((p = *at)) {
		if (is_shown(mm, p)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		p->next = unused;
		unused = p;
	}
	return unused;
}

void mm_unshare(struct mm *mm, struct mm_piece *p)
{
	struct mm_piece *next;

	for (; p; p = next) {
		next = p->next;
		machine_unshare(mm->srv->cfg.machine, p->pa);
		free(p);
	}
}
