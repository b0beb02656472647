// SPDX-License-Identifier: BSD-3-Clause
/*
 * wire.c - moves one message, its payload and its descriptors through a SOCK_SEQPACKET socket.
 *
 * Used on both sides. Raw system calls: in the client the C library's sendmsg and recvmsg are
 * cancellation points, which ioctl() is not, and may be wrapped by somebody else.
 */
#include "wire/wire.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/raw.h"

bool wire_address(const char *name, struct sockaddr_un *sun, socklen_t *len)
{
	size_t n = strlen(name);

	if (!n || n >= sizeof(sun->sun_path))
		return false;
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path + (*name != '/'), name, n);
	*len = offsetof(struct sockaddr_un, sun_path) + 1 + n; /* with the NUL before or behind */
	return true;
}

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(WIRE_MAX_FDS * sizeof(int))];
};

int wire_send(int fd, const struct wire_msg *m, const void *data, const int *fds, int nfds)
{
	struct iovec iov[2] = {
		{(void *)m, sizeof(*m)},
		{(void *)data, m->len},
	};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = m->len ? 2 : 1};
	union control control;
	long n;

	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		*CMSG_FIRSTHDR(&mh) = (struct cmsghdr){.cmsg_len = CMSG_LEN(nfds * sizeof(int)),
						       .cmsg_level = SOL_SOCKET,
						       .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, nfds * sizeof(int));
	}
	do
		n = raw(sendmsg, fd, &mh, MSG_NOSIGNAL);
	while (n == -EINTR);
	if (n < 0)
		return n == -EFAULT || (n == -EBADF && nfds > 0) ? (int)n : -EPIPE;
	return (size_t)n == sizeof(*m) + m->len ? 0 : -ENODATA;
}

/* Give the descriptors that came to the caller, as far as it has room; close all others. */
static void take_fds(struct msghdr *mh, int *fds, int *nfds)
{
	int room = nfds ? *nfds : 0, got = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		int n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), one;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (int i = 0; i < n; i++) {
			memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (got < room)
				fds[got++] = one;
			else
				raw(close, one);
		}
	}
	if (nfds)
		*nfds = got;
}

ssize_t wire_recv(int fd, struct wire_msg *m, void *data, size_t size, int *fds, int *nfds)
{
	struct iovec iov[2] = {{m, sizeof(*m)}, {data, size}};
	union control control;
	struct msghdr mh = {.msg_iov = iov,
			    .msg_iovlen = size ? 2 : 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control)};
	int room = nfds ? *nfds : 0;
	bool truncated;
	long n;

	do
		n = raw(recvmsg, fd, &mh, MSG_CMSG_CLOEXEC);
	while (n == -EINTR);
	if (n < 0) {
		if (nfds)
			*nfds = 0;
		return n == -EFAULT ? -EFAULT : -EPIPE;
	}
	take_fds(&mh, fds, nfds);
	if ((size_t)n < sizeof(*m))
		return -EPIPE;
	truncated = (mh.msg_flags & MSG_CTRUNC) && room > 0;
	n -= sizeof(*m);
	if (m->len > WIRE_CHUNK || (uint32_t)n > m->len)
		return -EPIPE;
	return truncated ? -EMFILE : n;
}
