// SPDX-License-Identifier: BSD-3-Clause
/*
 * command.c - runs the command that the host asks for, and tells its output and its end
 *
 * The port is a virtio-console port named org.softrealm.exec; without it nothing is done.  The
 * talk on it:
 *
 *	host:  COMMAND			ended by a zero byte
 *	realm: frames			one byte for the kind, four for the length (little endian),
 *					the data:
 *		o, e			what the command wrote to its standard output, error
 *		x			its end: one byte, the status as a shell has it
 *
 * Where the initrd has a shell (/bin/sh) the command is a line for it; else it is split at blanks
 * and executed.
 */
#include "init.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_NAME   "org.softrealm.exec"
#define COMMAND_MAX 65536
#define MAX_WORDS   256

static int send_frame(int port, char kind, const void *data, size_t len)
{
	unsigned char head[5] = {kind, len, len >> 8, len >> 16, len >> 24};
	int err = write_all(port, head, sizeof(head));

	return err ? err : write_all(port, data, len);
}

static int read_command(int port, char *text)
{
	size_t len = 0;

	while (len < COMMAND_MAX) {
		ssize_t n = read(port, text + len, 1);

		if (n <= 0)
			return n ? -errno : -EPIPE;
		if (!text[len++])
			return 0;
	}
	return -E2BIG;
}

static void run(char *command)
{
	static char *words[MAX_WORDS + 1];
	char *save, *word;
	size_t n = 0;

	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 0);
	setenv("HOME", "/", 0);
	if (!access("/bin/sh", X_OK)) {
		execl("/bin/sh", "sh", "-c", command, NULL);
	} else {
		for (word = strtok_r(command, " \t\n", &save); word && n < MAX_WORDS;
		     word = strtok_r(NULL, " \t\n", &save))
			words[n++] = word;
		if (n)
			execvp(words[0], words);
		else
			_exit(0);
	}
	dprintf(STDERR_FILENO, "%s: %s\n", words[0] ? words[0] : "/bin/sh", strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Passes on what comes, until both have ended. */
static int pass_on(int port, int out, int err)
{
	struct pollfd p[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
	static char buf[16384];
	int i, ret = 0;

	while (!ret && (p[0].fd >= 0 || p[1].fd >= 0)) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < 2 && !ret; i++) {
			ssize_t n;

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			n = read(p[i].fd, buf, sizeof(buf));
			if (n > 0)
				ret = send_frame(port, i ? 'e' : 'o', buf, n);
			else if (!n || errno != EINTR)
				p[i].fd = -1;
		}
	}
	return ret;
}

static int execute(int port, char *command)
{
	int out[2], err[2], status = 0, ret;
	unsigned char code;
	pid_t pid;

	if (pipe(out) || pipe(err))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		close(err[0]);
		close(err[1]);
		run(command);
	}
	close(out[1]);
	close(err[1]);
	ret = pass_on(port, out[0], err[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return ret ? ret : send_frame(port, 'x', &code, 1);
}

int exec_asked(void)
{
	static char command[COMMAND_MAX];
	int port = port_open(PORT_NAME);
	int ret;

	if (port == -ENOENT)
		return 0;
	ret = port < 0 ? port : read_command(port, command);
	if (!ret)
		ret = execute(port, command);
	if (ret)
		say("exec: %s", strerror(-ret));
	if (port >= 0)
		close(port);
	return ret;
}
