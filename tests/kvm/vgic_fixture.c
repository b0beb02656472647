// SPDX-License-Identifier: BSD-3-Clause
/* vgic_fixture.c - see vgic_fixture.h. */
#include "vgic_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LR_PENDING (UINT64_C(1) << 62)
#define LR_ACTIVE  (UINT64_C(1) << 63)
#define LR_EOI	   (UINT64_C(1) << 41)

/* ---- the owner ---- */
static void owner_kick(void *arg, unsigned int vcpu)
{
	atomic_fetch_add(&((struct fix *)arg)->kicks[vcpu], 1);
}

static unsigned int owner_num_vcpus(void *arg)
{
	return ((struct fix *)arg)->num_vcpus;
}

static uint64_t owner_mpidr(void *arg, unsigned int vcpu)
{
	return UINT64_C(0x80000000) | vcpu % 16 | vcpu / 16 << 8;
}

static bool owner_lock(void *arg)
{
	struct fix *f = arg;

	if (f->running)
		return false;
	f->locks++;
	return true;
}

static void owner_unlock(void *arg)
{
	((struct fix *)arg)->locks--;
}

static uint8_t *guest_at(struct fix *f, uint64_t gpa, size_t len)
{
	if (!f->mem || gpa < MEM || len > MEM_SIZE || gpa - MEM > MEM_SIZE - len)
		return NULL;
	return f->mem + (gpa - MEM);
}

static bool owner_read(void *arg, uint64_t gpa, void *dst, size_t len)
{
	const uint8_t *p = guest_at(arg, gpa, len);

	if (p)
		memcpy(dst, p, len);
	return p;
}

static bool owner_write(void *arg, uint64_t gpa, const void *src, size_t len)
{
	uint8_t *p = guest_at(arg, gpa, len);

	if (p)
		memcpy(p, src, len);
	return p;
}

/* ---- the caller: address 0 is the only one that faults ---- */
static int caller_read(struct kvm_caller *c, void *dst, uint64_t uaddr, size_t len)
{
	if (!uaddr)
		return -EFAULT;
	memcpy(dst, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int caller_write(struct kvm_caller *c, uint64_t uaddr, const void *src, size_t len)
{
	if (!uaddr)
		return -EFAULT;
	memcpy((void *)(uintptr_t)uaddr, src, len);
	return 0;
}

static int caller_take_fd(struct kvm_caller *c, int fd)
{
	int ours = dup(fd);

	return ours < 0 ? -EBADF : ours;
}

static const struct kvm_caller_ops caller_ops = {
	.read = caller_read,
	.write = caller_write,
	.take_fd = caller_take_fd,
};
struct kvm_caller fix_caller = {.ops = &caller_ops};

/* ---- the fixture ---- */
void fix_create(struct fix *f, unsigned int num_vcpus)
{
	struct vgic_owner owner = {
		.kick = owner_kick,
		.num_vcpus = owner_num_vcpus,
		.mpidr = owner_mpidr,
		.lock_vcpus = owner_lock,
		.unlock_vcpus = owner_unlock,
		.guest_read = owner_read,
		.guest_write = owner_write,
		.ipa_bits = 40,
		.num_lrs = NUM_LRS,
		.arg = f,
	};

	memset(f, 0, sizeof(*f));
	f->num_vcpus = num_vcpus;
	assert_int_equal(vgic_create(&owner, &f->v), 0);
}

void fix_boot(struct fix *f, unsigned int num_vcpus)
{
	fix_create(f, num_vcpus);
	assert_int_equal(fix_set32(f, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, NR_IRQS), 0);
	assert_int_equal(fix_set64(f, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST),
			 0);
	assert_int_equal(
		fix_set64(f, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, REDIST), 0);
	assert_int_equal(fix_set(f, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL),
			 0);
	assert_null(vgic_map_resources(f->v));
}

void fix_boot_enabled(struct fix *f, unsigned int num_vcpus)
{
	fix_boot(f, num_vcpus);
	W32(f, DIST, 0x12);
	for (unsigned int i = 32; i < NR_IRQS; i += 32)
		W32(f, DIST + 0x100 + i / 8, 0xffffffff);
	for (unsigned int cpu = 0; cpu < num_vcpus; cpu++)
		W32(f, SGI_OF(cpu) + 0x100, 0xffffffff);
}

void fix_destroy(struct fix *f)
{
	assert_int_equal(f->locks, 0);
	vgic_destroy(f->v);
	free(f->mem);
}

void fix_memory(struct fix *f)
{
	f->mem = calloc(1, MEM_SIZE);
	assert_non_null(f->mem);
}

static int errno_of(result r)
{
	return r ? r->code : 0;
}

int fix_set(struct fix *f, uint32_t group, uint64_t attr, const void *val)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)val};

	return errno_of(vgic_set_attr(f->v, &fix_caller, &a));
}

int fix_get(struct fix *f, uint32_t group, uint64_t attr, void *val)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)val};

	return errno_of(vgic_get_attr(f->v, &fix_caller, &a));
}

int fix_has(struct fix *f, uint32_t group, uint64_t attr)
{
	struct kvm_device_attr a = {.group = group, .attr = attr};

	return errno_of(vgic_has_attr(f->v, &a));
}

int fix_set64(struct fix *f, uint32_t group, uint64_t attr, uint64_t val)
{
	return fix_set(f, group, attr, &val);
}

int fix_set32(struct fix *f, uint32_t group, uint64_t attr, uint32_t val)
{
	return fix_set(f, group, attr, &val);
}

uint64_t fix_read(struct fix *f, uint64_t ipa, unsigned int len)
{
	uint64_t val = UINT64_C(0xdeaddeaddeaddead);

	assert_true(vgic_mmio(f->v, 0, ipa, false, len, &val));
	return val;
}

void fix_write(struct fix *f, uint64_t ipa, unsigned int len, uint64_t val)
{
	assert_true(vgic_mmio(f->v, 0, ipa, true, len, &val));
}

void spi_bit(struct fix *f, uint64_t reg, unsigned int intid)
{
	W32(f, DIST + reg + intid / 32 * 4, 1u << intid % 32);
}

void spi_edge(struct fix *f, unsigned int intid)
{
	uint64_t reg = DIST + 0xc00 + intid / 16 * 4;

	W32(f, reg, R32(f, reg) | 2u << intid % 16 * 2);
}

void spi_priority(struct fix *f, unsigned int intid, uint8_t priority)
{
	fix_write(f, DIST + 0x400 + intid, 1, priority);
}

void spi_route(struct fix *f, unsigned int intid, uint64_t mpidr)
{
	fix_write(f, DIST + 0x6000 + intid * 8, 8, mpidr);
}

/* ---- the guest's CPU interface ---- */
void guest_enter(struct guest *g, struct fix *f, unsigned int cpu)
{
	*g = (struct guest){.f = f, .cpu = cpu};
	vgic_flush(f->v, cpu, g->lr, &g->hcr);
}

void guest_exit(struct guest *g)
{
	/* ICH_VMCR: no priority is masked */
	vgic_sync(g->f->v, g->cpu, g->lr, (uint64_t)g->eoicount << 27, UINT64_C(0xff) << 24);
}

static unsigned int lr_priority(uint64_t lr)
{
	return lr >> 48 & 0xff;
}

unsigned int guest_ack(struct guest *g)
{
	uint64_t *best = NULL;

	for (unsigned int i = 0; i < NUM_LRS; i++) {
		if ((g->lr[i] & (LR_PENDING | LR_ACTIVE)) != LR_PENDING)
			continue;
		if (!best || lr_priority(g->lr[i]) < lr_priority(*best))
			best = &g->lr[i];
	}
	if (!best)
		return SPURIOUS;
	*best ^= LR_PENDING | LR_ACTIVE;
	return (uint32_t)*best;
}

bool guest_eoi(struct guest *g, unsigned int intid)
{
	for (unsigned int i = 0; i < NUM_LRS; i++) {
		if (!(g->lr[i] & LR_ACTIVE) || (uint32_t)g->lr[i] != intid)
			continue;
		g->lr[i] &= ~LR_ACTIVE;
		return (g->lr[i] & LR_EOI) && !(g->lr[i] & LR_PENDING);
	}
	g->eoicount++;
	return g->hcr & 4; /* LRENPIE */
}

unsigned int guest_take(struct fix *f, unsigned int cpu)
{
	struct guest g;
	unsigned int intid;

	guest_enter(&g, f, cpu);
	intid = guest_ack(&g);
	if (intid != SPURIOUS)
		guest_eoi(&g, intid);
	guest_exit(&g);
	return intid;
}

unsigned int guest_lrs_used(const struct guest *g)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < NUM_LRS; i++)
		n += !!g->lr[i];
	return n;
}
