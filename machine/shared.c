// SPDX-License-Identifier: BSD-3-Clause
/* shared.c - the list of pieces, and who looks at them. */
#include "machine/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/sigbus.h"
#include "machine/memory.h"

#define HUGE_SIZE UINT64_C(0x200000)

struct shared {
	struct lock lock; /* all below */
	atomic_uint n;	  /* read without it */
	struct machine_piece piece[MACHINE_MAX_PIECES];
	struct machine_viewer *viewers;
};

struct shared *shared_create(void)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (s)
		lock_init(&s->lock, MACHINE_RANK_SHARED, "shared->lock");
	return s;
}

void shared_destroy(struct shared *s)
{
	if (!s)
		return;
	lock_destroy(&s->lock);
	free(s);
}

/* ---- viewers ---- */

void machine_view(struct machine *m, struct machine_viewer *v)
{
	struct shared *s = machine_shared(m);

	lock_take(&s->lock);
	for (unsigned int i = 0; i < s->n; i++)
		v->show(v, &s->piece[i]);
	v->show(v, NULL);
	v->next = s->viewers;
	s->viewers = v;
	lock_drop(&s->lock);
}

void machine_unview(struct machine *m, struct machine_viewer *v)
{
	struct shared *s = machine_shared(m);
	struct machine_viewer **p;

	lock_take(&s->lock);
	for (p = &s->viewers; *p && *p != v; p = &(*p)->next)
		;
	if (*p)
		*p = v->next;
	lock_drop(&s->lock);
}

static int show_all(struct shared *s, const struct machine_piece *p)
{
	int r = 0;

	for (struct machine_viewer *v = s->viewers; v && !r; v = v->next)
		r = v->show(v, p);
	return r;
}

/* ---- pieces; the lock is held ---- */

static int map_here(struct machine *m, const struct machine_piece *p)
{
	static const char say[] = "softrealm: a file that backs a memslot was cut short: what is "
				  "missing reads as zero\n";
	void *at = machine_va(m, p->pa, p->size);
	int r = 0;

	sigbus_forget(at);
	if (p->step)
		r = sigbus_watch(at, p->size, p->step, say);
	if (!r && mmap(at, p->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
		       p->fd, (off_t)p->offset) == MAP_FAILED)
		r = -errno;
	if (r)
		sigbus_forget(at);
	return r;
}

/* Physical memory where the piece was, for everybody. A viewer that cannot map it would go on with
 * the file, so it gives itself up. If we cannot map it, the pages are never used again. */
static void take_away(struct machine *m, struct shared *s, const struct machine_piece *p)
{
	const struct machine_piece ram = {.pa = p->pa,
					  .size = p->size,
					  .fd = machine_client_memfd(m),
					  .offset = p->pa - machine_client_base(m)};

	for (struct machine_viewer *v = s->viewers; v; v = v->next)
		v->show(v, &ram);
	close(p->fd);
	if (!map_here(m, &ram))
		machine_free(m, p->pa, p->size / GRANULE_SIZE);
	else
		log_error("%llu KiB of physical memory cannot be mapped again and are not used any "
			  "more",
			  (unsigned long long)p->size >> 10);
}

static int add(struct machine *m, struct shared *s, struct machine_piece *p)
{
	uint64_t align = p->size >= HUGE_SIZE ? MAX(p->step, HUGE_SIZE) : p->step;
	int r;

	if (s->n == MACHINE_MAX_PIECES)
		return -ENOSPC;
	p->fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 3);
	if (p->fd < 0)
		return -ENOMEM;
	p->pa = machine_alloc_client(m, p->size / GRANULE_SIZE, align);
	if (!p->pa) {
		close(p->fd);
		return -ENOMEM;
	}
	r = map_here(m, p);
	if (!r)
		r = show_all(s, p);
	if (r)
		take_away(m, s, p);
	else
		s->piece[s->n++] = *p;
	return r;
}

static struct machine_piece *find(struct shared *s, uint64_t pa)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (pa >= s->piece[i].pa && pa - s->piece[i].pa < s->piece[i].size)
			return &s->piece[i];
	return NULL;
}

int machine_share(struct machine *m, int fd, uint64_t offset, uint64_t size, uint64_t step,
		  uint64_t *pa)
{
	struct shared *s = machine_shared(m);
	struct machine_piece p = {.size = size, .fd = fd, .offset = offset, .step = step};
	int r;

	if (step < GRANULE_SIZE || (step & (step - 1)) || !size || !IS_ALIGNED(offset | size, step))
		return -EINVAL;
	lock_take(&s->lock);
	r = add(m, s, &p);
	lock_drop(&s->lock);
	*pa = p.pa;
	return r;
}

void machine_share_again(struct machine *m, uint64_t pa)
{
	struct shared *s = machine_shared(m);
	const struct machine_piece *p;

	lock_take(&s->lock);
	p = find(s, pa);
	if (p && (map_here(m, p) || show_all(s, p)))
		log_warn("a file that backs a memslot cannot be mapped anew");
	lock_drop(&s->lock);
}

void machine_unshare(struct machine *m, uint64_t pa)
{
	struct shared *s = machine_shared(m);
	struct machine_piece *p, gone;

	lock_take(&s->lock);
	p = find(s, pa);
	if (p) {
		gone = *p;
		*p = s->piece[--s->n];
		take_away(m, s, &gone);
	}
	lock_drop(&s->lock);
}

bool shared_holds(struct shared *s, uint64_t pa)
{
	bool holds;

	if (!s->n)
		return false;
	lock_take(&s->lock);
	holds = find(s, pa) != NULL;
	lock_drop(&s->lock);
	return holds;
}
