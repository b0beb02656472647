// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_debugged.c - a real CPU under a debugger: what the guest sees of it (nothing), and who waits
 * for it (nobody else).
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "debug/debug.h"
#include "debug/packet.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "tests/engine/rig.h"

static struct rig rig;
static struct pe *pe;
static struct sockaddr_un where = {.sun_family = AF_UNIX};
static int gdb; /* the debugger's end */

/* ---- the debugger ---- */

static int memory(void *arg, unsigned int vmid, uint64_t ipa, void *buf, size_t len, bool write)
{
	void *at = ipa - RIG_CODE < GRANULE_SIZE
			   ? machine_va(rig.machine, rig.code + (ipa - RIG_CODE), len)
			   : rig_data(&rig, (ipa - RIG_DATA) / GRANULE_SIZE);

	memcpy(write ? at : buf, write ? buf : at, len);
	return 0;
}

static void send_packet(const char *text)
{
	char out[PACKET_SIZE(256)];
	size_t n = packet_write(text, strlen(text), out);

	assert_int_equal(send(gdb, out, n, MSG_NOSIGNAL), n);
}

static const char *receive_packet(void)
{
	static struct packet_reader reader;
	enum packet_kind kind = PACKET_NONE;
	char c;

	while (kind != PACKET_DATA) {
		assert_int_equal(recv(gdb, &c, 1, 0), 1);
		packet_read(&reader, &c, 1, &kind);
	}
	return reader.data;
}

static void ask(const char *text, const char *answer)
{
	send_packet(text);
	assert_string_equal(receive_packet(), answer);
}

static void hang_up(void)
{
	close(gdb);
}

/* ---- the vCPU ---- */

static enum engine_exit last;
static pthread_t runner;

static void *run(void *arg)
{
	last = engine_debug.run(rig.engine, 0, pe);
	return NULL;
}

static void begin_run(void)
{
	pe_clear(pe);
	assert_int_equal(pthread_create(&runner, NULL, run, NULL), 0);
}

static enum engine_exit end_run(void)
{
	pthread_join(runner, NULL);
	return last;
}

/* To an exit of the guest's: one that is kicked, as by a debugger that goes, runs again. */
static void run_to_exit(void)
{
	while (end_run() != ENGINE_EXIT_SYNC)
		begin_run();
}

/* The debugger attaches; the vCPU is at the gate then. */
static void attach(void)
{
	gdb = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(gdb, (struct sockaddr *)&where, sizeof(where)), 0);
	send_packet("?");
	while (recv(gdb, &(char){0}, 1, MSG_PEEK) < 1)
		;
	begin_run();
	assert_string_equal(receive_packet(), "T05thread:1;");
}

static int begin(void **state)
{
	struct debug_config cfg = {.engine = &engine_qemu, .memory = memory};

	cfg.listen = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(where.sun_path + 1, sizeof(where.sun_path) - 1, "softrealm-debugged-%d", getpid());
	assert_int_equal(bind(cfg.listen, (struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(listen(cfg.listen, 1), 0);
	assert_int_equal(debug_start(&cfg), 0);
	pe = pe_create();
	rig_engine = &engine_debug;
	rig_start(&rig, 1);
	return 0;
}

static int end(void **state)
{
	debug_stop();
	rig_stop(&rig);
	debug_free();
	pe_destroy(pe);
	return 0;
}

/* ---- tests ---- */

/* What the guest of GUEST_DEBUG ends with: its registers, all of them. */
struct ending {
	uint64_t x[31], pc, pstate, sys[ENGINE_NUM_SYSREGS];
};

static void expect_ending(struct ending *e)
{
	const struct engine_frame *f = engine_debug.frame(rig.engine, 0);

	run_to_exit();
	assert_int_equal(f->esr, RIG_ESR_HVC(0xff));
	memset(e, 0, sizeof(*e));
	memcpy(e->x, f->x, sizeof(e->x));
	e->pc = f->pc;
	/* QEMU's CPU sets it at each exception from 9.1 on. The guest has no FEAT_NMI, so to the
	 * guest it is RES0, and without SCTLR_EL1.NMI it masks nothing. */
	e->pstate = f->pstate & ~PSTATE_ALLINT;
	assert_int_equal(engine_debug.sysregs_get(rig.engine, 0, e->sys), 0);
}

static void a_guest_that_debugs_itself_sees_no_difference(void **state)
{
	struct ending alone, debugged;

	for (uint64_t i = 0; i < 3; i++) {
		rig_enter(&rig, 0, GUEST_DEBUG)->x[0] = i;
		begin_run();
		expect_ending(&alone);

		rig_enter(&rig, 0, GUEST_DEBUG)->x[0] = i;
		attach();
		for (unsigned int n = 0; n < 6; n++) {
			char text[64];

			snprintf(text, sizeof(text), "Z1,%llx,4",
				 (unsigned long long)(RIG_CODE + GUEST_DEBUG + 8 + 8 * n));
			ask(text, "OK");
		}
		/* through its breakpoints, and step by step */
		for (unsigned int n = 0; n < 12; n++)
			ask(n % 2 ? "vCont;s:1" : "vCont;c", "T05thread:1;");
		for (unsigned int n = 0; n < 6; n++) {
			char text[64];

			snprintf(text, sizeof(text), "z1,%llx,4",
				 (unsigned long long)(RIG_CODE + GUEST_DEBUG + 8 + 8 * n));
			ask(text, "OK");
		}
		send_packet("vCont;c");
		expect_ending(&debugged);
		hang_up();
		assert_memory_equal(&debugged, &alone, sizeof(alone));
	}
}

static void invalidations_and_kicks_do_not_wait_for_a_stopped_vcpu(void **state)
{
	rig_enter(&rig, 0, GUEST_SPIN);
	attach();
	ask("vCont;s:1", "T05thread:1;");
	engine_debug.tlbi(rig.engine, -1, RIG_DATA, GRANULE_SIZE);
	engine_debug.touch(rig.engine, -1, rig.code, GRANULE_SIZE);
	pe_kick(pe);
	assert_int_equal(end_run(), ENGINE_EXIT_IRQ); /* it ran in this call */
	begin_run();
	pe_kick(pe);
	assert_int_equal(end_run(), ENGINE_EXIT_NOT_RUN);
	begin_run();
	ask("vCont;s:1", "T05thread:1;");
	ask("D", "OK");
	hang_up();
	usleep(1000);
	pe_kick(pe);
	assert_int_equal(end_run(), ENGINE_EXIT_IRQ);
}

static void what_a_debugger_writes_outlasts_a_kick(void **state)
{
	struct engine_frame *f = rig_enter(&rig, 0, GUEST_ADD);

	f->x[0] = f->x[1] = 1;
	attach();
	ask("P1=2800000000000000", "OK");
	pe_kick(pe);
	assert_int_equal(end_run(), ENGINE_EXIT_NOT_RUN);
	ask("P0=0100000000000000", "OK"); /* while it is outside */
	f->x[1] = 5;			  /* as a caller loads its own frame */
	begin_run();
	send_packet("vCont;c");
	run_to_exit();
	assert_int_equal(f->x[0], 42);
	hang_up();
}

static void memory_that_a_debugger_writes_is_the_guests(void **state)
{
	struct engine_frame *f = rig_enter(&rig, 0, GUEST_LOAD);

	f->x[0] = RIG_DATA;
	attach();
	ask("M40200000,8:efcdab8967452301", "OK");
	ask("m40200000,8", "efcdab8967452301");
	send_packet("vCont;c");
	run_to_exit();
	assert_int_equal(f->x[1], 0x0123456789abcdef);
	hang_up();
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guest_that_debugs_itself_sees_no_difference),
		T(invalidations_and_kicks_do_not_wait_for_a_stopped_vcpu),
		T(what_a_debugger_writes_outlasts_a_kick),
		T(memory_that_a_debugger_writes_is_the_guests),
	};

	alarm(60); /* a hang fails, and ends QEMU */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
