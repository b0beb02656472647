// SPDX-License-Identifier: BSD-3-Clause
/* pass.c - bytes and descriptors through a unix socket. */
#include "base/pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bits.h"

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(PASS_MAX * sizeof(int))];
};

ssize_t pass_send(int sock, const struct iovec *iov, unsigned int niov, const int *fds,
		  unsigned int nfds, int flags)
{
	struct msghdr mh = {.msg_iov = (struct iovec *)iov, .msg_iovlen = niov};
	union control control = {0};
	ssize_t n;

	if (nfds > PASS_MAX)
		return -EINVAL;
	if (nfds) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(nfds * sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &mh, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t pass_recv(int sock, void *data, size_t size, int *fds, unsigned int *nfds, int flags)
{
	unsigned int room = MIN(*nfds, PASS_MAX);
	union control control;
	struct iovec iov = {data, size};
	/* The length without padding: the kernel would put one more descriptor there. */
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0};
	struct cmsghdr *c;
	ssize_t n;

	*nfds = 0;
	do
		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&mh);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		*nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *nfds * sizeof(int));
	}
	return n;
}
