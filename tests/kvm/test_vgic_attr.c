// SPDX-License-Identifier: BSD-3-Clause
/* test_vgic_attr.c - the device attributes of the GICv3: every answer, in the order of checks. */
#include "vgic_fixture.h"

#include <errno.h>

#define ADDR			   KVM_DEV_ARM_VGIC_GRP_ADDR
#define CTRL			   KVM_DEV_ARM_VGIC_GRP_CTRL
#define NR			   KVM_DEV_ARM_VGIC_GRP_NR_IRQS
#define DIST_REGS		   KVM_DEV_ARM_VGIC_GRP_DIST_REGS
#define REDIST_REGS		   KVM_DEV_ARM_VGIC_GRP_REDIST_REGS
#define SYSREGS			   KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS
#define LEVELS			   KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO
#define MAINT			   KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ
#define T_DIST			   KVM_VGIC_V3_ADDR_TYPE_DIST
#define T_REDIST		   KVM_VGIC_V3_ADDR_TYPE_REDIST
#define T_REGION		   KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION
#define REGION(base, count, index) ((uint64_t)(count) << 52 | (base) | (index))
#define MPIDR(aff0)		   ((uint64_t)(aff0) << 32)
#define ICC(crn, crm, op2)	   (3 << 14 | (crn) << 7 | (crm) << 3 | (op2))

static int init(struct fix *f)
{
	return fix_set(f, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static int run_errno(struct fix *f)
{
	result r = vgic_map_resources(f->v);

	return r ? r->code : 0;
}

static void base_addresses_are_checked_in_the_kernels_order(void **state)
{
	uint64_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_get(&f, ADDR, T_DIST, &val), 0);
	assert_int_equal(val, UINT64_MAX);
	assert_int_equal(fix_set(&f, ADDR, T_DIST, NULL), EFAULT);
	assert_int_equal(fix_set(&f, ADDR, 77, NULL), EFAULT); /* before the type */
	assert_int_equal(fix_set64(&f, ADDR, 77, 0), ENXIO);
	assert_int_equal(fix_get(&f, ADDR, 77, &val), ENXIO);
	assert_int_equal(fix_set64(&f, ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST, 0), ENXIO);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, 0x1000), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, UINT64_C(0xffffffffffff0000)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, UINT64_C(1) << 40), E2BIG);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, (UINT64_C(1) << 40) - 0x10000), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, 0x1000), EEXIST); /* before alignment */
	assert_int_equal(fix_get(&f, ADDR, T_DIST, &val), 0);
	assert_int_equal(val, (UINT64_C(1) << 40) - 0x10000);
	assert_int_equal(fix_get(&f, ADDR, T_DIST, NULL), EFAULT);
	fix_destroy(&f);
}

static void a_redistributor_base_alone_can_be_set_once(void **state)
{
	uint64_t val;
	struct fix f;

	fix_create(&f, 2);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, REDIST + 0x1000), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, UINT64_C(1) << 40), E2BIG);
	assert_int_equal(fix_get(&f, ADDR, T_REDIST, &val), 0);
	assert_int_equal(val, UINT64_MAX);
	/* The frames of the vCPUs that there are reach beyond the end of the IPA space. */
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, (UINT64_C(1) << 40) - 0x20000), E2BIG);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, -UINT64_C(0x10000)), EINVAL); /* wraps */
	assert_int_equal(fix_get(&f, ADDR, T_REDIST, &val), 0);
	assert_int_equal(val, UINT64_MAX);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, REDIST), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, REDIST + 0x100000), EEXIST);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(0x9000000, 1, 1)), EINVAL);
	fix_destroy(&f);
}

static void regions_come_in_order_and_apart(void **state)
{
	uint64_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 0, 0)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 2, 0) | 0x1000), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 2, 1)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(UINT64_C(1) << 40, 1, 0)), E2BIG);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 2, 0)), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 2, 0)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST + 0x30000, 2, 1)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST + 0x40000, 2, 2)), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST + 0x40000, 2, 1)), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, 0x9000000), EINVAL);
	val = 1;
	assert_int_equal(fix_get(&f, ADDR, T_REGION, &val), 0);
	assert_int_equal(val, REGION(REDIST + 0x40000, 2, 1));
	val = 2;
	assert_int_equal(fix_get(&f, ADDR, T_REGION, &val), ENOENT);
	assert_int_equal(fix_get(&f, ADDR, T_REGION, NULL), EFAULT);
	fix_destroy(&f);
}

static void frames_must_not_overlap(void **state)
{
	struct fix f;

	fix_create(&f, 2);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, DIST), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST + 0x1000), EINVAL);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST - 0x20000), EINVAL); /* vCPU 1's */
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST - 0x40000), 0);
	assert_int_equal(init(&f), 0);
	assert_int_equal(run_errno(&f), 0);
	fix_destroy(&f);

	/* Set the other way round it is KVM_RUN that notices. */
	fix_create(&f, 2);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, DIST + 0x30000), 0);
	assert_int_equal(init(&f), 0);
	assert_int_equal(run_errno(&f), EINVAL);
	fix_destroy(&f);
}

static void a_vcpu_that_does_not_fit_cannot_be_created(void **state)
{
	struct fix f;

	fix_create(&f, 0);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, DIST), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, DIST - 0x20000), 0);
	assert_null(vgic_vcpu_created(f.v, 1));
	/* The kernel looks at those that there are already: one too many is seen by KVM_RUN. */
	assert_null(vgic_vcpu_created(f.v, 2));
	assert_int_equal(vgic_vcpu_created(f.v, 3)->code, EINVAL);
	fix_destroy(&f);
}

static void redistributors_fill_the_regions_in_order(void **state)
{
	struct fix f;

	fix_create(&f, 3);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, DIST), 0);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(0x9000000, 2, 0)), 0);
	assert_int_equal(init(&f), 0);
	assert_int_equal(run_errno(&f), ENXIO); /* no place for the third */
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(0xa000000, 4, 1)), 0);
	assert_int_equal(run_errno(&f), 0);
	assert_int_equal(R32(&f, 0x9020000 + 12), 1);
	assert_int_equal(R32(&f, 0xa000000 + 12), 2);
	assert_int_equal(R32(&f, 0x9000000 + 8) & 0x10, 0);
	assert_int_equal(R32(&f, 0x9020000 + 8) & 0x10, 0x10); /* the last of its region */
	assert_int_equal(R32(&f, 0xa000000 + 8) & 0x10, 0x10);
	fix_destroy(&f);
}

static void the_first_run_needs_addresses_then_init(void **state)
{
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(run_errno(&f), ENXIO);
	assert_int_equal(fix_set64(&f, ADDR, T_REDIST, REDIST), 0);
	assert_int_equal(run_errno(&f), ENXIO);
	assert_int_equal(fix_set64(&f, ADDR, T_DIST, DIST), 0);
	assert_int_equal(run_errno(&f), EBUSY);
	assert_int_equal(init(&f), 0);
	assert_int_equal(run_errno(&f), 0);
	assert_int_equal(run_errno(&f), 0);
	fix_destroy(&f);
}

static void the_number_of_interrupts_is_set_once(void **state)
{
	uint32_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_get(&f, NR, 0, &val), 0);
	assert_int_equal(val, 32);
	assert_int_equal(fix_set(&f, NR, 0, NULL), EFAULT);
	assert_int_equal(fix_set32(&f, NR, 0, 32), EINVAL);
	assert_int_equal(fix_set32(&f, NR, 0, 65), EINVAL);
	assert_int_equal(fix_set32(&f, NR, 0, 1024), EINVAL);
	assert_int_equal(fix_set32(&f, NR, 0, UINT32_MAX), EINVAL);
	assert_int_equal(fix_set32(&f, NR, 0, 992), 0);
	assert_int_equal(fix_set32(&f, NR, 0, 992), EBUSY);
	assert_int_equal(fix_set32(&f, NR, 0, 1), EINVAL); /* the value comes first */
	assert_int_equal(fix_get(&f, NR, 0, &val), 0);
	assert_int_equal(val, 992);
	assert_int_equal(init(&f), 0);
	assert_int_equal(vgic_num_spis(f.v), 960);
	assert_true(vgic_set_line(f.v, 0, 991, true));
	fix_destroy(&f);
}

static void init_takes_256_interrupts_unless_told(void **state)
{
	uint32_t val;
	struct fix f;

	fix_create(&f, 0); /* without a vCPU too, as the kernel */
	assert_false(vgic_initialized(f.v));
	assert_int_equal(vgic_num_spis(f.v), 0);
	assert_int_equal(init(&f), 0);
	assert_int_equal(init(&f), 0);
	assert_true(vgic_initialized(f.v));
	assert_int_equal(fix_get(&f, NR, 0, &val), 0);
	assert_int_equal(val, 256);
	assert_int_equal(fix_set32(&f, NR, 0, 64), EBUSY);
	fix_destroy(&f);
}

static void the_maintenance_interrupt_is_a_ppi_set_before_init(void **state)
{
	uint32_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_set(&f, MAINT, 0, NULL), EFAULT);
	assert_int_equal(fix_set32(&f, MAINT, 0, 15), EINVAL);
	assert_int_equal(fix_set32(&f, MAINT, 0, 32), EINVAL);
	assert_int_equal(fix_set32(&f, MAINT, 0, 25), 0);
	assert_int_equal(fix_get(&f, MAINT, 0, &val), 0);
	assert_int_equal(val, 25);
	assert_int_equal(init(&f), 0);
	assert_int_equal(fix_set32(&f, MAINT, 0, 15), EBUSY);
	fix_destroy(&f);
}

static void what_there_is_can_be_asked(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	assert_int_equal(fix_has(&f, ADDR, T_DIST), 0);
	assert_int_equal(fix_has(&f, ADDR, T_REDIST), 0);
	assert_int_equal(fix_has(&f, ADDR, T_REGION), 0);
	assert_int_equal(fix_has(&f, ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU), ENXIO);
	assert_int_equal(fix_has(&f, ADDR, KVM_VGIC_ITS_ADDR_TYPE), ENXIO);
	assert_int_equal(fix_has(&f, NR, 0), 0);
	assert_int_equal(fix_has(&f, MAINT, 0), 0);
	assert_int_equal(fix_has(&f, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT), 0);
	assert_int_equal(fix_has(&f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES), 0);
	assert_int_equal(fix_has(&f, CTRL, 1), ENXIO);
	assert_int_equal(fix_has(&f, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 0), ENXIO);
	assert_int_equal(fix_has(&f, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0), ENXIO);
	assert_int_equal(fix_has(&f, 99, 0), ENXIO);
	assert_int_equal(fix_has(&f, LEVELS, 32), 0);
	assert_int_equal(fix_has(&f, LEVELS, 1 << 10), ENXIO);
	assert_int_equal(fix_has(&f, DIST_REGS, 0x0), 0);
	assert_int_equal(fix_has(&f, DIST_REGS, 0x2), ENXIO);
	assert_int_equal(fix_has(&f, DIST_REGS, 0x40), ENXIO);
	assert_int_equal(fix_has(&f, DIST_REGS, 0x100), 0);
	assert_int_equal(fix_has(&f, DIST_REGS, 0x100 + NR_IRQS / 8), ENXIO);
	assert_int_equal(fix_has(&f, REDIST_REGS, 0x10100), 0);
	assert_int_equal(fix_has(&f, REDIST_REGS, 0x20), ENXIO);
	assert_int_equal(fix_has(&f, REDIST_REGS, MPIDR(1) | 0x10100), EINVAL);
	assert_int_equal(fix_has(&f, SYSREGS, ICC(4, 6, 0)), 0);
	assert_int_equal(fix_has(&f, SYSREGS, ICC(4, 6, 1)), ENXIO);
	fix_destroy(&f);
}

static void attributes_that_cannot_be_set_or_got(void **state)
{
	uint64_t val = 0;
	struct fix f;

	fix_boot(&f, 1);
	assert_int_equal(fix_get(&f, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, &val), ENXIO);
	assert_int_equal(fix_set64(&f, CTRL, 1, 0), ENXIO);
	assert_int_equal(fix_set64(&f, 99, 0, 0), ENXIO);
	assert_int_equal(fix_get(&f, 99, 0, &val), ENXIO);
	assert_int_equal(fix_set64(&f, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, 0, 0), ENXIO);
	fix_destroy(&f);
}

static void registers_need_a_vcpu_memory_stopped_vcpus_and_init(void **state)
{
	uint32_t val;
	struct fix f;

	fix_create(&f, 0);
	assert_int_equal(fix_get(&f, DIST_REGS, 0, &val), EINVAL);
	f.num_vcpus = 1;
	assert_int_equal(fix_set(&f, REDIST_REGS, MPIDR(3), NULL), EINVAL);
	f.running = true;
	assert_int_equal(fix_set(&f, DIST_REGS, 0, NULL), EFAULT);
	assert_int_equal(fix_get(&f, DIST_REGS, 0, &val), EBUSY);
	f.running = false;
	assert_int_equal(fix_get(&f, DIST_REGS, 0, &val), EBUSY);
	assert_int_equal(fix_set(&f, SYSREGS, ICC(4, 6, 0), NULL), EBUSY);
	assert_int_equal(init(&f), 0);
	assert_int_equal(fix_get(&f, DIST_REGS, 0, NULL), EFAULT);
	assert_int_equal(fix_get(&f, DIST_REGS, 0, &val), 0);
	assert_int_equal(val, 0x50);
	fix_destroy(&f);
}

static void pending_tables_need_init_and_stopped_vcpus(void **state)
{
	struct fix f;

	fix_create(&f, 1);
	f.running = true;
	assert_int_equal(fix_set(&f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), EBUSY);
	f.running = false;
	assert_int_equal(fix_set(&f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), ENXIO);
	assert_int_equal(init(&f), 0);
	assert_int_equal(fix_set(&f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), 0);
	fix_destroy(&f);
}

static void the_implementation_can_be_chosen_before_init(void **state)
{
	uint32_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_get(&f, DIST_REGS, 8, &val), 0);
	assert_int_equal(val, 0x4b00043b);
	assert_int_equal(fix_set32(&f, DIST_REGS, 8, 0x4b00243b), 0);
	assert_int_equal(fix_set32(&f, DIST_REGS, 8, 0x4b00443b), EINVAL);
	assert_int_equal(fix_set32(&f, DIST_REGS, 8, 0x4b00243c), EINVAL);
	assert_int_equal(fix_set32(&f, DIST_REGS, 12, 0), 0);
	assert_int_equal(fix_set32(&f, DIST_REGS, 12, 0x100), EINVAL);
	assert_int_equal(init(&f), 0);
	assert_int_equal(fix_get(&f, DIST_REGS, 8, &val), 0);
	assert_int_equal(val, 0x4b00243b);
	assert_int_equal(fix_get(&f, REDIST_REGS, 0, &val), 0);
	assert_int_equal(val, 0); /* revision 2 has no CES */
	assert_int_equal(fix_set32(&f, DIST_REGS, 12, 0x100), EBUSY);
	assert_int_equal(fix_set32(&f, DIST_REGS, 4, 0), 0); /* TYPER: ignored */
	assert_int_equal(fix_get(&f, DIST_REGS, 4, &val), 0);
	assert_int_equal(val, 9 << 19 | 7);
	fix_destroy(&f);
}

static void latches_and_lines_are_saved_apart(void **state)
{
	uint32_t val;
	struct fix f;

	fix_boot(&f, 2);
	vgic_set_line(f.v, 0, 40, true);
	vgic_set_line(f.v, 1, 27, true);
	spi_bit(&f, 0x200, 41);
	assert_int_equal(fix_get(&f, DIST_REGS, 0x204, &val), 0);
	assert_int_equal(val, 0x200);
	assert_int_equal(fix_get(&f, DIST_REGS, 0x284, &val), 0);
	assert_int_equal(val, 0);
	assert_int_equal(fix_get(&f, LEVELS, MPIDR(1) | 32, &val), 0);
	assert_int_equal(val, 0x100);
	assert_int_equal(fix_get(&f, LEVELS, MPIDR(1), &val), 0);
	assert_int_equal(val, 1u << 27);
	assert_int_equal(fix_get(&f, LEVELS, MPIDR(0), &val), 0);
	assert_int_equal(val, 0);
	/* Writing latches clears those that are not named; ICPENDR is ignored. */
	assert_int_equal(fix_set32(&f, DIST_REGS, 0x204, 0x400), 0);
	assert_int_equal(fix_set32(&f, DIST_REGS, 0x284, 0xffffffff), 0);
	assert_int_equal(R32(&f, DIST + 0x204), 0x500);
	assert_int_equal(fix_set32(&f, LEVELS, 32, 0), 0);
	assert_int_equal(R32(&f, DIST + 0x204), 0x400);
	assert_int_equal(fix_set32(&f, LEVELS, 33, 0), EINVAL);
	assert_int_equal(fix_set32(&f, LEVELS, 1 << 10, 0), EINVAL);
	assert_int_equal(fix_set32(&f, LEVELS, 992, 0xffffffff), 0); /* beyond the last */
	fix_destroy(&f);
}

static uint32_t typer(struct fix *f, unsigned int cpu)
{
	uint32_t val;

	assert_int_equal(fix_get(f, REDIST_REGS, MPIDR(cpu) | 8, &val), 0);
	return val;
}

static void the_last_redistributor_has_a_place(void **state)
{
	struct fix f;

	fix_create(&f, 4);
	assert_int_equal(fix_set(&f, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(typer(&f, i), i << 8);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST, 2, 0)), 0);
	assert_int_equal(typer(&f, 0), 0);
	assert_int_equal(typer(&f, 1), 0x110);
	assert_int_equal(typer(&f, 2), 0x200);
	assert_int_equal(fix_set64(&f, ADDR, T_REGION, REGION(REDIST + 0x40000, 2, 1)), 0);
	assert_int_equal(typer(&f, 1), 0x100); /* the next one follows at once */
	assert_int_equal(typer(&f, 3), 0x310);
	fix_destroy(&f);
}

static void registers_of_each_vcpu_can_be_restored(void **state)
{
	uint32_t val;
	struct fix f;

	fix_boot(&f, 2);
	assert_int_equal(fix_set32(&f, REDIST_REGS, MPIDR(1) | 0x10100, 1u << 27), 0);
	assert_int_equal(R32(&f, SGI_OF(1) + 0x100), 1u << 27 | 0xffff);
	assert_int_equal(fix_get(&f, REDIST_REGS, MPIDR(0) | 0x10100, &val), 0);
	assert_int_equal(val, 0xffff);
	assert_int_equal(fix_get(&f, REDIST_REGS, MPIDR(1) | 8, &val), 0);
	assert_int_equal(val, 1 << 8 | 0x10);
	assert_int_equal(fix_get(&f, REDIST_REGS, MPIDR(1) | 12, &val), 0);
	assert_int_equal(val, 1);
	assert_int_equal(fix_set32(&f, DIST_REGS, 0x304, 2), 0);
	assert_int_equal(fix_get(&f, DIST_REGS, 0x384, &val), 0);
	assert_int_equal(val, 2);
	assert_int_equal(fix_set32(&f, DIST_REGS, 0x384, 2), 0);
	assert_int_equal(R32(&f, DIST + 0x304), 0);
	assert_int_equal(fix_get(&f, DIST_REGS, 0x100, &val), 0); /* private: not here */
	assert_int_equal(val, 0);
	assert_int_equal(fix_set32(&f, DIST_REGS, 0x40, 1), 0); /* no register: ignored */
	fix_destroy(&f);
}

static uint64_t icc(struct fix *f, uint64_t id)
{
	uint64_t val = UINT64_MAX;

	assert_int_equal(fix_get(f, SYSREGS, id, &val), 0);
	return val;
}

static void the_cpu_interface_keeps_what_it_can_hold(void **state)
{
	uint64_t val;
	struct fix f;

	fix_boot(&f, 1);
	assert_int_equal(icc(&f, ICC(12, 12, 5)), 7); /* SRE */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 5), 6), EINVAL);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 5), 1), 0);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(4, 6, 0), 0xf0), 0); /* PMR */
	assert_int_equal(icc(&f, ICC(4, 6, 0)), 0xf0);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 8, 3), 3), 0); /* BPR0 */
	assert_int_equal(icc(&f, ICC(12, 8, 3)), 3);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 3), 5), 0); /* BPR1 */
	assert_int_equal(icc(&f, ICC(12, 12, 3)), 5);
	assert_int_equal(icc(&f, ICC(12, 12, 4)), 1 << 15 | 1 << 11 | 4 << 8); /* CTLR */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 4), 1 << 15 | 4 << 8 | 3), 0);
	assert_int_equal(icc(&f, ICC(12, 12, 4)), 1 << 15 | 4 << 8 | 3);
	assert_int_equal(icc(&f, ICC(12, 12, 3)), 4); /* CBPR: BPR0 + 1 */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 4), 1 << 15 | 5 << 8), EINVAL);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 4), 1 << 15 | 1 << 11), EINVAL);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 4), 0), EINVAL); /* A3V */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 7), 1), 0);	     /* IGRPEN1 */
	assert_int_equal(icc(&f, ICC(12, 12, 7)), 1);
	assert_int_equal(icc(&f, ICC(12, 12, 6)), 0); /* IGRPEN0 */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 12, 6), 1), 0);
	assert_int_equal(icc(&f, ICC(12, 12, 6)), 1);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 9, 0), 0x80), 0); /* AP1R0 */
	assert_int_equal(icc(&f, ICC(12, 9, 0)), 0x80);
	assert_int_equal(icc(&f, ICC(12, 8, 4)), 0); /* AP0R0 */
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 8, 4), 2), 0);
	assert_int_equal(icc(&f, ICC(12, 8, 4)), 2);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 9, 1), 0), EINVAL);
	assert_int_equal(fix_get(&f, SYSREGS, ICC(12, 8, 5), &val), EINVAL);
	assert_int_equal(fix_set64(&f, SYSREGS, ICC(12, 11, 5), 0), ENOENT); /* SGI1R */
	assert_int_equal(fix_get(&f, SYSREGS, ICC(12, 8, 0), &val), ENOENT); /* IAR0 */
	assert_int_equal(fix_set(&f, SYSREGS, ICC(4, 6, 0), NULL), EFAULT);
	assert_int_equal(fix_get(&f, SYSREGS, ICC(4, 6, 0), NULL), EFAULT);
	fix_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_addresses_are_checked_in_the_kernels_order),
		cmocka_unit_test(a_redistributor_base_alone_can_be_set_once),
		cmocka_unit_test(regions_come_in_order_and_apart),
		cmocka_unit_test(frames_must_not_overlap),
		cmocka_unit_test(a_vcpu_that_does_not_fit_cannot_be_created),
		cmocka_unit_test(redistributors_fill_the_regions_in_order),
		cmocka_unit_test(the_first_run_needs_addresses_then_init),
		cmocka_unit_test(the_number_of_interrupts_is_set_once),
		cmocka_unit_test(init_takes_256_interrupts_unless_told),
		cmocka_unit_test(the_maintenance_interrupt_is_a_ppi_set_before_init),
		cmocka_unit_test(what_there_is_can_be_asked),
		cmocka_unit_test(attributes_that_cannot_be_set_or_got),
		cmocka_unit_test(registers_need_a_vcpu_memory_stopped_vcpus_and_init),
		cmocka_unit_test(pending_tables_need_init_and_stopped_vcpus),
		cmocka_unit_test(the_implementation_can_be_chosen_before_init),
		cmocka_unit_test(latches_and_lines_are_saved_apart),
		cmocka_unit_test(the_last_redistributor_has_a_place),
		cmocka_unit_test(registers_of_each_vcpu_can_be_restored),
		cmocka_unit_test(the_cpu_interface_keeps_what_it_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
