// SPDX-License-Identifier: BSD-3-Clause
/* helper.c - starts and ends programs that serve devices. */
#include "vmm/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 200 /* times 10 ms until it is killed */

/* Without what makes this process a client of the simulated /dev/kvm. Its entries are shared. */
static char **make_environment(void)
{
	size_t n = 0, kept = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 1, sizeof(*env));
	for (size_t i = 0; env && i < n; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11))
			env[kept++] = environ[i];
	return env;
}

static int spawn(struct helper *h, char *const *argv, int socket)
{
	posix_spawn_file_actions_t actions;
	char **env = make_environment();
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, h->messages, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, socket, HELPER_FD);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	err = env ? posix_spawnp(&h->pid, argv[0], &actions, NULL, argv, env) : ENOMEM;
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return -err;
}

/* Above the numbers that the program gets, so that none of these takes the other's place. */
static int raise_fd(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HELPER_FD + 1), err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return high;
}

int helper_start(struct helper *h, char *const *argv, int socket)
{
	int ret;

	h->messages = raise_fd(memfd_create(argv[0], MFD_CLOEXEC));
	ret = h->messages < 0 ? -errno : 0;
	socket = raise_fd(socket);
	if (!ret)
		ret = socket < 0 ? -errno : spawn(h, argv, socket);
	if (socket >= 0)
		close(socket);
	if (ret && h->messages >= 0)
		close(h->messages);
	if (ret)
		h->messages = -1;
	return ret;
}

static bool is_skipped(const char *line, const char *const *skip)
{
	for (; *skip; skip++)
		if (!strncmp(line, *skip, strlen(*skip)))
			return true;
	return false;
}

bool helper_last_words(const struct helper *h, const char *const *skip, char *line, size_t size)
{
	char text[4096];
	ssize_t n = h->messages < 0 ? 0 : pread(h->messages, text, sizeof(text) - 1, 0);
	bool any = false;
	char *save;

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (is_skipped(l, skip))
			continue;
		snprintf(line, size, "%s", l);
		any = true;
	}
	return any;
}

void helper_end(struct helper *h)
{
	if (h->messages < 0)
		return;
	for (int i = 0; !waitpid(h->pid, NULL, WNOHANG); i++) {
		if (i == PATIENCE)
			kill(h->pid, SIGKILL);
		usleep(10000);
	}
	close(h->messages);
	h->messages = -1;
}
