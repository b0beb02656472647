/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spin.h - whether the next wait begins with a spin; for both sides of the mailbox.
 *
 * A spin saves two wake-ups when the answer comes soon, and where the two sides share a core it
 * only keeps the other from answering. So: spin if the last sleep was short; after a spin that
 * failed, leave out the next 1, 3, 7, .. 255 spins, until one succeeds again. A guest that computes
 * or idles, and a busy machine, cost next to nothing.
 */
#ifndef ENGINE_SPIN_H
#define ENGINE_SPIN_H

#include <stdbool.h>

/* A sleep was short if it took no longer than this many spins: the wake-ups that a spin would have
 * saved are most of it. */
#define SPIN_SHORT_SLEEP 8

struct spin {
	bool slept_short;
	unsigned char penalty; /* spins left out after the last failure */
	unsigned char left;    /* of them, yet to leave out */
};

static inline bool spin_is_worth_it(struct spin *s)
{
	if (!s->slept_short)
		return false;
	if (!s->left)
		return true;
	s->left--;
	return false;
}

static inline void spin_ended(struct spin *s, bool answered)
{
	s->penalty = answered ? 0 : s->penalty < 128 ? 2 * s->penalty + 1 : s->penalty;
	s->left = s->penalty;
}

#endif
