// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_known_answers.c - answers observed on TF-RMM 1.0 (where softrealm follows the specification
 * instead, the test says so). One realm, one story: each step builds on the ones before it.
 */
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define GIB	   (UINT64_C(1) << 30)
#define U	   IPA_U
#define B	   IPA_B
#define RTT(level) (RMI_ERROR_RTT | (level) << 8)

static struct realm r;
static struct host *h;
static uint64_t page_b; /* PA of the page at B */

static void delegated_rtt_create(uint64_t ipa, int64_t level, uint64_t x0)
{
	EXPECT(x0, h, RTT_CREATE, r.rd, host_granule(h), ipa, level);
}

static void unprotected_half(void)
{
	EXPECT(RTT(0), h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
	assert_int_equal(h->x[1], UINT64_C(1) << 48);
	EXPECT(1, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 0);
	assert_int_equal(h->x[1], 0);
	delegated_rtt_create(0, 2, RTT(0));
	delegated_rtt_create(U, 1, 0);
	delegated_rtt_create(U, 1, RTT(0));
	for (uint64_t i = 0; i < 512; i++)
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U + i * GIB, 1, i * GIB + 0xd8);
	EXPECT(RTT(1), h, RTT_MAP_UNPROTECTED, r.rd, U, 1, 0xd8);
	EXPECT(1, h, RTT_MAP_UNPROTECTED, r.rd, U, 1, 0xd0);
	EXPECT(1, h, RTT_MAP_UNPROTECTED, r.rd, U, 1, 0x4d8);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, U + GIB, 1);
	assert_int_equal(h->x[1], 1);
	assert_int_equal(h->x[2], RMI_RTTE_ASSIGNED);
	assert_int_equal(h->x[3], 0x400000d8);
	assert_int_equal(h->x[4], 0);
	EXPECT(RTT(1), h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
	assert_int_equal(h->x[1], U);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 1);
	assert_int_equal(h->x[1], U + GIB);
	EXPECT(RTT(1), h, RTT_UNMAP_UNPROTECTED, r.rd, U, 1);
	assert_int_equal(h->x[1], U + GIB);
	EXPECT(0, h, RTT_DESTROY, r.rd, U, 1);
	assert_int_equal(h->x[2], UINT64_C(1) << 48);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, U, 0);
	assert_int_equal(h->x[2], RMI_RTTE_UNASSIGNED);
}

static void protected_half(void)
{
	delegated_rtt_create(0, 1, 0);
	delegated_rtt_create(B, 2, 0);
	EXPECT(RTT(2), h, RTT_INIT_RIPAS, r.rd, B, B + 0x1000);
	delegated_rtt_create(B, 3, 0);
	EXPECT(RTT(2), h, RTT_DESTROY, r.rd, B, 2);
	assert_int_equal(h->x[2], B);
	EXPECT(RTT(2), h, RTT_DESTROY, r.rd, B + 0x200000, 3);
	assert_int_equal(h->x[2], 0xc0000000);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B, B + 0x4000);
	assert_int_equal(h->x[1], B + 0x4000);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B + 0x1ff000, B + 0x201000);
	assert_int_equal(h->x[1], B + 0x200000);
}

static void pages(void)
{
	uint64_t src = host_page(h), data = host_granule(h), other = host_granule(h);

	EXPECT(0, h, DATA_CREATE, r.rd, data, B, src, 1);
	EXPECT(RTT(3), h, DATA_CREATE, r.rd, other, B, src, 1);
	EXPECT(RTT(2), h, DATA_CREATE, r.rd, other, B + 0x200000, src, 1);
	EXPECT(RTT(3), h, RTT_INIT_RIPAS, r.rd, B, B + 0x4000);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(h->x[1], data);
	assert_int_equal(h->x[2], B + 0x200000);
	EXPECT(RTT(3), h, DATA_DESTROY, r.rd, B);
	assert_int_equal(h->x[2], B + 0x200000);
	EXPECT(RTT(3), h, RTT_INIT_RIPAS, r.rd, B, B + 0x4000);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, data, B);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, B, 3);
	assert_int_equal(h->x[1], 3);
	assert_int_equal(h->x[2], RMI_RTTE_ASSIGNED);
	assert_int_equal(h->x[3], data); /* TF-RMM: 0 */
	assert_int_equal(h->x[4], RMI_RIPAS_DESTROYED);
	page_b = data;
}

static void recs(void)
{
	uint64_t pa = host_page(h);
	struct rmi_rec_params *p = host_va(h, pa);

	p->mpidr = 1;
	p->num_aux = NUM_AUX;
	for (int i = 0; i < NUM_AUX; i++)
		p->aux[i] = host_granule(h);
	EXPECT(1, h, REC_CREATE, r.rd, host_granule(h), pa);
	realm_add_rec(&r, true, B);
	realm_add_rec(&r, false, B);
	memset(host_va(h, r.run[0]), 0x77, 4096);
	realm_enter_args(&r, 0)->flags = 0;
	EXPECT(RMI_ERROR_REALM, h, REC_ENTER, r.rec[0], r.run[0]);
	realm_activate(&r);
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[1], r.run[1]);
}

static void refused_entries(void)
{
	struct rmi_rec_enter *enter = realm_enter_args(&r, 0);

	memset(enter, 0, sizeof(*enter));
	enter->gicv3_hcr = 1;
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	enter->gicv3_hcr = 0;
	enter->gicv3_lrs[0] = UINT64_C(1) << 62 | UINT64_C(1) << 61;
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	assert_int_equal(((uint8_t *)realm_exit(&r, 0))[0x500], 0x77);
	enter->gicv3_lrs[0] = UINT64_C(1) << 61;
	enter->flags = RMI_ENTER_EMUL_MMIO;
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	enter->flags = 0;
	EXPECT(0, h, REC_ENTER, r.rec[0], r.run[0]);
	assert_int_equal(realm_exit(&r, 0)->exit_reason, RMI_EXIT_IRQ);
	/* TF-RMM: 0x003. The specification ignores the flag, and so do we. */
	enter->flags = RMI_ENTER_INJECT_SEA;
	EXPECT(0, h, REC_ENTER, r.rec[0], r.run[0]);
	memset(enter, 0, sizeof(*enter));
}

/* The realm makes the call in smc[] once, then looks at the answer in seen[], then waits. */
static uint64_t smc[5], answer[5];
static int phase;

static enum engine_exit call_once(struct engine *e, unsigned int cpu)
{
	if (phase++ == 0)
		return script_smc(e, cpu, smc[0], &smc[1], 4);
	memcpy(answer, e->frame[cpu].x, sizeof(answer));
	return ENGINE_EXIT_IRQ;
}

static const struct rmi_rec_exit *realm_calls(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
					      uint64_t x4)
{
	const uint64_t call[] = {fid, x1, x2, x3, x4};

	memcpy(smc, call, sizeof(smc));
	phase = 0;
	script = call_once;
	return realm_run(&r, 0);
}

static void realm_sees(uint64_t x0, uint64_t x1, uint64_t x2)
{
	if (phase < 2)
		realm_run(&r, 0);
	assert_int_equal(answer[0], x0);
	assert_int_equal(answer[1], x1);
	assert_int_equal(answer[2], x2);
}

static void unknown_call(void)
{
	assert_int_equal(realm_calls(0xC4000042, 0x11, 0x22, 0x33, 0x44)->exit_reason,
			 RMI_EXIT_IRQ);
	realm_sees(~UINT64_C(0), 0, 0);
	assert_int_equal(answer[3], 0);
	assert_int_equal(answer[4], 0x44);
}

static void ripas_changes(void)
{
	const struct rmi_rec_exit *x =
		realm_calls(RSI_IPA_STATE_SET, B + 0x10000, B + 0x14000, RSI_RIPAS_RAM, 0);

	assert_int_equal(x->exit_reason, RMI_EXIT_RIPAS_CHANGE);
	assert_int_equal(x->ripas_base, B + 0x10000);
	assert_int_equal(x->ripas_top, B + 0x14000);
	assert_int_equal(x->ripas_value, 1);
	EXPECT(1, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x11000, B + 0x14000);
	EXPECT(1, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x10000, B + 0x15000);
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x10000, B + 0x11000);
	assert_int_equal(h->x[1], B + 0x11000);
	realm_enter_args(&r, 0)->flags = RMI_ENTER_RIPAS_REJECT;
	realm_sees(0, B + 0x11000, RSI_REJECT);
	EXPECT(1, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x11000, B + 0x14000);

	realm_enter_args(&r, 0)->flags = 0;
	realm_calls(RSI_IPA_STATE_SET, B + 0x200000, B + 0x201000, RSI_RIPAS_RAM, 0);
	EXPECT(RTT(2), h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x200000, B + 0x201000);
	realm_sees(0, B + 0x200000, RSI_ACCEPT);

	realm_calls(RSI_IPA_STATE_SET, B + 0x200000, B + 0x201000, RSI_RIPAS_EMPTY, 0);
	EXPECT(RTT(2), h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x200000, B + 0x201000);
	realm_enter_args(&r, 0)->flags = RMI_ENTER_RIPAS_REJECT;
	realm_sees(0, B + 0x200000, RSI_ACCEPT);
	realm_enter_args(&r, 0)->flags = 0;
}

static void ripas_queries(void)
{
	/* B itself was destroyed and re-created; RAM again, so that the first 4 pages are alike. */
	realm_calls(RSI_IPA_STATE_SET, B, B + 0x1000, RSI_RIPAS_RAM, RSI_CHANGE_DESTROYED);
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 0x1000);
	realm_sees(0, B + 0x1000, RSI_ACCEPT);
	realm_calls(RSI_IPA_STATE_GET, B, B + 0x8000, 0, 0);
	realm_sees(0, B + 0x4000, RSI_RIPAS_RAM);
	realm_calls(RSI_IPA_STATE_GET, B + 0x201000, B + 0x800000, 0, 0);
	realm_sees(0, B + 0x800000, RSI_RIPAS_EMPTY);
}

static void host_calls(void)
{
	const struct rmi_rec_exit *x;

	realm_calls(RSI_HOST_CALL, B + 0x8000, 0, 0, 0);
	realm_sees(RSI_ERROR_INPUT, 0, 0);
	x = realm_calls(RSI_HOST_CALL, B + 0x1100, 0, 0, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr, 0x90000007);
	assert_int_equal(x->far, 0);
	assert_int_equal(x->hpfar, (B + 0x1000) >> 8);

	x = realm_calls(RSI_HOST_CALL, B + 0x100, 0, 0, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_HOST_CALL);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	for (int i = 0; i < 2; i++) {
		x = realm_run(&r, 0);
		assert_int_equal(phase, 1); /* the realm did not run */
		assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
		assert_int_equal(x->esr, 0x90000007);
		assert_int_equal(x->far, 0);
	}
	/* Still DESTROYED with a page again; only the realm could change that. */
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, page_b, B);
	realm_run(&r, 0);
	assert_int_equal(phase, 1);
}

static void psci(void)
{
	struct realm other;
	const struct rmi_rec_exit *x;
	const uint64_t denied = (uint64_t)PSCI_RET_DENIED;

	realm_create(&other, h);
	realm_add_rec(&other, true, 0);
	realm_add_rec(&other, true, 0);

	x = realm_calls(PSCI_CPU_ON_64, 1, B, 0x77, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_PSCI);
	assert_int_equal(x->gprs[0], 0xC4000003);
	assert_int_equal(x->gprs[1], 1);
	assert_int_equal(x->gprs[2] | x->gprs[3], 0);
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	EXPECT(1, h, PSCI_COMPLETE, r.rec[0], r.rec[0], 0);
	EXPECT(1, h, PSCI_COMPLETE, r.rec[0], other.rec[1], 0);
	EXPECT(1, h, PSCI_COMPLETE, r.rec[0], r.rec[1], (uint64_t)-4);
	EXPECT(1, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0xFFFFFFFD);
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], denied);
	realm_sees(denied, 0, 0);
	realm_calls(PSCI_CPU_ON_64, 1, B, 0x77, 0);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	realm_sees(0, 0, 0);
	/* TF-RMM: 0x001 with X0 = -4 in the realm. The specification: no effect. */
	realm_calls(PSCI_CPU_ON_64, 1, B, 0x77, 0);
	EXPECT(1, h, PSCI_COMPLETE, r.rec[0], r.rec[1], denied);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	realm_sees((uint64_t)PSCI_RET_ALREADY_ON, 0, 0);

	x = realm_calls(PSCI_CPU_OFF, 0, 0, 0, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_PSCI);
	EXPECT(RMI_ERROR_REC, h, REC_ENTER, r.rec[0], r.run[0]);
	realm_destroy(&other);
}

static void the_answers_of_tf_rmm(void **state)
{
	h = *state;
	realm_create(&r, h);
	unprotected_half();
	protected_half();
	pages();
	recs();
	refused_entries();
	unknown_call();
	ripas_changes();
	ripas_queries();
	psci();
	EXPECT(RMI_ERROR_REALM, h, REALM_DESTROY, r.rd);
	realm_destroy(&r);
}

/* Ends with a REC that can never run again, so it has a realm of its own. */
static void a_host_call_without_its_page(void **state)
{
	h = *state;
	realm_create(&r, h);
	page_b = realm_add_page(&r, B);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B + 0x1000, B + 0x4000);
	realm_add_rec(&r, true, B);
	realm_activate(&r);
	host_calls();
	realm_destroy(&r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int test_known_answers(void)
{
	const struct CMUnitTest tests[] = {
		T(the_answers_of_tf_rmm),
		T(a_host_call_without_its_page),
	};

	return cmocka_run_group_tests_name("rmm known answers", tests, NULL, NULL);
}
