// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_ring.c - dirty rings of an ordinary VM on the real engine. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/kvm/ordinary_fixture.h"

#define MAX_CPUS 4

struct ring {
	struct kvm_dirty_gfn *gfns;
	uint32_t entries, fetched;
};

static struct ring rings[MAX_CPUS];

static void start_logging(struct fx *f)
{
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
}

static void make(struct fx *f, unsigned int n, uint64_t program, uint32_t entries)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL,
				     .args = {entries * sizeof(struct kvm_dirty_gfn)}};

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	ordinary_fill(f, n, program);
	for (unsigned int i = 0; i < n; i++) {
		rings[i] = (struct ring){.entries = entries};
		rings[i].gfns = fx_map_ring(f, i, cap.args[0]);
	}
	start_logging(f);
}

/* The next entry that the vCPU has pushed, which is harvested; NULL: there is none. */
static struct kvm_dirty_gfn *harvest(struct ring *r)
{
	struct kvm_dirty_gfn *e = &r->gfns[r->fetched % r->entries];

	if (__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) != KVM_DIRTY_GFN_F_DIRTY)
		return NULL;
	__atomic_store_n(&e->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
	r->fetched++;
	return e;
}

static void expect_pages(struct fx *f, uint64_t first, unsigned int n)
{
	struct kvm_dirty_gfn *e;

	for (unsigned int i = 0; i < n; i++) {
		e = harvest(&rings[0]);
		assert_non_null(e);
		assert_int_equal(e->slot, 0);
		assert_int_equal(e->offset, first + i);
	}
	assert_null(harvest(&rings[0]));
	GIVES(n, f->vm, KVM_RESET_DIRTY_RINGS, 0);
	GIVES(0, f->vm, KVM_RESET_DIRTY_RINGS, 0);
}

static void each_first_store_to_a_page_is_an_entry(void **state)
{
	struct fx *f = *state;

	make(f, 1, 0x200, 256);
	for (unsigned int n = 1; n < 100; n += 7) {
		assert_int_equal(fx_set_reg(f, 0, X(0), n), 0);
		ordinary_expect_load(f, 0, 4, 0);
		expect_pages(f, DATA_OFF / PAGE, n);
	}
}

static void what_is_not_reset_is_not_told_again(void **state)
{
	struct fx *f = *state;

	make(f, 1, 0x200, 256);
	assert_int_equal(fx_set_reg(f, 0, X(0), 5), 0);
	ordinary_expect_load(f, 0, 4, 0);
	ordinary_expect_load(f, 0, 4, 0);
	expect_pages(f, DATA_OFF / PAGE, 5);
}

/* 256 entries, of which 64 are kept back. The vCPU left before it made the last store. */
static void a_full_ring_ends_the_run_until_it_is_reset(void **state)
{
	struct fx *f = *state;

	make(f, 1, 0x200, 256);
	assert_int_equal(fx_set_reg(f, 0, X(0), 250), 0);
	for (int i = 0; i < 3; i++) {
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_DIRTY_RING_FULL);
	}
	expect_pages(f, DATA_OFF / PAGE, 192);
	ordinary_expect_load(f, 0, 4, 0);
	expect_pages(f, DATA_OFF / PAGE + 191, 59);
}

static void one_entry_that_is_reset_makes_room_for_one(void **state)
{
	struct fx *f = *state;

	make(f, 1, 0x200, 256);
	assert_int_equal(fx_set_reg(f, 0, X(0), 250), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	for (unsigned int i = 0; i < 59; i++) {
		fx_assert_exit(f, 0, KVM_EXIT_DIRTY_RING_FULL);
		assert_int_equal(harvest(&rings[0])->offset, DATA_OFF / PAGE + i);
		GIVES(1, f->vm, KVM_RESET_DIRTY_RINGS, 0);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
	}
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
}

#define WRITES	    UINT64_C(0x780)
#define WRITE_PAGES 768 /* four times what a ring takes */

/* At random to so many pages; the program's own number is left out. */
static void start_writing(struct fx *f, unsigned int vcpu, uint64_t pages)
{
	const uint64_t factor = UINT64_C(0x5851f42d4c957f2d);

	assert_int_equal(fx_set_reg(f, vcpu, KVM_REG_ARM_CORE_PC, RAM + WRITES + 12), 0);
	assert_int_equal(fx_set_reg(f, vcpu, X(1), vcpu), 0);
	assert_int_equal(fx_set_reg(f, vcpu, X(2), factor), 0);
	assert_int_equal(fx_set_reg(f, vcpu, X(6), pages), 0);
	assert_int_equal(fx_set_reg(f, vcpu, X(21), RAM + DATA_OFF), 0);
}

/* It writes to one page, and nothing else makes it leave. */
static void a_cpu_that_never_leaves_is_told_of_a_reset(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	struct kvm_dirty_gfn *e;

	make(f, 1, WRITES, 256);
	start_writing(f, 0, 1);
	fx_start(&t, f, 0);
	for (int i = 0; i < 100; i++) {
		e = NULL;
		for (int ms = 0; !e && ms < 10000; ms++) {
			e = harvest(&rings[0]);
			if (!e)
				usleep(1000);
		}
		assert_non_null(e);
		assert_int_equal(e->offset, DATA_OFF / PAGE);
		GIVES(1, f->vm, KVM_RESET_DIRTY_RINGS, 0);
	}
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

/* What a vCPU does whose VMM goes on after each full ring. */
struct writer {
	struct fx *f;
	unsigned int vcpu;
	atomic_bool *stop;
	unsigned int full;
	pthread_t thread;
};

static void *write_on(void *arg)
{
	struct writer *w = arg;
	int64_t r = 0;

	while (!r && !atomic_load(w->stop)) {
		r = fx_run(w->f, w->vcpu);
		w->full += !r;
	}
	return NULL;
}

/* As a migration does it. A page is copied after its entry was reset: whoever writes to it from
 * then on pushes another. */
static void copy_pushed(struct fx *f, unsigned int cpus, uint8_t *copy)
{
	uint64_t seen[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_gfn *e;

	for (unsigned int i = 0; i < cpus; i++)
		while ((e = harvest(&rings[i])))
			seen[e->offset / 64] |= BIT(e->offset % 64);
	assert_true(CALL(f->vm, KVM_RESET_DIRTY_RINGS, 0) >= 0);
	for (uint64_t i = 0; i < RAM_SIZE / PAGE; i++)
		if (seen[i / 64] & BIT(i % 64))
			memcpy(copy + i * PAGE, f->ram + i * PAGE, PAGE);
}

static void the_rings_of_four_cpus_miss_no_store(void **state)
{
	struct fx *f = *state;
	const uint8_t nothing[8 * MAX_CPUS] = {0};
	struct writer w[MAX_CPUS];
	atomic_bool stop = false;
	uint8_t *copy = malloc(RAM_SIZE);
	unsigned int written = 0, full = 0;

	make(f, MAX_CPUS, WRITES, 256);
	memcpy(copy, f->ram, RAM_SIZE);
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		start_writing(f, i, WRITE_PAGES);
		assert_int_equal(fx_set_reg(f, i, X(9), 8 * i), 0);
		fx_set_mp_state(f, i, KVM_MP_STATE_RUNNABLE);
		w[i] = (struct writer){f, i, &stop, 0, 0};
		pthread_create(&w[i].thread, NULL, write_on, &w[i]);
	}
	while (!fx_exits("DIRTY_RING_FULL", true))
		; /* at the latest when each page has been written to */
	for (int i = 0; i < 20000 && fx_exits("SHARED_FAULT", false) < 5000; i++)
		copy_pushed(f, MAX_CPUS, copy);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		inproc_signal(f->p, f->vcpu[i]);
		pthread_join(w[i].thread, NULL);
		full += w[i].full;
	}
	copy_pushed(f, MAX_CPUS, copy);
	assert_memory_equal(copy, f->ram, RAM_SIZE);
	for (unsigned int i = 0; i < WRITE_PAGES; i++)
		written += memcmp(f->ram + DATA_OFF + i * PAGE, nothing, sizeof(nothing)) != 0;
	assert_true(written > WRITE_PAGES / 8);
	assert_true(full > 0);
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ordinary_setup, fx_teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_first_store_to_a_page_is_an_entry),
		TEST(what_is_not_reset_is_not_told_again),
		TEST(a_full_ring_ends_the_run_until_it_is_reset),
		TEST(one_entry_that_is_reset_makes_room_for_one),
		TEST(a_cpu_that_never_leaves_is_told_of_a_reset),
		TEST(the_rings_of_four_cpus_miss_no_store),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
