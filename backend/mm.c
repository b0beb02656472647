// SPDX-License-Identifier: BSD-3-Clause
/*
 * mm.c - the address space of a client process: which physical page lies at a user address.
 *
 * `areas` is what the client reported last about ranges that memslots use: user address ->
 * physical address, tag = protection. `owned` are the pages that this address space was given,
 * tag = enum wire_area: what madvise does to them depends on what they were before.
 *
 * An address space lives as long as its process (its memory stays on our pages even when all of
 * its KVM descriptors are closed) or a VM that refers to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/mm.h"
#include "base/bits.h"
#include "base/log.h"
#include "machine/memory.h"

static struct mm *mm_of(struct kvm_mm *base)
{
	return container_of(base, struct mm, base);
}

struct kvm_mm *mm_base(struct mm *mm)
{
	return &mm->base;
}

static void mm_destroy(struct mm *mm)
{
	for (size_t i = 0; i < mm->owned.n; i++)
		machine_free(mm->srv->cfg.machine, mm->owned.v[i].start,
			     (mm->owned.v[i].end - mm->owned.v[i].start) / GRANULE_SIZE);
	mm_unshare(mm, mm->pieces);
	ranges_destroy(&mm->owned);
	ranges_destroy(&mm->areas);
	ranges_destroy(&mm->hidden);
	lock_destroy(&mm->remap_lock);
	if (mm->pidfd >= 0)
		close(mm->pidfd);
	lock_destroy(&mm->lock);
	free(mm);
}

void mm_get(struct mm *mm)
{
	lock_take(&mm->srv->lock);
	mm->refs++;
	lock_drop(&mm->srv->lock);
}

void mm_put(struct mm *mm)
{
	struct server *s = mm->srv;
	struct mm **p;
	bool last;

	lock_take(&s->lock);
	last = --mm->refs == 0;
	if (last) {
		for (p = &s->mms; *p != mm; p = &(*p)->next)
			;
		*p = mm->next;
	}
	lock_drop(&s->lock);
	if (last)
		mm_destroy(mm);
}

/* The process's own reference, srv->lock held: true if it is the caller's to drop, unlocked. */
static bool take_process(struct mm *mm)
{
	bool had = mm && mm->process;

	if (mm)
		lock_assert_held(&mm->srv->lock);
	if (had)
		mm->process = false;
	return had;
}

void mm_process_ended(struct server *s, uint32_t serial)
{
	struct mm *mm;
	bool had;

	lock_take(&s->lock);
	for (mm = s->mms; mm && mm->serial != serial; mm = mm->next)
		;
	had = take_process(mm);
	lock_drop(&s->lock);
	if (!had)
		return;
	channel_end_all(s, mm);
	mm_put(mm);
}

/* ---- what kvm/ asks ---- */

static void op_get(struct kvm_mm *base)
{
	struct mm *mm = mm_of(base);

	lock_take(&mm->srv->lock);
	mm->refs++;
	mm->vms++;
	lock_drop(&mm->srv->lock);
}

static void op_put(struct kvm_mm *base)
{
	struct mm *mm = mm_of(base);

	lock_take(&mm->srv->lock);
	mm->vms--;
	lock_drop(&mm->srv->lock);
	mm_put(mm);
}

static uint64_t op_lookup(struct kvm_mm *base, uint64_t uaddr, bool write)
{
	struct mm *mm = mm_of(base);
	const struct range *r;
	uint64_t pa = 0;

	lock_take(&mm->lock);
	r = ranges_find(&mm->areas, uaddr);
	if (r && (r->tag & (write ? PROT_WRITE : PROT_READ)))
		pa = r->to + (ALIGN_DOWN(uaddr, GRANULE_SIZE) - r->start);
	lock_drop(&mm->lock);
	return pa;
}

static void count_attach(struct mm *mm, struct wire_caller *c)
{
	lock_take(&mm->lock);
	mm->attaching += !c->attached;
	lock_drop(&mm->lock);
	c->attached = true;
}

void mm_attach_over(struct mm *mm)
{
	lock_take(&mm->lock);
	mm->attaching--;
	lock_drop(&mm->lock);
}

/* What is being attached is in no slot yet: so that is asked first. */
bool mm_uses(struct mm *mm, uint64_t uaddr, uint64_t size)
{
	bool uses;
	size_t i;

	lock_take(&mm->lock);
	i = ranges_first(&mm->areas, uaddr);
	uses = mm->attaching || (i < mm->areas.n && mm->areas.v[i].start < uaddr + size);
	lock_drop(&mm->lock);
	return uses || kvm_mm_uses(mm->srv->cfg.host, &mm->base, uaddr, size);
}

static int op_attach(struct kvm_mm *base, struct kvm_caller *caller, uint64_t uaddr, uint64_t size)
{
	struct wire_caller *c = container_of(caller, struct wire_caller, base);
	struct wire_msg m = {.type = WIRE_ATTACH, .user = {uaddr, size}};
	int r = -EPIPE;

	count_attach(mm_of(base), c);
	if (!c->broken && !channel_say(c->ch, &m, NULL, NULL, 0))
		r = mm_take_report(mm_of(base), c->ch, uaddr, size);
	c->broken |= r == -EPIPE;
	return r ? -ENOMEM : 0;
}

static void op_guard(struct kvm_mm *base, struct kvm_caller *caller, uint64_t uaddr, uint64_t size,
		     uint64_t gpa, bool on)
{
	struct wire_caller *c = container_of(caller, struct wire_caller, base);
	struct wire_msg m = {.type = WIRE_GUARD, .guard = {uaddr, size, gpa, on, 0}};

	c->broken = c->broken || channel_say(c->ch, &m, NULL, NULL, 0) ||
		    channel_hear(c->ch, &m, NULL, 0, NULL) < 0 || m.type != WIRE_ANSWER;
}

void mm_touched(struct mm *mm, const struct wire_msg *m)
{
	unsigned int before = atomic_fetch_add(&mm->touches, 1);

	if (before < MM_TOUCHES_TOLD)
		log_warn("thread %u touches 0x%llx at PC 0x%llx: user memory of IPA 0x%llx, while "
			 "the "
			 "page is private",
			 m->touched.thread, (unsigned long long)m->touched.addr,
			 (unsigned long long)m->touched.pc, (unsigned long long)m->touched.ipa);
	else if (before == MM_TOUCHES_TOLD)
		log_warn("there are more such touches");
}

int mm_open_schedstat(struct mm *mm, uint32_t thread)
{
	const struct server_config *cfg = &mm->srv->cfg;

	return mm->pidfd >= 0 && cfg->open_schedstat ? cfg->open_schedstat(mm->pidfd, thread, "")
						     : -ESRCH;
}

static const struct kvm_mm_ops mm_ops = {
	.attach = op_attach,
	.guard = op_guard,
	.lookup = op_lookup,
	.get = op_get,
	.put = op_put,
};

static struct mm *mm_create(struct server *s, uint64_t token, pid_t pid, int fd)
{
	struct mm *mm = calloc(1, sizeof(*mm));

	if (!mm)
		return NULL;
	mm->base.ops = &mm_ops;
	mm->srv = s;
	mm->token = token;
	mm->serial = ++s->last_mm;
	mm->pid = mm->base.process = pid;
	mm->refs = 2;
	mm->process = true;
	lock_init(&mm->lock, RANK_MM, "mm->lock");
	lock_init(&mm->remap_lock, RANK_REMAP, "mm->remap_lock");
	mm->pidfd = watch_process(s, fd, pid, mm->serial);
	return mm;
}

/* srv->lock held. A process of a namespace that we do not see has no number. */
static struct mm *find_process(struct server *s, pid_t pid)
{
	struct mm *mm = pid > 0 ? s->mms : NULL;

	lock_assert_held(&s->lock);
	while (mm && (mm->pid != pid || !mm->process))
		mm = mm->next;
	return mm;
}

/* A process that comes with a new token has executed another program, or has the number of one
 * that has ended: the old memory is gone. */
struct mm *mm_find(struct server *s, uint64_t token, pid_t pid, int fd)
{
	struct mm *mm, *old = NULL;
	bool over = false;

	lock_take(&s->lock);
	for (mm = s->mms; mm && mm->token != token; mm = mm->next)
		;
	if (mm) {
		mm->refs++;
	} else {
		old = find_process(s, pid);
		over = take_process(old);
		mm = mm_create(s, token, pid, fd);
		if (mm) {
			mm->next = s->mms;
			s->mms = mm;
		}
	}
	lock_drop(&s->lock);
	if (over)
		mm_put(old);
	return mm;
}
