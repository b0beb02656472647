// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c - softrealm-check: runs the checks against /dev/kvm and reports in TAP 13.
 *
 * Each check runs in a child; its verdict is the exit status, its diagnosis comes over a pipe.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check/check.h"
#include "vmm/abi.h"

#define STATUS_FAIL 1
#define STATUS_SKIP 77
#define TIME_LIMIT  30 /* seconds a check may take */

static const struct check_group *const groups[] = {
	&check_caps,	&check_vm,   &check_memory,    &check_populate, &check_vcpu,
	&check_onereg,	&check_run,  &check_exits,     &check_psci,	&check_vgic,
	&check_signals, &check_life, &check_revisions,
};

#define NUM_GROUPS (sizeof(groups) / sizeof(groups[0]))

#define KIND  0x100UL
#define BIT30 0x40000000UL
#define IOW   0x4020AED7
#define IOWR  0xC020AED7

const struct abi_sheet abi_sheets[NUM_ABIS] = {
	[ABI_V12] = {"v12", 247, 0, KIND, BIT30, IOW, IOWR},
	[ABI_V12_6_19] = {"v12-6.19", 247, 0, KIND, BIT30, IOW, IOWR},
	[ABI_V13] = {"v13", 248, 0, KIND, BIT30, IOWR, IOW},
	[ABI_V14] = {"v14", 249, 0, BIT30, KIND, IOWR, IOW},
	[ABI_V15] = {"v15", 251, 250, BIT30, KIND, IOWR, IOW},
	[ABI_NEXT] = {"next", 253, 252, BIT30, KIND, IOWR, IOW},
};

enum abi check_abi = NUM_ABIS; /* not known yet */

const struct abi_sheet *check_sheet(void)
{
	return &abi_sheets[check_abi];
}

void only_since(enum abi abi)
{
	if (!since(abi))
		check_skip("a later revision's");
}

void only_before(enum abi abi)
{
	if (since(abi))
		check_skip("an earlier revision's");
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

const char *value_text(int64_t v, char *buf, size_t size)
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

static int check_limit(void)
{
	const char *s = getenv("SOFTREALM_CHECK_SECONDS");
	int n = s ? atoi(s) : 0;

	return n > 0 ? n : TIME_LIMIT;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/*
 * Take what a check says until it ends. False: its time is over. The limit is kept here, because
 * checks use the process's timers themselves.
 */
static bool check_listen(int fd, char *text, size_t size)
{
	long long end = now_ms() + check_limit() * 1000LL, left = end - now_ms();
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char rest[256];
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && left > 0) {
		bool full = n + 1 >= size;

		if (poll(&p, 1, (int)left) > 0) {
			got = read(fd, full ? rest : text + n, full ? sizeof(rest) : size - 1 - n);
			n += !full && got > 0 ? (size_t)got : 0;
		}
		left = end - now_ms();
	}
	text[n] = '\0';
	return got <= 0;
}

/* Returns the wait status; text gets what the child said. */
static int check_run_one(const struct check *c, char *text, size_t size)
{
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
		setpgid(0, 0); /* what it starts ends with it */
		c->run();
		fflush(stdout);
		_exit(0);
	}
	close(p[1]);
	if (!check_listen(p[0], text, size)) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		snprintf(text + strlen(text), size - strlen(text), "%shangs: it took %d seconds",
			 text[0] ? "; " : "", check_limit());
	}
	close(p[0]);
	waitpid(pid, &status, 0);
	return status;
}

struct tally {
	unsigned int run, failed, skipped, known;
};

static void check_report(const struct check *c, struct tally *t)
{
	char text[1024];
	int status = check_run_one(c, text, sizeof(text) - 64);
	enum verdict v = VERDICT_FAIL;

	if (WIFSIGNALED(status))
		sprintf(text + strlen(text), "%sended by SIG%s", text[0] ? "; " : "",
			sigabbrev_np(WTERMSIG(status)));
	else if (!WEXITSTATUS(status))
		v = VERDICT_OK;
	else if (WEXITSTATUS(status) == STATUS_SKIP)
		v = VERDICT_SKIP;
	v = report_check(++t->run, c, v, text);
	t->failed += v == VERDICT_FAIL;
	t->skipped += v == VERDICT_SKIP;
	t->known += v == VERDICT_KNOWN;
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
	fprintf(f,
		"usage: softrealm check [--kvm soft|real] [--abi REVISION] [--junit FILE]\n"
		"                       [--expect FILE] [NAME-PATTERN...]\n"
		"       softrealm check --list [--abi A --diff B] [NAME-PATTERN...]\n"
		"Judges /dev/kvm against the realm ABI, one test a rule, in TAP. Without --abi it\n"
		"finds out which revision the kernel speaks.\n"
		"Exit status: 0 all pass, 1 a check failed, 2 usage or no /dev/kvm.\n");
	return status;
}

static int parse_abi(const char *name, enum abi *abi)
{
	for (int i = 0; i < NUM_ABIS; i++)
		if (!strcmp(abi_sheets[i].name, name)) {
			*abi = (enum abi)i;
			return 0;
		}
	fprintf(stderr, "softrealm check: there is no revision \"%s\" (known:", name);
	for (int i = 0; i < NUM_ABIS; i++)
		fprintf(stderr, " %s", abi_sheets[i].name);
	fprintf(stderr, ")\n");
	return -1;
}

/* As a VMM does (vmm/abi.h); v12 stands for both of its columns. */
static int find_abi(void)
{
	struct realm_abi abi;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = kvm;

	if (kvm >= 0)
		vm = abi_create_vm(kvm, 0, &abi);
	if (vm < 0) {
		fprintf(stderr, "softrealm check: /dev/kvm has no realms of a revision that is "
				"known\n");
		return -1;
	}
	close(vm);
	close(kvm);
	printf("# this kernel speaks %s\n", abi.name);
	return parse_abi(abi.name, &check_abi);
}

static int run(char **patterns, int n, const char *expect, const char *junit)
{
	struct tally t = {};

	if (access("/dev/kvm", R_OK | W_OK)) {
		perror("softrealm check: /dev/kvm");
		return 2;
	}
	if (!check_each(patterns, n, NULL, NULL)) {
		fprintf(stderr, "softrealm check: no check has such a name; see --list\n");
		return 2;
	}
	printf("TAP version 13\n");
	if ((check_abi == NUM_ABIS && find_abi()) || (expect && report_expect(expect)) ||
	    (junit && report_junit(junit)))
		return 2;
	printf("1..%u\n", check_each(patterns, n, NULL, NULL));
	check_each(patterns, n, each_report, &t);
	printf("# %u checks, %u failed, %u skipped, ", t.run, t.failed, t.skipped);
	if (t.known)
		printf("%u known differences, ", t.known);
	printf("ABI %s\n", check_sheet()->name);
	if (report_end())
		return 2;
	return t.failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"abi", required_argument, NULL, 'a'},	  {"diff", required_argument, NULL, 'd'},
		{"expect", required_argument, NULL, 'e'}, {"junit", required_argument, NULL, 'j'},
		{"list", no_argument, NULL, 'l'},	  {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},	  {},
	};
	const char *expect = NULL, *junit = NULL;
	enum abi diff = NUM_ABIS;
	bool list = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			list = true;
		else if (c == 'e')
			expect = optarg;
		else if (c == 'j')
			junit = optarg;
		else if (c == 'h')
			return usage(stdout, 0);
		else if (c == 'v')
			return printf("softrealm-check %s\n", SOFTREALM_VERSION) < 0;
		else if ((c != 'a' && c != 'd') || parse_abi(optarg, c == 'a' ? &check_abi : &diff))
			return usage(stderr, 2);
	}
	argv += optind;
	argc -= optind;
	if (diff != NUM_ABIS && !list)
		return usage(stderr, 2);
	if (diff != NUM_ABIS) {
		differences_print(check_abi == NUM_ABIS ? ABI_V12 : check_abi, diff);
		return 0;
	}
	if (list)
		return check_each(argv, argc, each_list, NULL) ? 0 : 2;
	return run(argv, argc, expect, junit);
}
