// SPDX-License-Identifier: BSD-3-Clause
/* test_realm.c - realms and RECs: parameters, lifecycle, what each failure says, no leaks. */
#include <errno.h>

#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

static struct realm r;
static struct rmi_realm_params *p;
static uint64_t params;

static void prepare(struct host *h)
{
	realm_prepare(&r, h, 48, 0, 1);
	p = realm_params(&r, &params);
}

/* With one field changed REALM_CREATE must break the rule; then the field is right again. */
#define BAD_PARAM(rule, field, value)                                                              \
	do {                                                                                       \
		__typeof__(p->field) was_ = p->field;                                              \
		p->field = value;                                                                  \
		REFUSED(rule, h, REALM_CREATE, r.rd, params);                                      \
		assert_int_equal(h->x[0], RMI_ERROR_INPUT);                                        \
		p->field = was_;                                                                   \
	} while (0)

static void bad_parameters_are_refused_by_name(void **state)
{
	struct host *h = *state;

	prepare(h);
	BAD_PARAM(rmi_realm_lpa2, flags, RMI_REALM_FLAG_LPA2);
	BAD_PARAM(rmi_realm_s2sz, s2sz, 31);
	BAD_PARAM(rmi_realm_s2sz, s2sz, 49);
	BAD_PARAM(rmi_realm_num_bps, num_bps, 0);
	BAD_PARAM(rmi_realm_num_bps, num_bps, 6);
	BAD_PARAM(rmi_realm_num_wps, num_wps, 0);
	BAD_PARAM(rmi_realm_num_wps, num_wps, 4);
	BAD_PARAM(rmi_realm_sve, flags, RMI_REALM_FLAG_SVE);
	BAD_PARAM(rmi_realm_pmu, flags, RMI_REALM_FLAG_PMU);
	BAD_PARAM(rmi_realm_hash, hash_algo, 2);
	BAD_PARAM(rmi_realm_start_level, rtt_level_start, 1);
	BAD_PARAM(rmi_realm_start_level, rtt_level_start, -1);
	BAD_PARAM(rmi_realm_start_level, rtt_level_start, INT64_MIN);
	BAD_PARAM(rmi_realm_num_start, rtt_num_start, 0);
	BAD_PARAM(rmi_realm_num_start, rtt_num_start, 2);
	BAD_PARAM(rmi_realm_num_start, rtt_num_start, UINT32_MAX);
	BAD_PARAM(rmi_realm_vmid_range, vmid, 256);
	BAD_PARAM(rmi_realm_rtt_align, rtt_base, r.rtt_base + 8);
	BAD_PARAM(rmi_realm_rd_is_rtt, rtt_base, r.rd);
	BAD_PARAM(rmi_realm_rtt_not_delegated, rtt_base, params);
	BAD_PARAM(rmi_realm_rtt_not_delegated, rtt_base, ~UINT64_C(0xfff));
	REFUSED(rmi_realm_rd_not_delegated, h, REALM_CREATE, params, params);
	REFUSED(rmi_realm_rd_not_delegated, h, REALM_CREATE, r.rd + 8, params);
	REFUSED(rmi_params_not_ns, h, REALM_CREATE, r.rd, r.rd);
	REFUSED(rmi_params_not_ns, h, REALM_CREATE, r.rd, params + 8);
	REFUSED(rmi_params_not_ns, h, REALM_CREATE, r.rd, 0);
	EXPECT(0, h, REALM_CREATE, r.rd, params);
	realm_destroy(&r);
}

static void sve_and_pmu_are_validated_when_offered(void **state)
{
	struct host h1, *h = &h1;

	host_start(h, FIELD_PUT(RMI_FEATURE0_S2SZ, 40) | FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) |
			      FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) | RMI_FEATURE0_SVE_EN |
			      FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) | RMI_FEATURE0_PMU_EN |
			      FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6) | RMI_FEATURE0_HASH_SHA_256 |
			      FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 1));
	realm_prepare(&r, h, 40, 1, 2);
	p = realm_params(&r, &params);
	p->flags = RMI_REALM_FLAG_SVE | RMI_REALM_FLAG_PMU;
	p->sve_vl = 3;
	p->pmu_num_ctrs = 6;
	BAD_PARAM(rmi_realm_s2sz, s2sz, 41);
	BAD_PARAM(rmi_realm_sve, sve_vl, 4);
	BAD_PARAM(rmi_realm_pmu, pmu_num_ctrs, 7);
	BAD_PARAM(rmi_realm_hash, hash_algo, RMI_HASH_SHA_512);
	EXPECT(0, h, REALM_CREATE, r.rd, params);
	realm_add_rec(&r, true, 0);
	host_stop(h);
}

static void a_vmid_belongs_to_one_realm(void **state)
{
	struct host *h = *state;
	struct realm first;

	prepare(h);
	EXPECT(0, h, REALM_CREATE, r.rd, params);
	first = r;
	prepare(h);
	REFUSED(rmi_realm_vmid_used, h, REALM_CREATE, r.rd, params);
	realm_destroy(&first);
	EXPECT(0, h, REALM_CREATE, r.rd, params);
	realm_destroy(&r);
}

static void the_life_of_a_realm(void **state)
{
	struct host *h = *state;
	uint64_t before = rmm_delegated_granules(h->rmm);

	REFUSED(rmi_rd_state, h, REALM_ACTIVATE, host_page(h));
	realm_create(&r, h);
	EXPECT(0, h, REC_AUX_COUNT, r.rd);
	assert_int_equal(h->x[1], NUM_AUX);
	REFUSED(rmi_rd_state, h, REC_AUX_COUNT, r.rtt_base);
	realm_add_page(&r, IPA_B);
	realm_add_rec(&r, true, IPA_B);
	assert_null(fake);
	EXPECT(0, h, REALM_ACTIVATE, r.rd);
	assert_int_equal(fake->cpus, 1);
	REFUSED(rmi_realm_not_new, h, REALM_ACTIVATE, r.rd);
	REFUSED(rmi_realm_has_recs, h, REALM_DESTROY, r.rd);
	EXPECT(0, h, REC_DESTROY, r.rec[0]);
	REFUSED(rmi_realm_live, h, REALM_DESTROY, r.rd);
	assert_int_equal(h->x[0], RMI_ERROR_REALM);
	r.recs = 0;
	EXPECT(0, h, GRANULE_UNDELEGATE, r.rec[0]);
	for (int i = 0; i < NUM_AUX; i++)
		EXPECT(0, h, GRANULE_UNDELEGATE, r.aux[0][i]);
	realm_destroy(&r);
	assert_null(fake);
	assert_int_equal(rmm_delegated_granules(h->rmm), before);
}

static void after_activation_nothing_is_measured_or_added(void **state)
{
	struct host *h = *state;

	realm_create(&r, h);
	realm_tables(&r, IPA_B, 3);
	realm_add_rec(&r, true, 0);
	realm_activate(&r);
	REFUSED(rmi_realm_not_new, h, DATA_CREATE, r.rd, host_granule(h), IPA_B, host_page(h), 0);
	REFUSED(rmi_realm_not_new, h, RTT_INIT_RIPAS, r.rd, IPA_B, IPA_B + 0x1000);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, host_granule(h), IPA_B);
	realm_destroy(&r);
}

/* ---- RECs ---- */

static void bad_rec_parameters_are_refused_by_name(void **state)
{
	struct host *h = *state;
	uint64_t pa = host_page(h), rec = host_granule(h);
	struct rmi_rec_params *rp = host_va(h, pa);

	realm_create(&r, h);
	rp->num_aux = NUM_AUX;
	for (int i = 0; i < NUM_AUX; i++)
		rp->aux[i] = host_granule(h);
	REFUSED(rmi_rd_state, h, REC_CREATE, rec, r.rd, pa);
	REFUSED(rmi_params_not_ns, h, REC_CREATE, r.rd, rec, rec);
	REFUSED(rmi_rec_not_delegated, h, REC_CREATE, r.rd, host_page(h), pa);
	REFUSED(rmi_granules_equal, h, REC_CREATE, r.rd, rp->aux[3], pa);
	rp->aux[0] = rp->aux[1];
	REFUSED(rmi_granules_equal, h, REC_CREATE, r.rd, rec, pa);
	rp->aux[0] = host_page(h);
	REFUSED(rmi_rec_aux_not_delegated, h, REC_CREATE, r.rd, rec, pa);
	rp->aux[0] = host_granule(h);
	rp->num_aux = NUM_AUX - 1;
	REFUSED(rmi_rec_num_aux, h, REC_CREATE, r.rd, rec, pa);
	rp->num_aux = UINT64_MAX;
	REFUSED(rmi_rec_num_aux_max, h, REC_CREATE, r.rd, rec, pa);
	rp->num_aux = NUM_AUX;
	rp->mpidr = 0x10;
	REFUSED(rmi_rec_mpidr_reserved, h, REC_CREATE, r.rd, rec, pa);
	rp->mpidr = UINT64_C(1) << 32;
	REFUSED(rmi_rec_mpidr_reserved, h, REC_CREATE, r.rd, rec, pa);
	rp->mpidr = 0x100;
	REFUSED(rmi_rec_mpidr_order, h, REC_CREATE, r.rd, rec, pa);
	rp->mpidr = 0;
	EXPECT(0, h, REC_CREATE, r.rd, rec, pa);
	REFUSED(rmi_rec_not_delegated, h, REC_CREATE, r.rd, rec, pa);
	EXPECT(0, h, REC_DESTROY, rec);
	/* The index of a destroyed REC does not come back. */
	REFUSED(rmi_rec_mpidr_order, h, REC_CREATE, r.rd, rec, pa);
	REFUSED(rmi_rec_state, h, REC_DESTROY, rec);
	realm_activate(&r);
	rp->mpidr = 1;
	REFUSED(rmi_realm_not_new, h, REC_CREATE, r.rd, rec, pa);
	realm_destroy(&r);
}

static void recs_are_limited_by_the_feature_register(void **state)
{
	struct host *h = *state;
	uint64_t pa = host_page(h);
	struct rmi_rec_params *rp = host_va(h, pa);
	uint64_t recs[128];
	unsigned int n;

	realm_create(&r, h);
	for (n = 0;; n++) {
		rp->num_aux = NUM_AUX;
		rp->mpidr = (n & 15) | (n >> 4) << 8;
		for (int i = 0; i < NUM_AUX; i++)
			rp->aux[i] = host_granule(h);
		recs[n] = host_granule(h);
		if (RMI(h, REC_CREATE, r.rd, recs[n], pa))
			break;
	}
	assert_int_equal(n, 127);
	assert_int_equal(h->x[0], RMI_ERROR_REALM);
	assert_ptr_equal(h->why, &rule_rmi_rec_too_many);
	/* Each of them has a CPU. */
	realm_activate(&r);
	assert_int_equal(fake->cpus, 127);
	while (n--)
		EXPECT(0, h, REC_DESTROY, recs[n]);
	realm_destroy(&r);
}

static void what_the_engine_has_not_cannot_be_offered(void **state)
{
	struct rmm_config rc = {.machine = ((struct host *)*state)->m};
	struct rmm *rmm;

	rc.feature_reg0 = FIELD_PUT(RMI_FEATURE0_S2SZ, 40) |
			  FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, ENGINE_NUM_LRS);
	assert_int_equal(rmm_create(&rc, &rmm), -EINVAL);
	rc.feature_reg0 =
		FIELD_PUT(RMI_FEATURE0_S2SZ, 40) | FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 8);
	assert_int_equal(rmm_create(&rc, &rmm), -EINVAL);
}

static void destroyed_objects_leave_nothing_behind(void **state)
{
	struct host *h = *state;
	uint64_t before;

	realm_create(&r, h);
	realm_destroy(&r);
	before = machine_allocated(h->m);
	for (int i = 0; i < 3; i++) {
		realm_create(&r, h);
		realm_add_page(&r, IPA_B);
		realm_add_page(&r, IPA_B + 0x40000000);
		realm_add_rec(&r, true, IPA_B);
		realm_add_rec(&r, false, 0);
		realm_activate(&r);
		realm_run(&r, 0);
		realm_destroy(&r);
		assert_int_equal(rmm_delegated_granules(h->rmm), 0);
		assert_int_equal(machine_allocated(h->m), before);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int test_realm(void)
{
	const struct CMUnitTest tests[] = {
		T(bad_parameters_are_refused_by_name),
		cmocka_unit_test(sve_and_pmu_are_validated_when_offered),
		T(a_vmid_belongs_to_one_realm),
		T(the_life_of_a_realm),
		T(after_activation_nothing_is_measured_or_added),
		T(bad_rec_parameters_are_refused_by_name),
		T(recs_are_limited_by_the_feature_register),
		T(what_the_engine_has_not_cannot_be_offered),
		T(destroyed_objects_leave_nothing_behind),
	};

	return cmocka_run_group_tests_name("rmm realms and RECs", tests, NULL, NULL);
}
