// SPDX-License-Identifier: BSD-3-Clause
/* rmm.c - an RMM's life: the granule table over the machine's memory. */
#include "rmm/rmm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rmm/call.h"
#include "rmm/rmi_realm.h"

int rmm_create(const struct rmm_config *cfg, struct rmm **out)
{
	struct rmm *rmm;
	void *table;

	if (!rmm_features_fit(cfg->feature_reg0))
		return -EINVAL;
	rmm = calloc(1, sizeof(*rmm));
	if (!rmm)
		return -ENOMEM;
	rmm->machine = cfg->machine;
	rmm->engine = cfg->engine;
	rmm->attest = cfg->attest;
	rmm->feature_reg0 =
		cfg->feature_reg0 ? cfg->feature_reg0 : rmm_default_features(cfg->machine);
	rmm->num_granules = machine_size(cfg->machine) >> GRANULE_SHIFT;

	/* Zero is UNDELEGATED; what is never delegated costs nothing. */
	table = mmap(NULL, rmm->num_granules * sizeof(struct granule), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (table == MAP_FAILED) {
		free(rmm);
		return -ENOMEM;
	}
	rmm->granules = table;
	*out = rmm;
	return 0;
}

void rmm_destroy(struct rmm *rmm)
{
	if (!rmm)
		return;
	realm_stop_engines(rmm);
	munmap(rmm->granules, rmm->num_granules * sizeof(struct granule));
	free(rmm);
}

uint64_t rmm_delegated_granules(const struct rmm *rmm)
{
	return atomic_load(&rmm->delegations) - atomic_load(&rmm->undelegations);
}

uint64_t rmm_granule_changes(const struct rmm *rmm)
{
	return atomic_load(&rmm->delegations) + atomic_load(&rmm->undelegations);
}

bool rmm_granule_protected(const struct rmm *rmm, uint64_t pa)
{
	const struct granule *g = granule_find(rmm, pa & ~(GRANULE_SIZE - 1));

	return g && granule_state(g) != GRANULE_UNDELEGATED;
}
