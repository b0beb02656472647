// SPDX-License-Identifier: BSD-3-Clause
/*
 * measure.c - softrealm measure: what a realm measures, from a ledger or before it runs.
 *
 * Exit status: 0 done (diff: no difference); 1 the ledgers differ, or one contradicts itself;
 * 2 wrong usage, or a file that cannot be read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "attest/ledger.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/calls.h"
#include "cli/commands.h"
#include "cli/kernels.h"
#include "cli/options.h"
#include "cli/predict.h"

struct measure {
	bool explain, base64;
	const char *ledger, *calls;
};

/* ---- reading a ledger ---- */

struct ledger {
	struct ledger_entry *entries;
	size_t count;
};

static int append(struct ledger *l, const struct ledger_entry *e)
{
	if (!(l->count & (l->count - 1))) { /* grows at each power of two */
		size_t room = l->count ? 2 * l->count : 1;
		void *p = realloc(l->entries, room * sizeof(*e));

		if (!p)
			return -ENOMEM;
		l->entries = p;
	}
	l->entries[l->count++] = *e;
	return 0;
}

static int load(const char *path, struct ledger *l)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	struct ledger_entry e;
	unsigned int line = 0;
	int got = 0, err = 0;

	memset(l, 0, sizeof(*l));
	if (!f) {
		err = -errno;
		log_errno(-err, "%s", path);
		return err;
	}
	while (!err && (got = ledger_read(f, &e, &line)) > 0)
		err = append(l, &e);
	if (f != stdin)
		fclose(f);
	if (got < 0)
		log_error("%s:%u: not an entry of a measurement ledger", path, line);
	return got < 0 ? got : err;
}

/* ---- replay ---- */

#define NUM_REGISTERS 5

struct registers {
	unsigned int realm;
	enum measure_hash hash;
	uint64_t semantics;
	uint8_t value[NUM_REGISTERS][MEASURE_SIZE];
};

/* In the order in which they appear first. */
struct realms {
	struct registers *all;
	size_t count, last; /* last: the one that was found last */
};

static const char *const register_names[NUM_REGISTERS] = {"RIM", "REM1", "REM2", "REM3", "REM4"};

static void print_registers(const struct registers *r, bool base64)
{
	size_t len = measure_hash_len(r->hash);
	static const uint8_t zero[MEASURE_SIZE];
	char text[HEX_SIZE(MEASURE_SIZE)];

	fprintf(stderr, "softrealm: realm %u: the RIM of RMM %s\n", r->realm,
		ledger_rmm_name(r->semantics));
	for (int i = 0; i < NUM_REGISTERS; i++)
		if (memcmp(r->value[i], zero, MEASURE_SIZE))
			printf("realm %u %-4s %s %s\n", r->realm, register_names[i],
			       measure_hash_name(r->hash),
			       base64 ? base64_encode(BASE64, r->value[i], len, text)
				      : hex_encode(r->value[i], len, text));
}

/* The registers of a realm, all zero if it is a new one; NULL: out of memory. */
static struct registers *find_realm(struct realms *r, unsigned int realm)
{
	struct registers *all;

	if (r->count && r->all[r->last].realm == realm)
		return &r->all[r->last];
	for (r->last = 0; r->last < r->count; r->last++)
		if (r->all[r->last].realm == realm)
			return &r->all[r->last];
	if (!(r->count & (r->count - 1))) { /* grows at each power of two */
		all = realloc(r->all, (r->count ? 2 * r->count : 1) * sizeof(*all));
		if (!all) {
			r->last = 0;
			return NULL;
		}
		r->all = all;
	}
	r->all[r->count] = (struct registers){.realm = realm};
	return &r->all[r->count++];
}

/* Compute each entry again: 0, or EXIT_REFUSED at the first that does not follow. */
static int replay(const char *path, const struct ledger *l, struct realms *realms)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct ledger_entry *e = &l->entries[i];
		struct registers *r = find_realm(realms, e->realm);

		if (!r)
			return EXIT_USAGE;
		if (e->cause == LEDGER_REALM_CREATE) {
			memset(r->value, 0, sizeof(r->value));
			r->semantics = ledger_semantics(e);
		}
		r->hash = e->hash;
		ledger_apply(e, r->value[e->index]);
		if (memcmp(r->value[e->index], e->after, MEASURE_SIZE)) {
			log_error("%s:%zu: the register does not follow from what was measured",
				  path, i + 1);
			return EXIT_REFUSED;
		}
	}
	return EXIT_GOOD;
}

static int from_ledger(const char *path, const struct measure *m)
{
	bool explain = m->explain;

	struct realms realms = {0};
	struct ledger l;
	int status = EXIT_USAGE;

	if (!load(path, &l))
		status = replay(path, &l, &realms);
	for (size_t i = 0; explain && i < l.count; i++)
		ledger_write(stdout, &l.entries[i]);
	for (size_t i = 0; !explain && status == EXIT_GOOD && i < realms.count; i++)
		print_registers(&realms.all[i], m->base64);
	free(l.entries);
	free(realms.all);
	return status;
}

/* ---- diff ---- */

/* What differs between two operations, registers apart; NULL: nothing. */
static const char *difference(const struct ledger_entry *a, const struct ledger_entry *b)
{
	static char text[64];

	if (a->index != b->index)
		return "the register";
	if (a->cause != b->cause)
		return "the operation";
	if (a->hash != b->hash)
		return "the hash algorithm";
	if (a->addr != b->addr)
		return a->cause == LEDGER_REALM_CREATE ? "the realm's parameters" : "the address";
	if (a->top != b->top)
		return "the end of the range";
	if (a->flags != b->flags)
		return "the flags";
	if (a->has_digest == b->has_digest && !memcmp(a->digest, b->digest, MEASURE_SIZE))
		return NULL;
	if (a->cause == LEDGER_REC_CREATE)
		return "the vCPU's registers (pc, x0..x7)";
	if (!a->content && !b->content)
		return "the contents";
	snprintf(text, sizeof(text), "the contents of the %s",
		 ledger_content_name(a->content ? a->content : b->content));
	return text;
}

static void print_entry(const char *name, const struct ledger *l, size_t i)
{
	printf("%s: ", name);
	if (i < l->count)
		ledger_write(stdout, &l->entries[i]);
	else
		puts("(the ledger ends)");
}

static int diff(const char *path_a, const char *path_b)
{
	struct ledger a = {0}, b = {0};
	int status = EXIT_USAGE;

	if (load(path_a, &a) || load(path_b, &b))
		goto out;
	status = EXIT_GOOD;
	for (size_t i = 0; i < MAX(a.count, b.count); i++) {
		const char *what = i < a.count && i < b.count
					   ? difference(&a.entries[i], &b.entries[i])
					   : "the number of operations";

		if (!what)
			continue;
		printf("operation %zu differs in %s:\n", i + 1, what);
		print_entry(path_a, &a, i);
		print_entry(path_b, &b, i);
		status = EXIT_REFUSED;
		break;
	}
	if (status == EXIT_GOOD)
		printf("%zu operations, no difference\n", a.count);
out:
	free(a.entries);
	free(b.entries);
	return status;
}

static int set_explain(void *to, const char *value)
{
	struct measure *m = to;

	m->explain = true;
	return 0;
}

static int set_base64(void *to, const char *value)
{
	struct measure *m = to;

	m->base64 = true;
	return 0;
}

static int set_calls(void *to, const char *value)
{
	struct measure *m = to;

	m->calls = value;
	return 0;
}

static int set_ledger(void *to, const char *value)
{
	struct measure *m = to;

	m->ledger = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/measure.def"
};
static const struct option_rows measure_rows = {rows, ARRAY_SIZE(rows)};

/* The RIM of what `softrealm run` boots, which may make an initrd. */
static int from_options(const struct measure *m, struct vmm_options *vmm,
			struct initrd_options *initrd, const struct backend_options *host)
{
	struct kernel_choice kernel = {0};
	int fd = -1, status = EXIT_USAGE;
	char path[40];

	if (options_check(vmm) || (vmm->kernel && kernels_choose(vmm->kernel, &kernel)))
		return EXIT_USAGE;
	if (kernel.fetched)
		vmm->kernel = kernel.image;
	if (!kernels_initrd(&kernel, vmm, vmm->exec != NULL, initrd, path, &fd)) {
		if (fd >= 0)
			vmm->initrd = path;
		status = predict_run(vmm, host, m->explain, m->base64);
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static int run(int argc, char **argv)
{
	struct measure m = {0};
	struct initrd_options initrd = {0};
	struct launch launch = LAUNCH_INIT; /* of it --abi, --rmm, --hash, --platform-cpu count */
	struct run_options run_options;
	struct vmm_options vmm;
	struct option_parser p = {
		.tables = {{&measure_rows, &m, NULL},
			   {&vmm_option_rows, &vmm, NULL},
			   {&run_option_rows, &run_options, NULL},
			   {&launch_option_rows, &launch, NULL},
			   {&initrd_file_rows, &initrd, NULL}},
		.ntables = 5,
	};
	int status;

	options_init(&vmm);
	if (!command_parse(&command_measure, argc, argv, &p, &status))
		goto out;
	status = EXIT_USAGE;
	if (p.nwords == 3 && !strcmp(p.words[0], "diff"))
		status = diff(p.words[1], p.words[2]);
	else if (p.nwords || argc < 2 || !!m.ledger + !!m.calls + (vmm.kernel || vmm.firmware) > 1)
		command_usage(&command_measure);
	else if (m.ledger)
		status = from_ledger(m.ledger, &m);
	else if (m.calls)
		status = calls_run(m.calls, &launch.backend, m.explain, m.base64);
	else
		status = from_options(&m, &vmm, &initrd, &launch.backend);
out:
	options_free(&vmm);
	return status;
}

const struct command command_measure = {
	.name = "measure",
	.about = "predict a realm's initial measurement",
	.usage = "measure [--explain] RUN-OPTION...\n"
		 "       softrealm measure [--explain] --calls FILE\n"
		 "       softrealm measure [--explain] --ledger FILE\n"
		 "       softrealm measure diff A B",
	.text = "\n"
		"The first form prints the RIM that softrealm run with these options will get, "
		"without\n"
		"running anything; with --explain it prints the ledger of it. The second does so "
		"for\n"
		"any VMM, from a list of its calls. The third computes each register of a ledger\n"
		"(--measurement-log of run and exec) again from what was measured. The last "
		"compares\n"
		"two ledgers and names the first operation that differs.\n",
	.more = "Exit status: 0 done or equal, 1 different or contradictory, 2 wrong usage or\n"
		"unreadable input.\n",
	.words = "diff",
	.run = run,
	.options = {&measure_rows, &vmm_option_rows, &initrd_file_rows, &launch_option_rows},
};
