// SPDX-License-Identifier: BSD-3-Clause
/* inspect.c - softrealm inspect: asks a backend, through its door, and prints what it says. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/address.h"
#include "cli/commands.h"
#include "cli/cpu_use.h"
#include "cli/launcher.h"
#include "cli/printable.h"
#include "cli/symbols.h"
#include "cli/why.h"

struct options {
	const char *host, *symbols;
	bool json, watch;
};

/* A connection, and what has come and is not a whole line yet. */
struct visit {
	int fd;
	char *text;
	size_t len, room;
};

static int set_host(void *to, const char *value)
{
	((struct options *)to)->host = value;
	return 0;
}

static int set_json(void *to, const char *value)
{
	((struct options *)to)->json = true;
	return 0;
}

static int set_watch(void *to, const char *value)
{
	((struct options *)to)->watch = true;
	return 0;
}

static int set_symbols(void *to, const char *value)
{
	((struct options *)to)->symbols = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/inspect.def"
};
static const struct option_rows inspect_rows = {rows, ARRAY_SIZE(rows)};

/* ---- the conversation ---- */

static int ask(const struct visit *v, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int r = text ? 0 : -ENOMEM;

	if (text && (dprintf(v->fd, "%s\n", text) < 0))
		r = -errno;
	free(text);
	return r;
}

/* The next line as JSON, NULL: the backend has hung up, or talks nonsense (logged). */
static json_t *hear(struct visit *v)
{
	json_error_t where;
	json_t *o;
	char *end;
	ssize_t n;

	while (!v->len || !(end = memchr(v->text, '\n', v->len))) {
		if (v->room - v->len < 65536) {
			char *more = realloc(v->text, v->room + (1 << 20));

			if (!more)
				return NULL;
			v->text = more;
			v->room += 1 << 20;
		}
		n = recv(v->fd, v->text + v->len, v->room - v->len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_error("the backend has hung up");
			return NULL;
		}
		v->len += (size_t)n;
	}
	o = json_loadb(v->text, (size_t)(end - v->text), 0, &where);
	v->len -= (size_t)(end + 1 - v->text);
	memmove(v->text, end + 1, v->len);
	if (!o)
		log_error("the backend's answer is no JSON: %s", where.text);
	return o;
}

/* ---- for people ---- */

static void print_scalar(const json_t *v)
{
	if (json_is_string(v))
		print_text(stdout, json_string_value(v));
	else if (json_is_integer(v))
		printf("%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		printf("%g", json_real_value(v));
	else
		printf("%s", json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-");
}

static bool is_scalar(const json_t *v)
{
	return !json_is_object(v) && !json_is_array(v);
}

/* An array of objects is a table; fields that are no scalars are for programs. */
static bool is_table(const json_t *v)
{
	const json_t *row;
	size_t i;

	json_array_foreach(v, i, row) if (!json_is_object(row)) return false;
	return json_array_size(v) > 0;
}

static int width(const json_t *v)
{
	if (json_is_string(v))
		return (int)json_string_length(v);
	if (json_is_integer(v))
		return snprintf(NULL, 0, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return snprintf(NULL, 0, "%g", json_real_value(v));
	return json_is_true(v) ? 3 : json_is_false(v) ? 2 : 1;
}

static int column_width(const json_t *table, const char *key)
{
	int w = (int)strlen(key);
	const json_t *row;
	size_t i;

	json_array_foreach(table, i, row) w = MAX(w, width(json_object_get(row, key)));
	return w;
}

static void print_row(const json_t *table, const json_t *row, int indent)
{
	json_t *first = json_array_get(table, 0), *field;
	const char *key;

	printf("%*s", indent, "");
	json_object_foreach(first, key, field)
	{
		const json_t *v = json_object_get(row, key);

		if (!is_scalar(field))
			continue;
		if (row)
			print_scalar(v);
		else
			printf("%s", key);
		printf("%*s", column_width(table, key) + 2 - (row ? width(v) : (int)strlen(key)),
		       "");
	}
	putchar('\n');
}

static void print_table(const json_t *table, int indent)
{
	const json_t *row;
	size_t i;

	print_row(table, NULL, indent);
	json_array_foreach(table, i, row) print_row(table, row, indent);
}

static void print(const json_t *v, int indent)
{
	const char *key;
	const json_t *one;
	size_t i;

	if (is_table(v)) {
		print_table(v, indent);
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, one)
		{
			printf("%*s", indent, "");
			if (is_scalar(one))
				print_scalar(one);
			putchar('\n');
			if (!is_scalar(one))
				print(one, indent + 2);
		}
	} else if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, one)
		{
			printf("%*s%s:%s", indent, "", key, is_scalar(one) ? " " : "");
			if (is_scalar(one))
				print_scalar(one);
			putchar('\n');
			if (!is_scalar(one))
				print(one, indent + 2);
		}
	} else {
		print_scalar(v);
		putchar('\n');
	}
}

static void show(const json_t *v, bool json)
{
	if (json)
		json_dumpf(v, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	else
		print(v, 0);
	if (json)
		putchar('\n');
}

/* ---- what is asked ---- */

/* Events, one a line, until somebody hangs up. */
static int follow(struct visit *v, bool json)
{
	json_t *o;

	while ((o = hear(v))) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		json_decref(o);
		if (ferror(stdout))
			return EXIT_REFUSED;
	}
	return EXIT_REFUSED;
}

/* Words after the first: VM, then what is asked of it. NULL: they make no sense. */
static json_t *make_request(char **words, int n)
{
	static const char *const keys[] = {NULL, "vm", "arg"};
	json_t *o = json_pack("{s:s}", "call", words[0]);
	char *end;

	for (int i = 1; i < n; i++) {
		long long value = strtoll(words[i], &end, 0);

		if (i >= (int)ARRAY_SIZE(keys) || *end || !*words[i]) {
			json_decref(o);
			return NULL;
		}
		json_object_set_new(o, keys[i], json_integer(value));
	}
	return o;
}

/* The result, a new reference; NULL: there is none (logged). */
static json_t *get(struct visit *v, const json_t *request)
{
	json_t *o, *answer;
	const char *error;
	int r = ask(v, request);

	if (r) {
		log_errno(-r, "the backend cannot be asked");
		return NULL;
	}
	o = hear(v);
	if (!o)
		return NULL;
	error = json_string_value(json_object_get(o, "error"));
	if (error)
		log_error("the backend says: %s", error);
	answer = error ? NULL : json_incref(json_object_get(o, "result"));
	json_decref(o);
	return answer;
}

/* ---- again and again ---- */

/* What is counted: the answers to info and vms, and the CPU time of those whom they name. */
struct moment {
	json_t *info, *vms;
	struct cpu_use use;
	bool has_use;
};

static void moment_free(struct moment *m)
{
	json_decref(m->info);
	json_decref(m->vms);
	*m = (struct moment){0};
}

/* False: the backend does not answer any more. */
static bool moment_read(struct visit *v, struct moment *m)
{
	json_t *info = json_pack("{s:s}", "call", "info"), *vms = json_pack("{s:s}", "call", "vms");

	*m = (struct moment){.info = get(v, info)};
	m->vms = m->info ? get(v, vms) : NULL;
	if (m->vms)
		m->has_use =
			cpu_use_read((long)json_integer_value(json_object_get(m->info, "process")),
				     m->vms, &m->use);
	json_decref(info);
	json_decref(vms);
	return m->vms;
}

static void print_rates(const struct moment *a, const struct moment *b, const char *key)
{
	json_t *counts = json_object_get(b->info, key), *n;
	const char *name;

	printf("%s:", key);
	json_object_foreach(counts, name, n)
	{
		long long by = json_integer_value(n);

		by -= json_integer_value(json_object_get(json_object_get(a->info, key), name));
		if (by)
			printf("  %s %lld", name, by);
	}
	putchar('\n');
}

/* In percent of one CPU. A process that has ended is missing in `to`: less than before is 0. */
static double percent(double from, double to, const struct cpu_use *a, const struct cpu_use *b)
{
	return to > from ? 100 * (to - from) / (b->clock - a->clock) : 0;
}

static void print_cpu(const struct moment *from, const struct moment *to)
{
	const struct cpu_use *a = &from->use, *b = &to->use;

	if (from->has_use && to->has_use && b->clock > a->clock)
		printf("cpu:  engines %.0f %%  backend %.0f %%  VMMs %.0f %%\n",
		       percent(a->engines, b->engines, a, b), percent(a->backend, b->backend, a, b),
		       percent(a->vmms, b->vmms, a, b));
}

static void print_head(const struct moment *a, const struct moment *b)
{
	const json_t *info = b->info;
	long long refused = json_integer_value(json_object_get(info, "refused"));

	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[J");
	printf("%s: %lld of %lld pages, %lld descriptors of clients; in the last second:\n",
	       json_string_value(json_object_get(info, "abi")),
	       (long long)json_integer_value(json_object_get(info, "pages_allocated")),
	       (long long)json_integer_value(json_object_get(info, "pages")),
	       (long long)json_integer_value(json_object_get(info, "clients")));
	print_rates(a, b, "exits");
	print_rates(a, b, "host_exits");
	print_cpu(a, b);
	printf("refused: %lld\n\n",
	       refused - (long long)json_integer_value(json_object_get(a->info, "refused")));
}

/* Until a signal, or the backend's end. */
static int watch(struct visit *v, const json_t *request, bool json)
{
	struct moment before, now;
	bool good = moment_read(v, &before);

	while (good) {
		json_t *what = get(v, request);

		good = what && moment_read(v, &now);
		if (good && !json)
			print_head(&before, &now);
		if (good)
			show(what, json);
		fflush(stdout);
		json_decref(what);
		if (good) {
			moment_free(&before);
			before = now;
		}
		good = good && !ferror(stdout);
		if (good)
			sleep(1);
	}
	moment_free(&before);
	return EXIT_REFUSED;
}

/* ---- the command ---- */

/* False: the file of --symbols cannot be used. */
static bool show_why(const json_t *why, const char *path)
{
	struct symbols *s = path ? symbols_load(path) : NULL;
	bool ok = s || !path;

	if (ok)
		why_print(stdout, why, "", s, true);
	symbols_free(s);
	return ok;
}

/* "why" is told, not listed; a log is lines. */
static int show_answer(const char *call, const json_t *answer, const struct options *o)
{
	const json_t *line;
	size_t i;

	if (!o->json && !strcmp(call, "why"))
		return show_why(answer, o->symbols) ? EXIT_GOOD : EXIT_USAGE;
	if (o->json || strcmp(call, "log")) {
		show(answer, o->json);
		return EXIT_GOOD;
	}
	json_array_foreach(answer, i, line)
	{
		print_text(stdout, json_string_value(line));
		putchar('\n');
	}
	return EXIT_GOOD;
}

static int converse(struct visit *v, const json_t *request, const struct options *o)
{
	const char *call = json_string_value(json_object_get(request, "call"));
	bool events = !strcmp(call, "events");
	int status = EXIT_GOOD;
	json_t *answer;

	if (o->watch && !events)
		return watch(v, request, o->json);
	answer = get(v, request);
	if (!answer)
		return EXIT_REFUSED;
	if (!events)
		status = show_answer(call, answer, o);
	json_decref(answer);
	return events ? follow(v, o->json) : status;
}

static int run(int argc, char **argv)
{
	struct options o = {0};
	struct option_parser p = {.tables = {{&inspect_rows, &o, NULL}}, .ntables = 1};
	char name[ADDRESS_MAX];
	struct visit v = {0};
	json_t *request;
	int status;

	if (!command_parse(&command_inspect, argc, argv, &p, &status))
		return status;
	request = !o.host    ? NULL
		  : p.nwords ? make_request(p.words, p.nwords)
		  : o.watch  ? json_pack("{s:s}", "call", "vms")
			     : NULL;
	if (!request)
		return command_usage(&command_inspect);
	status = EXIT_USAGE;
	if (!address_name(o.host, name)) {
		v.fd = address_connect(name);
		status = v.fd < 0 ? EXIT_REFUSED : converse(&v, request, &o);
		if (v.fd >= 0)
			close(v.fd);
	}
	free(v.text);
	json_decref(request);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.about = "look into a running backend",
	.usage = "inspect --host PATH [--json] [--watch] WHAT [VM [N]]",
	.text = "Ask a backend that softrealm host, or a run with --inspect, has at PATH:\n"
		"  version, info    who it is, and how busy\n"
		"  realms           each realm with its state and measurements\n"
		"  vms              the VMs that exist\n"
		"  realm VM         memslots, vCPUs, and memory as VMM, kernel and RMM see it\n"
		"  rtt VM IPA       the walk of the realm's tables, entry by entry\n"
		"  vcpu VM N        state, registers and timers of a vCPU\n"
		"  granules         how many are in each state\n"
		"  vgic VM          interrupts that are enabled, pending or active\n"
		"  measurements VM  RIM and REMs, and what extended them\n"
		"  refusals         which calls were refused by which rule, and how often\n"
		"  why [VM]         why a realm does not get on (the newest VM's)\n"
		"  log [VM]         the Linux kernel's log, read from the realm's memory\n"
		"  events           what happens from now on, as JSON lines\n",
	.words = "version|info|realms|vms|realm|rtt|vcpu|granules|vgic|measurements|refusals|why|"
		 "log|"
		 "events",
	.run = run,
	.options = {&inspect_rows},
};
