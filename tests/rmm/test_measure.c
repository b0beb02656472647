// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_measure.c - the RIM of third-party vectors, step by step through RMI calls, and REM vectors
 * through RSI calls of a realm.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/hex.h"
#include "base/trace.h"
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

/* What the vectors' realms ask for: 6 watchpoints, a PMU. */
#define FEATURES                                                                                   \
	(FIELD_PUT(RMI_FEATURE0_S2SZ, 48) | FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) |                   \
	 FIELD_PUT(RMI_FEATURE0_NUM_WPS, 5) | RMI_FEATURE0_PMU_EN |                                \
	 FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 31) | RMI_FEATURE0_HASH_SHA_256 |                    \
	 RMI_FEATURE0_HASH_SHA_512 | FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, 3) |                    \
	 FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 5))

static struct host *h;
static struct realm r;

static uint64_t field(json_t *op, const char *name)
{
	json_t *v = json_object_get(op, name);

	assert_non_null(v);
	return json_is_string(v) ? strtoull(json_string_value(v), NULL, 0)
				 : (uint64_t)json_integer_value(v);
}

static const char *to_hex(const uint8_t *p)
{
	static char text[HEX_SIZE(64)];

	return hex_encode(p, 64, text);
}

static const uint8_t *measurement(unsigned int index)
{
	return ((struct rd *)host_va(h, r.rd))->measurement[index];
}

static json_t *load(const char *path)
{
	json_error_t err;
	json_t *j = json_load_file(path, 0, &err);

	if (!j)
		fail_msg("%s: %s", path, err.text);
	return j;
}

static void play_realm_create(json_t *op)
{
	unsigned int s2sz = field(op, "s2sz"), start = s2sz <= 34 ? 2 : 1;
	unsigned int one = 9 * (3 - start) + 21;
	struct rmi_realm_params *p;
	uint64_t pa;

	realm_prepare(&r, h, s2sz, start, 1u << (s2sz - one));
	p = realm_params(&r, &pa);
	p->flags = field(op, "flags");
	p->num_bps = field(op, "num_bps");
	p->num_wps = field(op, "num_wps");
	p->pmu_num_ctrs = field(op, "pmu_num_ctrs");
	p->hash_algo = field(op, "hash_algo");
	memset(p->rpv, 0x11, sizeof(p->rpv));
	EXPECT(0, h, REALM_CREATE, r.rd, pa);
}

/* As a host does it: one call after the other, a table where an entry is too large. */
static void play_init_ripas(json_t *op)
{
	uint64_t base = field(op, "base"), top = field(op, "top");

	while (base < top) {
		uint64_t x0 = RMI(h, RTT_INIT_RIPAS, r.rd, base, top);

		if (x0 == 0)
			base = h->x[1];
		else
			realm_tables(&r, base, RMI_INDEX(x0) + 1);
	}
}

static void play_data_create(json_t *op)
{
	uint64_t ipa = field(op, "ipa"), src = host_page(h);
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/rim/%s", VECTORS,
		 json_string_value(json_object_get(op, "file")));
	f = fopen(path, "rb");
	assert_non_null(f);
	for (;; ipa += GRANULE_SIZE) {
		memset(host_va(h, src), 0, GRANULE_SIZE);
		n = fread(host_va(h, src), 1, GRANULE_SIZE, f);
		if (!n)
			break;
		realm_tables(&r, ipa, 3);
		EXPECT(0, h, DATA_CREATE, r.rd, host_granule(h), ipa, src, RMI_DATA_FLAG_MEASURE);
	}
	fclose(f);
}

static void play_rec_create(json_t *op)
{
	json_t *gprs = json_object_get(op, "gprs");
	uint64_t pa = host_page(h);
	struct rmi_rec_params *p = host_va(h, pa);

	p->flags = field(op, "flags");
	p->pc = field(op, "pc");
	for (int i = 0; i < 8; i++)
		p->gprs[i] = strtoull(json_string_value(json_array_get(gprs, i)), NULL, 0);
	p->num_aux = NUM_AUX;
	for (int i = 0; i < NUM_AUX; i++)
		p->aux[i] = host_granule(h);
	EXPECT(0, h, REC_CREATE, r.rd, host_granule(h), pa);
}

static void play(json_t *op)
{
	static const struct {
		const char *name;
		void (*play)(json_t *op);
	} ops[] = {
		{"RMI_REALM_CREATE", play_realm_create},
		{"RMI_RTT_INIT_RIPAS", play_init_ripas},
		{"RMI_DATA_CREATE*", play_data_create},
		{"RMI_REC_CREATE", play_rec_create},
	};
	const char *name = json_string_value(json_object_get(op, "op"));

	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(name, ops[i].name))
			continue;
		ops[i].play(op);
		return;
	}
	fail_msg("unknown operation %s", name);
}

static void the_rim_of_each_vector_is_right_after_every_step(void **state)
{
	json_t *all = load(VECTORS "/rim/rim-vectors.json"), *vector, *op;
	size_t i, n;

	assert_true(json_array_size(all) >= 4);
	json_array_foreach(all, i, vector)
	{
		json_t *steps = json_object_get(vector, "rim_after_each_step");
		json_t *ops = json_object_get(vector, "ops");
		struct host host = {0};

		h = &host;
		host_start(h, FEATURES);
		assert_int_equal(json_array_size(ops), json_array_size(steps));
		json_array_foreach(ops, n, op)
		{
			play(op);
			assert_string_equal(
				to_hex(measurement(0)),
				json_string_value(json_array_get(json_array_get(steps, n), 1)));
		}
		assert_memory_equal(to_hex(measurement(0)),
				    json_string_value(json_object_get(vector, "rim")),
				    strlen(json_string_value(json_object_get(vector, "rim"))));
		host_stop(h);
	}
	json_decref(all);
}

/* ---- REM ---- */

static json_t *extends; /* what the realm extends REM 2 by, one value an entry */
static size_t next_value;
static uint64_t read_back[8];

static void load_value(struct engine *e, unsigned int cpu)
{
	const char *hex = json_string_value(json_array_get(extends, next_value++));
	uint8_t value[64];
	size_t size = strlen(hex) / 2;

	memset(value, 0xcc, sizeof(value)); /* bytes beyond size must not count */
	for (size_t i = 0; i < size; i++)
		sscanf(hex + 2 * i, "%2hhx", &value[i]);
	e->frame[cpu].x[1] = 2;
	e->frame[cpu].x[2] = size;
	memcpy(&e->frame[cpu].x[3], value, sizeof(value));
}

static enum engine_exit extend_all_then_read(struct engine *e, unsigned int cpu)
{
	if (next_value > json_array_size(extends)) {
		memcpy(read_back, &e->frame[cpu].x[1], sizeof(read_back));
		assert_int_equal(e->frame[cpu].x[0], RSI_SUCCESS);
		return ENGINE_EXIT_IRQ;
	}
	if (next_value)
		assert_int_equal(e->frame[cpu].x[0], RSI_SUCCESS);
	if (next_value < json_array_size(extends)) {
		load_value(e, cpu);
		e->frame[cpu].x[0] = RSI_MEASUREMENT_EXTEND;
	} else {
		next_value++;
		e->frame[cpu].x[0] = RSI_MEASUREMENT_READ;
		e->frame[cpu].x[1] = 2;
	}
	e->frame[cpu].esr = UINT64_C(0x17) << 26;
	return ENGINE_EXIT_SYNC;
}

static void rem_vectors_hold_through_rsi(void **state)
{
	json_t *file = load(VECTORS "/rem/rem-vectors.json"), *vector;
	size_t i;

	json_array_foreach(json_object_get(file, "vectors"), i, vector)
	{
		struct host host = {0};
		uint64_t pa;

		h = &host;
		host_start(h, FEATURES);
		realm_prepare(&r, h, 48, 0, 1);
		realm_params(&r, &pa)->hash_algo =
			!strcmp(json_string_value(json_object_get(vector, "hash")), "sha-512");
		EXPECT(0, h, REALM_CREATE, r.rd, pa);
		realm_add_rec(&r, true, 0);
		realm_activate(&r);
		extends = json_object_get(vector, "extends");
		next_value = 0;
		script = extend_all_then_read;
		realm_run(&r, 0);
		assert_string_equal(
			to_hex((const uint8_t *)read_back),
			json_string_value(json_object_get(vector, "rem64_tf_rmm_and_islet")));
		assert_int_equal(measurement(1)[0] | measurement(3)[0] | measurement(4)[0], 0);
		host_stop(h);
	}
	json_decref(file);
}

/* ---- what does not change the RIM ---- */

static void start(void **state)
{
	h = *state;
	realm_create(&r, h);
	realm_tables(&r, IPA_B, 3);
}

#define UNCHANGED(call)                                                                            \
	do {                                                                                       \
		uint8_t rim[64];                                                                   \
		memcpy(rim, measurement(0), 64);                                                   \
		call;                                                                              \
		assert_memory_equal(rim, measurement(0), 64);                                      \
	} while (0)

static void only_measured_commands_that_succeed_extend_the_rim(void **state)
{
	uint64_t src, data, rim;

	start(state);
	src = host_page(h);
	data = host_granule(h);
	UNCHANGED(EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, host_granule(h), IPA_B + 0x1000));
	UNCHANGED(realm_tables(&r, 0, 2));
	UNCHANGED(realm_add_rec(&r, false, 0));
	UNCHANGED(EXPECT(0x304, h, DATA_CREATE, r.rd, data, IPA_B + 0x1000, src, 1));
	UNCHANGED(EXPECT(0x304, h, RTT_INIT_RIPAS, r.rd, IPA_B + 0x1000, IPA_B + 0x2000));
	memcpy(&rim, measurement(0), 8);
	EXPECT(0, h, DATA_CREATE, r.rd, data, IPA_B, src, 0);
	assert_memory_not_equal(&rim, measurement(0), 8);
	memcpy(&rim, measurement(0), 8);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, IPA_B + 0x2000, IPA_B + 0x3000);
	assert_memory_not_equal(&rim, measurement(0), 8);
	memcpy(&rim, measurement(0), 8);
	/* RAM again: done, and measured, once more */
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, IPA_B + 0x2000, IPA_B + 0x3000);
	assert_memory_not_equal(&rim, measurement(0), 8);
	UNCHANGED(realm_activate(&r));
	realm_destroy(&r);
}

static unsigned int reported;
static uint8_t reported_value[64];

static void observe(void *arg, const struct trace_event *e)
{
	if (e->kind != TRACE_MEASURE)
		return;
	reported++;
	assert_int_equal(e->hash_len, 32);
	memcpy(reported_value, e->value, 64);
}

static void each_extension_is_reported_with_the_value_after(void **state)
{
	const struct trace_observer o = {.event = observe};

	reported = 0;
	trace_observe(&o);
	start(state);
	assert_int_equal(reported, 1);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, IPA_B, IPA_B + 0x3000);
	assert_int_equal(reported, 4);
	assert_memory_equal(reported_value, measurement(0), 64);
	realm_add_rec(&r, true, 0);
	assert_int_equal(reported, 5);
	assert_memory_equal(reported_value, measurement(0), 64);
	realm_destroy(&r);
	trace_observe(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int test_measure(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rim_of_each_vector_is_right_after_every_step),
		cmocka_unit_test(rem_vectors_hold_through_rsi),
		T(only_measured_commands_that_succeed_extend_the_rim),
		T(each_extension_is_reported_with_the_value_after),
	};

	return cmocka_run_group_tests_name("rmm measurements", tests, NULL, NULL);
}
