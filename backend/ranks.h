/* SPDX-License-Identifier: BSD-3-Clause */
/* ranks.h - the order of the layer's locks (docs/locking.md), for base/lock.h. */
#ifndef BACKEND_RANKS_H
#define BACKEND_RANKS_H

#include "base/lock.h"

enum {
	RANK_REMAP = LOCK_RANKS_CHANNEL,
	RANK_LIFE,

	RANK_PULLER = LOCK_RANKS_BACKEND,
	RANK_INPROC,
	RANK_MM,
	RANK_SERVER,

	RANK_REPORT = LOCK_RANKS_OBSERVER,
	RANK_TRACER,
	RANK_DOOR,
	RANK_OUTBOX,
};

#endif
