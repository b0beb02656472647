// SPDX-License-Identifier: BSD-3-Clause
/* test_worker.c - requests that take long, and who waits for them: no vCPU but one that resets. */
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/worker.h"

#define QUEUE 8

static struct guest_memory *mem;
static struct virtio_device dev;
static struct worker worker;
static struct ring r;
static sem_t begun, go_on; /* of the requests, which are named by their first byte */
static int64_t result;

static int64_t serve(struct virtio_device *d, const struct vq_chain *c)
{
	uint8_t name = 0;

	vq_read(c, 0, &name, 1);
	sem_post(&begun);
	if (name == 's') /* a slow one */
		sem_wait(&go_on);
	return result;
}

static void notify(struct virtio_device *d, unsigned int n)
{
	worker_notify(&worker);
}

static void reset(struct virtio_device *d)
{
	worker_settle(&worker);
}

static const struct virtio_class class = {
	.id = VIRTIO_ID_BLOCK, .queue_size = QUEUE, .notify = notify, .reset = reset};

static int setup(void **state)
{
	mem = driver_memory();
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	result = 7;
	virtio_init(&dev, &class, mem, 0, 1);
	ring_make(&r, mem, 0, QUEUE);
	driver_start(&dev, 0);
	if (ring_attach(&r, &dev.queues[0]))
		return -1;
	return worker_start(&worker, &dev, 2, serve);
}

static int teardown(void **state)
{
	assert_true(worker_stop(&worker));
	driver_memory_free(mem);
	return 0;
}

/* As a vCPU does it. */
static void request(uint16_t slot, char name)
{
	pthread_mutex_lock(&dev.lock);
	*(char *)memory_at(mem, ring_data(&r) + 16u * slot, 1) = name;
	ring_desc(&r, slot, ring_data(&r) + 16u * slot, 1, 0, 0);
	ring_offer(&r, slot);
	virtio_notify(&dev, 0);
	pthread_mutex_unlock(&dev.lock);
}

static uint16_t answered(void)
{
	uint16_t n;

	pthread_mutex_lock(&dev.lock);
	n = r.used->idx;
	pthread_mutex_unlock(&dev.lock);
	return n;
}

static bool failed(void)
{
	bool yes;

	pthread_mutex_lock(&dev.lock);
	yes = dev.status & VIRTIO_CONFIG_S_NEEDS_RESET;
	pthread_mutex_unlock(&dev.lock);
	return yes;
}

static void wait_for(uint16_t count)
{
	while (answered() < count)
		usleep(1000);
}

static void a_slow_request_holds_nobody_up(void **state)
{
	request(0, 's');
	sem_wait(&begun);
	request(1, 'f');
	wait_for(1);
	assert_int_equal(r.used->ring[0].id, 1);
	assert_int_equal(r.used->ring[0].len, 7);
	sem_post(&go_on);
	wait_for(2);
	assert_int_equal(r.used->ring[1].id, 0);
}

static void every_request_is_answered_once(void **state)
{
	unsigned int seen[QUEUE] = {0};

	for (uint16_t i = 0; i < QUEUE; i++)
		request(i, 'f');
	wait_for(QUEUE);
	for (unsigned int i = 0; i < QUEUE; i++)
		seen[r.used->ring[i].id]++;
	for (unsigned int i = 0; i < QUEUE; i++)
		assert_int_equal(seen[i], 1);
	assert_true(virtio_take_isr(&dev) & VIRTIO_ISR_QUEUE);
}

static void *reset_it(void *done)
{
	pthread_mutex_lock(&dev.lock);
	virtio_set_status(&dev, 0);
	*(_Atomic bool *)done = true;
	pthread_mutex_unlock(&dev.lock);
	return NULL;
}

static void a_reset_waits_for_requests_and_begins_no_more(void **state)
{
	_Atomic bool done = false;
	pthread_t vcpu;

	request(0, 's');
	sem_wait(&begun);
	assert_int_equal(pthread_create(&vcpu, NULL, reset_it, (void *)&done), 0);
	usleep(20000);
	assert_false(done);
	sem_post(&go_on);
	pthread_join(vcpu, NULL);
	assert_true(done);
	assert_int_equal(r.used->idx, 1); /* it was the old driver's, who still listened */
	request(1, 'f');
	assert_int_equal(sem_trywait(&begun), -1);
	assert_int_equal(dev.status, 0);
}

static void what_is_no_request_fails_the_device(void **state)
{
	result = -EPROTO;
	request(0, 'f');
	sem_wait(&begun);
	while (!failed())
		usleep(1000);
	assert_int_equal(answered(), 0);
	request(1, 'f');
	assert_int_equal(sem_trywait(&begun), -1);
}

static void one_that_does_not_come_back_is_told(void **state)
{
	request(0, 's');
	sem_wait(&begun);
	assert_false(worker_stop(&worker));
	sem_post(&go_on);
}

static void without_threads_the_one_who_notifies_serves(void **state)
{
	assert_true(worker_stop(&worker));
	assert_int_equal(worker_start(&worker, &dev, 0, serve), 0);
	request(0, 'f');
	assert_int_equal(r.used->idx, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_slow_request_holds_nobody_up),
		T(every_request_is_answered_once),
		T(a_reset_waits_for_requests_and_begins_no_more),
		T(what_is_no_request_fails_the_device),
		T(one_that_does_not_come_back_is_told),
		T(without_threads_the_one_who_notifies_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
