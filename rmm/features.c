// SPDX-License-Identifier: BSD-3-Clause
/* features.c - RMI_VERSION, RMI_FEATURES, and what the platform offers by default. */
#include "base/bits.h"
#include "machine/memory.h"
#include "rmm/call.h"
#include "rmm/rules.h"

/*
 * 48-bit IPAs, 52 with LPA2 where the machine's CPUs have that, and so for SVE and PMU; 6
 * breakpoints, 4 watchpoints (what QEMU's CPU has); both hashes; 2^7 - 1 RECs, which is how many
 * the engine has CPUs for.
 */
#define MAX_RECS_ORDER 7
_Static_assert((1 << MAX_RECS_ORDER) - 1 <= ENGINE_MAX_CPUS, "each REC can run");

static uint64_t cpu_features(unsigned int cpu)
{
	uint64_t f = FIELD_PUT(RMI_FEATURE0_S2SZ, RMM_PA_BITS);

	if (cpu & MACHINE_CPU_LPA2)
		f = FIELD_PUT(RMI_FEATURE0_S2SZ, RMM_LPA2_BITS) | RMI_FEATURE0_LPA2;
	if (cpu & MACHINE_CPU_SVE)
		f |= RMI_FEATURE0_SVE_EN | FIELD_PUT(RMI_FEATURE0_SVE_VL, ENGINE_MAX_VQ - 1);
	if (cpu & MACHINE_CPU_PMU)
		f |= RMI_FEATURE0_PMU_EN |
		     FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, ENGINE_NUM_COUNTERS);
	return f;
}

uint64_t rmm_default_features(const struct machine *m)
{
	return cpu_features(m ? machine_cpu(m) : 0) | FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) |
	       FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) | RMI_FEATURE0_HASH_SHA_256 |
	       RMI_FEATURE0_HASH_SHA_512 |
	       FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, ENGINE_NUM_LRS - 1) |
	       FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, MAX_RECS_ORDER);
}

static unsigned int num_lrs(uint64_t f0)
{
	return FIELD_GET(RMI_FEATURE0_GICV3_NUM_LRS, f0) + 1;
}

unsigned int rmm_num_lrs(const struct rmm *rmm)
{
	return num_lrs(rmm->feature_reg0);
}

bool rmm_features_fit(uint64_t f0)
{
	return FIELD_GET(RMI_FEATURE0_S2SZ, f0) <=
		       (f0 & RMI_FEATURE0_LPA2 ? RMM_LPA2_BITS : RMM_PA_BITS) &&
	       num_lrs(f0) <= ENGINE_NUM_LRS &&
	       (1u << FIELD_GET(RMI_FEATURE0_MAX_RECS_ORDER, f0)) - 1 <= ENGINE_MAX_CPUS;
}

/* One version is supported, so there is none below it to fall back to. */
bool rmm_version(uint64_t req, uint64_t *lower, uint64_t *higher)
{
	*lower = *higher = RMI_ABI_VERSION;
	return req == RMI_ABI_VERSION;
}

result rmi_version(struct rmi_call *c)
{
	return rmm_version(c->x[1], &c->out[1], &c->out[2]) ? OK : &rule_rmi_version;
}

result rmi_features(struct rmi_call *c)
{
	c->out[1] = c->x[1] == 0 ? c->rmm->feature_reg0 : 0;
	return OK;
}
