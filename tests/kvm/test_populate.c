// SPDX-License-Identifier: BSD-3-Clause
/* test_populate.c - KVM_ARM_RMI_POPULATE: each check in its order, partial results. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define REFUSED_POPULATE(err, rule, ...)                                                           \
	do {                                                                                       \
		assert_int_equal(fx_populate(f, __VA_ARGS__), -(err));                             \
		assert_string_equal(fx_last_rule(), #rule);                                        \
	} while (0)

static void prepare(struct fx *f)
{
	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_memory(f);
}

static bool realm_exists(struct fx *f)
{
	return rmm_delegated_granules(inproc_rmm(f->p)) > 0;
}

static void an_ordinary_vm_is_eperm_before_anything(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, 0);
	REFUSED(EPERM, kvm_populate_not_realm, f->vm, KVM_ARM_RMI_POPULATE, 8);
}

static void the_argument_is_checked_first(void **state)
{
	struct fx *f = *state;
	struct kvm_arm_rmi_populate p = {.base = RAM, .size = PAGE, .flags = 2, .reserved = 1};

	prepare(f);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_ARM_RMI_POPULATE, 8);
	REFUSED(EINVAL, kvm_populate_reserved, f->vm, KVM_ARM_RMI_POPULATE, &p);
	p.reserved = 0;
	REFUSED(EINVAL, kvm_populate_flags, f->vm, KVM_ARM_RMI_POPULATE, &p);
	REFUSED_POPULATE(EINVAL, kvm_populate_align, RAM + 1, PAGE, f->source, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_align, RAM, PAGE + 1, f->source, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_align, RAM + 1, PAGE - 1, f->source, 0);
	assert_false(realm_exists(f));
}

static void without_an_initialised_vcpu_there_is_no_realm(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_memory(f);
	REFUSED_POPULATE(ENXIO, kvm_realm_no_vcpu_init, RAM, PAGE, f->source, 0);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	REFUSED_POPULATE(ENXIO, kvm_realm_no_vcpu_init, RAM, PAGE, f->source, 0);
	assert_false(realm_exists(f));
	fx_init_vcpu(f, 0, 1u << KVM_ARM_VCPU_PSCI_0_2);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
}

static void refused_ranges_leave_the_realm_created(void **state)
{
	struct fx *f = *state;

	prepare(f);
	REFUSED_POPULATE(EINVAL, kvm_populate_size_zero, RAM, 0, f->source, 0);
	assert_true(realm_exists(f));
	REFUSED_POPULATE(EINVAL, kvm_populate_no_gmem_slot, 0, PAGE, f->source, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_no_gmem_slot, SHARED | RAM, PAGE, f->source, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_no_gmem_slot, BIT(IPA_BITS), PAGE, f->source, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_no_gmem_slot, -PAGE, PAGE, f->source, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0x10000, NULL, -1, 0), 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_no_gmem_slot, 0, PAGE, f->source, 0);
	assert_int_equal(fx_set_private(f, RAM, PAGE, false), 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_not_private, RAM, PAGE, f->source, 0);
}

static void bad_sources_are_efault(void **state)
{
	struct fx *f = *state;
	void *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	prepare(f);
	REFUSED_POPULATE(EFAULT, kvm_populate_source, RAM, PAGE, NULL, 0);
	REFUSED_POPULATE(EFAULT, kvm_populate_source, RAM, PAGE, none, 0);
	REFUSED_POPULATE(EFAULT, kvm_populate_source, RAM, PAGE, (void *)BIT(63), 0);
	munmap(none, PAGE);
	REFUSED_POPULATE(EFAULT, kvm_populate_source, RAM, PAGE, none, 0);
	REFUSED_POPULATE(EINVAL, kvm_populate_source_align, RAM, PAGE, f->source + 8, 0);
}

static void any_readable_memory_is_a_source(void **state)
{
	struct fx *f = *state;
	int fd = open("/proc/self/exe", O_RDONLY);
	void *file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	void *zero = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	prepare(f);
	assert_int_equal(fx_populate(f, RAM, PAGE, file, 0), PAGE);
	assert_int_equal(fx_populate(f, RAM + PAGE, PAGE, zero, 0), PAGE);
	/* The slot's own memory. */
	assert_int_equal(fx_populate(f, RAM + 2 * PAGE, PAGE, f->ram, 1), PAGE);
	munmap(file, PAGE);
	munmap(zero, PAGE);
	close(fd);
}

static void a_delegated_source_is_enxio(void **state)
{
	struct fx *f = *state;
	struct kvm_create_guest_memfd g = {.size = PAGE, .flags = 3};
	void *src;
	int fd;

	prepare(f);
	fd = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
	src = inproc_mmap(f->p, fd, PAGE);
	assert_int_equal(fx_populate(f, RAM, PAGE, src, 0), PAGE); /* still the host's */
	assert_int_equal(fx_set_slot(f, 1, 0, 0, PAGE, NULL, fd, 0), 0);
	assert_int_equal(fx_set_private(f, 0, PAGE, true), 0);
	assert_int_equal(fx_populate(f, 0, PAGE, f->source, 0), PAGE);
	REFUSED_POPULATE(ENXIO, kvm_populate_rmi, RAM + PAGE, PAGE, src, 0);
	inproc_munmap(f->p, src, PAGE);
}

static void a_page_is_populated_once(void **state)
{
	struct fx *f = *state;
	struct inproc_config cfg = {.engine = &engine_toy,
				    .revision = kvm_revision_find("v12-6.19")};

	prepare(f);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
	REFUSED_POPULATE(ENXIO, kvm_populate_again, RAM, PAGE, f->source, 0);
	assert_int_equal(fx_set_private(f, RAM, PAGE, false), 0);
	assert_int_equal(fx_set_private(f, RAM, PAGE, true), 0);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
	fx_restart(f, &cfg);
	prepare(f);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source + 9, 0), PAGE); /* its page's start */
	REFUSED_POPULATE(EEXIST, kvm_populate_exists, RAM, PAGE, f->source, 0);
}

static void what_stops_it_later_gives_a_short_count(void **state)
{
	struct fx *f = *state;
	uint8_t *two = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	prepare(f);
	mprotect(two + PAGE, PAGE, PROT_NONE); /* a hole would soon be somebody else's */
	assert_int_equal(fx_populate(f, RAM + PAGE, PAGE, f->source, 0), PAGE);
	assert_int_equal(fx_populate(f, RAM, 2 * PAGE, f->source, 0), PAGE);	/* populated */
	assert_int_equal(fx_populate(f, RAM + 0x2000, 2 * PAGE, two, 0), PAGE); /* source */
	assert_int_equal(fx_set_private(f, RAM + 0x5000, PAGE, false), 0);
	assert_int_equal(fx_populate(f, RAM + 0x4000, 2 * PAGE, f->source, 0), PAGE);
	assert_int_equal(fx_populate(f, RAM + RAM_SIZE - PAGE, 2 * PAGE, f->source, 0), PAGE);
	/* 2^64 less something: until the slot ends. */
	assert_int_equal(fx_populate(f, RAM + RAM_SIZE - 3 * PAGE, -PAGE, f->source, 0), 2 * PAGE);
	munmap(two, 2 * PAGE);
}

static void many_pages_arrive_in_order(void **state)
{
	struct fx *f = *state;
	static const struct toy_insn check[] = {
		{T_LDR, 1, RAM + 1023 * 4096, 8}, {T_CHECK, 1, 1023},
		{T_LDR, 1, RAM + 64 * 4096, 8},	  {T_CHECK, 1, 64},
		{T_MOV, 0, PSCI_SYSTEM_OFF},	  {T_SMC}};

	toy_load(0, CODE, check, ARRAY_SIZE(check));
	prepare(f);
	fx_create_gic(f, true);
	for (uint64_t i = 0; i < RAM_SIZE / PAGE; i++)
		*(uint64_t *)(f->source + i * PAGE) = i;
	assert_int_equal(fx_populate(f, RAM, RAM_SIZE, f->source, 1), RAM_SIZE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->exit_reason, KVM_EXIT_SYSTEM_EVENT);
}

static void a_closed_guest_memfd_is_efault(void **state)
{
	struct fx *f = *state;

	prepare(f);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
	fx_close(f, &f->gmem);
	REFUSED_POPULATE(EFAULT, kvm_populate_gmem_gone, RAM, PAGE, f->source, 0);
}

static void a_signal_stops_it_before_the_first_page(void **state)
{
	struct fx *f = *state;

	prepare(f);
	inproc_signal(f->p, f->vm);
	REFUSED_POPULATE(EINTR, kvm_populate_interrupted, RAM, PAGE, f->source, 0);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
}

static void upper_half_slots_are_refused_by_the_rmm(void **state)
{
	struct fx *f = *state;

	prepare(f);
	fx_create_gmem(f, RAM_SIZE, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, SHARED, RAM_SIZE, NULL, f->gmem, 0), 0);
	assert_int_equal(fx_set_private(f, SHARED, RAM_SIZE, true), 0);
	REFUSED_POPULATE(ENXIO, kvm_populate_rmi, SHARED, PAGE, f->source, 0);
}

static void every_width_of_the_ipa_space_works(void **state)
{
	struct fx *f = *state;

	for (unsigned int bits = 32; bits <= 48; bits++) {
		uint64_t gpa = BIT(bits - 1) - RAM_SIZE;

		fx_create_vm(f, KVM_VM_TYPE_ARM_REALM | bits);
		fx_create_vcpus(f, 1);
		f->source = mmap(NULL, RAM_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		fx_create_gic(f, true);
		fx_create_gmem(f, RAM_SIZE, 0);
		assert_int_equal(fx_set_slot(f, 0, 0, gpa, RAM_SIZE, NULL, f->gmem, 0), 0);
		assert_int_equal(fx_set_private(f, gpa, RAM_SIZE, true), 0);
		assert_int_equal(fx_populate(f, gpa + RAM_SIZE - PAGE, PAGE, f->source, 1), PAGE);
		f->run[0]->immediate_exit = 1;
		GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
		fx_restart(f, NULL);
	}
}

static void sve_must_be_finalised_with_one_length(void **state)
{
	struct fx *f = *state;
	uint64_t vls[8] = {3};
	struct kvm_one_reg r = {.id = KVM_REG_ARM64_SVE_VLS, .addr = (uintptr_t)vls};
	struct inproc_config cfg = {.engine = &engine_toy};
	const uint32_t features = 1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_SVE;
	int sve = KVM_ARM_VCPU_SVE, pauth = KVM_ARM_VCPU_PTRAUTH_ADDRESS;
	struct kvm_reg_list l = {0};

	cfg.feature_reg0 = FIELD_PUT(RMI_FEATURE0_S2SZ, 48) | RMI_FEATURE0_SVE_EN |
			   FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) | FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) |
			   FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) | RMI_FEATURE0_HASH_SHA_256 |
			   FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, 3) |
			   FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 4);
	fx_restart(f, &cfg);
	fx_create_vm(f, REALM_TYPE);
	for (int i = 0; i < 2; i++) {
		f->vcpu[i] = (int)CALL(f->vm, KVM_CREATE_VCPU, i);
		REFUSED(ENOEXEC, kvm_vcpu_not_initialized, f->vcpu[i], KVM_ARM_VCPU_FINALIZE, &sve);
		fx_init_vcpu(f, i, features);
	}
	fx_memory(f);
	REFUSED_POPULATE(EINVAL, kvm_realm_sve_not_finalized, RAM, PAGE, f->source, 0);
	REFUSED(EPERM, kvm_run_not_finalized, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EPERM, kvm_vcpu_not_finalized, f->vcpu[0], KVM_GET_REG_LIST, &l);
	REFUSED(EINVAL, kvm_finalize_feature, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &pauth);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM64_SVE_VLS), 0xf);
	GIVES(0, f->vcpu[0], KVM_SET_ONE_REG, &r);
	vls[0] = 5; /* a hole */
	REFUSED(EINVAL, kvm_reg_sve_lengths, f->vcpu[0], KVM_SET_ONE_REG, &r);
	vls[0] = 0x1f; /* more than the RMM's */
	REFUSED(EINVAL, kvm_reg_sve_lengths, f->vcpu[0], KVM_SET_ONE_REG, &r);
	vls[0] = 3;
	vls[7] = 1;
	REFUSED(EINVAL, kvm_reg_sve_lengths, f->vcpu[0], KVM_SET_ONE_REG, &r);
	vls[7] = 0;
	GIVES(0, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &sve);
	REFUSED(EPERM, kvm_finalize_again, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &sve);
	REFUSED(EPERM, kvm_reg_sve_late, f->vcpu[0], KVM_SET_ONE_REG, &r);
	GIVES(0, f->vcpu[1], KVM_ARM_VCPU_FINALIZE, &sve);
	REFUSED_POPULATE(EINVAL, kvm_realm_sve_lengths, RAM, PAGE, f->source, 0);
	assert_false(realm_exists(f));
}

/* What user space names of an ordinary VM's vectors. */
static void ids_of_vectors_are_as_the_kernels(void **state)
{
	const uint32_t features = 1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_SVE;
	uint8_t val[256];
	struct kvm_one_reg r = {.id = KVM_REG_ARM64_SVE_ZREG(UINT64_C(0)), .addr = (uintptr_t)val};
	struct inproc_config cfg = {.engine = &engine_toy, .cpu = MACHINE_CPU_SVE};
	struct fx *f = *state;

	fx_restart(f, &cfg);
	fx_create_vm(f, 0);
	GIVES(1, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	fx_init_vcpu(f, 0, features);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM64_SVE_VLS), 0xffff);
	REFUSED(EPERM, kvm_vcpu_not_finalized, f->vcpu[0], KVM_GET_ONE_REG, &r);
	GIVES(0, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &(int){KVM_ARM_VCPU_SVE});
	GIVES(0, f->vcpu[0], KVM_GET_ONE_REG, &r);
	r.id |= 1; /* a slice that no length has */
	REFUSED(ENOENT, kvm_reg_unknown, f->vcpu[0], KVM_GET_ONE_REG, &r);
	r.id = KVM_REG_ARM64_SVE_FFR | 1;
	REFUSED(ENOENT, kvm_reg_unknown, f->vcpu[0], KVM_SET_ONE_REG, &r);
	r.id = KVM_REG_ARM64_SVE_FFR + 0x20;
	REFUSED(EINVAL, kvm_reg_sve_id, f->vcpu[0], KVM_GET_ONE_REG, &r);
	r.id = KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | 0x54; /* V0 */
	REFUSED(EINVAL, kvm_reg_core_v, f->vcpu[0], KVM_GET_ONE_REG, &r);
	r.id = KVM_REG_ARM64_SVE_PREG(UINT64_C(3));
	r.addr = 8;
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_SET_ONE_REG, &r);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_GET_ONE_REG, &r);
}

static void the_pmus_of_vcpus_go_with_each_other(void **state)
{
	struct inproc_config cfg = {.engine = &engine_toy, .cpu = MACHINE_CPU_PMU};
	const uint64_t pmmir = ARM64_SYS_REG(3, 0, 9, 14, 6), set = ARM64_SYS_REG(3, 3, 9, 12, 1);
	struct fx *f = *state;
	uint64_t val = 1;
	uint32_t irq = 23;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PMU_V3_CTRL,
				    .attr = KVM_ARM_VCPU_PMU_V3_IRQ,
				    .addr = (uintptr_t)&irq};
	struct kvm_one_reg r = {.id = pmmir, .addr = (uintptr_t)&val};
	struct kvm_pmu_event_filter filter = {.base_event = 0xffff, .nevents = 2};

	fx_restart(f, &cfg);
	fx_create_vm(f, 0);
	for (unsigned int i = 0; i < 2; i++) {
		f->vcpu[i] = (int)CALL(f->vm, KVM_CREATE_VCPU, i);
		fx_init_vcpu(f, i, 1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_PMU_V3);
	}
	fx_create_gic(f, true);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	irq = 24;
	REFUSED(EINVAL, kvm_pmu_irq_others, f->vcpu[1], KVM_SET_DEVICE_ATTR, &a);
	irq = 23;
	GIVES(0, f->vcpu[1], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_reg_pmmir, f->vcpu[0], KVM_SET_ONE_REG, &r);
	val = 0;
	GIVES(0, f->vcpu[0], KVM_SET_ONE_REG, &r);
	a.attr = KVM_ARM_VCPU_PMU_V3_FILTER;
	a.addr = (uintptr_t)&filter;
	REFUSED(EINVAL, kvm_pmu_filter, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	filter = (struct kvm_pmu_event_filter){.base_event = 0x11, .nevents = 1, .action = 2};
	REFUSED(EINVAL, kvm_pmu_filter, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	filter.action = KVM_PMU_EVENT_DENY;
	GIVES(0, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	/* vCPU 0 passes the checks of its first run. */
	a.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	f->run[0] = inproc_mmap(f->p, f->vcpu[0], KVM_VCPU_MMAP_SIZE);
	f->run[0]->immediate_exit = 1;
	REFUSED(EINTR, kvm_run_immediate_exit, f->vcpu[0], KVM_RUN, 0);
	a.attr = KVM_ARM_VCPU_PMU_V3_FILTER;
	REFUSED(EBUSY, kvm_pmu_filter_late, f->vcpu[1], KVM_SET_DEVICE_ATTR, &a);
	/* Of what has a bit a counter, only those that there are. */
	assert_int_equal(fx_set_reg(f, 0, set, UINT64_MAX), 0);
	assert_int_equal(fx_get_reg(f, 0, set), BIT(31) | 0x3f);
	assert_int_equal(fx_get_reg(f, 0, ARM64_SYS_REG(3, 3, 9, 12, 2)), BIT(31) | 0x3f);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 3, 14, 11, 7), 0), -ENOENT);
}

static void pmu_counters_and_sve_go_into_the_realm(void **state)
{
	struct fx *f = *state;
	struct inproc_config cfg = {.engine = &engine_toy};
	int sve = KVM_ARM_VCPU_SVE;
	uint32_t irq = 23;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PMU_V3_CTRL,
				    .attr = KVM_ARM_VCPU_PMU_V3_INIT,
				    .addr = (uintptr_t)&irq};
	uint64_t pmcr;

	cfg.feature_reg0 = FIELD_PUT(RMI_FEATURE0_S2SZ, 48) | RMI_FEATURE0_SVE_EN |
			   FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) | RMI_FEATURE0_PMU_EN |
			   FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6) |
			   FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) | FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) |
			   RMI_FEATURE0_HASH_SHA_256 | FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, 3) |
			   FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 4);
	fx_restart(f, &cfg);
	fx_create_vm(f, REALM_TYPE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	fx_init_vcpu(f, 0,
		     1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_SVE |
			     1u << KVM_ARM_VCPU_PMU_V3);
	GIVES(0, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &sve);
	GIVES(0, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_IRQ;
	REFUSED(EINVAL, kvm_pmu_no_irqchip, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_pmu_no_irqchip, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	fx_create_gic(f, false);
	REFUSED(ENXIO, kvm_pmu_no_irq, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	irq = 3;
	REFUSED(EINVAL, kvm_pmu_irq, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	REFUSED(ENODEV, kvm_pmu_vgic, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.group = KVM_DEV_ARM_VGIC_GRP_CTRL;
	a.attr = KVM_DEV_ARM_VGIC_CTRL_INIT;
	GIVES(0, f->gic, KVM_SET_DEVICE_ATTR, &a);
	a.group = KVM_ARM_VCPU_PMU_V3_CTRL;
	a.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	REFUSED(ENXIO, kvm_pmu_no_irq, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_run_pmu_not_inited, f->vcpu[0], KVM_RUN, 0);
	a.attr = KVM_ARM_VCPU_PMU_V3_IRQ;
	irq = 27; /* the timer owns it since that run */
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EBUSY, kvm_pmu_fixed, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	irq = 0;
	GIVES(0, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(irq, 27);
	a.attr = KVM_ARM_VCPU_PMU_V3_SET_PMU;
	GIVES(0, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_pmu_none, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS;
	irq = 7;
	REFUSED(EINVAL, kvm_pmu_counters, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	irq = 5;
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	REFUSED(EEXIST, kvm_pmu_irq_taken, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = 77;
	REFUSED(ENXIO, kvm_attr_unknown, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	pmcr = fx_get_reg(f, 0, KVM_REG_PMCR_EL0);
	assert_int_equal(FIELD_GET(MASK(15, 11), pmcr), 5);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_PMCR_EL0, FIELD_PUT(MASK(15, 11), 4)), 0);
	fx_memory(f);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_PMCR_EL0, FIELD_PUT(MASK(15, 11), 2)), 0);
	pmcr = fx_get_reg(f, 0, KVM_REG_PMCR_EL0);
	assert_int_equal(FIELD_GET(MASK(15, 11), pmcr), 4); /* silently ignored */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_populate(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_ordinary_vm_is_eperm_before_anything),
		TEST(the_argument_is_checked_first),
		TEST(without_an_initialised_vcpu_there_is_no_realm),
		TEST(refused_ranges_leave_the_realm_created),
		TEST(bad_sources_are_efault),
		TEST(any_readable_memory_is_a_source),
		TEST(a_delegated_source_is_enxio),
		TEST(a_page_is_populated_once),
		TEST(what_stops_it_later_gives_a_short_count),
		TEST(many_pages_arrive_in_order),
		TEST(a_closed_guest_memfd_is_efault),
		TEST(a_signal_stops_it_before_the_first_page),
		TEST(upper_half_slots_are_refused_by_the_rmm),
		TEST(every_width_of_the_ipa_space_works),
		TEST(sve_must_be_finalised_with_one_length),
		TEST(ids_of_vectors_are_as_the_kernels),
		TEST(the_pmus_of_vcpus_go_with_each_other),
		TEST(pmu_counters_and_sve_go_into_the_realm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
