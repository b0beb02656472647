// SPDX-License-Identifier: BSD-3-Clause
/* ordinary_fixture.c - an ordinary VM in a few calls. */
#include "tests/kvm/ordinary_fixture.h"

#include <sys/mman.h>

#include "engine/qemu.h"
#include "tests/kvm/ordinary_image.h"

static int setup(void **state, unsigned int cpu)
{
	const struct inproc_config cfg = {.engine = &engine_qemu, .cpu = cpu};

	fx_setup(state);
	fx_restart(*state, &cfg);
	return 0;
}

int ordinary_setup(void **state)
{
	return setup(state, 0);
}

int ordinary_setup_pmu(void **state)
{
	return setup(state, MACHINE_CPU_PMU);
}

int ordinary_setup_sve(void **state)
{
	return setup(state, MACHINE_CPU_SVE);
}

/* With pointer authentication, so that its keys are there. */
static void add_vcpu(struct fx *f, unsigned int i, uint32_t features)
{
	f->vcpu[i] = (int)CALL(f->vm, KVM_CREATE_VCPU, i);
	f->run[i] = inproc_mmap(f->p, f->vcpu[i], KVM_VCPU_MMAP_SIZE);
	assert_non_null(f->run[i]);
	fx_init_vcpu(f, i,
		     1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS |
			     1u << KVM_ARM_VCPU_PTRAUTH_GENERIC | features |
			     (i ? 1u << KVM_ARM_VCPU_POWER_OFF : 0));
}

static void fill_memory(struct fx *f, uint64_t program, bool gic)
{
	if (gic)
		fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(f->ram, ordinary_image, sizeof(ordinary_image));
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, RAM + program), 0);
}

static void fill(struct fx *f, unsigned int n, uint64_t program, bool gic)
{
	for (unsigned int i = 0; i < n; i++)
		add_vcpu(f, i, 0);
	fill_memory(f, program, gic);
}

void ordinary_fill(struct fx *f, unsigned int n, uint64_t program)
{
	fill(f, n, program, true);
}

void ordinary_make(struct fx *f, unsigned int n, uint64_t program)
{
	fx_create_vm(f, 0);
	fill(f, n, program, true);
}

void ordinary_make_sve(struct fx *f, uint64_t vq, uint64_t program)
{
	uint64_t lengths[8] = {MASK(vq - 1, 0)};
	struct kvm_one_reg r = {.id = KVM_REG_ARM64_SVE_VLS, .addr = (uintptr_t)lengths};
	int what = KVM_ARM_VCPU_SVE;

	fx_create_vm(f, 0);
	add_vcpu(f, 0, 1u << KVM_ARM_VCPU_SVE);
	GIVES(0, f->vcpu[0], KVM_SET_ONE_REG, &r);
	GIVES(0, f->vcpu[0], KVM_ARM_VCPU_FINALIZE, &what);
	fill_memory(f, program, true);
}

void ordinary_make_pmu(struct fx *f, uint64_t program, const struct kvm_pmu_event_filter *filter)
{
	uint32_t irq = 23;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PMU_V3_CTRL,
				    .attr = KVM_ARM_VCPU_PMU_V3_IRQ,
				    .addr = (uintptr_t)&irq};

	fx_create_vm(f, 0);
	add_vcpu(f, 0, 1u << KVM_ARM_VCPU_PMU_V3);
	fill_memory(f, program, true);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_FILTER;
	a.addr = (uintptr_t)filter;
	if (filter)
		GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	a.attr = KVM_ARM_VCPU_PMU_V3_INIT;
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
}

void ordinary_make_without_gic(struct fx *f, uint64_t program)
{
	fx_create_vm(f, 0);
	fill(f, 1, program, false);
}

uint64_t ordinary_next_store(struct fx *f)
{
	uint64_t val;

	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_true(f->run[0]->mmio.is_write);
	memcpy(&val, f->run[0]->mmio.data, sizeof(val));
	return val;
}

void ordinary_expect_store(struct fx *f, uint64_t offset, unsigned int len, uint64_t value)
{
	struct kvm_run *run = f->run[0];
	uint64_t data;

	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_true(run->mmio.is_write);
	assert_int_equal(run->mmio.phys_addr, UART + offset);
	assert_int_equal(run->mmio.len, len);
	memcpy(&data, run->mmio.data, sizeof(data));
	assert_int_equal(data & MASK(8 * len - 1, 0), value);
}

void ordinary_expect_load(struct fx *f, uint64_t offset, unsigned int len, uint64_t value)
{
	struct kvm_run *run = f->run[0];

	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_false(run->mmio.is_write);
	assert_int_equal(run->mmio.phys_addr, UART + offset);
	assert_int_equal(run->mmio.len, len);
	memcpy(run->mmio.data, &value, sizeof(value));
}
