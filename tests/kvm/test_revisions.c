// SPDX-License-Identifier: BSD-3-Clause
/* test_revisions.c - in what the revisions of the realm ABI differ: every row, in each of them. */
#include "tests/kvm/revisions.h"
#include "tests/kvm/suites.h"

#include <stdio.h>
#include <sys/mman.h>

#include "abi/realm.h"
#include "rmm/call.h"

#define POPULATE_IOW	0x4020AED7
#define POPULATE_IOWR	0xC020AED7
#define PSCI_COMPLETE	0x4018AED6
#define SET_ATTRIBUTES	0x4020AED2
#define SET_ATTRIBUTES2 0xC080AED2
#define IN_PLACE	(GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

static void there_are_six_with_names(void **state)
{
	static const char *const names[] = {"v12", "v12-6.19", "v13", "v14", "v15", "next"};

	assert_int_equal(kvm_num_revisions, NUM_REVISIONS);
	for (unsigned int r = 0; r < NUM_REVISIONS; r++)
		assert_ptr_equal(kvm_revision_find(names[r]), kvm_revisions[r]);
	assert_null(kvm_revision_find("v16"));
}

/* ---- numbers ---- */

static void each_has_its_capability_number_and_no_other(void **state)
{
	static const int cap[] = {247, 247, 248, 249, 251, 253};
	static const int gmem_cap[] = {0, 0, 0, 0, 250, 252};
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		for (int n = 246; n < 256; n++) {
			int64_t want = n == cap[r] ? 1 : n == gmem_cap[r] ? 8 : 0;

			GIVES(want, f->vm, KVM_CHECK_EXTENSION, n);
			GIVES(want, f->sys, KVM_CHECK_EXTENSION, n);
		}
		GIVES(r < V15 ? 8 : 0, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES);
		GIVES(r < V15 ? 8 : 0, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES);
		fx_close(f, &f->vm);
		fx_create_vm(f, 0);
		GIVES(1, f->vm, KVM_CHECK_EXTENSION, cap[r]);
		GIVES(0, f->vm, KVM_CHECK_EXTENSION, gmem_cap[r] ? gmem_cap[r] : 250);
	}
}

static void a_realm_s_pmu_is_v12_s(void **state)
{
	struct fx *f = *state;

	for (unsigned int r = 0; r < NUM_REVISIONS; r++) {
		struct inproc_config cfg = {
			.engine = &engine_toy,
			.revision = kvm_revisions[r],
			.feature_reg0 = rmm_default_features(NULL) | RMI_FEATURE0_PMU_EN |
					FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6)};
		uint64_t val = 0;
		struct kvm_one_reg pmcr = {.id = KVM_REG_PMCR_EL0, .addr = (uintptr_t)&val};

		fx_restart(f, &cfg);
		GIVES(1, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3);
		GIVES(r == V15, f->sys, KVM_CHECK_EXTENSION, 251);
		fx_create_vm(f, REALM_TYPE);
		GIVES(r <= V12_6_19, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3);
		f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
		fx_init_vcpu(f, 0, BIT(KVM_ARM_VCPU_PSCI_0_2) | BIT(KVM_ARM_VCPU_PMU_V3));
		if (r <= V13)
			GIVES(0, f->vcpu[0], KVM_SET_ONE_REG, &pmcr);
		else
			REFUSED(EINVAL, kvm_reg_realm, f->vcpu[0], KVM_SET_ONE_REG, &pmcr);
	}
}

#define SHARED_52 BIT(51)

/* KVM sets the flag of LPA2 from v14 on, wherever its host has it; without, the RMM has at most 48
 * bits for a realm, which is found out when that is made. */
static void a_realm_of_52_bits_is_v14_s(void **state)
{
	struct fx *f = *state;

	for (unsigned int r = 0; r < NUM_REVISIONS; r++) {
		struct inproc_config cfg = {.engine = &engine_toy,
					    .revision = kvm_revisions[r],
					    .cpu = MACHINE_CPU_LPA2};

		fx_restart(f, &cfg);
		GIVES(52, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
		REFUSED(EINVAL, kvm_create_vm_ipa, f->sys, KVM_CREATE_VM, f->rev->realm_type | 53);
		PROGRAM(0, CODE, {T_LDR, 1, SHARED_52 | (RAM + 0x3000), 8}, {T_CHECK, 1, 77},
			{T_MOV, 1, 78}, {T_STR, 1, SHARED_52 | (RAM + 0x3008), 8},
			{T_STR, 1, DATA, 8}, {T_LDR, 1, SHARED_52 | UART, 4}, SYSTEM_OFF);
		fx_create_vm(f, f->rev->realm_type | 52);
		fx_create_vcpus(f, 1);
		fx_create_gic(f, true);
		fx_memory(f);
		assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1),
				 r < V14 ? -ENXIO : (int64_t)PAGE);
		if (r < V14)
			continue;
		assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
		*(uint64_t *)(f->ram + 0x3000) = 77;
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.phys_addr, UART);
		assert_int_equal(*(uint64_t *)(f->ram + 0x3008), 78);
		fx_assert_off(f, 0);
		assert_int_equal(atomic_load(&toy_failed_checks), 0);
	}
}

static void the_vm_type_is_read_strictly(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		if (r <= V13) {
			fx_create_vm(f, 0x100 | 40);
			REFUSED(EINVAL, kvm_create_vm_later_type, f->sys, KVM_CREATE_VM, BIT(30));
			REFUSED(EINVAL, kvm_create_vm_type_bits, f->sys, KVM_CREATE_VM,
				BIT(30) | 0x100);
			REFUSED(EINVAL, kvm_create_vm_kind, f->sys, KVM_CREATE_VM, 0x200);
			continue;
		}
		fx_create_vm(f, BIT(30) | 40);
		REFUSED(EINVAL, kvm_create_vm_earlier_type, f->sys, KVM_CREATE_VM, 0x100 | 40);
		REFUSED(EINVAL, kvm_create_vm_both_types, f->sys, KVM_CREATE_VM, BIT(30) | BIT(31));
		REFUSED(EINVAL, kvm_create_vm_no_pkvm, f->sys, KVM_CREATE_VM, BIT(31));
		REFUSED(EINVAL, kvm_create_vm_unknown_type, f->sys, KVM_CREATE_VM, BIT(30) | 0x100);
		REFUSED(EINVAL, kvm_create_vm_unknown_type, f->sys, KVM_CREATE_VM, BIT(32));
		REFUSED(EINVAL, kvm_create_vm_ipa, f->sys, KVM_CREATE_VM, BIT(30) | 31);
	}
}

static void numbers_of_other_revisions_are_named(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_create_gmem(f, PAGE, 0);
		if (r <= V12_6_19)
			REFUSED(EINVAL, kvm_other_populate_iowr, f->vm, POPULATE_IOWR, 8);
		else
			REFUSED(EINVAL, kvm_other_populate_iow, f->vm, POPULATE_IOW, 8);
		if (r <= V13)
			REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], PSCI_COMPLETE, 8);
		else
			REFUSED(EINVAL, kvm_other_psci_complete, f->vcpu[0], PSCI_COMPLETE, 8);
		if (r <= V14) {
			REFUSED(EFAULT, kvm_arg_fault, f->vm, SET_ATTRIBUTES, 8);
			REFUSED(ENOTTY, kvm_other_gmem_attributes, f->gmem, SET_ATTRIBUTES2, 8);
		} else {
			REFUSED(EINVAL, kvm_other_vm_attributes, f->vm, SET_ATTRIBUTES, 8);
			REFUSED(EFAULT, kvm_arg_fault, f->gmem, SET_ATTRIBUTES2, 8);
		}
	}
}

/* ---- capabilities and features ---- */

static void enabling_capabilities_is_gated(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap nisv = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	struct kvm_enable_cap log = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = {1}};
	struct kvm_enable_cap psci = {.cap = KVM_CAP_ARM_PSCI};

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		if (r <= V13)
			GIVES(0, f->vm, KVM_ENABLE_CAP, &nisv);
		else
			REFUSED(EINVAL, kvm_enable_cap_realm, f->vm, KVM_ENABLE_CAP, &nisv);
		GIVES(0, f->vm, KVM_ENABLE_CAP, &log); /* generic: never gated */
		REFUSED(EINVAL, kvm_enable_cap_unknown, f->vm, KVM_ENABLE_CAP, &psci);
		fx_close(f, &f->vm);
		fx_create_vm(f, 0);
		GIVES(0, f->vm, KVM_ENABLE_CAP, &nisv);
	}
}

static int64_t init_with(struct fx *f, uint32_t features)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8, .features = {features}};

	return CALL(f->vcpu[0], KVM_ARM_VCPU_INIT, &init);
}

static void vcpu_features_differ(void **state)
{
	static const int bit9[] = {-EINVAL, 0, 0, -ENOENT, -ENOENT, -EINVAL};
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
		assert_int_equal(init_with(f, BIT(9)), bit9[r]);
		assert_int_equal(init_with(f, BIT(10)), -ENOENT);
		assert_int_equal(init_with(f, BIT(KVM_ARM_VCPU_EL1_32BIT)), -EINVAL);
		if (r == NEXT) {
			assert_int_equal(init_with(f, BIT(KVM_ARM_VCPU_HAS_EL2_E2H0)), -EINVAL);
			assert_string_equal(fx_last_rule(), "kvm_init_feature_realm");
		} else if (bit9[r]) { /* else an INIT has fixed the features */
			assert_int_equal(init_with(f, BIT(KVM_ARM_VCPU_HAS_EL2_E2H0)), 0);
		}
	}
}

static void the_register_list_is_early_after_v15(void **state)
{
	struct fx *f = *state;

	for (unsigned int r = V12; r < NUM_REVISIONS; r++) {
		struct inproc_config cfg = {.engine = &engine_toy,
					    .revision = kvm_revisions[r],
					    .feature_reg0 = rmm_default_features(NULL) |
							    RMI_FEATURE0_SVE_EN |
							    FIELD_PUT(RMI_FEATURE0_SVE_VL, 3)};
		struct kvm_reg_list list = {.n = 0};

		fx_restart(f, &cfg);
		fx_create_vm(f, REALM_TYPE);
		f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
		fx_init_vcpu(f, 0, BIT(KVM_ARM_VCPU_PSCI_0_2) | BIT(KVM_ARM_VCPU_SVE));
		GIVES(r == NEXT ? -E2BIG : -EPERM, f->vcpu[0], KVM_GET_REG_LIST, &list);
	}
}

/* ---- KVM_ARM_RMI_POPULATE ---- */

static int64_t populate(struct fx *f, struct kvm_arm_rmi_populate *p)
{
	return CALL(f->vm, f->rev->populate, p);
}

static void what_is_no_realm(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, 0);
		fx_create_vcpus(f, 1);
		GIVES(r <= V12_6_19 ? -EPERM : -ENXIO, f->vm, f->rev->populate, 8);
		if (r <= V13)
			GIVES(r <= V12_6_19 ? -EPERM : -ENXIO, f->vcpu[0], PSCI_COMPLETE, 8);
	}
}

static void populate_reports_in_its_structure(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V13)
	{
		struct kvm_arm_rmi_populate p = {.base = RAM, .size = 3 * PAGE, .flags = 1};

		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_memory(f);
		p.source_uaddr = (uintptr_t)f->source;
		assert_int_equal(populate(f, &p), 0);
		assert_int_equal(p.base, RAM + 3 * PAGE);
		assert_int_equal(p.source_uaddr, (uintptr_t)f->source + 3 * PAGE);
		assert_int_equal(p.size, 0);
		assert_int_equal(p.flags, 1);
		/* Partly: the slot ends. What is left stays in the structure. */
		p = (struct kvm_arm_rmi_populate){.base = RAM + RAM_SIZE - PAGE,
						  .size = 2 * PAGE,
						  .source_uaddr = (uintptr_t)f->source};
		assert_int_equal(populate(f, &p), 0);
		assert_int_equal(p.base, RAM + RAM_SIZE);
		assert_int_equal(p.size, PAGE);
		/* Not at all: the error. */
		p.base = RAM;
		assert_int_equal(populate(f, &p), -ENXIO);
		assert_string_equal(fx_last_rule(), "kvm_populate_again");
		assert_int_equal(p.base, RAM);
		assert_int_equal(p.size, PAGE);
	}
}

/* A structure that can be read and not written. */
static struct kvm_arm_rmi_populate *read_only(const struct kvm_arm_rmi_populate *p)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	memcpy(page, p, sizeof(*p));
	mprotect(page, PAGE, PROT_READ);
	return page;
}

static void the_structure_is_copied_back(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		struct kvm_arm_rmi_populate p = {.base = RAM, .size = PAGE, .reserved = 1}, *ro;

		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_memory(f);
		p.source_uaddr = (uintptr_t)f->source;
		ro = read_only(&p);
		/* On error after v15 only. */
		assert_int_equal(populate(f, ro), r == NEXT ? -EFAULT : -EINVAL);
		munmap(ro, PAGE);
		p.reserved = 0;
		ro = read_only(&p);
		assert_int_equal(populate(f, ro), r <= V12_6_19 ? (int)PAGE : -EFAULT);
		if (r > V12_6_19)
			assert_string_equal(fx_last_rule(), "kvm_populate_copy_back");
		munmap(ro, PAGE);
	}
}

/* ID_AA64DFR0 is frozen once the realm exists: a changed value is EBUSY. */
static bool created(struct fx *f)
{
	uint64_t val = fx_get_reg(f, 0, KVM_REG_ID_AA64DFR0_EL1);

	return fx_set_reg(f, 0, KVM_REG_ID_AA64DFR0_EL1, val - BIT(20)) == -EBUSY;
}

static void arguments_are_checked_in_order(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		struct kvm_arm_rmi_populate p = {.base = RAM, .size = PAGE};
		bool early = r >= V13, range = r >= V15;

		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_memory(f);
		p.source_uaddr = (uintptr_t)f->source + 8;
		assert_int_equal(populate(f, &p), r == V12_6_19 ? (int)PAGE : -EINVAL);
		assert_int_equal(created(f), !early);
		p = (struct kvm_arm_rmi_populate){.base = RAM, .size = PAGE};
		assert_int_equal(populate(f, &p), range ? -EINVAL : -EFAULT);
		p = (struct kvm_arm_rmi_populate){
			.base = -PAGE, .size = 2 * PAGE, .source_uaddr = (uintptr_t)f->source};
		assert_int_equal(populate(f, &p), -EINVAL);
		assert_string_equal(fx_last_rule(),
				    range ? "kvm_populate_wraps" : "kvm_populate_no_gmem_slot");
		p = (struct kvm_arm_rmi_populate){.base = SHARED - PAGE,
						  .size = 2 * PAGE,
						  .source_uaddr = (uintptr_t)f->source};
		assert_int_equal(populate(f, &p), -EINVAL);
		assert_string_equal(fx_last_rule(), range ? "kvm_populate_not_protected"
							  : "kvm_populate_no_gmem_slot");
	}
}

static void an_empty_range_is_no_error_from_v15_on(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		struct kvm_arm_rmi_populate p = {.base = RAM, .size = 0};

		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_memory(f);
		p.source_uaddr = (uintptr_t)f->source;
		assert_int_equal(populate(f, &p), r >= V15 ? 0 : -EINVAL);
		assert_true(created(f));
	}
}

/* ---- the first KVM_RUN ---- */

static void without_irqchip(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, SYSTEM_OFF);
		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		GIVES(-EOPNOTSUPP, f->vcpu[0], KVM_RUN, 0);
		if (r <= V13) {
			REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
			continue;
		}
		assert_string_equal(fx_last_rule(), "kvm_run_irqchip_first");
		assert_false(created(f));
		fx_create_gic(f, true); /* nothing is lost */
		fx_memory(f);
		assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
		assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
		fx_assert_off(f, 0);
	}
}

static void with_a_gic_that_is_not_initialised(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_create_gic(f, false);
		if (r <= V14) {
			GIVES(-EBUSY, f->vcpu[0], KVM_RUN, 0);
			GIVES(-EIO, f->vcpu[0], KVM_RUN, 0);
			continue;
		}
		REFUSED(ENODEV, kvm_run_vgic_first, f->vcpu[0], KVM_RUN, 0);
		REFUSED(ENODEV, kvm_run_vgic_first, f->vcpu[0], KVM_RUN, 0);
		assert_false(created(f));
	}
}

static void after_an_activation_that_failed(void **state)
{
	static const int later[] = {-ENXIO, -ENXIO, -ENXIO, -EINVAL, -EINVAL, -EIO};
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		fx_create_vm(f, REALM_TYPE);
		fx_create_vcpus(f, 1);
		fx_create_gic(f, true);
		fx_memory(f);
		/* A slot that reaches into the shared half: INIT_RIPAS refuses it. */
		fx_create_gmem(f, PAGE, 0);
		assert_int_equal(fx_set_slot(f, 9, 0, SHARED, PAGE, f->ram, f->gmem, 0), 0);
		GIVES(-ENXIO, f->vcpu[0], KVM_RUN, 0);
		GIVES(later[r], f->vcpu[0], KVM_RUN, 0);
		if (r == V14 || r == V15)
			assert_string_equal(fx_last_rule(), "kvm_run_realm_dead");
		assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0),
				 r == NEXT ? -EIO : -ENXIO);
	}
}

/* ---- KVM_RUN ---- */

#define SET_RIPAS(base, top, ripas)                                                                \
	{T_MOV, 0, RSI_IPA_STATE_SET}, {T_MOV, 1, base}, {T_MOV, 2, top}, {T_MOV, 3, ripas},       \
		{T_MOV, 4, RSI_CHANGE_DESTROYED},                                                  \
	{                                                                                          \
		T_SMC                                                                              \
	}

static void realm_in_place(struct fx *f)
{
	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	f->source =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fx_create_gmem(f, RAM_SIZE, IN_PLACE);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, f->gmem, 0), 0);
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), -EINVAL); /* shared still */
	assert_string_equal(fx_last_rule(), "kvm_populate_not_private");
	assert_int_equal(fx_set_private(f, RAM, RAM_SIZE, true), 0);
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
}

static void assert_memory_fault(struct fx *f, uint64_t gpa, uint64_t size, uint64_t flags)
{
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
	assert_int_equal(f->run[0]->memory_fault.gpa, gpa);
	assert_int_equal(f->run[0]->memory_fault.size, size);
	assert_int_equal(f->run[0]->memory_fault.flags, flags);
}

static void a_ripas_change_waits_for_attributes_after_v15(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V15)
	{
		PROGRAM(0, CODE, SET_RIPAS(DATA, DATA + 2 * PAGE, RSI_RIPAS_EMPTY), {T_CHECK, 0, 0},
			{T_CHECK, 1, DATA + 2 * PAGE}, SET_RIPAS(DATA, DATA + PAGE, RSI_RIPAS_RAM),
			{T_CHECK, 0, 0}, SYSTEM_OFF);
		realm_in_place(f);
		assert_memory_fault(f, DATA, 2 * PAGE, 0);
		if (r == NEXT) {
			assert_memory_fault(f, DATA, 2 * PAGE, 0);
			assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
			assert_memory_fault(f, DATA, 2 * PAGE, 0);
		}
		assert_int_equal(fx_set_private(f, DATA, 2 * PAGE, false), 0);
		assert_memory_fault(f, DATA, PAGE, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		if (r == NEXT)
			assert_memory_fault(f, DATA, PAGE, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
		fx_assert_off(f, 0);
	}
}

static void private_for_life_is_not_waited_for(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V15)
	{
		PROGRAM(0, CODE, SET_RIPAS(DATA, DATA + PAGE, RSI_RIPAS_EMPTY), {T_CHECK, 0, 0},
			SYSTEM_OFF);
		fx_realm(f, 1);
		assert_memory_fault(f, DATA, PAGE, 0);
		fx_assert_off(f, 0);
	}
}

static void shared_pages_in_place_are_the_file_s(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V15)
	{
		uint64_t *at;

		PROGRAM(0, CODE, {T_LDR, 1, SHARED | DATA, 8}, {T_CHECK, 1, 0x1234},
			{T_MOV, 2, 0x5678}, {T_STR, 2, SHARED | (DATA + 8), 8}, {T_LDR, 3, DATA, 8},
			SYSTEM_OFF);
		realm_in_place(f);
		/* The realm touches the shared alias of a private page. */
		assert_memory_fault(f, DATA, PAGE, 0);
		assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
		at = inproc_mmap(f->p, f->gmem, RAM_SIZE);
		assert_non_null(at);
		at[(DATA - RAM) / 8] = 0x1234;
		/* ... and the private alias of a shared one. */
		assert_memory_fault(f, DATA, PAGE, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		assert_int_equal(at[(DATA - RAM) / 8 + 1], 0x5678);
		assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
		fx_assert_off(f, 0);
		inproc_munmap(f->p, at, RAM_SIZE);
	}
}

static void attributes_of_a_file_are_checked(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V15)
	{
		struct kvm_memory_attributes2 a = {.size = PAGE, .attributes = 8};

		fx_create_vm(f, REALM_TYPE);
		fx_create_gmem(f, 4 * PAGE, IN_PLACE);
		GIVES(0, f->gmem, SET_ATTRIBUTES2, &a);
		a.flags = 1;
		REFUSED(EINVAL, kvm_gmem_attr_flags, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.size = PAGE, .reserved = {[10] = 1}};
		REFUSED(EINVAL, kvm_gmem_attr_flags, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.size = PAGE, .attributes = 9};
		REFUSED(EINVAL, kvm_gmem_attr_unknown, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.size = 0, .attributes = 8};
		REFUSED(EINVAL, kvm_gmem_attr_range, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.offset = -PAGE, .size = 2 * PAGE};
		REFUSED(EINVAL, kvm_gmem_attr_range, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.offset = 3 * PAGE, .size = 2 * PAGE};
		REFUSED(EINVAL, kvm_gmem_attr_range, f->gmem, SET_ATTRIBUTES2, &a);
		a = (struct kvm_memory_attributes2){.offset = 8, .size = PAGE};
		REFUSED(EINVAL, kvm_gmem_attr_align, f->gmem, SET_ATTRIBUTES2, &a);
		fx_create_gmem(f, PAGE, 0);
		a = (struct kvm_memory_attributes2){.size = PAGE, .attributes = 8};
		GIVES(0, f->gmem, SET_ATTRIBUTES2, &a);
		a.attributes = 0;
		REFUSED(EINVAL, kvm_gmem_attr_for_life, f->gmem, SET_ATTRIBUTES2, &a);
	}
}

static void a_rec_that_may_not_run(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, {T_HALT});
		fx_realm(f, 2);
		f->run[0]->immediate_exit = 1;
		GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
		fx_set_mp_state(f, 1, KVM_MP_STATE_RUNNABLE);
		if (r <= V13)
			REFUSED(ENXIO, kvm_run_rec_refused, f->vcpu[1], KVM_RUN, 0);
		else
			REFUSED(EAGAIN, kvm_run_rec_again, f->vcpu[1], KVM_RUN, 0);
	}
}

static void an_exit_that_kvm_does_not_know(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, {T_JUMP, 0, DATA}); /* an instruction abort */
		fx_realm(f, 1);
		if (r <= V14) {
			REFUSED(ENXIO, kvm_run_instruction_abort, f->vcpu[0], KVM_RUN, 0);
			continue;
		}
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_INTERNAL_ERROR);
		REFUSED(EIO, kvm_vm_dead, f->vcpu[0], KVM_RUN, 0);
		REFUSED(EIO, kvm_vm_dead, f->vm, KVM_CHECK_EXTENSION, 0);
	}
}

/* ---- PSCI in user space ---- */

#define CPU_ON(mpidr, entry, context)                                                              \
	{T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, mpidr}, {T_MOV, 2, entry}, {T_MOV, 3, context},     \
	{                                                                                          \
		T_SMC                                                                              \
	}

static void forward(struct fx *f, uint32_t base, uint32_t n)
{
	struct kvm_smccc_filter s = {
		.base = base, .nr_functions = n, .action = KVM_SMCCC_FILTER_FWD_TO_USER};
	struct kvm_device_attr a = {.group = KVM_ARM_VM_SMCCC_CTRL,
				    .attr = KVM_ARM_VM_SMCCC_FILTER,
				    .addr = (uintptr_t)&s};

	GIVES(0, f->vm, KVM_SET_DEVICE_ATTR, &a);
}

static void cpu_on_is_completed_by_x0(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V14)
	{
		PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0x55),
			{T_CHECK, 0, (uint64_t)PSCI_RET_DENIED}, CPU_ON(1, CODE + 0x800, 0x56),
			{T_CHECK, 0, 0}, SYSTEM_OFF);
		PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x56}, {T_LDR, 1, SHARED | UART, 4});
		fx_realm(f, 2);
		forward(f, 0xc4000000, 0x20);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_HYPERCALL);
		assert_int_equal(f->run[0]->hypercall.nr, PSCI_CPU_ON_64);
		/* No: the realm learns DENIED. */
		fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(0), (uint64_t)PSCI_RET_INVALID_PARAMETERS);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_HYPERCALL);
		/* Yes; the other vCPU may be too early until then. */
		fx_set_mp_state(f, 1, KVM_MP_STATE_RUNNABLE);
		REFUSED(EAGAIN, kvm_run_rec_again, f->vcpu[1], KVM_RUN, 0);
		fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(0), 0);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	}
}

static void host_calls_reach_user_space_by_the_filter(void **state)
{
	struct fx *f = *state;
	enum { rhi = 0xC5000001 }; /* (1 << 31) | (1 << 30) | (5 << 24) | fn */

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, {T_MOV, 0, rhi}, {T_HOST, 0, DATA}, {T_LDR, 1, DATA + 8, 8},
			{T_CHECK, 1, 77}, SYSTEM_OFF);
		fx_realm(f, 1);
		forward(f, rhi, 1);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_HYPERCALL);
		assert_int_equal(f->run[0]->hypercall.nr, rhi);
		assert_int_equal(f->run[0]->hypercall.flags,
				 r <= V14 ? KVM_HYPERCALL_EXIT_16BIT : 0);
		fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(0), 77);
		fx_assert_off(f, 0);
	}
	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, {T_MOV, 0, rhi}, {T_HOST, 0, DATA}, {T_LDR, 1, DATA + 8, 8},
			{T_CHECK, 1, (uint64_t)-1}, SYSTEM_OFF);
		fx_realm(f, 1);
		fx_assert_off(f, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_revisions(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_are_six_with_names),
		TEST(each_has_its_capability_number_and_no_other),
		TEST(a_realm_s_pmu_is_v12_s),
		TEST(a_realm_of_52_bits_is_v14_s),
		TEST(the_vm_type_is_read_strictly),
		TEST(numbers_of_other_revisions_are_named),
		TEST(enabling_capabilities_is_gated),
		TEST(vcpu_features_differ),
		TEST(the_register_list_is_early_after_v15),
		TEST(what_is_no_realm),
		TEST(populate_reports_in_its_structure),
		TEST(the_structure_is_copied_back),
		TEST(arguments_are_checked_in_order),
		TEST(an_empty_range_is_no_error_from_v15_on),
		TEST(without_irqchip),
		TEST(with_a_gic_that_is_not_initialised),
		TEST(after_an_activation_that_failed),
		TEST(a_ripas_change_waits_for_attributes_after_v15),
		TEST(private_for_life_is_not_waited_for),
		TEST(shared_pages_in_place_are_the_file_s),
		TEST(attributes_of_a_file_are_checked),
		TEST(a_rec_that_may_not_run),
		TEST(an_exit_that_kvm_does_not_know),
		TEST(cpu_on_is_completed_by_x0),
		TEST(host_calls_reach_user_space_by_the_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
