// SPDX-License-Identifier: BSD-3-Clause
/* eventfd.c - eventfds of the caller: told apart by the kernel's own number for each. */
#include "kvm/core/eventfd.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "kvm/rules.h"

static bool eventfd_identity(int fd, uint64_t *identity)
{
	bool found = false;
	char line[128];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "eventfd-id: %" SCNu64, identity) == 1;
	fclose(f);
	return found;
}

result eventfd_take(struct kvm_caller *c, int fd, int *own, uint64_t *identity)
{
	int got = c->ops->take_fd(c, fd);

	*own = -1;
	if (got < 0)
		return &rule_kvm_eventfd_bad_fd;
	if (!eventfd_identity(got, identity)) {
		close(got);
		return &rule_kvm_eventfd_type;
	}
	*own = got;
	return OK;
}

void eventfd_add_one(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	static const uint64_t one = 1;

	/* A full one has news for its reader already; writing would wait for him. */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(fd, &one, sizeof(one)) < 0)
		return;
}
