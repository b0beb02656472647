// SPDX-License-Identifier: BSD-3-Clause
/*
 * rmi_realm.c - REALM_CREATE, REALM_ACTIVATE, REALM_DESTROY, REC_AUX_COUNT.
 *
 *	none -> NEW		REALM_CREATE
 *	NEW -> ACTIVE		REALM_ACTIVATE: the RIM is final, the engine starts
 *	ACTIVE -> SYSTEM_OFF	PSCI SYSTEM_OFF, SYSTEM_RESET (rsi_psci.c)
 *	any -> none		REALM_DESTROY, when the realm owns no REC and maps nothing
 *
 * Invariant: rmm->realms[vmid] is the RD's address exactly while the RD exists.
 */
#include "rmm/rmi_realm.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/trace.h"
#include "rmm/measurements.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

void realm_report(const struct rd *rd, const char *what)
{
	trace_event(&(struct trace_event){
		.kind = TRACE_STATE, .name = what, .realm = trace_context_.vm});
}

/* ---- REALM_CREATE ---- */

static result check_features(uint64_t f0, const struct rmi_realm_params *p)
{
	bool lpa2 = p->flags & RMI_REALM_FLAG_LPA2;

	if (lpa2 && !(f0 & RMI_FEATURE0_LPA2))
		return &rule_rmi_realm_lpa2;
	if (p->s2sz < 32 || p->s2sz > FIELD_GET(RMI_FEATURE0_S2SZ, f0))
		return &rule_rmi_realm_s2sz;
	if (p->s2sz > RMM_PA_BITS && !lpa2)
		return &rule_rmi_realm_s2sz_lpa2;
	if (!p->num_bps || p->num_bps > FIELD_GET(RMI_FEATURE0_NUM_BPS, f0))
		return &rule_rmi_realm_num_bps;
	if (!p->num_wps || p->num_wps > FIELD_GET(RMI_FEATURE0_NUM_WPS, f0))
		return &rule_rmi_realm_num_wps;
	if ((p->flags & RMI_REALM_FLAG_SVE) &&
	    (!(f0 & RMI_FEATURE0_SVE_EN) || p->sve_vl > FIELD_GET(RMI_FEATURE0_SVE_VL, f0)))
		return &rule_rmi_realm_sve;
	if ((p->flags & RMI_REALM_FLAG_PMU) &&
	    (!(f0 & RMI_FEATURE0_PMU_EN) ||
	     p->pmu_num_ctrs > FIELD_GET(RMI_FEATURE0_PMU_NUM_CTRS, f0)))
		return &rule_rmi_realm_pmu;
	if (p->hash_algo > RMI_HASH_SHA_512 ||
	    !(f0 & (p->hash_algo ? RMI_FEATURE0_HASH_SHA_512 : RMI_FEATURE0_HASH_SHA_256)))
		return &rule_rmi_realm_hash;
	return OK;
}

static result check_params(const struct rmm *rmm, const struct rmi_realm_params *p, uint64_t rd_pa)
{
	uint64_t size = p->rtt_num_start * GRANULE_SIZE;
	unsigned int tables;
	result r = check_features(rmm->feature_reg0, p);

	if (r)
		return r;
	if (!rtt_geometry(p->s2sz, p->rtt_level_start, p->flags & RMI_REALM_FLAG_LPA2, &tables))
		return &rule_rmi_realm_start_level;
	if (p->rtt_num_start != tables)
		return &rule_rmi_realm_num_start;
	if (p->vmid >= RMM_NUM_VMIDS)
		return &rule_rmi_realm_vmid_range;
	if (!IS_ALIGNED(p->rtt_base, size))
		return &rule_rmi_realm_rtt_align;
	if (rd_pa - p->rtt_base < size)
		return &rule_rmi_realm_rd_is_rtt;
	return OK;
}

/* A serial that no realm has (granule_adopt). There are fewer realms than serials. */
static uint16_t take_serial(struct rmm *rmm)
{
	for (;;) {
		uint32_t n = atomic_fetch_add(&rmm->next_serial, 1) % (RMM_NUM_SERIALS - 2) + 1;
		uint64_t bit = BIT(n % 64);

		if (!(atomic_fetch_or(&rmm->live_serials[n / 64], bit) & bit))
			return n;
	}
}

static void init_start_tables(struct rmm *rmm, const struct rd *rd)
{
	unsigned int n = rtt_start_entries(rd);

	for (unsigned int i = n / 2; i < n; i++)
		rtt_start_table(rmm, rd, i / RTT_ENTRIES)[i % RTT_ENTRIES] = RTTE_NS;
	for (unsigned int t = 0; t < rd->num_start; t++)
		granule_set(rmm, granule_find(rmm, rd->rtt_base + t * GRANULE_SIZE), GRANULE_RTT);
}

static void realm_init(struct rmm *rmm, uint64_t rd_pa, const struct rmi_realm_params *p)
{
	struct rd *rd = rd_map(rmm, rd_pa);

	*rd = (struct rd){
		.state = RD_NEW,
		.vmid = p->vmid,
		.serial = take_serial(rmm),
		.flags = p->flags,
		.rtt_base = p->rtt_base,
		.start_level = p->rtt_level_start,
		.num_start = p->rtt_num_start,
		.ipa_bits = p->s2sz,
		.hash = p->hash_algo,
		.num_bps = p->num_bps,
		.num_wps = p->num_wps,
		.sve_vq = p->flags & RMI_REALM_FLAG_SVE ? p->sve_vl + 1 : 0,
		.pmu = p->flags & RMI_REALM_FLAG_PMU ? p->pmu_num_ctrs + 1 : 0,
		.semantics = p->semantics,
	};
	attest_instance_id(rmm->attest, rd->serial, rd->instance_id);
	memcpy(rd->rpv, p->rpv, sizeof(rd->rpv));
	init_start_tables(rmm, rd);
	granule_set(rmm, granule_find(rmm, rd_pa), GRANULE_RD);
	realm_report(rd, "realm NEW");
	measure_init_rim(rd, p);
}

static result realm_create(struct rmm *rmm, uint64_t rd_pa, const struct rmi_realm_params *p)
{
	struct granule_arg a[1 + RTT_MAX_START_TABLES];
	size_t n = 0;
	uint64_t none = 0;
	result r;

	a[n++] = (struct granule_arg){rd_pa, GRANULE_DELEGATED, &rule_rmi_realm_rd_not_delegated,
				      NULL};
	for (unsigned int t = 0; t < p->rtt_num_start; t++)
		a[n++] = (struct granule_arg){p->rtt_base + t * GRANULE_SIZE, GRANULE_DELEGATED,
					      &rule_rmi_realm_rtt_not_delegated, NULL};
	r = granules_lock(rmm, a, n);
	if (r)
		return r;
	if (atomic_compare_exchange_strong(&rmm->realms[p->vmid], &none, rd_pa))
		realm_init(rmm, rd_pa, p);
	else
		r = &rule_rmi_realm_vmid_used;
	granules_unlock(a, n);
	return r;
}

result rmi_realm_create(struct rmi_call *c)
{
	struct granule *g = granule_lock_as(c->rmm, c->x[2], GRANULE_UNDELEGATED);
	struct rmi_realm_params p;
	result r;

	if (!g)
		return &rule_rmi_params_not_ns;
	memcpy(&p, granule_map(c->rmm, c->x[2]), sizeof(p));
	granule_unlock(g);
	r = check_params(c->rmm, &p, c->x[1]);
	return r ? r : realm_create(c->rmm, c->x[1], &p);
}

/* ---- REALM_ACTIVATE ---- */

/* The specification lets no activation fail so; but a host that is told at once can say why, where
 * one that finds out at REC_ENTER sees a machine that breaks. */
static result start_engine(struct rmm *rmm, struct rd *rd)
{
	int ret;

	if (!rmm->engine || !rd->rec_index)
		return OK;
	ret = rmm->engine->create(rmm->machine, rd->rec_index, &rmm->engines[rd->vmid]);
	if (!ret)
		return OK;
	rmm->engines[rd->vmid] = NULL;
	log_error("realm %u cannot run: engine %s does not start: %s", trace_context_.vm,
		  rmm->engine->name, ret == -ENOENT ? "there is no such program" : strerror(-ret));
	return &rule_rmi_realm_no_engine;
}

static result activate(struct rmi_call *c, struct rd *rd)
{
	result r;

	if (rd->state != RD_NEW)
		return &rule_rmi_realm_not_new;
	r = start_engine(c->rmm, rd);
	if (r)
		return r;
	rd->state = RD_ACTIVE;
	realm_report(rd, "realm ACTIVE");
	return OK;
}

result rmi_realm_activate(struct rmi_call *c)
{
	return rmi_with_realm(c, activate);
}

/* ---- REALM_DESTROY ---- */

static bool realm_maps_something(const struct rmm *rmm, const struct rd *rd)
{
	for (unsigned int i = 0; i < rtt_start_entries(rd); i++)
		if (rtte_keeps_table(rtt_start_table(rmm, rd, i / RTT_ENTRIES)[i % RTT_ENTRIES],
				     rd->start_level))
			return true;
	return false;
}

static void realm_release(struct rmm *rmm, struct rd *rd)
{
	if (rd_engine(rmm, rd))
		rmm->engine->destroy(rd_engine(rmm, rd));
	rmm->engines[rd->vmid] = NULL;
	for (unsigned int i = 0; i < rtt_start_entries(rd); i++)
		rtt_ns_drop(rmm, rtt_start_table(rmm, rd, i / RTT_ENTRIES)[i % RTT_ENTRIES],
			    rd->start_level);
	for (unsigned int t = 0; t < rd->num_start; t++)
		granule_release(rmm, rd->rtt_base + t * GRANULE_SIZE, GRANULE_RTT);
	realm_report(rd, "realm gone");
	atomic_fetch_and(&rmm->live_serials[rd->serial / 64], ~BIT(rd->serial % 64));
	atomic_store(&rmm->realms[rd->vmid], 0);
}

static result destroy(struct rmi_call *c, struct rd *rd)
{
	if (rd->num_recs)
		return &rule_rmi_realm_has_recs;
	if (realm_maps_something(c->rmm, rd))
		return &rule_rmi_realm_live;
	realm_release(c->rmm, rd);
	granule_set(c->rmm, granule_find(c->rmm, c->x[1]), GRANULE_DELEGATED);
	return OK;
}

result rmi_realm_destroy(struct rmi_call *c)
{
	return rmi_with_realm(c, destroy);
}

void realm_stop_engines(struct rmm *rmm)
{
	for (unsigned int vmid = 0; vmid < RMM_NUM_VMIDS; vmid++)
		if (rmm->engines[vmid])
			rmm->engine->destroy(rmm->engines[vmid]);
}

/* ---- REC_AUX_COUNT ---- */

static result aux_count(struct rmi_call *c, struct rd *rd)
{
	c->out[1] = RMM_NUM_AUX;
	return OK;
}

result rmi_rec_aux_count(struct rmi_call *c)
{
	return rmi_with_realm(c, aux_count);
}
