// SPDX-License-Identifier: BSD-3-Clause
/* rsi_realm.c - RSI VERSION, FEATURES, REALM_CONFIG and the measurement calls. */
#include <string.h>

#include "base/bits.h"
#include "rmm/measurements.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

/* ICH_VTR_EL2: five bits of priority and preemption, 24-bit INTIDs, A3V, TDS, the list registers.
 */
#define ICH_VTR                                                                                    \
	(FIELD_PUT(MASK(31, 29), 4) | FIELD_PUT(MASK(28, 26), 4) | FIELD_PUT(MASK(25, 23), 1) |    \
	 BIT(21) | BIT(19) | (ENGINE_NUM_LRS - 1))

result rsi_version(struct rsi_call *c)
{
	uint64_t newest = RSI_ABI_VERSION_1_1;

	/* The range is an output of the failure too. */
	if (c->e->rd->semantics & RMI_SEMANTICS_2_0) {
		bool known = c->x[1] == RSI_ABI_VERSION || c->x[1] == newest;

		c->out[1] = known ? c->x[1] : newest;
		c->out[2] = newest;
		return known ? OK : &rule_rsi_version;
	}
	if (rmm_version(c->x[1], &c->out[1], &c->out[2]))
		return OK;
	return &rule_rsi_version;
}

/* No RSI feature register has a field in 1.0. */
result rsi_features(struct rsi_call *c)
{
	c->out[1] = 0;
	return OK;
}

static result write_config(struct rsi_call *c, uint64_t addr)
{
	const struct rd *rd = c->e->rd;
	struct rsi_realm_config *config;
	struct rsi_page page;
	result r = rsi_page_arg(c, addr, &page);

	if (r || c->then == RSI_THEN_RETRY)
		return r;
	config = page.va;
	memset(config, 0, sizeof(*config));
	config->ipa_width = rd->ipa_bits;
	config->hash_algo = rd->hash;
	if (rd->semantics & RMI_SEMANTICS_2_0)
		config->gicv3_vtr = ICH_VTR;
	memcpy(config->rpv, rd->rpv, sizeof(config->rpv));
	rsi_page_written(c->e, &page);
	return OK;
}

result rsi_realm_config(struct rsi_call *c)
{
	uint64_t addr = c->x[1];
	struct granule *g;
	result r;

	if (!IS_ALIGNED(addr, sizeof(struct rsi_realm_config)))
		return &rule_rsi_config_align;
	if (!rd_in_par(c->e->rd, addr))
		return &rule_rsi_config_bound;
	g = realm_lock(c->e);
	r = write_config(c, addr);
	granule_unlock(g);
	return r;
}

result rsi_measurement_read(struct rsi_call *c)
{
	struct granule *g;

	if (c->x[1] >= RSI_NUM_MEASUREMENTS)
		return &rule_rsi_measurement_read_index;
	g = realm_lock(c->e);
	memcpy(&c->out[1], c->e->rd->measurement[c->x[1]], RSI_MEASUREMENT_SIZE);
	granule_unlock(g);
	return OK;
}

result rsi_measurement_extend(struct rsi_call *c)
{
	uint64_t index = c->x[1], size = c->x[2];
	struct granule *g;

	if (index < 1 || index >= RSI_NUM_MEASUREMENTS)
		return &rule_rsi_measurement_extend_index;
	if (size > RSI_MEASUREMENT_SIZE)
		return &rule_rsi_measurement_extend_size;
	g = realm_lock(c->e);
	measure_extend_rem(c->e->rd, index, &c->x[3], size);
	granule_unlock(g);
	return OK;
}
