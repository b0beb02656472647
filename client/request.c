// SPDX-License-Identifier: BSD-3-Clause
/* request.c - a whole request on a system channel. */
#include "client/parts.h"

int64_t request_system(struct call *c, struct wire_msg *m)
{
	struct talk spare;
	int64_t ret = -EIO;
	int r;

	c->obj = NULL;
	c->done_fd = -1;
	c->talk = link_talk(&spare, c->mask, &r);
	if (!c->talk)
		return r == -ENOENT ? -EIO : r;
	talk_begin(c->talk);
	if (!talk_send(c->talk, m, NULL, NULL, 0))
		ret = needs_serve(c);
	link_talk_end(c->talk);
	return ret;
}
