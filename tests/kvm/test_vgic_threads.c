// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_vgic_threads.c - vCPUs, devices and register accesses at once: every interrupt arrives, as
 * often as it should, and nobody waits for ever.
 *
 * A vCPU enters, handles what it finds, then stays in the guest until it is kicked: a kick that
 * does not come is a hang (which the test's time limit turns into a failure).
 */
#include "vgic_fixture.h"

#include <pthread.h>
#include <sched.h>

#define VCPUS	     3
#define EDGES	     300
#define EDGE_IRQ(d)  (64 + (d)) /* one edge SPI for each device */
#define LEVEL_IRQ(d) (80 + (d)) /* and one level SPI */
#define DEVICES	     2

static struct fix f;
static atomic_bool stop;
static atomic_uint handled[NR_IRQS];
static atomic_uint sgis[VCPUS];

static void handle(unsigned int cpu, unsigned int intid)
{
	if (intid < 16)
		atomic_fetch_add(&sgis[cpu], 1);
	/* As a driver that quiets its device does. */
	if (intid >= LEVEL_IRQ(0) && intid < LEVEL_IRQ(DEVICES))
		vgic_set_line(f.v, 0, intid, false);
	atomic_fetch_add(&handled[intid], 1);
}

static void *vcpu_main(void *arg)
{
	unsigned int cpu = (uintptr_t)arg;

	while (!stop) {
		unsigned int kicks = f.kicks[cpu];
		unsigned int intid;
		struct guest g;
		bool out = false;

		guest_enter(&g, &f, cpu);
		while ((intid = guest_ack(&g)) != SPURIOUS) {
			handle(cpu, intid);
			out |= guest_eoi(&g, intid);
		}
		while (!out && f.kicks[cpu] == kicks && !stop)
			sched_yield();
		guest_exit(&g);
	}
	return NULL;
}

static void *device_main(void *arg)
{
	unsigned int d = (uintptr_t)arg;

	for (unsigned int i = 1; i <= EDGES; i++) {
		vgic_set_line(f.v, 0, EDGE_IRQ(d), true);
		vgic_set_line(f.v, 0, LEVEL_IRQ(d), true);
		while (handled[EDGE_IRQ(d)] < i || handled[LEVEL_IRQ(d)] < i)
			sched_yield();
	}
	return NULL;
}

/* Another vCPU's register accesses, each of which stops the others or moves interrupts. */
static void *registers_main(void *arg)
{
	for (unsigned int i = 0; !stop; i++) {
		R32(&f, DIST + 0x308);
		W32(&f, DIST + 0x38c, 0);
		spi_route(&f, EDGE_IRQ(i % DEVICES), i % VCPUS);
		spi_route(&f, LEVEL_IRQ(i % DEVICES), i / 2 % VCPUS);
		spi_priority(&f, EDGE_IRQ(i % DEVICES), i * 8);
		vgic_pending(f.v, i % VCPUS);
	}
	return NULL;
}

static void *sgi_main(void *arg)
{
	for (unsigned int i = 1; i <= EDGES; i++) {
		unsigned int to = i % VCPUS, before = sgis[to];

		vgic_sgi(f.v, 0, UINT64_C(3) << 24 | 1u << to, true);
		while (sgis[to] == before)
			sched_yield();
	}
	return NULL;
}

static void nothing_is_lost_and_nobody_waits_for_ever(void **state)
{
	pthread_t vcpu[VCPUS], dev[DEVICES], regs, sgi;

	fix_boot_enabled(&f, VCPUS);
	for (unsigned int d = 0; d < DEVICES; d++)
		spi_edge(&f, EDGE_IRQ(d));
	for (uintptr_t i = 0; i < VCPUS; i++)
		pthread_create(&vcpu[i], NULL, vcpu_main, (void *)i);
	for (uintptr_t i = 0; i < DEVICES; i++)
		pthread_create(&dev[i], NULL, device_main, (void *)i);
	pthread_create(&regs, NULL, registers_main, NULL);
	pthread_create(&sgi, NULL, sgi_main, NULL);
	for (unsigned int i = 0; i < DEVICES; i++)
		pthread_join(dev[i], NULL);
	pthread_join(sgi, NULL);
	stop = true;
	pthread_join(regs, NULL);
	for (unsigned int i = 0; i < VCPUS; i++)
		pthread_join(vcpu[i], NULL);
	for (unsigned int d = 0; d < DEVICES; d++)
		assert_int_equal(handled[EDGE_IRQ(d)], EDGES); /* none twice */
	assert_int_equal(sgis[0] + sgis[1] + sgis[2], EDGES);
	fix_destroy(&f);
}

static atomic_bool in_handler;

static void *busy_vcpu_main(void *arg)
{
	struct guest g;

	guest_enter(&g, &f, 1);
	assert_int_equal(guest_ack(&g), 40);
	f.kicks[1] = 0;
	in_handler = true;
	while (!f.kicks[1])
		sched_yield();
	guest_exit(&g);
	return NULL;
}

/* What a guest's synchronize_irq asks. */
static void a_handler_that_runs_on_another_vcpu_is_seen_to_be_active(void **state)
{
	pthread_t vcpu;

	fix_boot_enabled(&f, 2);
	spi_route(&f, 40, 1);
	vgic_set_line(f.v, 0, 40, true);
	pthread_create(&vcpu, NULL, busy_vcpu_main, NULL);
	while (!in_handler)
		sched_yield();
	assert_int_equal(R32(&f, DIST + 0x304), 1u << 8);
	pthread_join(vcpu, NULL);
	fix_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_that_runs_on_another_vcpu_is_seen_to_be_active),
		cmocka_unit_test(nothing_is_lost_and_nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
