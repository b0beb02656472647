// SPDX-License-Identifier: BSD-3-Clause
/* test_vcpu.c - VCPU_INIT, registers, events, states and attributes of vCPUs. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <stdlib.h>

#define DFR0_REALM UINT64_C(0x1030500a) /* BRPs 5, WRPs 3, CTX_CMPs 1 */
#define F(name)	   (1u << KVM_ARM_VCPU_##name)

static int64_t init(struct fx *f, uint32_t target, uint32_t features)
{
	struct kvm_vcpu_init i = {.target = target, .features = {features}};

	return CALL(f->vcpu[0], KVM_ARM_VCPU_INIT, &i);
}

#define REFUSED_INIT(err, rule, features)                                                          \
	do {                                                                                       \
		assert_int_equal(init(f, 5, features), -(err));                                    \
		assert_string_equal(fx_last_rule(), #rule);                                        \
	} while (0)

static void create(struct fx *f, uint64_t type)
{
	fx_create_vm(f, type);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	f->run[0] = inproc_mmap(f->p, f->vcpu[0], KVM_VCPU_MMAP_SIZE);
}

static void features_are_checked_one_by_one(void **state)
{
	struct fx *f = *state;
	struct inproc_config cfg = {.engine = &engine_toy,
				    .revision = kvm_revision_find("v12-6.19")};
	struct kvm_vcpu_init high = {.target = 5, .features = {0, 1}};

	create(f, REALM_TYPE);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_ARM_VCPU_INIT, 8);
	assert_int_equal(init(f, 4, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_init_target");
	for (int bit = 10; bit < 32; bit++)
		REFUSED_INIT(ENOENT, kvm_init_unknown_feature, 1u << bit);
	REFUSED(ENOENT, kvm_init_unknown_feature, f->vcpu[0], KVM_ARM_VCPU_INIT, &high);
	REFUSED_INIT(EINVAL, kvm_init_unsupported_feature, F(EL1_32BIT));
	REFUSED_INIT(EINVAL, kvm_init_unsupported_feature, F(SVE));
	REFUSED_INIT(EINVAL, kvm_init_unsupported_feature, F(PMU_V3));
	REFUSED_INIT(EINVAL, kvm_init_unsupported_feature, F(HAS_EL2));
	REFUSED_INIT(EINVAL, kvm_init_unsupported_feature, F(PMU_V3_STRICT));
	REFUSED_INIT(EINVAL, kvm_init_ptrauth, F(PTRAUTH_ADDRESS));
	REFUSED_INIT(EINVAL, kvm_init_ptrauth, F(PTRAUTH_GENERIC));
	assert_int_equal(init(f, 5, F(PSCI_0_2) | F(PTRAUTH_ADDRESS) | F(PTRAUTH_GENERIC)), 0);
	assert_int_equal(
		init(f, 5, F(PSCI_0_2) | F(PTRAUTH_ADDRESS) | F(PTRAUTH_GENERIC) | F(POWER_OFF)),
		0);
	REFUSED_INIT(EINVAL, kvm_init_features_differ, F(PSCI_0_2));
	fx_restart(f, &cfg);
	create(f, REALM_TYPE);
	assert_int_equal(init(f, 5, F(HAS_EL2_E2H0) | F(PMU_V3_STRICT)), 0);
	assert_int_equal(init(f, 5, F(HAS_EL2_E2H0)), 0); /* it was ignored */
}

static void before_init_registers_are_enoexec(void **state)
{
	struct fx *f = *state;
	struct kvm_one_reg r = {0};
	struct kvm_reg_list l = {0};
	struct kvm_vcpu_events e;

	create(f, REALM_TYPE);
	REFUSED(ENOEXEC, kvm_vcpu_not_initialized, f->vcpu[0], KVM_GET_ONE_REG, 8);
	REFUSED(ENOEXEC, kvm_vcpu_not_initialized, f->vcpu[0], KVM_SET_ONE_REG, &r);
	REFUSED(ENOEXEC, kvm_vcpu_not_initialized, f->vcpu[0], KVM_GET_REG_LIST, &l);
	REFUSED(ENOEXEC, kvm_events_not_initialized, f->vcpu[0], KVM_GET_VCPU_EVENTS, &e);
}

/* Ids that a realm's user space reads but may not write. */
static const uint64_t read_only[] = {
	KVM_REG_ARM_CORE_SP,
	KVM_REG_ARM_CORE_PSTATE,
	KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x44,
	KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_CORE | 0xd5,
	ARM64_SYS_REG(3, 0, 1, 0, 0),
	KVM_REG_MPIDR_EL1,
	KVM_REG_ID_AA64PFR0_EL1,
	KVM_REG_ARM_TIMER_CNT,
	KVM_REG_ARM_TIMER_CTL,
	KVM_REG_ARM_TIMER_CVAL,
	KVM_REG_ARM_PSCI_VERSION,
	KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP,
	KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX,
};

static void check_realm_registers(struct fx *f)
{
	struct kvm_one_reg r = {.addr = 8};

	for (unsigned int i = 0; i < 31; i++) {
		assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(i), i + 100), 0);
		assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(i)), i + 100);
	}
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++) {
		fx_get_reg(f, 0, read_only[i]);
		r.id = read_only[i];
		REFUSED(EINVAL, kvm_reg_realm, f->vcpu[0], KVM_SET_ONE_REG, &r);
	}
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ID_AA64DFR0_EL1), DFR0_REALM);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ID_AA64DFR0_EL1, DFR0_REALM), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM64_SVE_VLS, 0), -ENOENT);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_PMCR_EL0, 0), -ENOENT);
	r.id = KVM_REG_PMCR_EL0;
	REFUSED(ENOENT, kvm_reg_unknown, f->vcpu[0], KVM_GET_ONE_REG, &r);
	r.id = KVM_REG_ARM_CORE_X(0);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_GET_ONE_REG, &r);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_SET_ONE_REG, &r);
}

static void a_realm_takes_few_registers_in_every_state(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_memory(f);
	check_realm_registers(f); /* NONE */
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 0), PAGE);
	check_realm_registers(f); /* NEW */
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	check_realm_registers(f); /* ACTIVE */
	fx_init_vcpu(f, 0, F(PSCI_0_2));
}

static void breakpoints_are_as_recorded(void **state)
{
	struct fx *f = *state;
	const uint64_t id = KVM_REG_ID_AA64DFR0_EL1;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_memory(f);
#define SET_DFR0(val, err, rule)                                                                   \
	do {                                                                                       \
		assert_int_equal(fx_set_reg(f, 0, id, val), -(err));                               \
		assert_string_equal(fx_last_rule(), rule);                                         \
	} while (0)
	SET_DFR0(UINT64_C(0x1030000a), EINVAL, "kvm_reg_id_fixed");  /* BRPs 0 */
	SET_DFR0(UINT64_C(0x1030200a), EINVAL, "kvm_reg_id_fixed");  /* BRPs 2 */
	SET_DFR0(UINT64_C(0x1030f00a), EINVAL, "kvm_reg_id_fixed");  /* BRPs 15 */
	SET_DFR0(UINT64_C(0x1000500a), EINVAL, "kvm_reg_dfr0_wrps"); /* WRPs 0 */
	SET_DFR0(UINT64_C(0x1040500a), EINVAL, "kvm_reg_dfr0_wrps"); /* above the maximum */
	SET_DFR0(UINT64_C(0x10305005), EINVAL, "kvm_reg_dfr0_version");
	SET_DFR0(UINT64_C(0x1030500b), EINVAL, "kvm_reg_dfr0_version");
	assert_int_equal(fx_set_reg(f, 0, id, 0x1020500a), 0); /* WRPs can be lowered */
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 0), PAGE);
	SET_DFR0(UINT64_C(0x1010500a), EBUSY, "kvm_reg_id_late");
	assert_int_equal(fx_set_reg(f, 0, id, 0x1020500a), 0);
}

static void odd_ids_are_refused(void **state)
{
	struct fx *f = *state;
	uint64_t val[8];
	struct kvm_one_reg r = {.addr = (uintptr_t)val};
	static const uint64_t wrong_size[] = {
		KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_CORE | 0,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 1,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x52,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x54,
		KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | 0x55,
	};
	static const uint64_t absent[] = {
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0xd8,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0xffff,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW | 9,
		KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | 14,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SVE | 1,
		ARM64_SYS_REG(3, 0, 15, 0, 0),
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | UINT64_C(0x0fff0000),
	};

	create(f, 0);
	assert_int_equal(init(f, 5, F(PSCI_0_2)), 0);
	r.id = UINT64_C(0x4030000000000000);
	REFUSED(EINVAL, kvm_reg_not_arm64, f->vcpu[0], KVM_GET_ONE_REG, &r);
	for (size_t i = 0; i < ARRAY_SIZE(wrong_size); i++) {
		r.id = wrong_size[i];
		REFUSED(EINVAL, kvm_reg_core_size, f->vcpu[0], KVM_GET_ONE_REG, &r);
	}
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		r.id = absent[i];
		REFUSED(ENOENT, kvm_reg_unknown, f->vcpu[0], KVM_GET_ONE_REG, &r);
	}
}

#define OSLSR_EL1	ARM64_SYS_REG(2, 0, 1, 1, 4)
#define FW_FEAT_BMAP(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP | (n))

static bool is_listed(const struct kvm_reg_list *l, uint64_t id)
{
	uint64_t i = 0;

	while (i < l->n && l->reg[i] != id)
		i++;
	return i < l->n;
}

static void the_os_lock_can_be_locked_and_not_taken_away(void **state)
{
	struct fx *f = *state;

	create(f, 0);
	assert_int_equal(init(f, 5, F(PSCI_0_2)), 0);
	assert_int_equal(fx_get_reg(f, 0, OSLSR_EL1), 8);
	assert_int_equal(fx_set_reg(f, 0, OSLSR_EL1, 0xa), 0);
	assert_int_equal(fx_get_reg(f, 0, OSLSR_EL1), 0xa);
	assert_int_equal(fx_set_reg(f, 0, OSLSR_EL1, 2), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, OSLSR_EL1, 0xc), -EINVAL);
}

/* On a CPU without AArch32: zero, and what is written is ignored. */
static void aarch32_id_registers_ignore_writes(void **state)
{
	struct fx *f = *state;
	const uint64_t pfr0 = ARM64_SYS_REG(3, 0, 0, 1, 0), mvfr2 = ARM64_SYS_REG(3, 0, 0, 3, 2);

	create(f, 0);
	assert_int_equal(init(f, 5, F(PSCI_0_2)), 0);
	assert_int_equal(fx_set_reg(f, 0, pfr0, 0x131), 0);
	assert_int_equal(fx_set_reg(f, 0, mvfr2, UINT64_MAX), 0);
	assert_int_equal(fx_get_reg(f, 0, pfr0), 0);
	assert_int_equal(fx_get_reg(f, 0, mvfr2), 0);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 0, 3, 3), 1), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 0, 4, 4), 1), -EINVAL);
}

static void stolen_time_has_one_aligned_place_in_a_slot(void **state)
{
	struct fx *f = *state;
	uint64_t ipa = RAM + 32;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PVTIME_CTRL, .addr = (uintptr_t)&ipa};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 2);
	GIVES(0, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_pvtime_align, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	ipa = RAM;
	REFUSED(EINVAL, kvm_pvtime_slot, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	fx_memory(f);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EEXIST, kvm_pvtime_set, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	ipa = 0;
	GIVES(0, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(ipa, RAM);
	GIVES(0, f->vcpu[1], KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(ipa, UINT64_MAX);
	a.addr = 8;
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[1], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[1], KVM_GET_DEVICE_ATTR, &a);
	a.attr = 1;
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[1], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[1], KVM_GET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[1], KVM_HAS_DEVICE_ATTR, &a);
}

static void an_ordinary_vcpu_takes_back_what_it_listed(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_WRITABLE_IMP_ID_REGS};
	struct kvm_reg_list *l = calloc(1, 8 + 1000 * 8);
	uint64_t val[8];

	create(f, 0);
	assert_int_equal(init(f, 5, F(PSCI_0_2)), 0);
	REFUSED(E2BIG, kvm_reg_list_room, f->vcpu[0], KVM_GET_REG_LIST, l);
	assert_in_range(l->n, 100, 1000);
	GIVES(0, f->vcpu[0], KVM_GET_REG_LIST, l);
	for (uint64_t i = 0; i < l->n; i++) {
		struct kvm_one_reg r = {.id = l->reg[i], .addr = (uintptr_t)val};

		for (uint64_t j = 0; j < i; j++)
			assert_true(l->reg[j] != l->reg[i]);
		GIVES(0, f->vcpu[0], KVM_GET_ONE_REG, &r);
		GIVES(0, f->vcpu[0], KVM_SET_ONE_REG, &r);
	}
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PSTATE, 0x3c9), -EINVAL); /* EL2h */
	assert_string_equal(fx_last_rule(), "kvm_reg_pstate");
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_PSCI_VERSION, 3), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_reg_fw_value");
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_reg_id_fixed");
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 0, 0, 0), 1), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 2, 0, 0), 77), 0);
	assert_int_equal(fx_get_reg(f, 0, ARM64_SYS_REG(3, 0, 2, 0, 0)), 77);
	assert_true(is_listed(l, OSLSR_EL1));
	assert_true(is_listed(l, FW_FEAT_BMAP(3)));
	free(l);
	inproc_munmap(f->p, f->run[0], KVM_VCPU_MMAP_SIZE);
	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	f->run[0] = inproc_mmap(f->p, f->vcpu[0], KVM_VCPU_MMAP_SIZE);
	assert_int_equal(init(f, 5, F(PSCI_0_2)), 0);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 0, 0, 0), 1), 0); /* MIDR now */
}

static void a_realms_list_is_short(void **state)
{
	struct fx *f = *state;
	struct kvm_reg_list *l = calloc(1, 8 + 1000 * 8);
	bool dfr0 = false;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	l->n = 1000;
	GIVES(0, f->vcpu[0], KVM_GET_REG_LIST, l);
	assert_int_equal(l->n, 31 + 3 + 2 + 5 + 32 + 2 + 1);
	for (uint64_t i = 0; i < l->n; i++) {
		bool core = (l->reg[i] & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE;

		dfr0 |= l->reg[i] == KVM_REG_ID_AA64DFR0_EL1;
		assert_true(core || l->reg[i] == KVM_REG_ID_AA64DFR0_EL1);
	}
	assert_true(dfr0);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_GET_REG_LIST, 8);
	free(l);
}

static void mp_states_are_three(void **state)
{
	struct fx *f = *state;
	struct kvm_mp_state s = {.mp_state = 1};

	create(f, REALM_TYPE);
	assert_int_equal(init(f, 5, F(PSCI_0_2) | F(POWER_OFF)), 0);
	REFUSED(EINVAL, kvm_mp_state, f->vcpu[0], KVM_SET_MP_STATE, &s);
	GIVES(0, f->vcpu[0], KVM_GET_MP_STATE, &s);
	assert_int_equal(s.mp_state, KVM_MP_STATE_STOPPED);
	s.mp_state = KVM_MP_STATE_RUNNABLE;
	GIVES(0, f->vcpu[0], KVM_SET_MP_STATE, &s);
	s.mp_state = KVM_MP_STATE_SUSPENDED;
	GIVES(0, f->vcpu[0], KVM_SET_MP_STATE, &s);
	GIVES(0, f->vcpu[0], KVM_GET_MP_STATE, &s);
	assert_int_equal(s.mp_state, KVM_MP_STATE_SUSPENDED);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_GET_MP_STATE, 8);
}

static void events_cannot_be_forced_on_a_realm(void **state)
{
	struct fx *f = *state;
	struct kvm_vcpu_events e = {.exception.serror_pending = 1};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	REFUSED(EINVAL, kvm_events_realm_serror, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	e = (struct kvm_vcpu_events){.exception.ext_dabt_pending = 1};
	REFUSED(EINVAL, kvm_events_realm_dabt, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	e = (struct kvm_vcpu_events){0};
	GIVES(0, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	GIVES(0, f->vcpu[0], KVM_GET_VCPU_EVENTS, &e);
}

static void an_ordinary_vcpu_keeps_a_pending_serror(void **state)
{
	struct fx *f = *state;
	struct kvm_vcpu_events e = {
		.exception = {.serror_pending = 1, .serror_has_esr = 1, .serror_esr = BIT(25)}};

	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	REFUSED(EINVAL, kvm_events_esr, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	e.exception.serror_esr = 0x123;
	GIVES(0, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	memset(&e, 0, sizeof(e));
	GIVES(0, f->vcpu[0], KVM_GET_VCPU_EVENTS, &e);
	assert_int_equal(e.exception.serror_pending, 1);
	assert_int_equal(e.exception.serror_esr, 0x123);
}

static void the_signal_mask_is_kept_for_the_transport(void **state)
{
	struct fx *f = *state;
	struct {
		uint32_t len;
		uint8_t set[8];
	} m = {.len = 16, .set = {1, 2, 3, 4, 5, 6, 7, 8}};
	uint64_t mask;

	create(f, REALM_TYPE);
	assert_false(kvm_vcpu_signal_mask(inproc_file(f->p, f->vcpu[0]), &mask));
	REFUSED(EINVAL, kvm_signal_mask_len, f->vcpu[0], KVM_SET_SIGNAL_MASK, &m);
	m.len = 8;
	GIVES(0, f->vcpu[0], KVM_SET_SIGNAL_MASK, &m);
	assert_true(kvm_vcpu_signal_mask(inproc_file(f->p, f->vcpu[0]), &mask));
	assert_int_equal(mask, UINT64_C(0x0807060504030201));
	GIVES(0, f->vcpu[0], KVM_SET_SIGNAL_MASK, 0);
	assert_false(kvm_vcpu_signal_mask(inproc_file(f->p, f->vcpu[0]), &mask));
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_SET_SIGNAL_MASK, 8);
}

static void guest_debug_is_accepted_and_checked(void **state)
{
	struct fx *f = *state;
	struct kvm_guest_debug d = {.control = 4};

	create(f, REALM_TYPE);
	REFUSED(EINVAL, kvm_guest_debug_control, f->vcpu[0], KVM_SET_GUEST_DEBUG, &d);
	d.control = 0x30003;
	GIVES(0, f->vcpu[0], KVM_SET_GUEST_DEBUG, &d);
}

static void timer_interrupts_are_one_choice_for_the_vm(void **state)
{
	struct fx *f = *state;
	uint32_t irq = 99;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_TIMER_CTRL, .addr = (uintptr_t)&irq};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 2);
	GIVES(0, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(irq, 27);
	REFUSED(EINVAL, kvm_timer_no_irqchip, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	fx_create_gic(f, true);
	irq = 32;
	REFUSED(EINVAL, kvm_timer_not_ppi, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	irq = 20;
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	irq = 0;
	GIVES(0, f->vcpu[1], KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(irq, 20);
	a.attr = 9;
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	irq = 20;
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.group = KVM_ARM_VCPU_PVTIME_CTRL;
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.group = KVM_ARM_VCPU_PMU_V3_CTRL;
	REFUSED(ENODEV, kvm_pmu_absent, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
}

static void unmappable_files_are_not_mapped(void **state)
{
	struct fx *f = *state;

	create(f, REALM_TYPE);
	fx_create_gmem(f, PAGE, 0);
	assert_null(inproc_mmap(f->p, f->vm, PAGE));
	assert_null(inproc_mmap(f->p, f->gmem, PAGE));
	assert_null(inproc_mmap(f->p, f->vcpu[0], KVM_VCPU_MMAP_SIZE + 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_vcpu(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(features_are_checked_one_by_one),
		TEST(before_init_registers_are_enoexec),
		TEST(a_realm_takes_few_registers_in_every_state),
		TEST(breakpoints_are_as_recorded),
		TEST(odd_ids_are_refused),
		TEST(an_ordinary_vcpu_takes_back_what_it_listed),
		TEST(a_realms_list_is_short),
		TEST(mp_states_are_three),
		TEST(events_cannot_be_forced_on_a_realm),
		TEST(an_ordinary_vcpu_keeps_a_pending_serror),
		TEST(the_signal_mask_is_kept_for_the_transport),
		TEST(guest_debug_is_accepted_and_checked),
		TEST(the_os_lock_can_be_locked_and_not_taken_away),
		TEST(aarch32_id_registers_ignore_writes),
		TEST(stolen_time_has_one_aligned_place_in_a_slot),
		TEST(timer_interrupts_are_one_choice_for_the_vm),
		TEST(unmappable_files_are_not_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
