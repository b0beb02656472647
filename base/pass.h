/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pass.h - bytes and descriptors through a unix socket.
 *
 * wire/ has its own: it is freestanding, and scatters what comes.
 */
#ifndef BASE_PASS_H
#define BASE_PASS_H

#include <sys/types.h>
#include <sys/uio.h>

#define PASS_MAX 64u /* descriptors at once */

/* sendmsg, again after a signal; flags beside MSG_NOSIGNAL. The bytes that went out, or -errno. */
ssize_t pass_send(int sock, const struct iovec *iov, unsigned int niov, const int *fds,
		  unsigned int nfds, int flags);

/*
 * recvmsg, again after a signal. *nfds is the room in `fds`, then how many came; they are
 * close-on-exec, and the caller's. The kernel drops those for which there is no room or no free
 * number. The bytes that came, 0 at the end, or -errno (then *nfds is 0).
 */
ssize_t pass_recv(int sock, void *data, size_t size, int *fds, unsigned int *nfds, int flags);

#endif
