// SPDX-License-Identifier: BSD-3-Clause
/* summary.c - merges the reports. */
#include "cli/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/attested.h"
#include "cli/why.h"
#include "vmm/status.h"

#define OUTPUT_FLAGS (O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)

static json_t *last_rim(const json_t *backend)
{
	json_t *realms = json_object_get(backend, "realms");
	json_t *last = json_array_get(realms, json_array_size(realms) - 1); /* by serial */
	json_t *rim = json_object_get(last, "rim");

	return rim ? json_incref(rim) : json_null();
}

static json_t *merge(const struct launch *l, int status)
{
	json_t *o = l->vmm_report ? json_copy(l->vmm_report) : json_object();

	if (l->why)
		json_object_set(o, "why", l->why);
	json_object_set_new(o, "status", json_integer(status));
	json_object_set_new(o, "rim", last_rim(l->backend_report));
	json_object_set_new(o, "backend",
			    l->backend_report ? json_incref(l->backend_report) : json_null());
	json_object_set_new(o, "attestation", attested_verdict(l) ?: json_null());
	json_object_set_new(o, "versions", json_pack("{s:s}", "softrealm", SOFTREALM_VERSION));
	return o;
}

/* "-" is standard output. */
static int write_file(const char *path, int fd, const json_t *o)
{
	FILE *f = fdopen(fd, "w");
	int err = 0;

	errno = 0;
	if (!f || json_dumpf(o, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) ||
	    fputc('\n', f) == EOF)
		err = errno ? errno : EIO;
	if (f && fclose(f) && !err)
		err = errno;
	if (err)
		log_errno(err, "--summary %s", path);
	return err;
}

int summary_open(struct launch *l)
{
	if (!l->summary || l->summary_fd >= 0)
		return 0;
	l->summary_fd = strcmp(l->summary, "-") ? open(l->summary, OUTPUT_FLAGS, 0666)
						: fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (l->summary_fd >= 0)
		return 0;
	log_errno(errno, "--summary %s", l->summary);
	return -EIO;
}

static void say_milestones(const json_t *o)
{
	json_t *all = json_object_get(json_object_get(o, "seconds"), "milestones"), *when;
	const char *text;

	json_object_foreach(all, text, when) if (json_is_number(when))
		fprintf(stderr, "softrealm: %7.2f s  %s\n", json_number_value(when), text);
}

static void say_exits(const json_t *o)
{
	json_t *exits = json_object_get(o, "exits"), *n;
	const char *name;

	if (!json_integer_value(json_object_get(exits, "total")))
		return;
	fprintf(stderr, "softrealm: exits:");
	json_object_foreach(exits, name, n) if (json_integer_value(n))
		fprintf(stderr, " %s %lld", name, (long long)json_integer_value(n));
	fprintf(stderr, "\n");
}

static bool is_refused(const json_t *o)
{
	return json_object_get(json_object_get(o, "attestation"), "rule");
}

static void say_token(const json_t *o)
{
	const json_t *a = json_object_get(o, "attestation");
	const char *rule = json_string_value(json_object_get(a, "rule"));

	if (!json_is_object(a))
		return;
	fprintf(stderr, "softrealm: token %s%s%s: %s\n",
		json_string_value(json_object_get(a, "verdict")), rule ? ": " : "", rule ?: "",
		json_string_value(json_object_get(a, "why")));
}

static void say(const struct launch *l, const json_t *o)
{
	const char *rim = json_string_value(json_object_get(o, "rim"));

	say_milestones(o);
	say_exits(o);
	if (rim)
		fprintf(stderr, "softrealm: RIM %s\n", rim);
}

/* The kernel's log where there is no console of ours that has shown it. */
static void say_why(const struct launch *l, const json_t *o)
{
	const json_t *why = json_object_get(o, "why");
	const json_t *bytes = json_object_get(json_object_get(o, "console"), "bytes");
	struct symbols *s = why && l->symbols ? symbols_load(l->symbols) : NULL;

	if (json_is_object(why))
		why_print(stderr, why, "softrealm: ", s, !json_integer_value(bytes));
	symbols_free(s);
}

static void hint(const struct launch *l, int status)
{
	long long refused = json_integer_value(json_object_get(l->backend_report, "refused"));

	if (status && refused && !l->backend.explain)
		fprintf(stderr, "softrealm: %lld KVM call%s refused: --explain tells why\n",
			refused, refused == 1 ? " was" : "s were");
}

int summary_finish(struct launch *l, int status)
{
	json_t *o = merge(l, status);

	if (!status && is_refused(o)) {
		status = VMM_TOKEN_REFUSED;
		json_object_set_new(o, "status", json_integer(status));
	}
	if (l->summary && (summary_open(l) || write_file(l->summary, l->summary_fd, o)) && !status)
		status = LAUNCH_FAILED;
	if (!l->quiet && l->vmm_report)
		say(l, o);
	if (!l->quiet)
		say_why(l, o);
	if (!l->quiet || is_refused(o))
		say_token(o);
	if (!l->quiet)
		hint(l, status);
	json_decref(o);
	json_decref(l->vmm_report);
	json_decref(l->backend_report);
	json_decref(l->why);
	return status;
}
