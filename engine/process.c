// SPDX-License-Identifier: BSD-3-Clause
/*
 * process.c - the QEMU process: its arguments, its descriptors, its last words.
 *
 * QEMU gets the machine's files, one socket a doorbell, the object that it loads (files.c) with a
 * socket, /dev/null, and a pipe for its stderr; nothing else is inherited and no file is opened. It
 * dies with the thread that forked it, or that began the starter.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/log.h"
#include "engine/inside.h"
#include "engine/qemu_parts.h"
#include "engine/starter.h"
#include "machine/memory.h"

#define DEFAULT_PROGRAM "qemu-system-aarch64"
#define END_MS		500 /* between its hang-up and its end */

/* ---- finding it ---- */

static char *find_in_path(const char *name)
{
	const char *path = getenv("PATH");
	char *found;

	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t len = strcspn(p, ":");

		if (len && asprintf(&found, "%.*s/%s", (int)len, p, name) > 0) {
			if (!access(found, X_OK))
				return found;
			free(found);
		}
		p += len + (p[len] == ':');
	}
	return NULL;
}

char *process_find_program(void)
{
	const char *name = getenv("SOFTREALM_QEMU");

	if (starter_is_there() && starter_program())
		return strdup(starter_program());
	if (!name || !*name)
		name = DEFAULT_PROGRAM;
	if (!strchr(name, '/'))
		return find_in_path(name);
	return access(name, X_OK) ? NULL : strdup(name);
}

/* ---- its arguments ---- */

struct args {
	char **v; /* of n strings, and NULL */
	size_t n, room;
	bool failed; /* out of memory: what is there is not all */
};

__attribute__((format(printf, 2, 3))) static void arg(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (array_reserve(&a->v, &a->room, a->n + 2, sizeof(*a->v))) {
		a->failed = true;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(ap);
	a->v[a->n] = NULL;
}

static void args_free(struct args *a)
{
	while (a->n)
		free(a->v[--a->n]);
	free(a->v);
}

/* One NUMA node a file is how QEMU joins them in its address space. */
static void args_memory(struct args *a, const struct machine *m)
{
	struct machine_file files[MACHINE_MAX_FILES];
	unsigned int n = machine_files(m, files);

	for (unsigned int i = 0; i < n; i++) {
		arg(a, "-object");
		arg(a,
		    "memory-backend-file,id=ram%u,mem-path=/proc/self/fd/%d,share=on,size=%llu,"
		    "align=1G",
		    i, files[i].fd, (unsigned long long)files[i].size);
		arg(a, "-numa");
		arg(a, "node,memdev=ram%u", i);
	}
}

static void args_build(struct args *a, const struct engine *e, const int *socks)
{
	arg(a, "%s", e->program);
	arg(a, "-nodefaults");
	arg(a, "-no-user-config");
	arg(a, "-name");
	arg(a, "debug-threads=on"); /* cpu_run_delay finds a CPU's thread by its name */
	if (starter_is_there() && starter_program_has_sandbox()) {
		arg(a, "-sandbox");
		arg(a, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	}
	arg(a, "-display");
	arg(a, "none");
	arg(a, "-M");
	arg(a, "virt,virtualization=on,gic-version=3,acpi=off");
	/* The reference model: it has all that a realm is told of, in every QEMU since 7.2. With
	 * SVE it has vectors of each length. */
	arg(a, "-cpu");
	arg(a, "max,pauth-impdef=on,sve=%s,sme=off",
	    machine_cpu(e->machine) & MACHINE_CPU_SVE ? "on" : "off");
	arg(a, "-accel");
	arg(a, "tcg,thread=%s", e->one_thread ? "single" : "multi");
	arg(a, "-smp");
	arg(a, "%u", e->cpus + 1);
	arg(a, "-m");
	arg(a, "%lluk", (unsigned long long)machine_size(e->machine) / 1024);
	args_memory(a, e->machine);
	arg(a, "-device");
	arg(a, "loader,addr=0x%llx,cpu-num=0", (unsigned long long)e->window);
	arg(a, "-global");
	arg(a, "virtio-mmio.force-legacy=false");
	for (unsigned int i = 0; i < e->devices; i++) {
		arg(a, "-chardev");
		arg(a, "socket,id=d%u,fd=%d", i, socks[i]);
		arg(a, "-device");
		/* It has a queue more than it is told. */
		arg(a,
		    "vhost-user-fs-device,chardev=d%u,tag=d%u,num-request-queues=%u,queue-size=8,"
		    "bus=virtio-mmio-bus.%u",
		    i, i, e->device[i].queues - 1, i);
	}
}

/* What it is to load goes before what it would load anyhow. */
static void env_build(struct args *a, const struct engine *e)
{
	const char *more = getenv("LD_PRELOAD");

	if (e->files.theirs < 0)
		return;
	arg(a, INSIDE_ENV "=%d %d", machine_client_memfd(e->machine), e->files.theirs);
	arg(a, "LD_PRELOAD=/proc/self/fd/%d%s%s", files_image(), more && *more ? ":" : "",
	    more ? more : "");
}

/* ---- its start ---- */

static int open_stderr(int err[2])
{
	if (pipe2(err, O_CLOEXEC))
		return -errno;
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	err[1] = fd_above_std(err[1]);
	if (err[1] >= 0)
		return 0;
	close(err[0]);
	return -EMFILE;
}

/* A descriptor of the process, or -errno. */
static int fork_job(const struct starter_job *job)
{
	pid_t pid, parent = getpid();
	int pidfd = -1;

	pid = fork();
	if (pid == 0)
		starter_become(job, parent);
	if (pid > 0)
		pidfd = pidfd_open(pid, 0);
	if (pidfd >= 0)
		return pidfd;
	pidfd = -errno;
	if (pid > 0) { /* nobody else has seen it: the number is still its own */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return pidfd;
}

#define MAX_FDS (MACHINE_MAX_FILES + DOORBELL_DEVICES + 2)
_Static_assert(MAX_FDS <= STARTER_MAX_FDS, "all can be passed");

int process_start(struct engine *e, const int *socks)
{
	struct machine_file files[MACHINE_MAX_FILES];
	unsigned int num_files = machine_files(e->machine, files);
	struct starter_job job = {.nfds = num_files + e->devices};
	int err[2], fds[MAX_FDS], ret;
	struct args a = {0}, env = {0};

	args_build(&a, e, socks);
	env_build(&env, e);
	ret = a.failed || env.failed ? -ENOMEM : open_stderr(err);
	if (ret)
		goto out;
	for (unsigned int i = 0; i < num_files; i++)
		fds[i] = files[i].fd;
	memcpy(fds + num_files, socks, e->devices * sizeof(*socks));
	if (e->files.theirs >= 0) {
		fds[job.nfds++] = files_image();
		fds[job.nfds++] = e->files.theirs;
	}
	job.fds = fds;
	job.argv = a.v;
	job.env = env.v;
	job.err = err[1];
	ret = starter_is_there() ? starter_start(&job) : fork_job(&job);
	close(err[1]);
	if (ret < 0) {
		close(err[0]);
		goto out;
	}
	atomic_store(&e->pidfd, ret);
	e->stderr_fd = err[0];
	ret = 0;
out:
	args_free(&a);
	args_free(&env);
	return ret;
}

/* ---- its end ---- */

void process_kill(struct engine *e)
{
	pidfd_send_signal(e->pidfd, SIGKILL, NULL, 0);
}

void process_await_end(struct engine *e)
{
	struct pollfd p = {.fd = e->pidfd, .events = POLLIN};

	poll(&p, 1, END_MS);
}

void process_continue(struct engine *e)
{
	int pidfd = atomic_load(&e->pidfd);

	if (pidfd >= 0)
		pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
}

/* Lines of our own object (inside.c) are for the user. */
static void pass_line(const char *line)
{
	static const char says[] = INSIDE_SAYS;

	if (!strncmp(line, says, sizeof(says) - 1))
		log_warn("%s", line + sizeof(says) - 1);
	else
		log_debug("engine: QEMU: %s", line);
}

static void collect(struct engine *e, const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			if (!e->line_done)
				pass_line(e->line);
			e->line_done = true;
			continue;
		}
		if (e->line_done)
			e->line_len = 0;
		e->line_done = false;
		if (e->line_len < sizeof(e->line) - 1)
			e->line[e->line_len++] = buf[i];
		e->line[e->line_len] = '\0';
	}
}

bool process_read_stderr(struct engine *e)
{
	char buf[512];
	ssize_t n = read(e->stderr_fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	collect(e, buf, n);
	return n > 0;
}

/* Not until the pipe's end: a program that QEMU was started by may have left it to another. */
static void read_last_words(struct engine *e)
{
	char buf[512];
	ssize_t n;

	while ((n = read(e->stderr_fd, buf, sizeof(buf))) > 0)
		collect(e, buf, n);
	close(e->stderr_fd);
}

void process_reap(struct engine *e, char *how, size_t size)
{
	siginfo_t info = {0};

	while (waitid(P_PIDFD, e->pidfd, &info, WEXITED) && errno == EINTR)
		;
	read_last_words(e);
	if (info.si_code == CLD_EXITED)
		snprintf(how, size, "exit status %d", info.si_status);
	else
		/* Nobody but the kernel, when memory runs out, and people kill so. */
		snprintf(how, size, "killed by signal %d (%s)%s", info.si_status,
			 strsignal(info.si_status),
			 info.si_status == SIGKILL ? ", was memory short?" : "");
}
