// SPDX-License-Identifier: BSD-3-Clause
/* latch.c - the core's locks, and who holds which (latch.h). */
#include <linux/futex.h>
#include <time.h>

#include "client/parts.h"

#ifdef LOCK_CHECK

static const char *const names[] = {
	[LATCH_LINK] = "link",	     [LATCH_OBJECT] = "object", [LATCH_OBJECTS] = "objects",
	[LATCH_WATCHED] = "watched", [LATCH_SEGV] = "segv",	[LATCH_MAPPINGS] = "mappings",
	[LATCH_KNOWN] = "known",
};

static void say(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	sys(write, 2, text, n);
}

/* Signals are blocked: a trap ends the program all the same. */
static _Noreturn void violated(const char *name, const char *what, const char *other)
{
	say("softrealm: latch ");
	say(name);
	say(what);
	say(other);
	say("\n");
	__builtin_trap();
}

/* What this thread holds as its n-th from `i` on; NULL: no more. */
static struct latch_held *next_held(unsigned int *i, uint32_t self)
{
	for (; *i < LATCH_HELD_MAX; (*i)++)
		if (__atomic_load_n(&client.held[*i].tid, __ATOMIC_RELAXED) == self)
			return &client.held[(*i)++];
	return NULL;
}

static struct latch_held *find_held(const struct latch *l)
{
	uint32_t self = sys(gettid);
	unsigned int i = 0;
	struct latch_held *h;

	do
		h = next_held(&i, self);
	while (h && h->latch != l);
	return h;
}

static void note_taking(const struct latch *l, enum latch_rank rank)
{
	uint32_t self = sys(gettid);
	struct latch_held *h;
	unsigned int i = 0;

	while ((h = next_held(&i, self))) {
		if (h->latch == l)
			violated(names[rank], " is taken twice", "");
		if (h->rank >= rank)
			violated(names[rank], " is taken under ", names[h->rank]);
	}
}

static void note_taken(const struct latch *l, enum latch_rank rank)
{
	uint32_t self = sys(gettid);

	for (struct latch_held *h = client.held; h < client.held + LATCH_HELD_MAX; h++) {
		uint32_t nobody = 0;

		if (!__atomic_compare_exchange_n(&h->tid, &nobody, self, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		h->latch = l;
		h->rank = rank;
		return;
	}
	violated(names[rank], " is one too many", "");
}

static void note_dropped(const struct latch *l)
{
	struct latch_held *h = find_held(l);

	if (!h)
		violated("of somebody else", " is dropped", "");
	h->latch = NULL;
	__atomic_store_n(&h->tid, 0, __ATOMIC_RELEASE);
}

void latch_check_held(const struct latch *l, const char *name)
{
	if (!find_held(l))
		violated(name, " is not held", "");
}

void latch_reset(void)
{
	for (struct latch_held *h = client.held; h < client.held + LATCH_HELD_MAX; h++)
		*h = (struct latch_held){0};
}

#else

static void note_taking(const struct latch *l, enum latch_rank rank)
{
}

static void note_taken(const struct latch *l, enum latch_rank rank)
{
}

static void note_dropped(const struct latch *l)
{
}

void latch_reset(void)
{
}

#endif

static bool take_free(struct latch *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

bool latch_try(struct latch *l, enum latch_rank rank)
{
	if (!take_free(l))
		return false;
	note_taken(l, rank);
	return true;
}

/* No `until`: for ever. */
static bool take(struct latch *l, enum latch_rank rank, const struct timespec *until)
{
	note_taking(l, rank);
	if (!take_free(l))
		while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE))
			if (sys(futex, &l->word, FUTEX_WAIT_PRIVATE, 2, until, NULL, 0) ==
			    -ETIMEDOUT)
				return false;
	note_taken(l, rank);
	return true;
}

bool latch_take_for(struct latch *l, enum latch_rank rank, unsigned int ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000l};

	return take(l, rank, &ts);
}

void latch_take(struct latch *l, enum latch_rank rank)
{
	take(l, rank, NULL);
}

void latch_drop(struct latch *l)
{
	note_dropped(l);
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		sys(futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void latch_lend(struct latch *l)
{
	note_dropped(l);
}

void latch_adopt(struct latch *l, enum latch_rank rank)
{
	note_taken(l, rank);
}
