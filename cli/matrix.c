// SPDX-License-Identifier: BSD-3-Clause
/*
 * matrix.c - softrealm matrix: runs all combinations of kernels, revisions, configurations and
 * commands, some at once.
 *
 * Each case is a `softrealm run` of its own, in a process group of its own. A case WAITS, RUNS, and
 * then has PASSED or FAILED; on a signal those that run are ended (TERM, and after some seconds
 * KILL) and what has not come to its end is SKIPPED. The reports are written in any case.
 */
#include "cli/matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"

#define PATIENCE 10.0 /* seconds for runs that are to end */

struct runner {
	struct matrix m;
	const char *output;
	unsigned long long jobs;
	bool list;

	char own[PATH_MAX]; /* this program */
	int signals;
	sigset_t outside;
	size_t next, running, done;
	int ended_by; /* the signal, or 0 */
	double due;   /* when those that still run are killed */
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- one case ---- */

static size_t append(const char **argv, size_t n, const char *const *options)
{
	for (; options && *options; options++)
		argv[n++] = *options;
	return n;
}

static const char **make_argv(const struct runner *r, const struct matrix_case *c,
			      const char *summary)
{
	size_t room = 16, n = 0;
	const char **argv;

	for (const char **o = r->m.options; o && *o; o++)
		room++;
	for (unsigned int a = 0; a < MATRIX_AXES; a++)
		for (const char **o = c->values[a]->options; *o; o++)
			room++;
	argv = calloc(room, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[n++] = "softrealm";
	argv[n++] = "run";
	n = append(argv, n, r->m.options);
	for (unsigned int a = 0; a < MATRIX_AXES; a++)
		n = append(argv, n, c->values[a]->options);
	argv[n++] = "--summary";
	argv[n++] = summary;
	for (unsigned int a = 0; a < MATRIX_AXES; a++)
		if (c->values[a]->command) {
			argv[n++] = "--";
			argv[n++] = c->values[a]->command;
		}
	return argv;
}

/* In the child: never back. */
static void become_run(const struct runner *r, const char **argv, int log, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_SETMASK, &r->outside, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(1);
	execv(r->own, (char **)argv);
	_exit(1);
}

static int start_case(struct runner *r, struct matrix_case *c)
{
	char summary[PATH_MAX], log[PATH_MAX];
	const char **argv;
	pid_t self = getpid();
	int fd, ret = 0;

	snprintf(summary, sizeof(summary), "%s/%s", r->m.folder, c->summary);
	snprintf(log, sizeof(log), "%s/%s", r->m.folder, c->log);
	unlink(summary);
	argv = make_argv(r, c, summary);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	c->pid = argv && fd >= 0 ? fork() : -1;
	if (!c->pid)
		become_run(r, argv, fd, self);
	if (c->pid < 0) {
		ret = -errno;
		log_errno(-ret, "%s", fd < 0 ? log : "a run cannot be started");
	} else {
		setpgid(c->pid, c->pid); /* whoever of both comes first */
		c->result = MATRIX_RUNS;
		c->started = now();
		r->running++;
	}
	if (fd >= 0)
		close(fd);
	free(argv);
	return ret;
}

static void say_case(const struct runner *r, const struct matrix_case *c)
{
	printf("%s%s %zu/%zu %s (%.1f s)", isatty(STDOUT_FILENO) ? "\r\033[K" : "",
	       matrix_result_name(c->result), r->done, r->m.count, c->name, c->seconds);
	if (c->result == MATRIX_FAILED)
		printf(": status %d instead of %d, see %s/%s", c->status, c->wanted, r->m.folder,
		       c->log);
	putchar('\n');
	fflush(stdout);
}

static void say_progress(const struct runner *r)
{
	if (!isatty(STDOUT_FILENO) || !r->running)
		return;
	printf("\r\033[K%zu of %zu, %zu running", r->done, r->m.count, r->running);
	fflush(stdout);
}

static void end_case(struct runner *r, struct matrix_case *c, int how)
{
	c->seconds = now() - c->started;
	c->status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	c->result = c->status == c->wanted ? MATRIX_PASSED : MATRIX_FAILED;
	if (r->ended_by && c->result == MATRIX_FAILED)
		c->result = MATRIX_SKIPPED;
	c->pid = 0;
	r->running--;
	r->done++;
	say_case(r, c);
}

/* ---- all of them ---- */

static void reap(struct runner *r)
{
	int how;

	for (size_t i = 0; i < r->m.count; i++) {
		struct matrix_case *c = &r->m.cases[i];

		if (c->pid > 0 && waitpid(c->pid, &how, WNOHANG) == c->pid)
			end_case(r, c, how);
	}
}

static void signal_all(struct runner *r, int sig)
{
	for (size_t i = 0; i < r->m.count; i++)
		if (r->m.cases[i].pid > 0)
			kill(sig == SIGKILL ? -r->m.cases[i].pid : r->m.cases[i].pid, sig);
}

static void handle_signal(struct runner *r)
{
	struct signalfd_siginfo si;

	while (read(r->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			continue;
		if (r->ended_by) /* twice: no patience */
			r->due = 0;
		else
			r->due = now() + PATIENCE;
		r->ended_by = (int)si.ssi_signo;
		signal_all(r, SIGTERM);
	}
}

static int run_all(struct runner *r)
{
	struct pollfd p = {r->signals, POLLIN, 0};
	int ret = 0;

	while (r->running || (r->next < r->m.count && !r->ended_by && !ret)) {
		while (!ret && !r->ended_by && r->next < r->m.count && r->running < r->jobs)
			ret = start_case(r, &r->m.cases[r->next++]);
		if (ret && r->running && !r->due) { /* nothing works any more */
			signal_all(r, SIGTERM);
			r->due = now() + PATIENCE;
		}
		say_progress(r);
		if (r->running)
			poll(&p, 1, 1000);
		handle_signal(r);
		reap(r);
		if ((r->ended_by || ret) && r->running && now() >= r->due)
			signal_all(r, SIGKILL);
	}
	for (size_t i = 0; i < r->m.count; i++)
		if (r->m.cases[i].result == MATRIX_WAITS || r->m.cases[i].result == MATRIX_RUNS)
			r->m.cases[i].result = MATRIX_SKIPPED;
	return ret;
}

static int prepare(struct runner *r)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
	ssize_t n = readlink("/proc/self/exe", r->own, sizeof(r->own) - 1);
	sigset_t set;

	if (n <= 0) {
		log_errno(errno, "/proc/self/exe");
		return -ENOENT;
	}
	r->own[n] = 0;
	if (mkdir(r->m.folder, 0777) && errno != EEXIST) {
		log_errno(errno, "%s", r->m.folder);
		return -EIO;
	}
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, &r->outside);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals >= 0)
		return 0;
	log_errno(errno, "signals");
	return -EMFILE;
}

static int all_cases(struct runner *r)
{
	size_t passed = 0, failed = 0;
	int ret = prepare(r);

	if (ret)
		return EXIT_USAGE;
	ret = run_all(r);
	for (size_t i = 0; i < r->m.count; i++) {
		passed += r->m.cases[i].result == MATRIX_PASSED;
		failed += r->m.cases[i].result == MATRIX_FAILED;
	}
	printf("%zu passed, %zu failed, %zu skipped: %s/index.html\n", passed, failed,
	       r->m.count - passed - failed, r->m.folder);
	if (matrix_write_reports(&r->m))
		ret = -EIO;
	if (r->ended_by)
		return 128 + r->ended_by;
	return ret ? EXIT_USAGE : failed ? EXIT_REFUSED : EXIT_GOOD;
}

static int set_jobs(void *to, const char *value)
{
	return option_number("--jobs", value, 1, 1000, &((struct runner *)to)->jobs);
}

static int set_output(void *to, const char *value)
{
	((struct runner *)to)->output = value;
	return 0;
}

static int set_list(void *to, const char *value)
{
	((struct runner *)to)->list = true;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/matrix.def"
};
static const struct option_rows matrix_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct runner r = {.output = "softrealm-matrix", .signals = -1};
	struct option_parser p = {.tables = {{&matrix_rows, &r, NULL}}, .ntables = 1};
	int status;

	r.jobs = cpus > 3 ? (unsigned long long)cpus / 2 : 1;
	if (!command_parse(&command_matrix, argc, argv, &p, &status))
		return status;
	if (p.nwords != 1)
		return command_usage(&command_matrix);
	r.m.folder = r.output;
	status = EXIT_USAGE;
	if (!matrix_load(&r.m, p.words[0])) {
		status = r.list ? EXIT_GOOD : all_cases(&r);
		for (size_t i = 0; r.list && i < r.m.count; i++)
			puts(r.m.cases[i].name);
	}
	matrix_free(&r.m);
	return status;
}

const struct command command_matrix = {
	.name = "matrix",
	.about = "run kernels x revisions x configurations x commands",
	.usage = "matrix [-j N] [-o DIR] [--list] FILE",
	.text = "Run every combination that FILE (JSON) asks for, each as a softrealm run of its "
		"own,\n"
		"and report all of them as JUnit and as one page.\n",
	.more = "Exit status: 0 all passed, 1 some failed, 2 the file or the folder cannot be "
		"used,\n"
		"128+N ended by signal N.\n",
	.run = run,
	.options = {&matrix_rows},
};
