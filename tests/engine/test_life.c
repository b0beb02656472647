// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_life.c - engines come, stand beside each other, idle, die, and leave nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/schedstat.h"
#include "engine/qemu.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "tests/engine/rig.h"

static unsigned int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static pthread_mutex_t message_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_message[512];

static void remember(const char *line)
{
	pthread_mutex_lock(&message_lock);
	strncpy(last_message, line, sizeof(last_message) - 1);
	pthread_mutex_unlock(&message_lock);
}

static void expect_message(const char *part)
{
	pthread_mutex_lock(&message_lock);
	assert_non_null(strstr(last_message, part));
	pthread_mutex_unlock(&message_lock);
}

static void two_engines_do_not_meet(void **state)
{
	struct rig a, b;

	rig_start(&a, 2);
	rig_start_beside(&b, &a);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		rig_enter(&a, cpu, GUEST_ADD);
		rig_enter(&b, cpu, GUEST_ADD);
	}
	for (uint64_t i = 0; i < 200; i++) {
		struct engine_frame *fa = engine_qemu.frame(a.engine, i % 2);
		struct engine_frame *fb = engine_qemu.frame(b.engine, i % 2);

		fa->x[0] = i;
		fa->x[1] = 1;
		fb->x[0] = i;
		fb->x[1] = 100;
		rig_run_hvc(&a, i % 2, 1);
		rig_run_hvc(&b, i % 2, 1);
		assert_int_equal(fa->x[0], i + 2);
		assert_int_equal(fb->x[0], i + 101);
	}
	rig_stop_beside(&b);
	rig_run_hvc(&a, 0, 1);
	rig_stop(&a);
}

static void nothing_is_left_behind(void **state)
{
	unsigned int before = open_descriptors();
	struct rig r;

	for (unsigned int i = 0; i < 5; i++) {
		rig_start(&r, 2);
		if (i % 2) { /* ended before it was up, or after it ran */
			rig_enter(&r, 1, GUEST_HVC);
			rig_run_hvc(&r, 1, 0);
		}
		engine_qemu.destroy(r.engine);
		assert_int_equal(rig_child(), 0);
		for (unsigned int w = 0; w < 31; w++)
			assert_int_not_equal(machine_window_take(r.machine), 0);
		machine_destroy(r.machine);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(open_descriptors(), before);
}

static void *run_until_lost(void *arg)
{
	struct rig *r = arg;
	enum engine_exit exit;

	do {
		exit = engine_qemu.run(r->engine, 0, NULL);
	} while (exit == ENGINE_EXIT_SYNC);
	return (void *)exit;
}

static void death_of_qemu_ends_every_run(void **state)
{
	static const uint64_t guest[] = {GUEST_SPIN, GUEST_WFI, GUEST_HVC};
	struct engine_frame *f;
	void *exit;
	pthread_t t;
	struct rig r;

	log_redirect(remember);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t sys[ENGINE_NUM_SYSREGS] = {0};

		rig_start(&r, 2);
		f = rig_enter(&r, 0, guest[i]);
		pthread_create(&t, NULL, run_until_lost, &r);
		while (f->pc == 0) /* it has been up since the reset */
			usleep(1000);
		usleep(20000);
		remember("");
		kill(rig_child(), SIGKILL);
		pthread_join(t, &exit);
		assert_int_equal((uintptr_t)exit, ENGINE_EXIT_LOST);
		expect_message("killed by signal 9");

		assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_LOST);
		assert_int_equal(engine_qemu.run(r.engine, 1, NULL), ENGINE_EXIT_LOST);
		assert_int_equal(engine_qemu.reset(r.engine, 1, NULL, sys), -EIO);
		engine_qemu.touch(r.engine, -1, r.data, GRANULE_SIZE);
		engine_qemu.tlbi(r.engine, -1, RIG_DATA, GRANULE_SIZE);
		rig_stop(&r);
	}
	log_redirect(NULL);
}

static void program_that_is_no_qemu_says_why(void **state)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {0};
	struct machine_config cfg = {0};
	struct machine *m;
	struct engine *e;

	/* ls knows none of QEMU's options, says so, and that it has more to say. */
	setenv("SOFTREALM_QEMU", "ls", 1);
	log_redirect(remember);
	assert_int_equal(machine_create(&cfg, &m), 0);
	assert_int_equal(engine_qemu.create(m, 1, &e), 0);
	assert_int_equal(engine_qemu.reset(e, 0, NULL, sys), -EIO);
	expect_message("exit status 2");
	expect_message("--help");
	engine_qemu.destroy(e);

	setenv("SOFTREALM_QEMU", "/nonexistent/qemu", 1);
	assert_int_equal(engine_qemu.create(m, 1, &e), -ENOENT);
	machine_destroy(m);
	log_redirect(NULL);
	unsetenv("SOFTREALM_QEMU");
}

/* ---- a QEMU that does not come up ---- */

/* Make the text the program that is started for QEMU; forget_program undoes it. */
static void use_program(char path[], const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	setenv("SOFTREALM_QEMU", path, 1);
}

static void forget_program(const char *path)
{
	unlink(path);
	unsetenv("SOFTREALM_QEMU");
}

/* An engine of two CPUs whose QEMU takes all options and does what the text says. */
struct odd {
	char path[40];
	struct machine *m;
	struct engine *e;
	struct pe *pe;
};

static void odd_start(struct odd *o, const char *text)
{
	struct machine_config cfg = {.size = UINT64_C(1) << 30};

	strcpy(o->path, "/tmp/softrealm-engine-test-XXXXXX");
	use_program(o->path, text);
	assert_int_equal(machine_create(&cfg, &o->m), 0);
	assert_int_equal(engine_qemu.create(o->m, 2, &o->e), 0);
	o->pe = pe_create();
}

static void odd_stop(struct odd *o)
{
	engine_qemu.destroy(o->e);
	assert_int_equal(rig_children(), 0);
	machine_destroy(o->m);
	pe_destroy(o->pe);
	forget_program(o->path);
}

#define SAYS_NOTHING "#!/bin/sh\nexec sleep 600\n"
/* The beginning of a vhost-user message on the first doorbell's socket. */
#define SAYS_HALF                                                                                  \
	"#!/bin/bash\n"                                                                            \
	"fd=$(printf '%s\\n' \"$@\" | sed -n 's/^socket,id=d0,fd=//p')\n"                          \
	"printf abc >&$fd\n"                                                                       \
	"exec sleep 600\n"

static void *kick_soon(void *arg)
{
	usleep(20000);
	pe_kick(arg);
	return NULL;
}

static void a_kick_ends_the_wait_for_an_engine_that_does_not_come_up(void **state)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {0};
	struct odd o;
	pthread_t t;

	odd_start(&o, SAYS_NOTHING);
	pthread_create(&t, NULL, kick_soon, o.pe);
	assert_int_equal(engine_qemu.reset(o.e, 0, o.pe, sys), -EINTR);
	assert_int_equal(engine_qemu.reset(o.e, 1, o.pe, sys), -EINTR);
	assert_int_equal(engine_qemu.run(o.e, 0, o.pe), ENGINE_EXIT_NOT_RUN);
	pthread_join(t, NULL);
	/* No CPU has run, so there is nothing that these could wait for. */
	engine_qemu.touch(o.e, -1, MACHINE_RAM_BASE + MACHINE_RESERVED, GRANULE_SIZE);
	engine_qemu.tlbi(o.e, -1, 0, GRANULE_SIZE);
	odd_stop(&o);
}

static void an_engine_that_does_not_come_up_is_given_up(void **state)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {0};
	struct odd o;

	setenv("SOFTREALM_PATIENCE", "1", 1);
	log_redirect(remember);
	odd_start(&o, SAYS_NOTHING);
	assert_int_equal(engine_qemu.reset(o.e, 0, NULL, sys), -EIO);
	expect_message("has not answered for 1 second");
	assert_int_equal(engine_qemu.run(o.e, 1, NULL), ENGINE_EXIT_LOST);
	odd_stop(&o);
	log_redirect(NULL);
	unsetenv("SOFTREALM_PATIENCE");
}

static void half_a_message_does_not_keep_an_engine_from_its_end(void **state)
{
	struct odd o;

	odd_start(&o, SAYS_HALF);
	usleep(200000);
	odd_stop(&o);
}

/* The machine's memory, the sockets and the pipe would take the numbers of the closed ones. */
static void closed_standard_descriptors_do_not_reach_qemu(void **state)
{
	struct rig r;
	int status;
	pid_t pid;

	rig_start(&r, 1); /* skips without QEMU */
	rig_stop(&r);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		for (int fd = 0; fd <= STDERR_FILENO; fd++)
			close(fd);
		rig_start(&r, 2);
		rig_enter(&r, 1, GUEST_HVC);
		rig_run_hvc(&r, 1, 0);
		rig_stop(&r);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define IDLE_MS	   500
/* A CPU that spins would use all of it; timers and the like use a tick or two. */
#define IDLE_TICKS (sysconf(_SC_CLK_TCK) * IDLE_MS / 1000 / 4)

/* A thread that runs a CPU once. */
struct runner {
	pthread_t thread;
	struct rig *r;
	struct engine_frame *frame;
	struct pe *pe;
	unsigned int cpu;
	int exit;
};

static void *run_once(void *arg)
{
	struct runner *t = arg;

	t->exit = engine_qemu.run(t->r->engine, t->cpu, t->pe);
	return NULL;
}

static void waiting_cpus_use_no_cpu_time(void **state)
{
	struct runner t = {0};
	struct engine_frame *f;
	unsigned long before;
	struct rig r;
	pid_t pid;

	rig_start(&r, 4);
	f = rig_enter(&r, 0, GUEST_IRQ);
	pid = rig_child();
	rig_enter(&r, 1, GUEST_HVC);
	/* For the host, with a virtual interrupt pending that would end a WFI. */
	f->lr[0] = RIG_LR(40);
	rig_run_hvc(&r, 0, 5);
	usleep(50000);
	before = rig_cpu_ticks(pid);
	usleep(IDLE_MS * 1000);
	assert_in_range(rig_cpu_ticks(pid) - before, 0, IDLE_TICKS);

	/* In WFI in the guest, the host asleep. */
	rig_enter(&r, 0, GUEST_WFI);
	t.r = &r;
	t.pe = pe_create();
	pthread_create(&t.thread, NULL, run_once, &t);
	usleep(50000);
	before = rig_cpu_ticks(pid) + rig_cpu_ticks(getpid());
	usleep(IDLE_MS * 1000);
	assert_in_range(rig_cpu_ticks(pid) + rig_cpu_ticks(getpid()) - before, 0, IDLE_TICKS);
	pe_kick(t.pe);
	pthread_join(t.thread, NULL);
	pe_destroy(t.pe);
	rig_stop(&r);
}

/* A timer that fires while the CPU waits for the host must not keep it awake. */
static void pending_timer_does_not_wake_a_cpu_that_waits_for_the_host(void **state)
{
	struct engine_frame *f;
	unsigned long before;
	struct rig r;
	pid_t pid;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_TIMER);
	pid = rig_child();
	f->x[1] = 1000000;
	rig_run_hvc(&r, 0, 6);
	usleep(50000);
	before = rig_cpu_ticks(pid);
	usleep(IDLE_MS * 1000);
	assert_in_range(rig_cpu_ticks(pid) - before, 0, IDLE_TICKS);
	rig_stop(&r);
}

static void engine_started_ahead_is_adopted(void **state)
{
	struct machine_config cfg = {.size = UINT64_C(1) << 30};
	uint64_t sys[ENGINE_NUM_SYSREGS] = {0};
	struct machine *m;
	struct engine *e;
	struct rig r;
	pid_t pid;

	rig_start(&r, 1); /* skips without QEMU */
	rig_stop(&r);
	assert_int_equal(machine_create(&cfg, &m), 0);
	engine_qemu_attach(m);
	machine_expect_cpus(m, 2);
	while (!(pid = rig_child()))
		usleep(1000);
	machine_expect_cpus(m, 2); /* again: kept */
	assert_int_equal(engine_qemu.create(m, 2, &e), 0);
	assert_int_equal(rig_child(), pid);
	assert_int_equal(engine_qemu.reset(e, 1, NULL, sys), 0);
	engine_qemu.destroy(e);
	assert_int_equal(rig_child(), 0);

	machine_expect_cpus(m, 3); /* never used */
	engine_qemu_detach(m);
	assert_int_equal(rig_child(), 0);
	machine_destroy(m);
}

#define HINTERS 16

static void *hint(void *arg)
{
	machine_expect_cpus(arg, 2);
	return NULL;
}

static void hints_at_once_start_one_engine(void **state)
{
	struct machine_config cfg = {.size = UINT64_C(1) << 30};
	pthread_t t[HINTERS];
	struct machine *m;
	struct rig r;

	rig_start(&r, 1); /* skips without QEMU */
	rig_stop(&r);
	assert_int_equal(machine_create(&cfg, &m), 0);
	engine_qemu_attach(m);
	for (unsigned int i = 0; i < HINTERS; i++)
		pthread_create(&t[i], NULL, hint, m);
	for (unsigned int i = 0; i < HINTERS; i++)
		pthread_join(t[i], NULL);
	while (!rig_child()) /* the keeper forks it when it gets to it */
		usleep(1000);
	usleep(50000);
	assert_int_equal(rig_children(), 1);
	engine_qemu_detach(m);
	assert_int_equal(rig_children(), 0);
	for (unsigned int w = 0; w < 31; w++)
		assert_int_not_equal(machine_window_take(m), 0);
	machine_destroy(m);
}

static atomic_bool busy;

static void *be_busy(void *arg)
{
	while (atomic_load(&busy))
		;
	return NULL;
}

static void *kick_later(void *pe)
{
	usleep(300000);
	pe_kick(pe);
	return NULL;
}

static void stay_on_this_cpu(cpu_set_t *before)
{
	cpu_set_t one;

	assert_int_equal(sched_getaffinity(0, sizeof(*before), before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* QEMU and a busy thread have one CPU of the host. */
static void a_cpu_that_gets_no_time_says_so(void **state)
{
	uint64_t before, idle;
	pthread_t hog, kicker;
	cpu_set_t all;
	struct pe *pe;
	struct rig r;

	if (!schedstat_is_there())
		skip();
	stay_on_this_cpu(&all);
	rig_start(&r, 2);
	assert_int_equal(engine_qemu.run_delay(r.engine, 1), 0); /* it is not up */
	rig_enter(&r, 1, GUEST_SPIN);
	rig_enter(&r, 0, GUEST_SPIN);
	pe = pe_create();
	atomic_store(&busy, true);
	before = engine_qemu.run_delay(r.engine, 1);
	idle = engine_qemu.run_delay(r.engine, 0);
	pthread_create(&hog, NULL, be_busy, NULL);
	pthread_create(&kicker, NULL, kick_later, pe);
	assert_int_equal(engine_qemu.run(r.engine, 1, pe), ENGINE_EXIT_IRQ);
	atomic_store(&busy, false);
	assert_true(engine_qemu.run_delay(r.engine, 1) - before > 50000000);
	assert_true(engine_qemu.run_delay(r.engine, 0) - idle < 50000000); /* another thread's */
	pthread_join(hog, NULL);
	pthread_join(kicker, NULL);
	pe_destroy(pe);
	rig_stop(&r);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

/* All of them compute for ever on one CPU of the host, beside a busy thread. */
static void many_cpus_on_one_of_the_host_s_take_turns(void **state)
{
	struct runner run[9];
	cpu_set_t all;
	pthread_t hog;
	uint64_t before;
	struct rig r;

	stay_on_this_cpu(&all);
	rig_start(&r, ARRAY_SIZE(run));
	atomic_store(&busy, true);
	pthread_create(&hog, NULL, be_busy, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i++) {
		run[i] = (struct runner){.r = &r, .cpu = i, .pe = pe_create()};
		run[i].frame = rig_enter(&r, i, GUEST_SPIN);
	}
	before = engine_qemu.run_delay(r.engine, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i++)
		pthread_create(&run[i].thread, NULL, run_once, &run[i]);
	usleep(1500000); /* a turn lasts a tenth of a second at most */
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i++)
		pe_kick(run[i].pe);
	for (unsigned int i = 0; i < ARRAY_SIZE(run); i++) {
		pthread_join(run[i].thread, NULL);
		assert_int_equal(run[i].exit, ENGINE_EXIT_IRQ);
		assert_true(run[i].frame->x[0] > 0); /* it has counted */
		pe_destroy(run[i].pe);
	}
	atomic_store(&busy, false);
	pthread_join(hog, NULL);
	if (schedstat_is_there())
		assert_true(engine_qemu.run_delay(r.engine, 1) - before > 50000000);
	rig_stop(&r);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_engines_do_not_meet),
		cmocka_unit_test(nothing_is_left_behind),
		cmocka_unit_test(death_of_qemu_ends_every_run),
		cmocka_unit_test(program_that_is_no_qemu_says_why),
		cmocka_unit_test(a_kick_ends_the_wait_for_an_engine_that_does_not_come_up),
		cmocka_unit_test(an_engine_that_does_not_come_up_is_given_up),
		cmocka_unit_test(half_a_message_does_not_keep_an_engine_from_its_end),
		cmocka_unit_test(closed_standard_descriptors_do_not_reach_qemu),
		cmocka_unit_test(waiting_cpus_use_no_cpu_time),
		cmocka_unit_test(pending_timer_does_not_wake_a_cpu_that_waits_for_the_host),
		cmocka_unit_test(a_cpu_that_gets_no_time_says_so),
		cmocka_unit_test(many_cpus_on_one_of_the_host_s_take_turns),
		cmocka_unit_test(engine_started_ahead_is_adopted),
		cmocka_unit_test(hints_at_once_start_one_engine),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
