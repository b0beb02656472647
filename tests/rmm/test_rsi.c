// SPDX-License-Identifier: BSD-3-Clause
/* test_rsi.c - the realm's calls: VERSION, FEATURES, REALM_CONFIG, measurements, IPA state,
 * HOST_CALL. */
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B    IPA_B
#define U    IPA_U
#define MIB2 UINT64_C(0x200000)

static struct host *h;
static struct realm r;
static uint64_t page; /* PA of the RAM at B */

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	page = realm_add_page(&r, B);
	realm_add_rec(&r, true, B);
	realm_activate(&r);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

/* ---- the realm makes one call, and waits with the answer ---- */

static uint64_t call[11], answer[31], answer_pc;
static bool called;

static enum engine_exit call_then_wait(struct engine *e, unsigned int cpu)
{
	struct engine_frame *f = &e->frame[cpu];

	if (!called) {
		called = true;
		memcpy(f->x, call, sizeof(call));
		for (int i = 11; i < 31; i++)
			f->x[i] = 0x1000 + i;
		f->pc = B;
		f->esr = UINT64_C(0x17) << 26;
		return ENGINE_EXIT_SYNC;
	}
	memcpy(answer, f->x, sizeof(answer));
	answer_pc = f->pc;
	return ENGINE_EXIT_IRQ;
}

static const struct rmi_rec_exit *realm_calls(uint64_t fid, const uint64_t *args, size_t n)
{
	for (int i = 0; i < 11; i++)
		call[i] = 0x100 + i;
	call[0] = fid;
	memcpy(&call[1], args, n * sizeof(*args));
	called = false;
	answer_pc = 0;
	script = call_then_wait;
	return realm_run(&r, 0);
}

#define CALL(fid, ...)                                                                             \
	realm_calls(fid, (const uint64_t[]){__VA_ARGS__},                                          \
		    sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* The call is answered without an exit: X0, X1, X2; X3 zero; the rest as it was. */
static void answered(uint64_t x0, uint64_t x1, uint64_t x2)
{
	assert_int_equal(answer_pc, B + 4);
	assert_int_equal(answer[0], x0);
	assert_int_equal(answer[1], x1);
	assert_int_equal(answer[2], x2);
	assert_int_equal(answer[3], 0);
	for (int i = 4; i < 31; i++)
		assert_int_equal(answer[i], i < 11 ? call[i] : 0x1000u + i);
}

#define ANSWERS(x0, fid, ...)                                                                      \
	do {                                                                                       \
		assert_int_equal(CALL(fid, __VA_ARGS__)->exit_reason, RMI_EXIT_IRQ);               \
		answered(x0, 0, 0);                                                                \
	} while (0)

static void the_host_is_told_to_map(uint64_t ipa, unsigned int level)
{
	const struct rmi_rec_exit *x = realm_exit(&r, 0);
	struct rec *rec = host_va(h, r.rec[0]);

	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr, (UINT64_C(0x24) << 26) + 4 + level);
	assert_int_equal(x->far, 0);
	assert_int_equal(x->hpfar, ipa >> 8);
	assert_int_equal(rec->pc, B); /* the same SMC again */
	assert_memory_equal(rec->x, call, sizeof(call));
}

/* ---- identification ---- */

static void version_and_features(void **state)
{
	CALL(RSI_VERSION, 0x10000);
	answered(0, 0x10000, 0x10000);
	CALL(RSI_VERSION, 0x10001);
	answered(RSI_ERROR_INPUT, 0x10000, 0x10000);
	ANSWERS(0, RSI_FEATURES, 0);
	ANSWERS(0, RSI_FEATURES, 77);
	/* The SVE hint and junk above bit 31 do not change which call it is. */
	CALL(RSI_VERSION | 0x10000 | UINT64_C(5) << 32, 0x10000);
	answered(0, 0x10000, 0x10000);
}

static void calls_that_are_not_the_realms_are_unknown(void **state)
{
	static const uint64_t fids[] = {RMI_VERSION, RMI_GRANULE_DELEGATE, 0xC400019A, 0x80000001,
					0x84000050,  0x8600ff01,	   0};

	for (unsigned int i = 0; i < ARRAY_SIZE(fids); i++)
		ANSWERS(~UINT64_C(0), fids[i], 1, 2, 3);
}

/* ---- REALM_CONFIG ---- */

static void the_configuration_is_written_and_nothing_else(void **state)
{
	const struct rsi_realm_config *c = host_va(h, page);

	memset(host_va(h, page), 0xff, GRANULE_SIZE);
	ANSWERS(0, RSI_REALM_CONFIG, B);
	assert_int_equal(c->ipa_width, 48);
	assert_int_equal(*(uint64_t *)&c->hash_algo, RMI_HASH_SHA_256);
	assert_int_equal(c->rpv[0], 0x5a);
	assert_int_equal(c->rpv[63], 0x5a);
	assert_int_equal(c->pad1[0] | c->pad1[sizeof(c->pad1) - 1], 0);
	/* The engine may have translated code of the page. */
	assert_int_equal(fake->touches, 1);
	assert_int_equal(fake->touch_pa, page);
}

static void configuration_addresses_are_checked(void **state)
{
	ANSWERS(RSI_ERROR_INPUT, RSI_REALM_CONFIG, B + 8);
	ANSWERS(RSI_ERROR_INPUT, RSI_REALM_CONFIG, U);
	ANSWERS(RSI_ERROR_INPUT, RSI_REALM_CONFIG, ~UINT64_C(0xfff));
	ANSWERS(RSI_ERROR_INPUT, RSI_REALM_CONFIG, B + 0x1000);	  /* EMPTY */
	ANSWERS(RSI_ERROR_INPUT, RSI_REALM_CONFIG, B + 2 * MIB2); /* EMPTY, no table */
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	CALL(RSI_REALM_CONFIG, B);
	the_host_is_told_to_map(B, 3);
}

/* ---- measurements ---- */

static void measurements_are_read_by_index(void **state)
{
	struct rd *rd = host_va(h, r.rd);

	for (unsigned int i = 0; i < 5; i++) {
		memset(rd->measurement[i], 0x10 + i, 64);
		CALL(RSI_MEASUREMENT_READ, i);
		assert_int_equal(answer[0], 0);
		assert_memory_equal(&answer[1], rd->measurement[i], 64);
		assert_int_equal(answer[9], call[9]);
	}
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_READ, 5);
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_READ, ~UINT64_C(0));
}

static void only_the_extensible_ones_are_extended(void **state)
{
	struct rd *rd = host_va(h, r.rd);
	uint8_t before[5][64];

	memcpy(before, rd->measurement, sizeof(before));
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_EXTEND, 0, 1);
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_EXTEND, 5, 1);
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_EXTEND, 1, 65);
	ANSWERS(RSI_ERROR_INPUT, RSI_MEASUREMENT_EXTEND, 1, ~UINT64_C(0));
	assert_memory_equal(before, rd->measurement, sizeof(before));
	ANSWERS(0, RSI_MEASUREMENT_EXTEND, 4, 64);
	assert_memory_equal(before, rd->measurement, 4 * 64);
	assert_memory_not_equal(before[4], rd->measurement[4], 64);
}

/* ---- IPA state ---- */

static void ipa_state_arguments_are_checked(void **state)
{
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, B + 0x1000, 2, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, B + 0x1000, 3, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B + 8, B + 0x1000, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, B + 0x1008, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, B, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, 0, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, B, U + 0x1000, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_SET, U, U + 0x1000, 1, 0);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_GET, B + 8, B + 0x1000);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_GET, B, B);
	ANSWERS(RSI_ERROR_INPUT, RSI_IPA_STATE_GET, B, U + 0x1000);
}

static void a_request_without_progress_comes_back_as_accepted(void **state)
{
	CALL(RSI_IPA_STATE_SET, B, B + 0x4000, RSI_RIPAS_EMPTY, 0);
	assert_int_equal(realm_exit(&r, 0)->ripas_value, RSI_RIPAS_EMPTY);
	assert_int_equal(realm_exit(&r, 0)->gprs[0], 0);
	realm_run(&r, 0);
	answered(0, B, RSI_ACCEPT);
}

static void a_request_to_the_end_cannot_be_rejected(void **state)
{
	CALL(RSI_IPA_STATE_SET, B, B + 0x1000, RSI_RIPAS_RAM, 0);
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 0x1000);
	REFUSED(rmi_set_ripas_top, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + 0x1000, B + 0x2000);
	realm_enter_args(&r, 0)->flags = RMI_ENTER_RIPAS_REJECT;
	realm_run(&r, 0);
	realm_enter_args(&r, 0)->flags = 0;
	answered(0, B + 0x1000, RSI_ACCEPT);
}

static void a_refused_entry_keeps_the_request(void **state)
{
	CALL(RSI_IPA_STATE_SET, B, B + 0x1000, RSI_RIPAS_EMPTY, 0);
	realm_enter_args(&r, 0)->gicv3_hcr = 1;
	REFUSED(rmi_enter_gic_hcr, h, REC_ENTER, r.rec[0], r.run[0]);
	realm_enter_args(&r, 0)->gicv3_hcr = 0;
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 0x1000);
	realm_run(&r, 0);
	answered(0, B + 0x1000, RSI_ACCEPT);
}

static void set_ripas_checks_its_arguments(void **state)
{
	struct realm first = r, second;

	realm_create(&second, h);
	REFUSED(rmi_ripas_range, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B);
	REFUSED(rmi_rd_state, h, RTT_SET_RIPAS, r.rec[0], r.rec[0], B, B + 0x1000);
	REFUSED(rmi_rec_state, h, RTT_SET_RIPAS, r.rd, page, B, B + 0x1000);
	REFUSED(rmi_rec_owner, h, RTT_SET_RIPAS, second.rd, r.rec[0], B, B + 0x1000);
	assert_int_equal(h->x[0], RMI_ERROR_REC);
	REFUSED(rmi_set_ripas_base, h, RTT_SET_RIPAS, r.rd, r.rec[0], 0, 0x1000);
	CALL(RSI_IPA_STATE_SET, B, B + 2 * MIB2, RSI_RIPAS_EMPTY, 0);
	REFUSED(rmi_ripas_align, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 0x1008);
	/* It ends with the table that it began in. */
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 2 * MIB2);
	assert_int_equal(h->x[1], B + MIB2);
	REFUSED(rmi_ripas_no_progress, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + MIB2,
		B + MIB2 + 0x1000);
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B + MIB2, B + 2 * MIB2);
	realm_run(&r, 0);
	r = second;
	realm_destroy(&r);
	r = first;
}

static unsigned int ripas_of(uint64_t ipa)
{
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 3);
	return h->x[4];
}

/* What becomes of an entry with this RIPAS; `stops`: SET_RIPAS makes no progress. */
static void transition(uint64_t ipa, unsigned int to, uint64_t flags, bool stops)
{
	unsigned int from = ripas_of(ipa), state = h->x[2];

	CALL(RSI_IPA_STATE_SET, ipa, ipa + 0x1000, to, flags);
	if (stops)
		REFUSED(rmi_ripas_no_progress, h, RTT_SET_RIPAS, r.rd, r.rec[0], ipa, ipa + 0x1000);
	else
		EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], ipa, ipa + 0x1000);
	realm_run(&r, 0);
	assert_int_equal(ripas_of(ipa), stops ? from : to);
	assert_int_equal(h->x[2], state); /* HIPAS stays */
}

static void all_transitions_of_ripas(void **state)
{
	uint64_t unassigned = B + 0x5000;

	for (uint64_t ipa = B; ipa <= unassigned; ipa += 0x5000) {
		transition(ipa, RSI_RIPAS_RAM, 0, false);
		transition(ipa, RSI_RIPAS_RAM, 0, false);
		transition(ipa, RSI_RIPAS_EMPTY, 0, false);
		transition(ipa, RSI_RIPAS_EMPTY, RSI_CHANGE_DESTROYED, false);
		transition(ipa, RSI_RIPAS_RAM, 0, false);
	}
	/* DESTROYED, ASSIGNED and UNASSIGNED, changes only if the realm lets it. */
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	transition(B, RSI_RIPAS_RAM, 0, true);
	transition(B, RSI_RIPAS_EMPTY, 0, true);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, page, B);
	assert_int_equal(ripas_of(B), RMI_RIPAS_DESTROYED);
	transition(B, RSI_RIPAS_RAM, ~UINT64_C(1), true);
	transition(B, RSI_RIPAS_RAM, RSI_CHANGE_DESTROYED, false);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	transition(B, RSI_RIPAS_EMPTY, RSI_CHANGE_DESTROYED, false);
}

static void a_page_made_empty_is_forgotten_and_keeps_its_content(void **state)
{
	memset(host_va(h, page), 0x42, 16);
	transition(B, RSI_RIPAS_EMPTY, 0, false);
	assert_int_equal(fake->tlbis, 1);
	assert_int_equal(fake->tlbi_cpu, 0); /* the entering REC's own */
	transition(B, RSI_RIPAS_RAM, 0, false);
	assert_int_equal(fake->tlbis, 1);
	assert_int_equal(*(uint8_t *)host_va(h, page), 0x42);
}

static void a_query_ends_where_the_state_changes_or_the_table_ends(void **state)
{
	CALL(RSI_IPA_STATE_GET, B, B + 0x8000);
	answered(0, B + 0x1000, RSI_RIPAS_RAM);
	CALL(RSI_IPA_STATE_GET, B + 0x1000, B + 4 * MIB2);
	answered(0, B + MIB2, RSI_RIPAS_EMPTY);
	CALL(RSI_IPA_STATE_GET, B + MIB2 + 0x5000, B + 2 * MIB2);
	answered(0, B + 2 * MIB2, RSI_RIPAS_EMPTY);
	/* A table among entries without one ends the run, though it may be EMPTY in part. */
	CALL(RSI_IPA_STATE_GET, 0, B);
	answered(0, ALIGN_DOWN(B, UINT64_C(1) << 30), RSI_RIPAS_EMPTY);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	CALL(RSI_IPA_STATE_GET, B, B + 0x8000);
	answered(0, B + 0x1000, RSI_RIPAS_DESTROYED);
}

/* ---- HOST_CALL ---- */

static void a_host_call_carries_registers_both_ways(void **state)
{
	struct rsi_host_call *hc = (void *)((char *)host_va(h, page) + 0x300);
	const struct rmi_rec_exit *x;

	hc->imm = 0xabcd;
	memset(hc->pad0, 0xff, sizeof(hc->pad0));
	for (int i = 0; i < 31; i++)
		hc->gprs[i] = 0x40 + i;
	x = CALL(RSI_HOST_CALL, B + 0x300);
	assert_int_equal(x->exit_reason, RMI_EXIT_HOST_CALL);
	assert_int_equal(x->imm, 0xabcd);
	for (int i = 0; i < 31; i++)
		assert_int_equal(x->gprs[i], 0x40 + i);
	for (int i = 0; i < 31; i++)
		realm_enter_args(&r, 0)->gprs[i] = 0x80 + i;
	realm_run(&r, 0);
	assert_int_equal(answer_pc, B + 4);
	assert_int_equal(answer[0], 0);
	assert_memory_equal(&answer[1], &call[1], sizeof(call) - 8);
	assert_int_equal(hc->imm, 0xabcd);
	for (int i = 0; i < 31; i++)
		assert_int_equal(hc->gprs[i], 0x80 + i);
	assert_int_equal(fake->touches, 1);
	/* Answered once: the next entry writes nothing. */
	realm_enter_args(&r, 0)->gprs[0] = 1;
	realm_run(&r, 0);
	assert_int_equal(hc->gprs[0], 0x80);
}

static void host_call_addresses_are_checked(void **state)
{
	ANSWERS(RSI_ERROR_INPUT, RSI_HOST_CALL, B + 0x80);
	ANSWERS(RSI_ERROR_INPUT, RSI_HOST_CALL, U);
	ANSWERS(RSI_ERROR_INPUT, RSI_HOST_CALL, B + 0x1000);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	CALL(RSI_HOST_CALL, B + 0x100);
	the_host_is_told_to_map(B, 3);
}

static void an_unfinished_host_call_returns_the_list_registers(void **state)
{
	const struct rmi_rec_exit *x;
	struct rmi_rec_enter *enter = realm_enter_args(&r, 0);

	CALL(RSI_HOST_CALL, B);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	enter->gicv3_lrs[2] = UINT64_C(1) << 62 | 27;
	x = realm_run(&r, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->gicv3_lrs[2], UINT64_C(1) << 62 | 27);
	assert_int_equal(answer_pc, 0); /* it did not run */
}

static void a_host_call_whose_page_became_empty_fails(void **state)
{
	struct rd *rd = host_va(h, r.rd);

	/* Only another REC of the realm can do this; its request is put in place here. */
	CALL(RSI_HOST_CALL, B);
	((struct rec *)host_va(h, r.rec[0]))->ripas = (struct rec_ripas){
		.pending = true, .addr = B, .top = B + 0x1000, .value = RSI_RIPAS_EMPTY};
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], B, B + 0x1000);
	((struct rec *)host_va(h, r.rec[0]))->ripas.pending = false;
	assert_int_equal(rd->state, RD_ACTIVE);
	realm_run(&r, 0);
	assert_int_equal(answer_pc, B + 4);
	assert_int_equal(answer[0], RSI_ERROR_INPUT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_rsi(void)
{
	const struct CMUnitTest tests[] = {
		T(version_and_features),
		T(calls_that_are_not_the_realms_are_unknown),
		T(the_configuration_is_written_and_nothing_else),
		T(configuration_addresses_are_checked),
		T(measurements_are_read_by_index),
		T(only_the_extensible_ones_are_extended),
		T(ipa_state_arguments_are_checked),
		T(a_request_without_progress_comes_back_as_accepted),
		T(a_request_to_the_end_cannot_be_rejected),
		T(a_refused_entry_keeps_the_request),
		T(set_ripas_checks_its_arguments),
		T(all_transitions_of_ripas),
		T(a_page_made_empty_is_forgotten_and_keeps_its_content),
		T(a_query_ends_where_the_state_changes_or_the_table_ends),
		T(a_host_call_carries_registers_both_ways),
		T(host_call_addresses_are_checked),
		T(an_unfinished_host_call_returns_the_list_registers),
		T(a_host_call_whose_page_became_empty_fails),
	};

	return cmocka_run_group_tests_name("rmm RSI", tests, NULL, NULL);
}
