// SPDX-License-Identifier: BSD-3-Clause
/*
 * mm_remap.c - delegated pages of a guest_memfd that a client has mapped.
 *
 * To touch one is SIGBUS: before any call of the client returns, an empty file is mapped in the
 * place of pages that have been delegated meanwhile, at the same offset (`hidden`), and physical
 * memory again over those that have come back. The address is theirs all the time: who passes it
 * as a source gets the RMM's answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/mm.h"
#include "machine/memory.h"

static bool is_hidden(struct mm *mm, uint64_t uaddr)
{
	bool hidden;

	lock_take(&mm->lock);
	hidden = ranges_find(&mm->hidden, uaddr) != NULL;
	lock_drop(&mm->lock);
	return hidden;
}

static int take_answer(struct channel *ch)
{
	struct wire_msg m;

	return channel_hear(ch, &m, NULL, 0, NULL) >= 0 && m.type == WIRE_ANSWER ? 0 : -EPIPE;
}

/* [start, end) of area a is to be hidden, or shown again. */
static int remap(struct mm *mm, struct channel *ch, const struct range *a, uint64_t start,
		 uint64_t end, bool hide)
{
	const struct machine *ram = mm->srv->cfg.machine;
	uint64_t pa = a->to + (start - a->start);
	struct wire_msg m = {
		.type = WIRE_REMAP,
		.area = {start, end - start, pa - machine_client_base(ram), a->tag & ~MM_AREA_GMEM,
			 0},
	};
	int file =
		hide ? memfd_create(WIRE_NAME_DELEGATED, MFD_CLOEXEC) : machine_client_memfd(ram);
	int r;

	r = file < 0 || channel_say(ch, &m, NULL, &file, 1) || take_answer(ch);
	if (hide && file >= 0)
		close(file);
	if (r)
		return -EPIPE;
	lock_take(&mm->lock);
	r = hide ? ranges_set(&mm->hidden, start, end, pa, 0)
		 : ranges_clear(&mm->hidden, start, end);
	lock_drop(&mm->lock);
	return r;
}

static int remap_area(struct mm *mm, struct channel *ch, const struct range *a)
{
	const struct server_config *cfg = &mm->srv->cfg;
	uint64_t start = a->start, at;
	bool hide = false, change = false, want;
	int r = 0;

	for (at = a->start; at < a->end && !r; at += GRANULE_SIZE) {
		want = cfg->page_protected(cfg->arg, a->to + (at - a->start));
		if (change && want != hide) {
			r = remap(mm, ch, a, start, at, hide);
			change = false;
		}
		if (!change && want != is_hidden(mm, at)) {
			start = at;
			hide = want;
			change = true;
		} else if (change && want == is_hidden(mm, at)) {
			r = remap(mm, ch, a, start, at, hide);
			change = false;
		}
	}
	return change && !r ? remap(mm, ch, a, start, at, hide) : r;
}

/* The areas of guest_memfds as they are now: an array to be freed, or NULL. */
static struct range *copy_gmem_areas(struct mm *mm, size_t *n)
{
	struct range *v;

	lock_take(&mm->lock);
	*n = 0;
	v = calloc(mm->num_gmem + 1, sizeof(*v));
	for (size_t i = 0; i < mm->areas.n && v; i++)
		if (mm->areas.v[i].tag & MM_AREA_GMEM)
			v[(*n)++] = mm->areas.v[i];
	lock_drop(&mm->lock);
	return v;
}

int mm_remap(struct mm *mm, struct channel *ch)
{
	const struct server_config *cfg = &mm->srv->cfg;
	struct range *areas;
	uint64_t now;
	size_t n;
	int r = 0;

	if (!atomic_load(&mm->num_gmem) || !cfg->page_protected)
		return 0;
	lock_take(&mm->remap_lock);
	now = cfg->protection_changes(cfg->arg);
	if (atomic_exchange(&mm->look_again, false) || now != mm->changes_seen) {
		areas = copy_gmem_areas(mm, &n);
		for (size_t i = 0; i < n && !r; i++)
			r = remap_area(mm, ch, &areas[i]);
		free(areas);
		mm->changes_seen = now;
	}
	lock_drop(&mm->remap_lock);
	return r;
}
