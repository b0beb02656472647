// SPDX-License-Identifier: BSD-3-Clause
/* term.c - raw mode that is always undone, and the Ctrl-a keys. */
#include "vmm/term.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"

#define CTRL_A 0x01

static struct termios saved;
static bool have_saved;
static volatile sig_atomic_t is_raw;

const char term_help[] = "Ctrl-a x  end the realm\r\n"
			 "Ctrl-a h  this help\r\n"
			 "Ctrl-a Ctrl-a  send Ctrl-a\r\n";

void term_restore(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

static void on_fatal(int sig)
{
	/* Not the draining kind: the other side may be what hangs. */
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	raise(sig); /* SA_RESETHAND: now the default action */
}

void term_init(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
	struct sigaction sa = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_NODEFER};

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
		return;
	have_saved = true;
	atexit(term_restore);
	for (unsigned int i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &sa, NULL);
}

bool term_is_terminal(void)
{
	return have_saved;
}

bool term_is_foreground(void)
{
	pid_t group = have_saved ? tcgetpgrp(STDIN_FILENO) : -1;

	/* No answer: not the terminal of our session, so nobody puts jobs into its background. */
	return group < 0 || group == getpgrp();
}

void term_raw(void)
{
	struct termios raw = saved;

	if (!have_saved || is_raw || !term_is_foreground())
		return;
	cfmakeraw(&raw);
	is_raw = 1;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

bool term_is_raw(void)
{
	return is_raw;
}

bool term_size(uint16_t *cols, uint16_t *rows)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ioctl(STDIN_FILENO, TIOCGWINSZ, &ws))
		return false;
	*cols = ws.ws_col;
	*rows = ws.ws_row;
	return ws.ws_col && ws.ws_row;
}

size_t term_filter(struct term_keys *k, const uint8_t *in, size_t len, uint8_t *out, size_t *used,
		   enum term_action *action)
{
	size_t n = 0, i;

	*action = TERM_NONE;
	for (i = 0; i < len && *action == TERM_NONE; i++) {
		if (!k->escaped && in[i] == CTRL_A) {
			k->escaped = true;
			continue;
		}
		if (k->escaped && (in[i] == 'x' || in[i] == 'X'))
			*action = TERM_QUIT;
		else if (k->escaped && (in[i] == 'h' || in[i] == '?'))
			*action = TERM_HELP;
		else if (!k->escaped || in[i] == CTRL_A)
			out[n++] = in[i];
		k->escaped = false;
	}
	*used = i;
	return n;
}
