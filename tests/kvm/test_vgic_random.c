// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_vgic_random.c - random accesses, lines, entries and exits (seeded: the same each time), and
 * after each of them the invariants that vgic.c states. Guests are hostile: what comes back in a
 * list register is anything.
 */
#include "kvm/irq/vgic_internal.h"
#include "vgic_fixture.h"

#define VCPUS 3
#define STEPS 100000

static uint64_t seed = 1;
static bool in_guest[VCPUS];

static uint64_t rnd(void)
{
	/* SplitMix64 */
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Often a plausible number, sometimes any. */
static uint64_t pick(uint64_t below)
{
	return rnd() % 16 ? rnd() % below : rnd() >> rnd() % 64;
}

static bool on_list(const struct vgic_cpu *c, const struct vgic_irq *irq)
{
	const struct vgic_irq *i = c->list;

	while (i && i != irq)
		i = i->next;
	return i;
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
			assert_int_equal(on_list(&v->cpus[c], irq), irq->home == c);
}

static void check(struct fix *f)
{
	for (int c = 0; c < VCPUS; c++)
		for (unsigned int n = 0; n < VGIC_NR_PRIVATE; n++)
			check_irq(f->v, &f->v->cpus[c].private[n], c);
	for (unsigned int n = 0; n < f->v->num_spis; n++)
		check_irq(f->v, &f->v->spis[n], VGIC_NO_VCPU);
}

/* The address of a register that holds something of some interrupt; now and then of no register. */
static uint64_t pick_register(void)
{
	static const struct {
		uint32_t offset;
		unsigned int bits;
	} regs[] = {{0x0, 0},	{0x80, 1},  {0x100, 1}, {0x180, 1}, {0x200, 1},	 {0x280, 1},
		    {0x300, 1}, {0x380, 1}, {0x400, 8}, {0xc00, 2}, {0x6000, 64}};
	unsigned int r = rnd() % ARRAY_SIZE(regs), intid = pick(NR_IRQS);
	uint64_t base = intid < VGIC_NR_PRIVATE ? SGI_OF(rnd() % VCPUS) : DIST;
	uint64_t ipa = base + regs[r].offset + (uint64_t)intid * regs[r].bits / 8;

	return rnd() % 16 ? ipa & ~UINT64_C(3) : ipa;
}

static void access_mmio(struct fix *f)
{
	uint64_t ipa = pick_register(), val = rnd() % 2 ? rnd() : rnd() & rnd() & rnd() & rnd();

	/* A register of active bits would wait for the vCPUs that this thread keeps in the guest.
	 */
	for (unsigned int i = 0; i < VCPUS; i++)
		if (in_guest[i] && (ipa & 0xff00) == 0x300)
			return;
	vgic_mmio(f->v, rnd() % VCPUS, ipa, rnd() % 4, rnd() % 8 ? 4 : 1 << rnd() % 4, &val);
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
