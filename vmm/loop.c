// SPDX-License-Identifier: BSD-3-Clause
/* loop.c - the main thread's poll loop. */
#include "vmm/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "vmm/end.h"
#include "vmm/io.h"
#include "vmm/output.h"
#include "vmm/term.h"

#define BUSY_RETRY_MS  20  /* a vCPU had the console */
#define SLOW_RETRY_MS  500 /* has the shell brought us back? does the guest listen? */
#define SUSPECT_MS     500 /* for a better reason to come */
#define DRAIN_STEP_MS  200
#define DRAIN_PATIENCE 10 /* steps without progress */

static int signal_fd = -1;
static bool hurry; /* somebody waits for our end */

static struct {
	struct consoles *consoles;
	struct console *con; /* their device */
	struct term_keys keys;
	uint8_t typed[512]; /* read, but not yet taken by the console */
	size_t ntyped;
	bool stdin;  /* is what the realm's console reads */
	bool input;  /* there was some */
	bool eof;    /* no more input: the realm goes on */
	bool busy;   /* retry soon: somebody had the console */
	bool held;   /* the console keeps input from a guest that is not ready */
	bool resize; /* the window's size changed */
	uint64_t deadline;
	uint64_t alarm; /* when to call then(); 0: not */
	void (*then)(void);
} loop;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int loop_init(void)
{
	static const int taken[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGWINCH,
				    SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU};
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is the realm's error */
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_fd < 0 ? -errno : 0;
}

/*
 * Stop as the signal's default action does, all threads at once: so a shell sees which signal it
 * was, and a process group that nobody could continue is not stopped.
 */
static void stop_self(void)
{
	sigset_t set;

	term_restore();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	term_raw();
	loop.resize = true;
}

static void take_signal(int sig)
{
	switch (sig) {
	case SIGWINCH:
		loop.resize = true;
		break;
	case SIGTSTP:
		stop_self();
		break;
	case SIGCONT:
		term_raw();
		loop.resize = true;
		break;
	case SIGTTIN:
	case SIGTTOU:
		break;
	default:
		hurry = true;
		end_run(VMM_SIGNAL + sig, "ended by signal %d (%s)", sig, strsignal(sig));
	}
}

static void take_signals(void)
{
	struct signalfd_siginfo info;

	while (read(signal_fd, &info, sizeof(info)) == sizeof(info))
		take_signal((int)info.ssi_signo);
}

static void act(enum term_action action)
{
	if (action == TERM_QUIT)
		end_run(VMM_QUIT, "ended from the keyboard");
	else if (action == TERM_HELP)
		fputs(term_help, stderr);
}

/* Escape keys are a matter of terminals: a pipe's bytes go through as they are. */
static void read_input(void)
{
	uint8_t in[sizeof(loop.typed)];
	ssize_t n = read(STDIN_FILENO, in, sizeof(in));
	size_t taken = 0, used;
	enum term_action action;

	if (n <= 0) {
		loop.eof = !n || (errno != EINTR && errno != EAGAIN);
		return;
	}
	if (!term_is_terminal()) {
		memcpy(loop.typed, in, (size_t)n);
		loop.ntyped = (size_t)n;
		return;
	}
	while (taken < (size_t)n) {
		loop.ntyped += term_filter(&loop.keys, in + taken, (size_t)n - taken,
					   loop.typed + loop.ntyped, &used, &action);
		taken += used;
		act(action);
	}
}

/* What the console could not take stays for the next round. */
static void give_input(void)
{
	ssize_t n;

	loop.busy = consoles_give(loop.consoles, &loop.input);
	loop.held = loop.input && console_holds_input(loop.con);
	if (loop.ntyped) {
		loop.input = true;
		n = console_input(loop.con, 0, loop.typed, loop.ntyped);
		loop.busy |= n == -EBUSY;
		if (n > 0) {
			loop.ntyped -= (size_t)n;
			memmove(loop.typed, loop.typed + n, loop.ntyped);
		}
	}
	if (loop.resize) {
		uint16_t cols, rows;

		if (!term_size(&cols, &rows) || !console_resize(loop.con, cols, rows))
			loop.resize = false;
		else
			loop.busy = true;
	}
}

static int ms_until(uint64_t when)
{
	uint64_t now = now_ms();

	return when > now ? (int)MIN(when - now, 1000000u) : 0;
}

static int poll_timeout(bool background)
{
	int ms = -1;

	if (loop.deadline)
		ms = ms_until(loop.deadline);
	if (loop.alarm)
		ms = ms < 0 ? ms_until(loop.alarm) : MIN(ms, ms_until(loop.alarm));
	if (loop.busy)
		ms = ms < 0 ? BUSY_RETRY_MS : MIN(ms, BUSY_RETRY_MS);
	if (background || loop.held)
		ms = ms < 0 ? SLOW_RETRY_MS : MIN(ms, SLOW_RETRY_MS);
	return ms;
}

static void loop_once(unsigned int timeout)
{
	bool background = !loop.eof && !term_is_foreground();
	bool listen = !loop.eof && !background && !loop.ntyped;
	struct pollfd fds[] = {
		{.fd = end_fd(), .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
		{.fd = console_room_fd(loop.con), .events = POLLIN},
		{.fd = listen ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = io_fd(), .events = POLLIN},
	};

	poll(fds, ARRAY_SIZE(fds), poll_timeout(background));
	if (fds[1].revents)
		take_signals();
	if (fds[2].revents)
		console_clear_room(loop.con);
	if (fds[3].revents)
		read_input();
	if (fds[4].revents)
		io_dispatch();
	if (!background && loop.stdin)
		term_raw();
	give_input();
	if (loop.alarm && now_ms() >= loop.alarm) {
		loop.alarm = 0;
		loop.then();
	}
	if (loop.deadline && now_ms() >= loop.deadline)
		end_run(VMM_TIMEOUT, "ended after %u s (--timeout)", timeout);
}

/* A moment for the vCPU that knows more to say so. */
static void settle(void)
{
	uint64_t until = now_ms() + SUSPECT_MS;

	while (end_is_suspect() && now_ms() < until)
		usleep(1000);
	end_confirm();
}

void loop_after(unsigned int seconds, void (*f)(void))
{
	loop.then = f;
	loop.alarm = now_ms() + seconds * 1000ull;
}

void loop_run(struct consoles *consoles, uint64_t start, unsigned int timeout)
{
	loop.consoles = consoles;
	loop.con = &consoles->dev;
	loop.stdin = consoles_read_stdin(consoles);
	loop.eof = !loop.stdin;
	if (timeout)
		loop.deadline = start / 1000000 + timeout * 1000ull;
	if (loop.stdin)
		term_raw();
	while (!end_reached()) {
		loop_once(timeout);
		if (end_is_suspect())
			settle();
	}
}

void loop_drain(void)
{
	unsigned int steps = 0;

	hurry |= end_status() == VMM_TIMEOUT || end_status() == VMM_QUIT;
	while (!output_drain(DRAIN_STEP_MS) && (!hurry || ++steps < DRAIN_PATIENCE))
		take_signals();
}
