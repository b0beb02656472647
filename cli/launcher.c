// SPDX-License-Identifier: BSD-3-Clause
/*
 * launcher.c - starts backend and command, stays between them and the outside, and ends last.
 *
 *	STARTING  backend forked; READY comes ->
 *	RUNNING	  command forked; signals are passed on to it; it ends ->
 *	DRAINING  DRAIN sent: the backend stays for clients that are left (a VMM that has become a
 *		  daemon); INT or TERM ends the wait; the backend hangs up -> done
 *
 * With our own VMM, --timeout and the signals that end a run are final: if it has not ended some
 * seconds later it is killed, and the backend is not waited for.
 *
 * The backend may die in any state: its clients get EIO, the launcher says so, and our own VMM,
 * which has nothing left to do, is ended if it does not end by itself. Both children ask for a
 * signal on the death of this process; the launcher has one thread, so that is when it dies.
 */
#include "cli/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/ask.h"
#include "base/bits.h"
#include "base/fault.h"
#include "base/log.h"
#include "cli/address.h"
#include "cli/carrier.h"
#include "cli/gdb.h"
#include "cli/limits.h"
#include "cli/summary.h"
#include "cli/trace.h"
#include "vmm/insight.h"

#define REPORT_MAX  (16 << 20)
#define CHUNK	    65536
#define GRACE_MS    700	 /* for our own VMM after the backend's death, and again after SIGTERM */
#define WHY_MS	    2000 /* for the backend to say why a realm is stuck */
#define PATIENCE_MS 5000 /* for our own VMM and the backend, when somebody waits for the end */

struct launcher {
	struct launch *l;
	char socket[ADDRESS_MAX];
	pid_t backend, command;
	int backend_status, command_status;
	bool backend_ended, command_ended, ready, gave_up;
	uint64_t due; /* milliseconds: our own VMM must have ended by then; 0: nobody waits */
	bool warned, timed_out;
	int passed_on; /* the signal that our VMM was to end by, or 0 */
	int control;   /* -1: hung up */
	int signals;
	sigset_t outside; /* the signal mask that we were given */
	FILE *raw_trace;  /* of a trace that is to be JSON, until the end ... */
	int json_trace;	  /* ... and where it goes then */
	char *heard;	  /* of the backend, not yet a whole frame */
	size_t heard_len;
	struct termios terminal;
	bool has_terminal;
	char *vmm_text;
	size_t vmm_len;
	struct carrier carrier;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- children ---- */

/* Die with the launcher, which may be dead already. */
static void follow_parent(pid_t parent, int sig)
{
	prctl(PR_SET_PDEATHSIG, sig);
	if (getppid() != parent)
		_exit(1);
}

/* What was passed, what the user has named, or a name that only our descendants know. */
static int open_door(struct launcher *la)
{
	const char *door = la->l->door;
	uint64_t name[2];
	int fd = -1;
	char end;

	if (door && sscanf(door, "fd:%d%c", &fd, &end) == 1) {
		if (fd >= 0 && !fcntl(fd, F_SETFD, FD_CLOEXEC))
			return fd;
		log_errno(EBADF, "%s", door);
		return -EBADF;
	}
	if (door)
		return address_name(door, la->socket) ? -EINVAL : address_bind(la->socket);
	if (getrandom(name, sizeof(name), 0) != sizeof(name))
		return -EIO;
	snprintf(la->socket, sizeof(la->socket), "softrealm-%016" PRIx64 "%016" PRIx64, name[0],
		 name[1]);
	return address_bind(la->socket);
}

/* A path that we have made is removed. */
static void remove_door(const struct launcher *la)
{
	if (la->l->door && la->socket[0] == '/' && la->backend > 0)
		unlink(la->socket);
	if (la->l->gdb && la->l->backend.gdb >= 0)
		gdb_remove(la->l->gdb);
}

static int start_backend(struct launcher *la)
{
	pid_t self = getpid();
	int pair[2], err, door = open_door(la);

	if (door < 0)
		return door;
	if (la->l->gdb) {
		la->l->backend.gdb = gdb_listen(la->l->gdb);
		if (la->l->backend.gdb < 0) {
			close(door);
			return la->l->backend.gdb;
		}
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		err = errno;
		log_errno(err, "the backend cannot start");
		close(door);
		return -err;
	}
	la->backend = fork();
	if (la->backend == 0) {
		follow_parent(self, SIGKILL);
		setpgid(0, 0);
		sigprocmask(SIG_SETMASK, &la->outside, NULL);
		limits_raise_files();
		close(pair[0]);
		close(la->signals);
		if (la->l->report_fd >= 0) {
			close(la->l->report_fd);
			close(la->l->report_write);
		}
		la->l->backend.listen = door;
		la->l->backend.control = pair[1];
		_exit(backend_main(&la->l->backend));
	}
	close(door);
	if (la->l->gdb)
		close(la->l->backend.gdb);
	close(pair[1]);
	la->control = pair[0];
	if (la->backend < 0) {
		log_errno(errno, "the backend cannot start");
		return -EAGAIN;
	}
	return 0;
}

static void exec_command(struct launcher *la, pid_t parent)
{
	char **argv = la->l->argv;
	int err;

	/* A command that is killed with its launcher can still put the terminal right. */
	follow_parent(parent, SIGTERM);
	sigprocmask(SIG_SETMASK, &la->outside, NULL);
	if (la->l->own_vmm)
		limits_raise_files();
	unsetenv(INSIGHT_VARIABLE);
	if (la->l->own_vmm && !la->l->real)
		setenv(INSIGHT_VARIABLE, la->socket, 1);
	if (!la->l->real)
		argv = carrier_prepare(&la->carrier, argv, la->socket, la->l->sysroot);
	if (!argv)
		_exit(LAUNCH_FAILED);
	if (la->l->report_write >= 0)
		fcntl(la->l->report_write, F_SETFD, 0);
	execvp(argv[0], argv);
	err = errno;
	log_errno(err, "%s", argv[0]);
	_exit(err == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_STARTED);
}

static int start_command(struct launcher *la)
{
	pid_t self = getpid();

	if (!la->l->real && carrier_open(&la->carrier, la->l->argv[0])) {
		la->command_ended = true;
		la->command_status = LAUNCH_FAILED << 8;
		return -EINVAL;
	}
	la->command = fork();
	if (la->command == 0)
		exec_command(la, self);
	if (la->l->report_write >= 0)
		close(la->l->report_write);
	la->l->report_write = -1;
	if (la->command < 0) {
		log_errno(errno, "the command cannot start");
		la->command_ended = true;
		la->command_status = LAUNCH_FAILED << 8;
		return -EAGAIN;
	}
	return 0;
}

/* Somebody has stopped it? We wait for it now. */
static void wake_backend(const struct launcher *la)
{
	if (la->backend > 0 && !la->backend_ended)
		kill(la->backend, SIGCONT);
}

static void send_word(struct launcher *la, enum backend_message word)
{
	const struct backend_frame f = {.kind = word};

	if (la->control >= 0)
		send(la->control, &f, sizeof(f), MSG_NOSIGNAL);
	wake_backend(la);
}

static void command_changed(struct launcher *la, int status)
{
	if (WIFSTOPPED(status)) {
		/* Job control: stop with it, and let it go on with us. Where no shell would wake us
		 * the kernel does not stop us. */
		if (WSTOPSIG(status) != SIGSTOP) {
			kill(getpid(), SIGTSTP);
			kill(la->command, SIGCONT);
		}
		return;
	}
	la->command_ended = true;
	la->command_status = status;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGPIPE)
		log_error("%s was ended by signal %d (%s)", la->l->argv[0], WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	send_word(la, BACKEND_DRAIN);
}

static void reap(struct launcher *la)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid == la->command) {
			command_changed(la, status);
		} else if (pid == la->backend && WIFSTOPPED(status)) {
			if (la->command_ended)
				wake_backend(la);
		} else if (pid == la->backend) {
			la->backend_ended = true;
			la->backend_status = status;
		}
	}
}

/* ---- signals ---- */

static const int forwarded[] = {SIGHUP,	 SIGINT,  SIGQUIT,  SIGTERM,
				SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};

static int open_signals(struct launcher *la)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, &la->outside);
	la->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return la->signals < 0 ? -errno : 0;
}

static bool ends_a_run(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
}

/* While the command's vCPUs are still where they are. A shared host has VMs of others too: there
 * the command itself must be the VMM. */
static void ask_why(struct launcher *la)
{
	struct launch *l = la->l;
	char *line, ours[64] = "", request[128];
	json_t *answer;

	if (l->own_vmm || l->is_host || l->why || (l->quiet && !l->summary))
		return;
	if (l->host)
		snprintf(ours, sizeof(ours), ", \"process\": %d, \"me\": %d", (int)la->command,
			 (int)getpid());
	snprintf(request, sizeof(request), "{\"call\": \"why\"%s}", ours);
	line = ask_line(la->socket, request, WHY_MS);
	answer = line ? json_loads(line, 0, NULL) : NULL;
	l->why = json_incref(json_object_get(answer, "result"));
	json_decref(answer);
	free(line);
}

static void handle_signal(struct launcher *la)
{
	struct signalfd_siginfo si;
	int sig;

	if (read(la->signals, &si, sizeof(si)) != sizeof(si))
		return;
	sig = si.ssi_signo;
	if (sig == SIGCHLD) {
		reap(la);
		return;
	}
	if (la->l->own_vmm && ends_a_run(sig)) {
		la->passed_on = sig;
		la->due = now_ms() + PATIENCE_MS;
	}
	if (!la->command_ended && la->command > 0 && ends_a_run(sig))
		ask_why(la);
	/* What the terminal sends goes to the whole group: the command has it already. */
	if (!la->command_ended && la->command > 0 && si.ssi_code != SI_KERNEL)
		kill(la->command, sig);
	else if ((la->command_ended || !la->command) && ends_a_run(sig))
		la->gave_up = true;
}

/* ---- the backend's messages ---- */

/* A line of the backend's, which has kept to the level that is shown. */
static void show_line(const char *prefix, const char *text, size_t len)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s%.*s", prefix, (int)len, text);
	log_keep(line);
	fprintf(stderr, "%s%.*s\n", prefix, (int)len, text);
}

static void handle_frame(struct launcher *la, uint32_t kind, const char *text, size_t len)
{
	switch (kind) {
	case BACKEND_READY:
		la->ready = true;
		break;
	case BACKEND_LOG:
		show_line("", text, len);
		break;
	case BACKEND_EXPLAIN:
		show_line("softrealm: ", text, len);
		break;
	case BACKEND_REPORT:
		json_decref(la->l->backend_report);
		la->l->backend_report = json_loadb(text, len, 0, NULL);
		break;
	}
}

/* All frames that have come whole. */
static void handle_frames(struct launcher *la)
{
	struct backend_frame f;
	size_t at = 0;

	while (la->heard_len - at >= sizeof(f)) {
		memcpy(&f, la->heard + at, sizeof(f));
		if (la->heard_len - at - sizeof(f) < f.len)
			break;
		handle_frame(la, f.kind, la->heard + at + sizeof(f), f.len);
		at += sizeof(f) + f.len;
	}
	la->heard_len -= at;
	memmove(la->heard, la->heard + at, la->heard_len);
}

static void read_control(struct launcher *la)
{
	char *text = realloc(la->heard, la->heard_len + CHUNK);
	ssize_t n = -1;

	if (!text)
		log_error("what the backend says is dropped: out of memory");
	else
		n = recv(la->control, text + la->heard_len, CHUNK, 0);
	la->heard = text ?: la->heard;
	if (n > 0) {
		la->heard_len += n;
		handle_frames(la);
	} else if (n == 0 || !text || errno != EINTR) {
		close(la->control);
		la->control = -1;
	}
}

/* ---- the VMM's report ---- */

static void end_report(struct launcher *la)
{
	close(la->l->report_fd);
	la->l->report_fd = -1;
}

/* Nobody's report is this long, and what goes on for ever would take all memory. */
static void drop_report(struct launcher *la, const char *why)
{
	log_error("the VMM's report is dropped: %s", why);
	la->vmm_len = 0;
	end_report(la);
}

static void read_report(struct launcher *la)
{
	char *text = NULL;
	ssize_t n;

	if (la->vmm_len < REPORT_MAX)
		text = realloc(la->vmm_text, la->vmm_len + CHUNK);
	if (!text) {
		drop_report(la, la->vmm_len < REPORT_MAX ? "out of memory" : "it is too long");
		return;
	}
	la->vmm_text = text;
	n = read(la->l->report_fd, text + la->vmm_len, CHUNK);
	if (n > 0)
		la->vmm_len += n;
	else if (n == 0 || errno != EINTR)
		end_report(la);
}

/* ---- the whole run ---- */

static void poll_once(struct launcher *la, int timeout)
{
	struct pollfd pfd[] = {
		{la->control, POLLIN, 0},
		{la->l->report_fd, POLLIN, 0},
		{la->signals, POLLIN, 0},
	};

	int left = (int)MIN(la->due - MIN(la->due, now_ms()), 60000u);

	if (la->due && (timeout < 0 || timeout > left))
		timeout = left;
	if (poll(pfd, 3, timeout) < 0)
		return;
	if (pfd[0].revents)
		read_control(la);
	if (pfd[1].revents)
		read_report(la);
	if (pfd[2].revents)
		handle_signal(la);
}

/*
 * The end is overdue: our own VMM hangs, or the backend does. Neither a time limit nor a signal may
 * wait for them for ever.
 */
static void be_final(struct launcher *la)
{
	if (!la->due || now_ms() < la->due)
		return;
	la->timed_out |= !la->passed_on;
	la->due = now_ms() + GRACE_MS;
	if (la->command_ended || !la->command) {
		la->gave_up = true;
		return;
	}
	if (!la->warned)
		log_error("the VMM does not end: it is killed");
	kill(la->command, SIGCONT);
	kill(la->command, la->warned ? SIGKILL : SIGTERM);
	la->warned = true;
}

static void wait_ready(struct launcher *la)
{
	while (!la->ready && la->control >= 0 && !la->gave_up) {
		poll_once(la, -1);
		be_final(la);
	}
	if (la->ready)
		return;
	if (!la->gave_up)
		log_error("the backend did not start");
	la->command_ended = true;
	la->command_status = LAUNCH_FAILED << 8;
}

/* The backend hung up without a report. */
static void backend_lost(struct launcher *la)
{
	log_error("the backend has died: every call on /dev/kvm fails with EIO from then on");
	if (!la->l->own_vmm || la->command_ended)
		return;
	kill(la->command, SIGCONT); /* if it is stopped it could not end */
	for (int waited = 0; !la->command_ended && waited < GRACE_MS; waited += 50)
		poll_once(la, 50);
	for (int sig = SIGTERM; !la->command_ended; sig = SIGKILL) {
		kill(la->command, sig);
		for (int waited = 0; !la->command_ended && waited < GRACE_MS; waited += 50)
			poll_once(la, 50);
	}
}

static void run(struct launcher *la)
{
	bool lost = !la->backend;

	while (!la->command_ended || (la->control >= 0 && !la->gave_up)) {
		poll_once(la, -1);
		be_final(la);
		if (la->control < 0 && !lost && !la->l->backend_report) {
			lost = true;
			backend_lost(la);
		}
	}
	while (la->l->report_fd >= 0)
		read_report(la);
}

/* Serve until a signal; a second one does not wait for the backend's end. */
static void run_host(struct launcher *la)
{
	bool told = false;

	if (!la->l->quiet)
		fprintf(stderr, "softrealm: ready at %s\n", la->l->door);
	while (la->control >= 0) {
		poll_once(la, -1);
		if (la->gave_up && told)
			return;
		if (la->gave_up && la->control >= 0)
			send_word(la, BACKEND_END);
		told |= la->gave_up;
		la->gave_up = false;
	}
	if (la->l->backend_report)
		return;
	log_error("the backend has died");
	la->command_status = LAUNCH_FAILED << 8;
}

static void reap_backend(struct launcher *la)
{
	if (la->control >= 0)
		close(la->control); /* it ends at once */
	if (la->backend <= 0 || la->backend_ended)
		return;
	wake_backend(la);
	for (int waited = 0; !la->backend_ended; waited += 10) {
		pid_t pid = waitpid(la->backend, &la->backend_status, WNOHANG);

		la->backend_ended = pid == la->backend;
		if (waited == PATIENCE_MS)
			kill(la->backend, SIGKILL);
		if (!la->backend_ended)
			usleep(10000);
	}
}

static void keep_terminal(struct launcher *la)
{
	la->has_terminal = !tcgetattr(STDIN_FILENO, &la->terminal);
}

/* The command may have been killed with the terminal in raw mode. */
static void restore_terminal(struct launcher *la)
{
	struct termios now;

	if (!la->has_terminal || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &now) || !memcmp(&now, &la->terminal, sizeof(now)))
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &la->terminal);
}

/* -1: not asked for, or it cannot be opened (*r). */
static int open_output(const char *path, int *r)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

	if (path && fd < 0) {
		*r = -errno;
		log_errno(-*r, "%s", path);
	}
	return fd;
}

static int open_outputs(struct launcher *la)
{
	struct launch *l = la->l;
	int r = summary_open(l);

	l->backend.measure = open_output(l->measurement_log, &r);
	l->backend.trace = open_output(l->trace, &r);
	if (r || !l->trace || !trace_file_is_json(l->trace))
		return r;
	la->json_trace = l->backend.trace;
	la->raw_trace = tmpfile();
	if (!la->raw_trace) {
		r = -errno;
		log_errno(-r, "a temporary file for the trace");
		return r;
	}
	l->backend.trace = fileno(la->raw_trace);
	return 0;
}

/* The backend has written them. */
static int close_outputs(struct launcher *la)
{
	struct launch *l = la->l;
	int r = json_is_true(json_object_get(l->backend_report, "output_failed")) ? -EIO : 0;

	if (l->backend.measure >= 0)
		close(l->backend.measure);
	if (la->raw_trace)
		r = trace_file_to_json(la->raw_trace, la->json_trace, l->trace) ?: r;
	else if (l->backend.trace >= 0)
		close(l->backend.trace);
	return r;
}

static int exit_status(const struct launcher *la)
{
	if (la->warned)
		return la->timed_out ? LAUNCH_TIMEOUT : 128 + la->passed_on;
	if (WIFSIGNALED(la->command_status))
		return 128 + WTERMSIG(la->command_status);
	return WEXITSTATUS(la->command_status);
}

static bool is_told(const struct backend_options *o)
{
	return o->explain || o->gdb_wait || o->ram || o->revision || o->attest.deterministic ||
	       fault_armed_;
}

/* The backend is somebody else's, and so is what it was told. */
static int check_host(const struct launch *l)
{
	if (!l->trace && !l->measurement_log && !l->door && !l->gdb && !is_told(&l->backend))
		return 0;
	log_error("with --host, options of the simulated host are those that `softrealm host` was "
		  "started with");
	return -EINVAL;
}

static int use_host(struct launcher *la)
{
	int fd = address_name(la->l->host, la->socket);

	if (!fd)
		fd = address_connect(la->socket);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int launch(struct launch *l)
{
	struct launcher la = {.l = l, .control = -1, .signals = -1};
	int r;

	if (l->host && check_host(l))
		return LAUNCH_USAGE;
	if (l->backend.gdb_wait && !l->gdb) {
		log_error("--gdb-wait needs --gdb: where the debugger attaches");
		return LAUNCH_USAGE;
	}
	if (open_outputs(&la) || open_signals(&la))
		return LAUNCH_FAILED;
	if (l->timeout)
		la.due = now_ms() + l->timeout * 1000ull + PATIENCE_MS;
	keep_terminal(&la);
	r = l->host ? use_host(&la) : l->real ? 0 : start_backend(&la);
	if (r)
		return r == -EINVAL ? LAUNCH_USAGE : LAUNCH_FAILED;
	if (la.backend)
		wait_ready(&la);
	if (l->is_host && !la.command_ended)
		run_host(&la);
	else if (!la.command_ended && !start_command(&la))
		run(&la);
	reap_backend(&la);
	remove_door(&la);
	carrier_close(&la.carrier);
	restore_terminal(&la);
	if (la.vmm_len)
		l->vmm_report = json_loadb(la.vmm_text, la.vmm_len, 0, NULL);
	free(la.vmm_text);
	free(la.heard);
	r = close_outputs(&la);
	sigprocmask(SIG_SETMASK, &la.outside, NULL);
	close(la.signals);
	return r && !exit_status(&la) ? LAUNCH_FAILED : exit_status(&la);
}
