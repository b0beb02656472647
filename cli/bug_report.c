// SPDX-License-Identifier: BSD-3-Clause
/*
 * bug_report.c - softrealm bug-report: what somebody else needs to know of this machine.
 *
 * It is for a public place. So it holds versions, limits, and names; values only where the table of
 * options says that they are numbers or words of a list, and no file names, texts, keys or nonces.
 */
#include <errno.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/kernels.h"

extern char **environ;

struct bug_report {
	const char *summary, *output;
};

/* The first line of a file that begins with this, without it. */
static void print_line(FILE *f, const char *what, const char *path, const char *begin)
{
	char line[256];
	FILE *from = fopen(path, "re");

	while (from && fgets(line, sizeof(line), from))
		if (!strncmp(line, begin, strlen(begin))) {
			fprintf(f, "%-16s %s", what, line + strlen(begin));
			break;
		}
	if (from)
		fclose(from);
}

/* The first line that a program prints of itself. */
static void print_program(FILE *f, const char *what, const char *command)
{
	char line[256] = "not found\n";
	FILE *from = popen(command, "re");

	if (from && !fgets(line, sizeof(line), from))
		strcpy(line, "not found\n");
	if (from)
		pclose(from);
	fprintf(f, "%-16s %s", what, line);
}

static void print_limit(FILE *f, const char *what, int which)
{
	struct rlimit l;

	if (getrlimit(which, &l))
		return;
	fprintf(f, "%-16s %lld of %lld\n", what, (long long)l.rlim_cur, (long long)l.rlim_max);
}

static void print_machine(FILE *f)
{
	struct utsname u;

	fprintf(f, "%-16s %s\n", "softrealm", SOFTREALM_VERSION);
	if (!uname(&u))
		fprintf(f, "%-16s %s %s, %ld CPUs, pages of %ld\n", "host", u.release, u.machine,
			sysconf(_SC_NPROCESSORS_ONLN), sysconf(_SC_PAGESIZE));
	print_line(f, "system", "/etc/os-release", "PRETTY_NAME=");
	fprintf(f, "%-16s glibc %s\n", "C library", gnu_get_libc_version());
	print_program(f, "QEMU",
		      "\"${SOFTREALM_QEMU:-qemu-system-aarch64}\" --version 2>/dev/null");
	print_program(f, "qemu-user", "qemu-aarch64 --version 2>/dev/null");
	print_line(f, "memory", "/proc/meminfo", "MemAvailable:   ");
	print_limit(f, "descriptors", RLIMIT_NOFILE);
	print_limit(f, "address space", RLIMIT_AS);
	print_line(f, "seccomp", "/proc/self/status", "Seccomp:\t");
	print_line(f, "no new privs", "/proc/self/status", "NoNewPrivs:\t");
	fprintf(f, "%-16s %s\n", "/dev/kvm", access("/dev/kvm", F_OK) ? "none" : "there is one");
	fprintf(f, "%-16s %s\n", "user", geteuid() ? "not root" : "root");
}

static void print_kernels(FILE *f)
{
	struct fetched_kernel *all;
	int n = kernels_list(&all);

	for (int i = 0; i < n; i++)
		fprintf(f, "%-16s %s (%s)\n", "kernel", all[i].name, all[i].origin);
	free(all);
}

/* Is what an option of this name holds a number or a word of a list? */
static bool is_harmless(const char *name)
{
	static const char *const kinds[] = {"N", "SIZE", "SECONDS", "REVISION"};

	for (const struct command *const *c = commands; *c; c++)
		for (size_t t = 0; (*c)->options[t]; t++)
			for (size_t i = 0; i < (*c)->options[t]->count; i++) {
				const struct option_row *r = &(*c)->options[t]->row[i];

				if (!r->name || strcmp(r->name, name))
					continue;
				if (!r->arg || strchr(r->arg, '|'))
					return true;
				for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
					if (!strcmp(r->arg, kinds[k]))
						return true;
			}
	return false;
}

/* Sections and options of the configuration; comments may say anything. */
static void print_configuration(FILE *f)
{
	const char *path = config_path();
	FILE *from = path ? fopen(path, "re") : NULL;
	char *line = NULL, *equals;
	size_t room = 0;

	fprintf(f, "%-16s %s\n", "configuration", from ? "" : "none");
	while (from && getline(&line, &room, from) >= 0) {
		char *text = line + strspn(line, " \t"), name[64];

		text[strcspn(text, "\n")] = 0;
		if (!*text || *text == '#' || *text == ';')
			continue;
		equals = strchr(text, '=');
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " \t="), text);
		if (*text == '[' || (equals && is_harmless(name)))
			fprintf(f, "    %s\n", text);
		else if (!equals)
			fprintf(f, "    %s\n", name);
		else
			fprintf(f, "    %s = (not shown)\n", name);
	}
	free(line);
	if (from)
		fclose(from);
}

static void print_environment(FILE *f)
{
	static const char *const numbers[] = {
		"SOFTREALM_SPIN=", "SOFTREALM_PATIENCE=", "SOFTREALM_LOG="};

	for (char **e = environ; *e; e++) {
		bool shown = false;

		if (strncmp(*e, "SOFTREALM_", strlen("SOFTREALM_")))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			shown |= !strncmp(*e, numbers[i], strlen(numbers[i]));
		fprintf(f, "%-16s %.*s%s\n", "environment",
			shown ? (int)strlen(*e) : (int)strcspn(*e, "="), *e,
			shown ? "" : " (not shown)");
	}
}

/* Numbers and what softrealm itself says; no text of the user's or of the realm's. */
static int print_summary(FILE *f, const char *path)
{
	static const char *const keys[] = {"status", "how",   "exec",	 "seconds", "exits",
					   "mmio",   "realm", "backend", "versions"};
	json_t *all, *some;
	json_error_t e;

	if (!path)
		return 0;
	all = json_load_file(path, 0, &e);
	if (!json_is_object(all)) {
		log_error("%s: %s", path, all ? "this is no summary" : e.text);
		json_decref(all);
		return -EINVAL;
	}
	some = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(all, keys[i]))
			json_object_set(some, keys[i], json_object_get(all, keys[i]));
	/* What was waited for is the user's text. */
	json_object_del(json_object_get(some, "seconds"), "milestones");
	fprintf(f, "summary\n");
	json_dumpf(some, f, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', f);
	json_decref(some);
	json_decref(all);
	return 0;
}

static int write_report(FILE *f, const struct bug_report *b)
{
	print_machine(f);
	print_kernels(f);
	print_environment(f);
	print_configuration(f);
	return print_summary(f, b->summary);
}

static int set_summary(void *to, const char *value)
{
	((struct bug_report *)to)->summary = value;
	return 0;
}

static int set_output(void *to, const char *value)
{
	((struct bug_report *)to)->output = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/bug_report.def"
};
static const struct option_rows bug_report_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct bug_report b = {0};
	struct option_parser p = {.tables = {{&bug_report_rows, &b, NULL}}, .ntables = 1};
	FILE *f = stdout;
	int status;

	if (!command_parse(&command_bug_report, argc, argv, &p, &status))
		return status;
	if (p.nwords)
		return command_usage(&command_bug_report);
	if (b.output)
		f = fopen(b.output, "we");
	if (!f) {
		log_errno(errno, "%s", b.output);
		return EXIT_USAGE;
	}
	status = write_report(f, &b) ? EXIT_USAGE : EXIT_GOOD;
	if (f != stdout && (ferror(f) | fclose(f))) {
		log_errno(errno, "%s", b.output);
		status = EXIT_REFUSED;
	}
	return status;
}

const struct command command_bug_report = {
	.name = "bug-report",
	.about = "what to put into a report of a defect",
	.usage = "bug-report [--summary FILE] [-o FILE]",
	.text = "Print versions, limits and configuration of this machine, and how a run went, for "
		"a\n"
		"public report of a defect: no file names, texts, keys or nonces are in it.\n",
	.more = "Exit status: 0 done, 1 it cannot be written, 2 wrong usage, or no such summary.\n",
	.run = run,
	.options = {&bug_report_rows},
};
