// SPDX-License-Identifier: BSD-3-Clause
/*
 * commands.c - the packets of GDB's remote protocol that are understood here.
 *
 * Thread N is vCPU N - 1. Breakpoints of either kind (Z0, Z1) are in debug registers: memory is
 * never changed for them.
 */
#include "debug/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/hex.h"
#include "debug/monitor.h"
#include "debug/registers.h"

/* So many bytes of memory fit an answer. */
#define MAX_READ (PACKET_MAX / 2)

typedef bool (*command)(struct session *s, const char *rest, size_t len, struct answer *a);

static bool ok(struct answer *a, bool yes)
{
	answer_text(a, yes ? "OK" : "E01");
	return true;
}

/* ---- threads ---- */

static unsigned int num_threads(const struct session *s)
{
	return s->realm ? s->realm->vcpus : 1;
}

/* "-1" all, "0" any: *n is 0. False: there is no such thread. */
static bool parse_thread(const struct session *s, const char **text, unsigned int *n)
{
	uint64_t id;

	*n = 0;
	if (!strncmp(*text, "-1", 2)) {
		*text += 2;
		return true;
	}
	if (!hex_number(text, &id) || id > num_threads(s))
		return false;
	*n = (unsigned int)id;
	return true;
}

static struct vcpu *vcpu_of(const struct session *s, unsigned int thread)
{
	return s->realm && thread ? &s->realm->vcpu[thread - 1] : NULL;
}

/* The one that registers and memory are of; NULL: no realm has begun. */
static struct vcpu *current(const struct session *s)
{
	return s->vcpu ? s->vcpu : vcpu_of(s, 1);
}

static bool cmd_set_thread(struct session *s, const char *rest, size_t len, struct answer *a)
{
	const char *text = rest + 1;
	unsigned int n;

	if (!len || !parse_thread(s, &text, &n))
		return ok(a, false);
	if (*rest == 'g' && n)
		s->vcpu = vcpu_of(s, n);
	return ok(a, true);
}

static bool cmd_is_alive(struct session *s, const char *rest, size_t len, struct answer *a)
{
	unsigned int n;

	return ok(a, parse_thread(s, &rest, &n));
}

static bool cmd_next_threads(struct session *s, const char *rest, size_t len, struct answer *a)
{
	unsigned int n = s->next_thread, end = MIN(n + 256, num_threads(s));

	answer_text(a, n < end ? "m" : "l");
	for (; n < end; n++)
		answer_format(a, n > s->next_thread ? ",%x" : "%x", n + 1);
	s->next_thread = end;
	return true;
}

static bool cmd_first_threads(struct session *s, const char *rest, size_t len, struct answer *a)
{
	s->next_thread = 0;
	return cmd_next_threads(s, rest, len, a);
}

static bool cmd_thread_info(struct session *s, const char *rest, size_t len, struct answer *a)
{
	char text[64] = "waiting for a realm to begin";
	unsigned int n;

	if (!parse_thread(s, &rest, &n) || !n)
		return ok(a, false);
	if (s->realm)
		snprintf(text, sizeof(text), "vCPU %u, %s", n - 1,
			 debug_vcpu_place_name(vcpu_of(s, n)));
	answer_hex(a, text, strlen(text));
	return true;
}

static bool cmd_current_thread(struct session *s, const char *rest, size_t len, struct answer *a)
{
	answer_format(a, "QC%x", current(s) ? current(s)->index + 1 : 1);
	return true;
}

/* ---- registers and memory ---- */

static bool cmd_read_all(struct session *s, const char *rest, size_t len, struct answer *a)
{
	return registers_read_all(current(s), a) || ok(a, false);
}

static bool cmd_write_all(struct session *s, const char *rest, size_t len, struct answer *a)
{
	return ok(a, registers_write_all(current(s), rest, len));
}

static bool cmd_read_register(struct session *s, const char *rest, size_t len, struct answer *a)
{
	uint64_t n;

	return (hex_number(&rest, &n) && registers_read(current(s), n, a)) || ok(a, false);
}

static bool cmd_write_register(struct session *s, const char *rest, size_t len, struct answer *a)
{
	uint8_t bytes[REGISTER_MAX_SIZE];
	uint64_t n;
	long size;

	if (!hex_number(&rest, &n) || *rest++ != '=')
		return ok(a, false);
	size = hex_decode_len(rest, strlen(rest), bytes, sizeof(bytes));
	return ok(a, size > 0 && registers_write(current(s), n, bytes, (size_t)size));
}

/* ADDR,LENGTH, and the character that ends it. */
static bool parse_range(const char **text, uint64_t *addr, uint64_t *size, char end)
{
	return hex_number(text, addr) && *(*text)++ == ',' && hex_number(text, size) &&
	       *(*text)++ == end;
}

static bool cmd_read_memory(struct session *s, const char *rest, size_t len, struct answer *a)
{
	uint8_t bytes[MAX_READ];
	uint64_t addr, size;
	size_t done;

	if (!current(s) || !parse_range(&rest, &addr, &size, 0))
		return ok(a, false);
	size = MIN(size, sizeof(bytes));
	done = debug_vcpu_memory(current(s), addr, bytes, size, false);
	if (size && !done)
		return ok(a, false);
	answer_hex(a, bytes, done);
	return true;
}

static bool write_memory(struct session *s, uint64_t addr, uint8_t *bytes, size_t n,
			 struct answer *a)
{
	return ok(a, debug_vcpu_memory(current(s), addr, bytes, n, true) == n);
}

static bool cmd_write_memory(struct session *s, const char *rest, size_t len, struct answer *a)
{
	uint8_t bytes[PACKET_MAX / 2];
	uint64_t addr, size;

	if (!current(s) || !parse_range(&rest, &addr, &size, ':') ||
	    hex_decode_len(rest, strlen(rest), bytes, sizeof(bytes)) != (long)size)
		return ok(a, false);
	return write_memory(s, addr, bytes, size, a);
}

static bool cmd_write_binary(struct session *s, const char *rest, size_t len, struct answer *a)
{
	const char *end = rest + len;
	uint8_t bytes[PACKET_MAX];
	uint64_t addr, size;

	if (!current(s) || !parse_range(&rest, &addr, &size, ':') || rest > end ||
	    size != (uint64_t)(end - rest))
		return ok(a, false);
	memcpy(bytes, rest, size);
	return write_memory(s, addr, bytes, size, a);
}

/* ---- breakpoints and watchpoints ---- */

static bool parse_point(const char *rest, struct point *p)
{
	static const enum point_type types[] = {POINT_BREAK, POINT_BREAK, POINT_WRITE, POINT_READ,
						POINT_ACCESS};
	unsigned int n = (unsigned int)(*rest - '0');

	if (!*rest || n >= ARRAY_SIZE(types) || rest[1] != ',')
		return false;
	rest += 2;
	p->type = types[n];
	return hex_number(&rest, &p->addr) && *rest++ == ',' && hex_number(&rest, &p->len);
}

static int change_points(const struct point *p, bool add)
{
	int r = 0;

	lock_take(&debugger.lock);
	if (add)
		r = points_add(&debugger.points, p);
	else
		points_remove(&debugger.points, p);
	lock_drop(&debugger.lock);
	atomic_fetch_add(&debugger.points_version, 1);
	return r;
}

static bool cmd_insert(struct session *s, const char *rest, size_t len, struct answer *a)
{
	struct point p;

	if (!parse_point(rest, &p))
		return ok(a, false);
	if (change_points(&p, true))
		answer_text(a, "E.no breakpoint register is left, or none can hold it");
	else
		answer_text(a, "OK");
	return true;
}

static bool cmd_remove(struct session *s, const char *rest, size_t len, struct answer *a)
{
	struct point p;

	if (!parse_point(rest, &p))
		return ok(a, false);
	change_points(&p, false);
	return ok(a, true);
}

/* ---- stop and go ---- */

static bool cmd_why(struct session *s, const char *rest, size_t len, struct answer *a)
{
	s->owes_stop = true;
	return false; /* session_look answers, when all have stopped */
}

static bool parse_action(const char **text, enum order *order)
{
	uint64_t signal;
	char c = *(*text)++;

	*order = c == 's' || c == 'S' ? ORDER_STEP : ORDER_GO;
	if (c == 'C' || c == 'S') /* a signal, which no vCPU can get */
		return hex_number(text, &signal);
	return c == 'c' || c == 's';
}

/* ;ACTION[:THREAD]...: the first one that names a thread is the thread's. */
static bool cmd_go(struct session *s, const char *rest, size_t len, struct answer *a)
{
	enum order orders[ENGINE_MAX_CPUS] = {0}, order;
	bool said[ENGINE_MAX_CPUS] = {0};
	unsigned int n, num = num_threads(s);

	while (*rest == ';') {
		rest++;
		if (!parse_action(&rest, &order))
			return ok(a, false);
		n = 0;
		if (*rest == ':' && (rest++, !parse_thread(s, &rest, &n)))
			return ok(a, false);
		for (unsigned int i = 0; i < num; i++) {
			if (said[i] || (n && n != i + 1))
				continue;
			said[i] = true;
			orders[i] = order;
		}
	}
	if (*rest)
		return ok(a, false);
	session_go(s, orders);
	return false;
}

static bool cmd_go_question(struct session *s, const char *rest, size_t len, struct answer *a)
{
	answer_text(a, "vCont;c;C;s;S");
	return true;
}

/* c and s, of debuggers that do not know vCont: the current one, and the others go on. */
static bool go_all(struct session *s, enum order order)
{
	enum order orders[ENGINE_MAX_CPUS];

	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++)
		orders[i] = ORDER_GO;
	orders[current(s) ? current(s)->index : 0] = order;
	session_go(s, orders);
	return false;
}

static bool cmd_continue(struct session *s, const char *rest, size_t len, struct answer *a)
{
	return len ? ok(a, false) : go_all(s, ORDER_GO);
}

static bool cmd_step(struct session *s, const char *rest, size_t len, struct answer *a)
{
	return len ? ok(a, false) : go_all(s, ORDER_STEP);
}

static bool cmd_detach(struct session *s, const char *rest, size_t len, struct answer *a)
{
	s->state = SESSION_OVER;
	return ok(a, true);
}

/* A realm is not the debugger's to kill: it goes on. */
static bool cmd_kill(struct session *s, const char *rest, size_t len, struct answer *a)
{
	s->state = SESSION_OVER;
	return false;
}

/* ---- what there is ---- */

static bool cmd_supported(struct session *s, const char *rest, size_t len, struct answer *a)
{
	answer_format(a, "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;vContSupported+",
		      PACKET_MAX);
	return true;
}

static bool cmd_no_acks(struct session *s, const char *rest, size_t len, struct answer *a)
{
	s->no_acks = true;
	return ok(a, true);
}

static bool cmd_description(struct session *s, const char *rest, size_t len, struct answer *a)
{
	const char *xml = registers_description();
	uint64_t offset, size, all = strlen(xml);

	if (!parse_range(&rest, &offset, &size, 0) || offset > all)
		return ok(a, false);
	size = MIN(size, MIN(all - offset, PACKET_MAX / 2));
	answer_text(a, offset + size < all ? "m" : "l");
	answer_bytes(a, xml + offset, size);
	return true;
}

static bool cmd_attached(struct session *s, const char *rest, size_t len, struct answer *a)
{
	answer_text(a, "1");
	return true;
}

static bool cmd_empty(struct session *s, const char *rest, size_t len, struct answer *a)
{
	return true;
}

static bool cmd_monitor(struct session *s, const char *rest, size_t len, struct answer *a)
{
	char line[128] = "";

	if (hex_decode_len(rest, len, line, sizeof(line) - 1) < 0)
		return ok(a, false);
	monitor_line(s, line, a);
	return true;
}

/* ---- the table ---- */

static const struct {
	const char *prefix;
	command run;
	bool whole; /* nothing follows */
} rows[] = {
	{"?", cmd_why, true},
	{"g", cmd_read_all, true},
	{"G", cmd_write_all, false},
	{"p", cmd_read_register, false},
	{"P", cmd_write_register, false},
	{"m", cmd_read_memory, false},
	{"M", cmd_write_memory, false},
	{"X", cmd_write_binary, false},
	{"Z", cmd_insert, false},
	{"z", cmd_remove, false},
	{"H", cmd_set_thread, false},
	{"T", cmd_is_alive, false},
	{"c", cmd_continue, false},
	{"s", cmd_step, false},
	{"D", cmd_detach, false},
	{"k", cmd_kill, true},
	{"vCont?", cmd_go_question, true},
	{"vCont", cmd_go, false},
	{"vKill;", cmd_detach, false},
	{"qSupported", cmd_supported, false},
	{"QStartNoAckMode", cmd_no_acks, true},
	{"qXfer:features:read:target.xml:", cmd_description, false},
	{"qfThreadInfo", cmd_first_threads, true},
	{"qsThreadInfo", cmd_next_threads, true},
	{"qThreadExtraInfo,", cmd_thread_info, false},
	{"qC", cmd_current_thread, true},
	{"qAttached", cmd_attached, false},
	{"qRcmd,", cmd_monitor, false},
	{"", cmd_empty, false},
};

bool commands_answer(struct session *s, const char *data, size_t len, struct answer *a)
{
	if (!session_hears(s))
		return false;
	for (size_t i = 0;; i++) {
		size_t n = strlen(rows[i].prefix);

		if (len >= n && !memcmp(data, rows[i].prefix, n) && (!rows[i].whole || len == n))
			return rows[i].run(s, data + n, len - n, a);
	}
}
