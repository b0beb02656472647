// SPDX-License-Identifier: BSD-3-Clause
/* passt.c - starts passt on one end of a socket pair. */
#include "vmm/passt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"

#define SOCKET_FD 3   /* in passt */
#define PATIENCE  200 /* times 10 ms until it is killed */

/* Those that we give, and two for each port. */
#define FIXED_ARGS 19
struct command {
	char *argv[FIXED_ARGS + 2 * VMM_MAX_FORWARDS + 1];
	char ports[VMM_MAX_FORWARDS][64];
};

/* The same addresses everywhere, so that an initrd, or a script, can know them. */
static void make_command(struct command *c, const struct vmm_options *o)
{
	static const char *const fixed[FIXED_ARGS] = {
		"passt",     "--foreground", "--quiet",	  "--ipv4-only",     "--fd",
		"3",	     "--mtu",	     "1500",	  "--address",	     PASST_ADDRESS,
		"--netmask", "24",	     "--gateway", PASST_GATEWAY,     "--dns-forward",
		PASST_DNS,   "--dns",	     PASST_DNS,	  "--no-dhcp-search"};
	char **arg = c->argv;

	for (size_t i = 0; i < FIXED_ARGS; i++)
		*arg++ = (char *)fixed[i];
	for (unsigned int i = 0; i < o->nforwards; i++) {
		const struct vmm_forward *f = &o->forwards[i];

		snprintf(c->ports[i], sizeof(c->ports[i]), "%s/%u:%u", f->addr, f->host, f->guest);
		*arg++ = (char *)(f->udp ? "--udp-ports" : "--tcp-ports");
		*arg++ = c->ports[i];
	}
	*arg = NULL;
}

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

static int spawn(struct passt *p, const struct vmm_options *o, int socket)
{
	posix_spawn_file_actions_t actions;
	char **env = make_environment();
	struct command c = {0};
	int err;

	make_command(&c, o);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, p->messages, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, socket, SOCKET_FD);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	err = env ? posix_spawnp(&p->pid, "passt", &actions, NULL, c.argv, env) : ENOMEM;
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return -err;
}

/* Above the numbers that passt gets, so that none of these takes the other's place. */
static int raise_fd(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, SOCKET_FD + 1), err = errno;

	close(fd);
	errno = err;
	return high;
}

int passt_start(struct passt *p, const struct vmm_options *o)
{
	int fds[2] = {-1, -1}, ret;

	p->messages = memfd_create("passt", MFD_CLOEXEC);
	if (p->messages >= 0)
		p->messages = raise_fd(p->messages);
	if (p->messages < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		ret = -errno;
		goto out;
	}
	fds[1] = raise_fd(fds[1]);
	ret = fds[1] < 0 ? -errno : spawn(p, o, fds[1]);
out:
	if (fds[1] >= 0)
		close(fds[1]);
	if (!ret)
		return fds[0];
	if (ret == -ENOENT)
		log_error("--net passt: there is no passt here (Debian's package passt)");
	else
		log_errno(-ret, "--net passt");
	if (fds[0] >= 0)
		close(fds[0]);
	if (p->messages >= 0)
		close(p->messages);
	p->messages = -1;
	return ret;
}

/* Its messages to the system log, which may not be there, are no reason. */
bool passt_last_words(const struct passt *p, char *line, size_t size)
{
	char text[4096];
	ssize_t n = p->messages < 0 ? 0 : pread(p->messages, text, sizeof(text) - 1, 0);
	bool any = false;
	char *save;

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(l, "Failed to send ", 15) || !strncmp(l, "Don't run as root", 17))
			continue;
		snprintf(line, size, "passt: %s", l);
		any = true;
	}
	return any;
}

void passt_end(struct passt *p)
{
	if (p->messages < 0)
		return;
	for (int i = 0; !waitpid(p->pid, NULL, WNOHANG); i++) {
		if (i == PATIENCE)
			kill(p->pid, SIGKILL);
		usleep(10000);
	}
	close(p->messages);
	p->messages = -1;
}
