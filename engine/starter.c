// SPDX-License-Identifier: BSD-3-Clause
/*
 * starter.c - the starter, its two requests, and their answer.
 *
 * A request is a packet: struct request, strings each with its NUL, and descriptors. To start a
 * process they are argv, the environment, and the process's descriptors, standard error last; to
 * open the schedstat of a thread, its name and its process's descriptor. The answer is a status,
 * with the descriptor of the process or of the file.
 */
#include "engine/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/pass.h"
#include "base/schedstat.h"
#include "engine/inside.h"
#include "engine/qemu_parts.h"

#define MAX_TEXT (128 * 1024)
#define MAX_ARGS 512u
#define MAX_ENV	 4u
_Static_assert(STARTER_MAX_FDS < PASS_MAX, "with standard error");

enum { START, OPEN_SCHEDSTAT };

struct request {
	uint32_t kind;
	uint32_t thread; /* OPEN_SCHEDSTAT: its number */
	uint32_t nargs, nenv, nfds;
	int32_t numbers[STARTER_MAX_FDS]; /* that the descriptors are to have */
};

/* A request and its answer. */
static struct lock lock = LOCK_INITIALIZER(RANK_STARTER, "starter");
static int starter_fd = -1;
static char *program;
static pid_t probe; /* of -sandbox, until somebody wants to know */
static bool has_sandbox;

bool starter_is_there(void)
{
	return starter_fd >= 0;
}

const char *starter_program(void)
{
	return program;
}

/* ---- between fork and exec: only async-signal-safe calls ---- */

static bool is_replaced(const char *ours, char *const *env)
{
	size_t name = strcspn(ours, "=") + 1;

	for (; env && *env; env++)
		if (!strncmp(*env, ours, name))
			return true;
	return false;
}

__attribute__((noreturn)) static void become(const struct starter_job *job)
{
	static const char failed[] = "cannot be executed\n";
	size_t room = 1, n = 0;
	ssize_t written;

	for (char **p = environ; p && *p; p++)
		room++;
	for (char *const *p = job->env; p && *p; p++)
		room++;
	{
		char *env[room];

		for (char **p = environ; p && *p; p++)
			if (!is_replaced(*p, job->env))
				env[n++] = *p;
		for (char *const *p = job->env; p && *p; p++)
			env[n++] = *p;
		env[n] = NULL;
		execve(job->argv[0], job->argv, env);
	}
	written = write(2, failed, sizeof(failed) - 1);
	(void)written;
	_exit(127);
}

void starter_become(const struct starter_job *job, pid_t parent)
{
	sigset_t none;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setsid(); /* the terminal's signals are for the VMM */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* All that it is given is above the standard descriptors. */
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(job->err, 2);
	syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < job->nfds; i++)
		fcntl(job->fds[i], F_SETFD, 0);
	become(job);
}

/* ---- the starter ---- */

/*
 * The parent's numbers may be ours for something else: first all go out of the way, then there.
 * False: there are too few descriptors; fds[n], standard error, is one all the same.
 */
static bool put_fds(int *fds, const int32_t *numbers, size_t n)
{
	int above = 3, fd;

	for (size_t i = 0; i < n; i++)
		above = MAX(above, numbers[i] + 1);
	for (size_t i = 0; i <= n; i++) {
		fd = fcntl(fds[i], F_DUPFD_CLOEXEC, above);
		if (fd < 0)
			return false;
		fds[i] = fd;
	}
	for (size_t i = 0; i < n; i++) {
		fds[i] = dup3(fds[i], numbers[i], O_CLOEXEC);
		if (fds[i] < 0)
			return false;
	}
	return true;
}

/* As fork, but the child is our parent's. */
static pid_t fork_sibling(int *pidfd)
{
	return syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
}

/* The next n strings of the text, then NULL; what follows them, or NULL. */
static char *unpack(char **v, uint32_t n, char *text, char *end)
{
	for (uint32_t i = 0; i < n && text; i++) {
		v[i] = text;
		text = memchr(text, 0, end - text);
		text = text ? text + 1 : NULL;
	}
	v[n] = NULL;
	return text;
}

static int start(const struct request *q, char *text, size_t len, int *fds, pid_t parent)
{
	char *argv[MAX_ARGS + 1], *env[MAX_ENV + 1], *end = text + len;
	struct starter_job job = {.argv = argv, .env = env, .fds = fds, .nfds = q->nfds};
	int pidfd = -1;
	pid_t pid;

	text = unpack(argv, q->nargs, text, end);
	if (!text || !unpack(env, q->nenv, text, end))
		return -EINVAL;
	pid = fork_sibling(&pidfd);
	if (pid == 0) {
		bool there = put_fds(fds, q->numbers, q->nfds);

		job.err = fds[q->nfds];
		if (there)
			starter_become(&job, parent);
		dprintf(job.err, INSIDE_SAYS "too few file descriptors for an engine\n");
		_exit(127);
	}
	return pid < 0 ? -errno : pidfd;
}

static int obey(const struct request *q, char *text, size_t len, int *fds, unsigned int nfds,
		pid_t parent)
{
	if (!len || text[len - 1])
		return -EINVAL;
	if (q->kind == OPEN_SCHEDSTAT)
		return nfds == 1 ? schedstat_open(fds[0], q->thread, text) : -EINVAL;
	if (q->kind != START || nfds != q->nfds + 1 || q->nargs > MAX_ARGS || q->nenv > MAX_ENV)
		return -EINVAL;
	return start(q, text, len, fds, parent);
}

static void serve(int fd, pid_t parent)
{
	static struct {
		struct request q;
		char text[MAX_TEXT];
	} m;
	int fds[STARTER_MAX_FDS + 1], answer;
	unsigned int nfds = ARRAY_SIZE(fds);
	ssize_t n;

	for (; (n = pass_recv(fd, &m, sizeof(m), fds, &nfds, 0)) > 0; nfds = ARRAY_SIZE(fds)) {
		answer = -EINVAL;
		if ((size_t)n > sizeof(m.q))
			answer = obey(&m.q, m.text, n - sizeof(m.q), fds, nfds, parent);
		pass_send(fd, &(struct iovec){&answer, sizeof(answer)}, 1, &answer, answer >= 0, 0);
		if (answer >= 0)
			close(answer);
		while (nfds)
			close(fds[--nfds]);
	}
}

__attribute__((noreturn)) static void starter_main(int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "softrealm-start");
	if (getppid() == parent && dup3(fd, 3, O_CLOEXEC) >= 0) {
		syscall(SYS_close_range, 4, ~0u, 0);
		serve(3, parent);
	}
	_exit(0);
}

/* ---- its parent ---- */

/* QEMU says so by its exit status; nobody waits for it before the first engine is wanted. */
static void probe_sandbox(void)
{
	char *argv[] = {program, (char *)"-sandbox", (char *)"on", (char *)"-version", NULL};
	pid_t parent = getpid();

	if (!program)
		return;
	probe = fork();
	if (probe == 0)
		starter_become(&(struct starter_job){.argv = argv, .err = -1}, parent);
}

static void await_probe(void)
{
	int status;

	if (probe > 0 && waitpid(probe, &status, 0) == probe)
		has_sandbox = WIFEXITED(status) && !WEXITSTATUS(status);
}

bool starter_program_has_sandbox(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, await_probe);
	return has_sandbox;
}

int starter_begin(void)
{
	pid_t parent = getpid(), pid;
	int pair[2], high;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	high = fd_above_std(pair[1]);
	pid = high < 0 ? -1 : fork();
	if (pid == 0)
		starter_main(high, parent);
	if (high >= 0)
		close(high);
	if (pid < 0) {
		close(pair[0]);
		return -EAGAIN;
	}
	starter_fd = pair[0];
	program = process_find_program();
	probe_sandbox();
	return 0;
}

/* The strings of v behind the `len` bytes that are there: how many bytes are, or 0. */
static size_t pack(char *const *v, uint32_t max, char *text, size_t len, uint32_t *n)
{
	size_t one;

	for (*n = 0; v && v[*n]; ++*n, len += one) {
		one = strlen(v[*n]) + 1;
		if (len + one > MAX_TEXT || *n == max)
			return 0;
		memcpy(text + len, v[*n], one);
	}
	return len;
}

/* The descriptor that is answered, or -errno. */
static int ask(const struct iovec iov[2], const int *fds, unsigned int nfds)
{
	int answer = -EPIPE, got = -1, r;
	unsigned int n = 1;

	lock_take(&lock);
	r = (int)pass_send(starter_fd, iov, 2, fds, nfds, 0);
	if (r >= 0)
		r = pass_recv(starter_fd, &answer, sizeof(answer), &got, &n, 0) == sizeof(answer)
			    ? 0
			    : -EPIPE;
	lock_drop(&lock);
	if (r || answer < 0)
		return r ?: answer;
	return n ? got : -EMFILE;
}

int starter_open_schedstat(int pidfd, uint32_t thread, const char *name)
{
	struct request q = {.kind = OPEN_SCHEDSTAT, .thread = thread};
	struct iovec iov[2] = {{&q, sizeof(q)}, {(void *)name, strlen(name) + 1}};

	return starter_is_there() ? ask(iov, &pidfd, 1) : schedstat_open(pidfd, thread, name);
}

int starter_start(const struct starter_job *job)
{
	struct request q = {.kind = START, .nfds = job->nfds};
	struct iovec iov[2] = {{&q, sizeof(q)}, {malloc(MAX_TEXT), 0}};
	int fds[STARTER_MAX_FDS + 1], r;

	if (!iov[1].iov_base)
		return -ENOMEM;
	iov[1].iov_len = pack(job->argv, MAX_ARGS, iov[1].iov_base, 0, &q.nargs);
	if (iov[1].iov_len)
		iov[1].iov_len = pack(job->env, MAX_ENV, iov[1].iov_base, iov[1].iov_len, &q.nenv);
	for (size_t i = 0; i < job->nfds && i < STARTER_MAX_FDS; i++)
		fds[i] = q.numbers[i] = job->fds[i];
	fds[MIN(job->nfds, STARTER_MAX_FDS)] = job->err;
	r = job->nfds > STARTER_MAX_FDS || !iov[1].iov_len ? -E2BIG : 0;
	if (!r)
		r = ask(iov, fds, (unsigned int)job->nfds + 1);
	free(iov[1].iov_base);
	return r;
}
