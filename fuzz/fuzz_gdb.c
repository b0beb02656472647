// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_gdb.c - what a debugger sends, as a stream of bytes, to a stopped realm without a CPU
 * (tests/debug/toy.c). Sums are not looked at. By its packets the input also sets the translation
 * registers and the tables that its later accesses are walked through.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "fuzz/input.h"
#include "tests/debug/toy.h"

static struct packet_reader reader;
static struct session session;
static struct answer answer;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static void check_points(void)
{
	unsigned int breaks = 0;

	check(debugger.points.num <= MAX_POINTS, "too many points");
	for (unsigned int i = 0; i < debugger.points.num; i++)
		breaks += debugger.points.point[i].type == POINT_BREAK;
	check(breaks <= ENGINE_NUM_BPS, "too many breakpoints");
	check(debugger.points.num - breaks <= ENGINE_NUM_WPS, "too many watchpoints");
}

/* What no debugger may bring about: another exception level. */
static void check_vcpus(void)
{
	for (unsigned int i = 0; i < TOY_VCPUS; i++) {
		const struct vcpu *v = &session.realm->vcpu[i];
		uint64_t pstate = v->general.r[GENERAL_PSTATE];

		check(pstate & 0x10 ? !(pstate & 0xf) : !(pstate & 8), "PSTATE of another level");
		check(session.state != SESSION_STOPPED || v->order == ORDER_HOLD, "a vCPU goes on");
	}
}

static void settle(void)
{
	session_interrupt(&session);
	do {
		answer.len = 0;
	} while (session_look(&session, &answer));
	if (session.state == SESSION_OVER)
		session.state = SESSION_STOPPED;
}

static void take(enum packet_kind kind)
{
	static char out[PACKET_SIZE(PACKET_MAX)];

	answer.len = 0;
	if (kind == PACKET_DATA && commands_answer(&session, reader.data, reader.len, &answer))
		check(packet_write(answer.data, answer.len, out) <= sizeof(out), "too long");
	check_points();
	settle();
	check_vcpus();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;
	enum packet_kind kind;

	reader = (struct packet_reader){.no_sums = true};
	toy_begin(&session);
	settle();
	for (size_t n; size; at += n, size -= n) {
		n = packet_read(&reader, at, size, &kind);
		take(kind);
	}
	toy_end(&session);
	check(!debugger.realms && !debugger.points.num, "something is left");
	return 0;
}
