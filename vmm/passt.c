// SPDX-License-Identifier: BSD-3-Clause
/* passt.c - starts passt on one end of a socket pair. */
#include "vmm/passt.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

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

int passt_start(struct helper *p, const struct vmm_options *o)
{
	struct command c = {0};
	int fds[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		ret = -errno;
	} else {
		make_command(&c, o);
		ret = helper_start(p, c.argv, fds[1]);
		if (!ret)
			return fds[0];
		close(fds[0]);
	}
	if (ret == -ENOENT)
		log_error("--net passt: there is no passt here (Debian's package passt)");
	else
		log_errno(-ret, "--net passt");
	return ret;
}

/* Its messages to the system log, which may not be there, are no reason. */
bool passt_last_words(const struct helper *p, char *line, size_t size)
{
	static const char *const skip[] = {"Failed to send ", "Don't run as root", NULL};
	char words[256];

	if (!helper_last_words(p, skip, words, sizeof(words)))
		return false;
	snprintf(line, size, "passt: %s", words);
	return true;
}
