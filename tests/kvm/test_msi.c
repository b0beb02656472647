// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_msi.c - a VM's ITS by the ioctl ABI: capabilities, tables in shared memory only, and a realm
 * whose interrupts are moved while they fire. What the ITS does is in test_its.c.
 */
#include "tests/kvm/fixture.h"
#include "tests/kvm/its_guest.h"
#include "tests/kvm/suites.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MEM	    UINT64_C(0x40000000) /* slot 1: no guest_memfd, so shared */
#define AT_CWRITER  0x78000		 /* what the driver's vCPU is to write next */
#define AT_CREADR   0x78008		 /* what it has read */
#define DEVICES	    64
#define LPIS	    1000
#define CPUS	    3
#define DRIVER	    2 /* the vCPU that gives the commands; the others take interrupts */
#define ROUNDS	    3
#define DEVICE(lpi) ((lpi) % DEVICES)
#define EVENT(lpi)  ((lpi) / DEVICES)

#define ADDR KVM_DEV_ARM_VGIC_GRP_ADDR
#define CTRL KVM_DEV_ARM_VGIC_GRP_CTRL
#define REGS KVM_DEV_ARM_VGIC_GRP_ITS_REGS

static int64_t attr(struct fx *f, int fd, uint32_t nr, uint32_t group, uint64_t which, void *val)
{
	struct kvm_device_attr a = {.group = group, .attr = which, .addr = (uintptr_t)val};

	return CALL(fd, nr, &a);
}

static void set(struct fx *f, int fd, uint32_t group, uint64_t which, uint64_t val)
{
	assert_int_equal(attr(f, fd, KVM_SET_DEVICE_ATTR, group, which, &val), 0);
}

static int create_its(struct fx *f)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_ITS};

	GIVES(0, f->vm, KVM_CREATE_DEVICE, &cd);
	return (int)cd.fd;
}

/* ---- the device ---- */
static void an_its_may_come_before_its_gic(void **state)
{
	struct fx *f = *state;
	struct kvm_create_device cd = {
		.type = KVM_DEV_TYPE_ARM_VGIC_ITS, .flags = KVM_CREATE_DEVICE_TEST, .fd = 1234};
	struct kvm_msi m = {.address_lo = (uint32_t)DOORBELL, .flags = KVM_MSI_VALID_DEVID};
	uint64_t val = ITS;
	int its;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	GIVES(0, f->vm, KVM_CREATE_DEVICE, &cd);
	assert_int_equal(cd.fd, 1234);
	GIVES(0, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID);
	its = create_its(f);
	GIVES(1, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID);
	REFUSED(EINVAL, kvm_msi_flags, f->vm, KVM_SIGNAL_MSI, &m);
	assert_int_equal(attr(f, its, KVM_HAS_DEVICE_ATTR, ADDR, KVM_VGIC_ITS_ADDR_TYPE, NULL), 0);
	assert_int_equal(attr(f, its, KVM_SET_DEVICE_ATTR, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val), 0);
	assert_int_equal(attr(f, its, KVM_GET_DEVICE_ATTR, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val), 0);
	fx_create_gic(f, true);
	REFUSED(EBUSY, kvm_msi_its_disabled, f->vm, KVM_SIGNAL_MSI, &m);
	fx_close(f, &its); /* it lives as long as the VM */
	REFUSED(EBUSY, kvm_msi_its_disabled, f->vm, KVM_SIGNAL_MSI, &m);
}

/* ---- a driver ---- */
struct driver {
	struct fx *f;
	int its;
	uint8_t *mem;
	uint64_t cwriter;
};

static void redist(struct driver *d, unsigned int cpu, uint32_t offset, uint64_t val)
{
	const uint64_t mpidr = (uint64_t)cpu << 32;
	uint32_t lo = val, hi = val >> 32;

	assert_int_equal(attr(d->f, d->f->gic, KVM_SET_DEVICE_ATTR,
			      KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, mpidr | offset, &lo),
			 0);
	if (offset)
		assert_int_equal(attr(d->f, d->f->gic, KVM_SET_DEVICE_ATTR,
				      KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, mpidr | (offset + 4), &hi),
				 0);
}

static void tables_at(struct driver *d, uint64_t mem)
{
	set(d->f, d->its, REGS, 0x80, (mem + AT_QUEUE) | 15 | TABLE_VALID);
	set(d->f, d->its, REGS, 0x100, (mem + AT_DEVICES) | TABLE_VALID);
	set(d->f, d->its, REGS, 0x108, (mem + AT_COLLS) | TABLE_VALID);
}

static void put(struct driver *d, struct its_cmd c)
{
	memcpy(d->mem + AT_QUEUE + d->cwriter, &c, sizeof(c));
	d->cwriter = (d->cwriter + sizeof(c)) % 0x10000;
}

/* A realm of n vCPUs whose driver has started; no vCPU has run. */
static void start(struct driver *d, struct fx *f, unsigned int n)
{
	uint32_t on = 2;

	fx_realm(f, n);
	*d = (struct driver){.f = f, .its = create_its(f), .mem = f->source};
	set(f, d->its, ADDR, KVM_VGIC_ITS_ADDR_TYPE, ITS);
	set(f, d->its, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, MEM, RAM_SIZE, f->source, -1, 0), 0);
	memset(d->mem, 0, RAM_SIZE);
	memset(d->mem + AT_CONFIG, LPI_ON, 0xe000);
	assert_int_equal(
		attr(f, f->gic, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, &on), 0);
	for (unsigned int i = 0; i < n; i++) {
		redist(d, i, 0x70, (MEM + AT_CONFIG) | 15);
		redist(d, i, 0x78, MEM + AT_PENDING + i * 0x10000);
		redist(d, i, 0, 1);
	}
	tables_at(d, MEM);
}

static void end(struct driver *d)
{
	inproc_forget(d->f->p, d->f->source, RAM_SIZE);
}

static int64_t send_msi(struct driver *d, uint32_t dev, uint32_t event)
{
	struct fx *f = d->f;
	struct kvm_msi m = {.address_lo = (uint32_t)DOORBELL,
			    .flags = KVM_MSI_VALID_DEVID,
			    .devid = dev,
			    .data = event};

	return CALL(f->vm, KVM_SIGNAL_MSI, &m);
}

/* ---- private memory ---- */
static void tables_in_private_memory_are_refused(void **state)
{
	struct fx *f = *state;
	struct driver d;
	uint64_t val;

	start(&d, f, 1);
	/* User memory behind a private page is no guest memory. */
	put(&d, MAPC(0, 0));
	memcpy(f->ram + 0x100000 + AT_QUEUE, d.mem + AT_QUEUE, 32);
	tables_at(&d, RAM + 0x100000);
	set(f, d.its, REGS, 0, 1);
	set(f, d.its, REGS, 0x88, 0x20);
	set(f, d.its, REGS, 0, 0);
	assert_int_equal(
		attr(f, d.its, KVM_SET_DEVICE_ATTR, CTRL, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL),
		-EFAULT);
	assert_string_equal(fx_last_rule(), "kvm_its_table_memory");
	/* Shared: the same command is done, and saved. */
	assert_int_equal(fx_set_private(f, RAM + 0x100000, 0x80000, false), 0);
	tables_at(&d, RAM + 0x100000);
	set(f, d.its, REGS, 0, 1);
	set(f, d.its, REGS, 0x88, 0x20);
	set(f, d.its, CTRL, KVM_DEV_ARM_ITS_SAVE_TABLES, 0);
	memcpy(&val, f->ram + 0x100000 + AT_COLLS, sizeof(val));
	assert_int_equal(val, TABLE_VALID);
	end(&d);
}

/* ---- interrupts that are moved while they fire ---- */
static atomic_uint taken[LPIS], strange;
static atomic_bool over, still;

/* Takes interrupts and tells user space of each. */
#define TAKER(at)                                                                                  \
	{T_IRQ, 5}, {T_STR, 5, SHARED | UART, 4},                                                  \
	{                                                                                          \
		T_JUMP, 0, at                                                                      \
	}

static void load_programs(void)
{
	PROGRAM(0, CODE, {T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, 1}, {T_MOV, 2, CODE + 0x400},
		{T_SMC}, {T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, 2}, {T_MOV, 2, CODE + 0x800},
		{T_SMC}, TAKER(CODE + 32));
	PROGRAM(1, CODE + 0x400, TAKER(CODE + 0x400));
	PROGRAM(2, CODE + 0x800, {T_LDR, 6, SHARED | (MEM + AT_CWRITER), 8},
		{T_STR, 6, SHARED | ITS_CWRITER, 8}, {T_LDR, 7, SHARED | ITS_CREADR, 8},
		{T_STR, 7, SHARED | (MEM + AT_CREADR), 8}, {T_JUMP, 0, CODE + 0x800});
}

static void *run_forever(void *arg)
{
	struct fx_thread *t = arg;
	struct kvm_run *run = t->f->run[t->vcpu];

	while (!atomic_load(&over)) {
		int64_t ret = fx_run(t->f, t->vcpu);
		uint32_t intid;

		if (ret || run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != UART)
			continue;
		memcpy(&intid, run->mmio.data, sizeof(intid));
		if (intid - FIRST_LPI < LPIS)
			atomic_fetch_add(&taken[intid - FIRST_LPI], 1);
		else
			atomic_fetch_add(&strange, 1);
	}
	return NULL;
}

/* The driver's vCPU writes GITS_CWRITER over and over, from its first instruction on. */
static void tell_cwriter(struct driver *d)
{
	__atomic_store_n((uint64_t *)(d->mem + AT_CWRITER), d->cwriter, __ATOMIC_RELEASE);
}

static void wait_for_commands(struct driver *d)
{
	volatile uint64_t *creadr = (volatile uint64_t *)(d->mem + AT_CREADR);

	tell_cwriter(d);
	while (*creadr != d->cwriter)
		sched_yield();
}

static unsigned int seed = 1;

static unsigned int rnd(unsigned int below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

static void *move_forever(void *arg)
{
	struct driver *d = arg;

	while (!atomic_load(&still)) {
		for (unsigned int i = 0; i < 32; i++) {
			unsigned int lpi = rnd(LPIS);

			put(d, MOVI(DEVICE(lpi), EVENT(lpi), rnd(2)));
			put(d, INV(DEVICE(lpi), EVENT(lpi)));
		}
		put(d, MAPC(rnd(2), rnd(2)));
		put(d, MOVALL(0, 1));
		put(d, INVALL(rnd(2)));
		put(d, SYNC(0));
		wait_for_commands(d);
	}
	return NULL;
}

static void map_all(struct driver *d)
{
	put(d, MAPC(0, 0));
	put(d, MAPC(1, 1));
	for (unsigned int i = 0; i < DEVICES; i++)
		put(d, MAPD(i, MEM + AT_ITT + i * ITT_SIZE, 5));
	for (unsigned int i = 0; i < LPIS; i++) {
		put(d, MAPTI(DEVICE(i), EVENT(i), FIRST_LPI + i, i % 2));
		if (d->cwriter % 0x4000 == 0) /* the queue goes round */
			set(d->f, d->its, REGS, 0x88, d->cwriter);
	}
	set(d->f, d->its, REGS, 0x88, d->cwriter);
	/* An older one sends the ITS round its queue: each MAPD again, all pending lost. */
	tell_cwriter(d);
}

/* Every second LPI's MSI comes from an eventfd. */
static void make_irqfds(struct driver *d, int *efd)
{
	struct fx *f = d->f;
	static struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry[LPIS / 2];
	} r;

	r.head.nr = LPIS / 2;
	for (unsigned int i = 0; i < LPIS / 2; i++) {
		unsigned int lpi = i * 2 + 1;
		struct kvm_irqfd a = {.gsi = i};

		r.entry[i] = (struct kvm_irq_routing_entry){
			.gsi = i, .type = KVM_IRQ_ROUTING_MSI, .flags = KVM_MSI_VALID_DEVID};
		r.entry[i].u.msi.address_lo = (uint32_t)DOORBELL;
		r.entry[i].u.msi.data = EVENT(lpi);
		r.entry[i].u.msi.devid = DEVICE(lpi);
		efd[i] = eventfd(0, EFD_NONBLOCK);
		a.fd = efd[i];
		assert_true(efd[i] >= 0);
		GIVES(0, f->vm, KVM_IRQFD, &a);
	}
	GIVES(0, f->vm, KVM_SET_GSI_ROUTING, &r);
}

/* One MSI for each LPI, and all of them arrive: `round` in all. */
static void fire_all(struct driver *d, const int *efd, unsigned int round)
{
	const uint64_t one = 1;

	for (unsigned int i = 0; i < LPIS; i++) {
		if (i % 2)
			assert_int_equal(write(efd[i / 2], &one, sizeof(one)), sizeof(one));
		else
			assert_int_equal(send_msi(d, DEVICE(i), EVENT(i)), 1);
	}
	for (unsigned int i = 0; i < LPIS; i++)
		while (atomic_load(&taken[i]) < round)
			sched_yield();
}

static void stop(struct fx *f, struct fx_thread *t)
{
	atomic_store(&over, true);
	for (unsigned int i = 0; i < CPUS; i++) {
		inproc_signal(f->p, f->vcpu[i]);
		pthread_join(t[i].thread, NULL);
	}
}

static void go(struct fx *f, struct fx_thread *t)
{
	atomic_store(&over, false);
	for (unsigned int i = 0; i < CPUS; i++) {
		t[i] = (struct fx_thread){.f = f, .vcpu = i};
		assert_int_equal(pthread_create(&t[i].thread, NULL, run_forever, &t[i]), 0);
	}
}

/* The tables go to guest memory and come back; then everything works on. */
static void save_and_restore(struct driver *d)
{
	struct fx *f = d->f;

	set(f, d->its, CTRL, KVM_DEV_ARM_ITS_SAVE_TABLES, 0);
	set(f, f->gic, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, 0);
	set(f, d->its, CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, 0);
	assert_int_equal(send_msi(d, 0, 0), -EBUSY);
	tables_at(d, MEM);
	set(f, d->its, REGS, 0x88, d->cwriter);
	set(f, d->its, REGS, 0x90, d->cwriter);
	set(f, d->its, CTRL, KVM_DEV_ARM_ITS_RESTORE_TABLES, 0);
	set(f, d->its, REGS, 0, 1);
}

static void none_is_lost_and_none_comes_twice(void **state)
{
	struct fx *f = *state;
	struct fx_thread t[CPUS];
	struct driver d;
	pthread_t mover;
	int efd[LPIS / 2];

	memset(taken, 0, sizeof(taken));
	load_programs();
	start(&d, f, CPUS);
	set(f, d.its, REGS, 0, 1);
	map_all(&d);
	make_irqfds(&d, efd);
	for (unsigned int half = 0; half < 2; half++) {
		go(f, t);
		atomic_store(&still, false);
		assert_int_equal(pthread_create(&mover, NULL, move_forever, &d), 0);
		for (unsigned int round = 1; round <= ROUNDS; round++)
			fire_all(&d, efd, half * ROUNDS + round);
		atomic_store(&still, true);
		pthread_join(mover, NULL); /* before its vCPU stops */
		stop(f, t);
		save_and_restore(&d);
	}
	for (unsigned int i = 0; i < LPIS; i++)
		assert_int_equal(atomic_load(&taken[i]), 2 * ROUNDS);
	assert_int_equal(atomic_load(&strange), 0);
	for (unsigned int i = 0; i < LPIS / 2; i++)
		close(efd[i]);
	end(&d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_msi(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_its_may_come_before_its_gic),
		TEST(tables_in_private_memory_are_refused),
		TEST(none_is_lost_and_none_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
