// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_sve.c - vectors of an ordinary VM, as user space and its guest see them. On the
 * real engine. */
#include <stdlib.h>

#include "machine/idregs.h"
#include "tests/kvm/ordinary_fixture.h"

#define VECTORS	      0xf00
#define NUM_SVE	      (32 + 16 + 1)
#define PFR0_SVE(val) ((val) >> 32 & 15)

static const uint64_t lengths[] = {1, 2, 3, 4, 8, 16};

/* Z0.., P0.., FFR, in the order of the list. */
static uint64_t id_of(unsigned int i)
{
	return i < 32 ? KVM_REG_ARM64_SVE_ZREG((uint64_t)i)
		      : KVM_REG_ARM64_SVE_PREG((uint64_t)i - 32);
}

static void access_reg(struct fx *f, uint32_t nr, uint64_t id, void *val)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)val};

	GIVES(0, f->vcpu[0], nr, &r);
}

/* Random bytes as long as user space's register; what is beyond the vCPU's length is ignored. */
static void put(struct fx *f, uint64_t vq, uint8_t val[NUM_SVE][256])
{
	for (unsigned int i = 0; i < NUM_SVE; i++) {
		size_t len = i < 32 ? 16 * vq : 2 * vq;

		for (unsigned int n = 0; n < 256; n++)
			val[i][n] = (uint8_t)random();
		if (i == NUM_SVE - 1) /* FFR: ones, then zeros */
			memset(val[i], 0xff, 256);
		access_reg(f, (uint32_t)KVM_SET_ONE_REG, id_of(i), val[i]);
		memset(val[i] + len, 0, 256 - len);
	}
}

static void expect(struct fx *f, uint8_t val[NUM_SVE][256])
{
	for (unsigned int i = 0; i < NUM_SVE; i++) {
		uint8_t got[256];

		memset(got, 0x5a, sizeof(got));
		access_reg(f, (uint32_t)KVM_GET_ONE_REG, id_of(i), got);
		assert_memory_equal(got, val[i], i < 32 ? 256 : 32);
	}
}

static void vectors_go_round_by_way_of_the_cpu(void **state)
{
	struct fx *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint64_t vq = lengths[i];
		uint8_t val[NUM_SVE][256];

		ordinary_make_sve(f, vq, VECTORS);
		put(f, vq, val);
		expect(f, val); /* the shadow's */
		assert_int_equal(fx_set_reg(f, 0, KVM_REG_ZCR_EL1, 0xf), 0);
		ordinary_expect_store(f, 0, 8, 16 * vq);
		assert_int_equal(fx_get_reg(f, 0, KVM_REG_ZCR_EL1), 0xf);
		expect(f, val); /* the CPU's */
		put(f, vq, val);
		ordinary_expect_store(f, 0, 8, fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1));
		ordinary_expect_store(f, 0, 8, idreg_of_sve(IDREG_AA64ZFR0));
		fx_get_reg(f, 0, KVM_REG_ARM_CORE_PC); /* all comes out but the vectors */
		fx_assert_off(f, 0);
		for (unsigned int n = 0; n < 16 * vq; n++)
			val[4][n] = (uint8_t)(2 * val[3][n]);
		expect(f, val);
		fx_restart(f,
			   &(struct inproc_config){.engine = &engine_qemu, .cpu = MACHINE_CPU_SVE});
	}
}

static void a_reset_clears_them(void **state)
{
	uint8_t val[NUM_SVE][256], zero[NUM_SVE][256] = {0};
	struct fx *f = *state;

	ordinary_make_sve(f, 16, VECTORS);
	put(f, 16, val);
	ordinary_expect_store(f, 0, 8, 16); /* ZCR_EL1 is 0 */
	f->run[0]->immediate_exit = 1;	    /* the store is done, and no more */
	REFUSED(EINTR, kvm_run_immediate_exit, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->immediate_exit = 0;
	fx_init_vcpu(f, 0,
		     1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS |
			     1u << KVM_ARM_VCPU_PTRAUTH_GENERIC | 1u << KVM_ARM_VCPU_SVE);
	expect(f, zero);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, RAM + VECTORS), 0);
	ordinary_expect_store(f, 0, 8, 16);
	expect(f, zero);
}

struct list {
	uint64_t n, id[512];
};

static void they_are_listed_in_place_of_v_registers(void **state)
{
	struct list list = {.n = ARRAY_SIZE(list.id)};
	unsigned int sve = 0, v = 0, zcr = 0;
	struct fx *f = *state;

	ordinary_make_sve(f, 4, VECTORS);
	GIVES(0, f->vcpu[0], KVM_GET_REG_LIST, &list);
	for (uint64_t i = 0; i < list.n; i++) {
		bool core = (list.id[i] & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE;

		sve += (list.id[i] & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE;
		v += core && (list.id[i] & KVM_REG_SIZE_MASK) == KVM_REG_SIZE_U128;
		zcr += list.id[i] == KVM_REG_ZCR_EL1;
	}
	assert_int_equal(sve, NUM_SVE + 1); /* and the lengths */
	assert_int_equal(v, 0);
	assert_int_equal(zcr, 1);
}

static void a_vcpu_without_the_feature_has_none(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, VECTORS);
	assert_int_equal(PFR0_SVE(fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1)), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ZCR_EL1, 0), -ENOENT);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + 0x800), 0);
	ordinary_expect_store(f, 0, 8, BIT(25)); /* undefined, says its vector */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, ordinary_setup_sve, fx_teardown)
	const struct CMUnitTest tests[] = {
		TEST(vectors_go_round_by_way_of_the_cpu),
		TEST(a_reset_clears_them),
		TEST(they_are_listed_in_place_of_v_registers),
		TEST(a_vcpu_without_the_feature_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
