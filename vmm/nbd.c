// SPDX-License-Identifier: BSD-3-Clause
/* nbd.c - starts qemu-nbd, and as much of the NBD protocol as a disk needs. */
#include "vmm/nbd.h"

#include <endian.h>
#include <errno.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/iov.h"
#include "base/log.h"

#define GREETING	 UINT64_C(0x4e42444d41474943) /* NBDMAGIC */
#define OPTION_MAGIC	 UINT64_C(0x49484156454f5054) /* IHAVEOPT */
#define FIXED_NEWSTYLE	 1u			      /* in the greeting's flags */
#define NO_ZEROES	 2u
#define OPT_EXPORT_NAME	 1u
#define CMD_WRITE_ZEROES 6u
#define NO_HOLE		 (1u << 1) /* of a command's flags */
#define SEND_ZEROES	 (1u << 6) /* of an export's */
#define MOST_BYTES	 (1u << 24)
#define MOST_BUFFERS	 64u

struct request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t cookie, at;
	uint32_t len;
} __attribute__((packed));
_Static_assert(sizeof(struct request) == 28, "NBD's request");

struct reply {
	uint32_t magic, error;
	uint64_t cookie;
} __attribute__((packed));
_Static_assert(sizeof(struct reply) == 16, "NBD's simple reply");

/* ---- bytes ---- */

/* All of it; the array is changed. */
static int move(int fd, struct iovec *iov, unsigned int n, bool out)
{
	while (n) {
		struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
		ssize_t done = out ? sendmsg(fd, &m, MSG_NOSIGNAL) : recvmsg(fd, &m, 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EIO;
		n = iov_advance(&iov, n, (size_t)done);
	}
	return 0;
}

static int put(int fd, const void *p, size_t len)
{
	struct iovec iov = {(void *)p, len};

	return move(fd, &iov, 1, true);
}

static int get(int fd, void *p, size_t len)
{
	struct iovec iov = {p, len};

	return move(fd, &iov, 1, false);
}

/* ---- requests ---- */

/* `iov` goes out behind the request or comes in behind the reply. False: the connection is lost. */
static bool talk(int fd, const struct request *req, struct iovec *iov, unsigned int n, bool *good)
{
	bool write = be16toh(req->type) == NBD_CMD_WRITE;
	struct reply reply = {0};

	if (put(fd, req, sizeof(*req)) || (write && move(fd, iov, n, true)) ||
	    get(fd, &reply, sizeof(reply)) || be32toh(reply.magic) != NBD_REPLY_MAGIC ||
	    reply.cookie != req->cookie)
		return false;
	*good = !reply.error;
	return write || !*good || !move(fd, iov, n, false);
}

static struct nbd_connection *take_connection(struct nbd *n)
{
	for (unsigned int i = 0; i < NBD_CONNECTIONS; i++)
		if (!pthread_mutex_trylock(&n->connections[i].lock))
			return &n->connections[i];
	pthread_mutex_lock(&n->connections[0].lock);
	return &n->connections[0];
}

static int ask(struct nbd *n, uint16_t type, uint16_t flags, uint64_t at, uint32_t len,
	       struct iovec *iov, unsigned int count)
{
	struct request req = {.magic = htobe32(NBD_REQUEST_MAGIC),
			      .flags = htobe16(flags),
			      .type = htobe16(type),
			      .at = htobe64(at),
			      .len = htobe32(len)};
	struct nbd_connection *c = take_connection(n);
	bool good = false;

	if (c->fd >= 0 && !talk(c->fd, &req, iov, count, &good)) {
		log_warn("qemu-nbd does not answer any more");
		close(c->fd);
		c->fd = -1;
		good = false;
	}
	pthread_mutex_unlock(&c->lock);
	return good ? 0 : -EIO;
}

/* In pieces that every server takes. */
int nbd_transfer(struct nbd *n, struct iovec *iov, unsigned int count, uint64_t at, bool write)
{
	struct iovec part[MOST_BUFFERS];
	int ret = 0;

	while (count && !ret) {
		uint32_t len = 0;
		unsigned int k = 0;

		while (count && k < MOST_BUFFERS && len < MOST_BYTES) {
			size_t most = MIN(iov->iov_len, MOST_BYTES - len);

			part[k++] = (struct iovec){iov->iov_base, most};
			len += (uint32_t)most;
			iov->iov_base = (uint8_t *)iov->iov_base + most;
			iov->iov_len -= most;
			if (!iov->iov_len) {
				iov++;
				count--;
			}
		}
		if (len)
			ret = ask(n, write ? NBD_CMD_WRITE : NBD_CMD_READ, 0, at, len, part, k);
		at += len;
	}
	return ret;
}

int nbd_flush(struct nbd *n)
{
	return n->flags & NBD_FLAG_SEND_FLUSH ? ask(n, NBD_CMD_FLUSH, 0, 0, 0, NULL, 0) : 0;
}

int nbd_clear(struct nbd *n, uint64_t at, uint32_t len, bool discard, bool unmap)
{
	if (discard)
		return n->flags & NBD_FLAG_SEND_TRIM ? ask(n, NBD_CMD_TRIM, 0, at, len, NULL, 0)
						     : 0;
	if (!(n->flags & SEND_ZEROES))
		return -EIO;
	return ask(n, CMD_WRITE_ZEROES, unmap ? 0 : NO_HOLE, at, len, NULL, 0);
}

/* ---- the beginning ---- */

/* The export without a name: its size and flags. */
static int shake_hands(int fd, struct nbd *n)
{
	struct {
		uint64_t magic, option;
		uint16_t flags;
	} __attribute__((packed)) greeting = {0};
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, len;
	} __attribute__((packed)) answer = {htobe32(FIXED_NEWSTYLE | NO_ZEROES),
					    htobe64(OPTION_MAGIC), htobe32(OPT_EXPORT_NAME), 0};
	struct {
		uint64_t size;
		uint16_t flags;
	} __attribute__((packed)) export = {0};

	if (get(fd, &greeting, sizeof(greeting)) || be64toh(greeting.magic) != GREETING ||
	    be64toh(greeting.option) != OPTION_MAGIC ||
	    (~be16toh(greeting.flags) & (FIXED_NEWSTYLE | NO_ZEROES)) ||
	    put(fd, &answer, sizeof(answer)) || get(fd, &export, sizeof(export)))
		return -EIO;
	n->size = be64toh(export.size);
	n->flags = be16toh(export.flags);
	return 0;
}

/* An abstract address that the kernel chooses; nothing is left in any folder. */
static int listen_somewhere(struct sockaddr_un *addr, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	*len = sizeof(*addr);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)addr, sizeof(addr->sun_family)) &&
	    !listen(fd, NBD_CONNECTIONS) && !getsockname(fd, (struct sockaddr *)addr, len))
		return fd;
	if (fd >= 0)
		close(fd);
	return -errno;
}

/*
 * By socket activation: its connections wait for it, so that it serves nobody else and cannot stay
 * when they are gone. That it is meant it sees by its process id, which the shell alone knows.
 */
static int start(struct nbd *n, const char *path, bool readonly, int socket)
{
	char shared[8];
	const char *argv[] = {"sh",
			      "-c",
			      "LISTEN_FDS=1 LISTEN_PID=$$ exec qemu-nbd \"$@\"",
			      "qemu-nbd",
			      "--format=qcow2",
			      shared,
			      "--discard=unmap",
			      readonly ? "--read-only" : "--cache=writeback",
			      "--",
			      path,
			      NULL};

	snprintf(shared, sizeof(shared), "-e%d", NBD_CONNECTIONS);
	return helper_start(&n->helper, (char *const *)argv, socket);
}

static int connect_all(struct nbd *n, const struct sockaddr_un *addr, socklen_t len)
{
	for (unsigned int i = 0; i < NBD_CONNECTIONS; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		n->connections[i].fd = fd;
		if (fd < 0 || connect(fd, (const struct sockaddr *)addr, len))
			return -errno;
	}
	return 0;
}

static void complain(const struct nbd *n, const char *path, int err)
{
	static const char *const skip[] = {NULL};
	char words[256];

	if (helper_last_words(&n->helper, skip, words, sizeof(words)))
		log_error("disk %s: %s%s", path, words,
			  strstr(words, "not found") ? " (Debian's package qemu-utils)" : "");
	else
		log_errno(err, "disk %s", path);
}

int nbd_open(struct nbd *n, const char *path, bool readonly)
{
	struct sockaddr_un addr;
	socklen_t len;
	int socket, ret;

	*n = (struct nbd){.helper.messages = -1};
	for (unsigned int i = 0; i < NBD_CONNECTIONS; i++) {
		pthread_mutex_init(&n->connections[i].lock, NULL);
		n->connections[i].fd = -1;
	}
	socket = listen_somewhere(&addr, &len);
	ret = socket < 0 ? socket : connect_all(n, &addr, len);
	if (!ret)
		ret = start(n, path, readonly, socket);
	else if (socket >= 0)
		close(socket);
	for (unsigned int i = 0; i < NBD_CONNECTIONS && !ret; i++)
		ret = shake_hands(n->connections[i].fd, n);
	if (!ret)
		return 0;
	complain(n, path, -ret);
	nbd_close(n);
	return ret;
}

/* With a word it closes the image in peace. */
void nbd_close(struct nbd *n)
{
	struct request bye = {.magic = htobe32(NBD_REQUEST_MAGIC), .type = htobe16(NBD_CMD_DISC)};

	for (unsigned int i = 0; i < NBD_CONNECTIONS; i++) {
		if (n->connections[i].fd < 0)
			continue;
		put(n->connections[i].fd, &bye, sizeof(bye));
		close(n->connections[i].fd);
		n->connections[i].fd = -1;
	}
	helper_end(&n->helper);
}
