/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_vgic_random.c - random accesses, lines, entries and exits (seeded: the same each time), and
 * after each of them the invariants that vgic.c states. Guests are hostile: what comes back in a
 * list register is anything.
 */
#include "kvm/vgic_internal.h"
#include "vgic_fixture.h"

#define VCPUS 3
#define STEPS 60000

static uint64_t seed = 1;
static bool in_guest[VCPUS];

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Often a plausible number, sometimes any. */
static uint64_t pick(uint64_t below)
{
	return rnd() % 16 ? rnd() % below : rnd() >> rnd() % 64;
}

static void check_irq(struct vgic *v, const struct vgic_irq *irq, int own)
{
	int concerned = VGIC_NO_VCPU;

	if (irq->active)
		concerned = irq->home != VGIC_NO_VCPU ? irq->home : irq->target;
	else if (irq->enabled && vgic_irq_pending(irq) && v->enabled)
		concerned = irq->target;
	if (irq->in_lr)
		assert_true(v->cpus[irq->home].in_guest);
	else
		assert_int_equal(irq->home, concerned);
	if (own != VGIC_NO_VCPU)
		assert_int_equal(irq->target, own);
	for (int c = 0; c < VCPUS; c++)
		if (own == VGIC_NO_VCPU || own == c)
			assert_int_equal(v->cpus[c].list[irq->intid / 64] >> irq->intid % 64 & 1,
					 irq->home == c);
}

static void check(struct fix *f)
{
	for (int c = 0; c < VCPUS; c++)
		for (unsigned int n = 0; n < VGIC_NR_PRIVATE; n++)
			check_irq(f->v, &f->v->cpus[c].private[n], c);
	for (unsigned int n = 0; n < f->v->num_spis; n++)
		check_irq(f->v, &f->v->spis[n], VGIC_NO_VCPU);
}

static void access_mmio(struct fix *f)
{
	static const uint64_t base[] = {DIST, REDIST, SGI_OF(0), SGI_OF(1), SGI_OF(2)};
	static const uint32_t reg[] = {0,     0x80,  0x100, 0x180, 0x200,
				       0x280, 0x300, 0x380, 0x400, 0xc00};
	uint64_t ipa = base[rnd() % 5] + reg[rnd() % 10] + pick(0x80);
	unsigned int len = 1 << rnd() % 4;
	bool is_write = rnd() % 4;
	uint64_t val = rnd();

	if (rnd() % 2)
		ipa &= ~UINT64_C(3);
	if (rnd() % 8 == 0)
		ipa = DIST + 0x6000 + pick(NR_IRQS) * 8;
	if (rnd() % 2)
		val &= 3;
	/* A register of active bits would wait for the vCPUs that this thread keeps in the guest.
	 */
	for (unsigned int i = 0; i < VCPUS; i++)
		if (in_guest[i] && (ipa & 0xff00) == 0x300)
			return;
	vgic_mmio(f->v, rnd() % VCPUS, ipa, is_write, len, &val);
}

static void enter_or_exit(struct fix *f)
{
	static struct guest g[VCPUS];
	unsigned int cpu = rnd() % VCPUS;

	if (!in_guest[cpu]) {
		guest_enter(&g[cpu], f, cpu);
	} else {
		for (unsigned int i = 0; i < NUM_LRS; i++)
			g[cpu].lr[i] = rnd() % 8 ? g[cpu].lr[i] ^ rnd() << 62 : rnd();
		g[cpu].eoicount = rnd() % 8 ? 0 : rnd() % 32;
		guest_exit(&g[cpu]);
	}
	in_guest[cpu] = !in_guest[cpu];
}

static void step(struct fix *f)
{
	uint32_t val = rnd();

	switch (rnd() % 8) {
	case 0:
	case 1:
		access_mmio(f);
		break;
	case 2:
		vgic_sgi(f->v, rnd() % VCPUS, rnd() % 4 ? rnd() & UINT64_C(0xf000007) : rnd(),
			 true);
		break;
	case 3:
	case 4:
		vgic_set_line(f->v, pick(VCPUS), pick(NR_IRQS), rnd() & 1);
		break;
	case 5:
		fix_set32(f, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, pick(NR_IRQS) & ~UINT64_C(31), val);
		break;
	default:
		enter_or_exit(f);
	}
}

static void the_invariants_hold_whatever_happens(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, VCPUS);
	for (unsigned int i = 0; i < STEPS; i++) {
		step(&f);
		check(&f);
	}
	fix_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_invariants_hold_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
