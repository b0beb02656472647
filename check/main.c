// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c - softrealm-check: runs the checks against /dev/kvm and reports in TAP 13.
 *
 * Each check runs in a child; its verdict is the exit status, its diagnosis comes over a pipe.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/check.h"

#define STATUS_FAIL 1
#define STATUS_SKIP 77
#define TIME_LIMIT 30 /* seconds a check may take */

static const struct check_group *const groups[] = {
	&check_caps,   &check_vm,  &check_memory, &check_populate, &check_vcpu,	   &check_onereg,
	&check_run,    &check_exits, &check_psci, &check_vgic,	   &check_signals, &check_life,
};

#define NUM_GROUPS (sizeof(groups) / sizeof(groups[0]))

static const struct abi_sheet abi_sheets[NUM_ABIS] = {
	[ABI_V12] = {"v12", 247, 0x100, 1UL << 30, 0x4020AED7, 0xC020AED7},
	[ABI_V12_6_19] = {"v12-6.19", 247, 0x100, 1UL << 30, 0x4020AED7, 0xC020AED7},
};

enum abi check_abi = ABI_V12;

const struct abi_sheet *check_sheet(void)
{
	return &abi_sheets[check_abi];
}

int64_t want_by(int64_t v12, int64_t v12_6_19)
{
	return check_abi == ABI_V12_6_19 ? v12_6_19 : v12;
}

void check_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
	_exit(STATUS_FAIL);
}

static const char *value_text(int64_t v, char *buf, size_t size)
{
	if (v < 0 && v > -200)
		snprintf(buf, size, "-%s", strerrorname_np((int)-v));
	else if (v >= 0 && v < 4096)
		snprintf(buf, size, "%lld", (long long)v);
	else
		snprintf(buf, size, "0x%llx", (unsigned long long)v);
	return buf;
}

void check_want(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	char a[40], b[40];

	if (got != want)
		check_fail(file, line, "%s: got %s, want %s", what, value_text(got, a, sizeof(a)),
			   value_text(want, b, sizeof(b)));
}

void check_skip(const char *why)
{
	printf("%s", why);
	fflush(stdout);
	_exit(STATUS_SKIP);
}

/* Returns the wait status; text gets what the child said. */
static int check_run_one(const struct check *c, char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;
	int p[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(p) || (pid = fork()) < 0) {
		perror("softrealm-check");
		exit(2);
	}
	if (!pid) {
		dup2(p[1], STDOUT_FILENO);
		close(p[0]);
		close(p[1]);
		alarm(TIME_LIMIT);
		c->run();
		fflush(stdout);
		_exit(0);
	}
	close(p[1]);
	while (n + 1 < size && (got = read(p[0], text + n, size - 1 - n)) > 0)
		n += got;
	text[n] = '\0';
	close(p[0]);
	waitpid(pid, &status, 0);
	return status;
}

struct tally {
	unsigned int run, failed, skipped;
};

static void check_report(const struct check *c, struct tally *t)
{
	char text[1024];
	int status = check_run_one(c, text, sizeof(text));

	t->run++;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		printf("ok %u - %s: %s\n", t->run, c->name, c->says);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP) {
		t->skipped++;
		printf("ok %u - %s: %s # SKIP %s\n", t->run, c->name, c->says, text);
	} else {
		t->failed++;
		printf("not ok %u - %s: %s\n# %s\n", t->run, c->name, c->says, text);
		if (WIFSIGNALED(status))
			printf("# ended by SIG%s%s\n", sigabbrev_np(WTERMSIG(status)),
			       WTERMSIG(status) == SIGALRM ? " (hangs)" : "");
	}
	fflush(stdout);
}

static bool check_selected(const struct check *c, char **patterns, int n)
{
	for (int i = 0; i < n; i++)
		if (!fnmatch(patterns[i], c->name, 0))
			return true;
	return n == 0;
}

static unsigned int check_each(char **patterns, int n, void (*fn)(const struct check *, void *),
			       void *arg)
{
	unsigned int count = 0;

	for (unsigned int g = 0; g < NUM_GROUPS; g++)
		for (unsigned int i = 0; i < groups[g]->count; i++) {
			if (!check_selected(&groups[g]->checks[i], patterns, n))
				continue;
			count++;
			if (fn)
				fn(&groups[g]->checks[i], arg);
		}
	return count;
}

static void each_report(const struct check *c, void *arg)
{
	check_report(c, arg);
}

static void each_list(const struct check *c, void *arg)
{
	(void)arg;
	printf("%-32s %s\n", c->name, c->says);
}

static int usage(FILE *f, int status)
{
	fprintf(f, "usage: softrealm check [--kvm soft|real] [--abi v12|v12-6.19] [--list]\n"
		   "                       [NAME-PATTERN...]\n"
		   "Judges /dev/kvm against the realm ABI, one test a rule, in TAP.\n"
		   "Exit status: 0 all pass, 1 a check failed, 2 usage or no /dev/kvm.\n");
	return status;
}

static int parse_abi(const char *name)
{
	for (int i = 0; i < NUM_ABIS; i++)
		if (!strcmp(abi_sheets[i].name, name)) {
			check_abi = i;
			return 0;
		}
	fprintf(stderr, "softrealm check: --abi %s: known are v12 and v12-6.19\n", name);
	return -1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"abi", required_argument, NULL, 'a'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{},
	};
	struct tally t = {};
	bool list = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			list = true;
		else if (c == 'h')
			return usage(stdout, 0);
		else if (c == 'v')
			return printf("softrealm-check %s\n", SOFTREALM_VERSION) < 0;
		else if (c != 'a' || parse_abi(optarg))
			return usage(stderr, 2);
	}
	argv += optind;
	argc -= optind;
	if (list)
		return check_each(argv, argc, each_list, NULL) ? 0 : 2;
	if (access("/dev/kvm", R_OK | W_OK)) {
		perror("softrealm check: /dev/kvm");
		return 2;
	}
	if (!check_each(argv, argc, NULL, NULL)) {
		fprintf(stderr, "softrealm check: no check has such a name; see --list\n");
		return 2;
	}
	printf("TAP version 13\n1..%u\n", check_each(argv, argc, NULL, NULL));
	check_each(argv, argc, each_report, &t);
	printf("# %u checks, %u failed, %u skipped, ABI %s\n", t.run, t.failed, t.skipped,
	       check_sheet()->name);
	return t.failed ? 1 : 0;
}
