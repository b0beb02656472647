// SPDX-License-Identifier: BSD-3-Clause
/*
 * fd_table.c - the VMM's table of descriptors, in which some are ours. A child of vfork has its
 * parent's memory, but a table of its own: its numbers are left alone.
 */
#include "client/parts.h"

static int next_own(int from)
{
	int all[] = {object_next_own(from), mapping_next_own(from), own_number(maps_own()),
		     own_number(link_own())};
	int next = -1;

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= from && (next < 0 || all[i] < next))
			next = all[i];
	return next;
}

static struct own *owner(int fd)
{
	struct object *obj = object_owner(fd);
	struct own *o = obj			       ? &obj->talk.own
			: own_number(maps_own()) == fd ? maps_own()
			: own_number(link_own()) == fd ? link_own()
						       : mapping_owner(fd);

	return o && own_valid(o) ? o : NULL;
}

bool fd_table_owns(int fd)
{
	return fd >= 0 && client_is_here() && next_own(fd) == fd && owner(fd);
}

int fd_table_close_range(unsigned int first, unsigned int last, int flags)
{
	int r = 0, own;

	if (!client_is_here() || first > last)
		return sys(close_range, first, last, flags);
	while (!r && first <= last) {
		own = first <= INT32_MAX ? next_own(first) : -1;
		while (own >= 0 && !owner(own))
			own = next_own(own + 1);
		if (own < 0 || (unsigned int)own > last)
			return sys(close_range, first, last, flags);
		if ((unsigned int)own > first)
			r = sys(close_range, first, own - 1, flags);
		first = own + 1;
	}
	return r;
}

int fd_table_yield(int fd)
{
	struct own *o = fd_table_owns(fd) ? owner(fd) : NULL;
	struct object *obj = object_owner(fd);
	bool moved;

	if (!o)
		return 0;
	if (!obj)
		return own_move(o) ? 0 : -EBUSY;
	/* Not while a request is under way. */
	if (!latch_try(&obj->latch, LATCH_OBJECT))
		return -EBUSY;
	moved = own_move(o);
	latch_drop(&obj->latch);
	return moved ? 0 : -EBUSY;
}
