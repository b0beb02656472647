// SPDX-License-Identifier: BSD-3-Clause
/*
 * rmm_debug.c - a debugger's access to a realm's memory.
 *
 * It happens under the RD's lock, so the page stays the realm's for as long as it takes: no entry
 * of the RTT changes meanwhile, and no page of it is given away.
 */
#include "rmm/rmm_debug.h"

#include <errno.h>
#include <string.h>

#include "rmm/rtt.h"
#include "rmm/state.h"

/* The realm's RD, locked; NULL: there is none. */
static struct granule *lock_realm(struct rmm *rmm, unsigned int vmid, struct rd **rd)
{
	uint64_t pa = vmid < RMM_NUM_VMIDS ? atomic_load(&rmm->realms[vmid]) : 0;
	struct granule *g = pa ? granule_lock_as(rmm, pa, GRANULE_RD) : NULL;

	if (!g)
		return NULL;
	*rd = rd_map(rmm, pa);
	if ((*rd)->vmid == vmid)
		return g;
	granule_unlock(g);
	return NULL;
}

/* Where it lies; 0: nowhere that the realm could reach in this way. */
static uint64_t find(struct rmm *rmm, const struct rd *rd, uint64_t ipa, size_t len, bool write)
{
	uint64_t need = write ? RTTE_S2AP_RW : 1;
	struct rtt_walk w;

	if (!rd_in_space(rd, ipa) || ipa % GRANULE_SIZE + len > GRANULE_SIZE)
		return 0;
	rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, &w);
	if (rtte_state(w.entry, w.level) == RTTE_TABLE || !rtte_valid(w.entry) ||
	    (FIELD_GET(RTTE_S2AP, w.entry) & need) != need)
		return 0;
	return rtte_pa(w.entry) + (ipa - w.base);
}

static void copy(struct rmm *rmm, struct rd *rd, uint64_t pa, void *buf, size_t len, bool write)
{
	char *at = (char *)granule_map(rmm, ALIGN_DOWN(pa, GRANULE_SIZE)) + pa % GRANULE_SIZE;

	if (!write) {
		memcpy(buf, at, len);
		return;
	}
	memcpy(at, buf, len);
	if (rd_engine(rmm, rd))
		rmm->engine->touch(rd_engine(rmm, rd), -1, ALIGN_DOWN(pa, GRANULE_SIZE),
				   GRANULE_SIZE);
}

int rmm_debug_memory(struct rmm *rmm, unsigned int vmid, uint64_t ipa, void *buf, size_t len,
		     bool write)
{
	struct rd *rd;
	struct granule *g = lock_realm(rmm, vmid, &rd);
	uint64_t pa;

	if (!g)
		return -EFAULT;
	pa = find(rmm, rd, ipa, len, write);
	if (pa)
		copy(rmm, rd, pa, buf, len, write);
	granule_unlock(g);
	return pa ? 0 : -EFAULT;
}
