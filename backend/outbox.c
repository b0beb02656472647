// SPDX-License-Identifier: BSD-3-Clause
/*
 * outbox.c - a growing queue of bytes and the thread that writes it.
 *
 * Two buffers: one is filled by those who put, the other is being written. When the writer is
 * done with its own it takes the filled one. Bytes keep their order because nobody writes past the
 * queue: a prompt put writes by itself only while both are empty, under the lock.
 */
#include "backend/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/ranks.h"
#include "base/bits.h"

#define GATHER_MS   20
#define GATHER_SIZE (256 * 1024) /* ... or until there is so much */
#define FIRST_SIZE  65536
#define STACK_SIZE  (64 * 1024)
#define PACKET	    32768u /* a socket of packets takes no longer ones */

struct buffer {
	uint8_t *data;
	size_t used, size;
};

struct outbox {
	int fd;
	size_t max;
	bool prompt;
	pthread_t writer;

	struct lock lock; /* all below */
	pthread_cond_t filled;
	struct buffer in, out; /* out: the writer's, unlocked, while `writing` */
	bool writing, closing;
	int error; /* -errno; nothing is taken any more */
	uint64_t lost;
};

static bool make_room(struct outbox *ob, size_t more)
{
	struct buffer *b = &ob->in;
	size_t size = b->size ? b->size : FIRST_SIZE;
	uint8_t *data;

	if (more > ob->max || b->used + ob->out.used > ob->max - more)
		return false;
	while (size < b->used + more)
		size *= 2;
	if (size == b->size)
		return true;
	data = realloc(b->data, size);
	if (!data)
		return false;
	b->data = data;
	b->size = size;
	return true;
}

static size_t total(const struct iovec *iov, int n)
{
	size_t sum = 0;

	while (n--)
		sum += iov++->iov_len;
	return sum;
}

/* Bytes that the socket takes right now. */
static size_t try_send(const struct outbox *ob, const struct iovec *iov, int n)
{
	struct msghdr mh = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n};
	ssize_t sent;

	if (!ob->prompt || ob->writing || ob->in.used)
		return 0;
	sent = sendmsg(ob->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent > 0 ? sent : 0;
}

static void append(struct buffer *b, const struct iovec *iov, int n, size_t skip)
{
	for (; n--; iov++) {
		size_t from = skip < iov->iov_len ? skip : iov->iov_len;

		memcpy(b->data + b->used, (char *)iov->iov_base + from, iov->iov_len - from);
		b->used += iov->iov_len - from;
		skip -= from;
	}
}

bool outbox_put(struct outbox *ob, const struct iovec *iov, int n)
{
	size_t len = total(iov, n), sent;
	bool ok;

	lock_take(&ob->lock);
	ok = !ob->error && make_room(ob, len);
	if (ok) {
		sent = try_send(ob, iov, n);
		if (sent < len)
			append(&ob->in, iov, n, sent);
	} else {
		ob->lost++;
	}
	if (ob->in.used && (ob->prompt || ob->in.used >= GATHER_SIZE))
		pthread_cond_signal(&ob->filled);
	lock_drop(&ob->lock);
	return ok;
}

uint64_t outbox_lost(struct outbox *ob)
{
	uint64_t lost;

	lock_take(&ob->lock);
	lost = ob->lost;
	lock_drop(&ob->lock);
	return lost;
}

static int write_all(const struct outbox *ob, const struct buffer *b)
{
	ssize_t n;

	for (size_t at = 0; at < b->used; at += n) {
		n = ob->prompt ? send(ob->fd, b->data + at, MIN(b->used - at, PACKET), MSG_NOSIGNAL)
			       : write(ob->fd, b->data + at, b->used - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			n = 0;
	}
	return 0;
}

/* Lock held: until there is enough to write, or for the time of a gathering. */
static void wait_filled(struct outbox *ob)
{
	struct timespec until;

	lock_assert_held(&ob->lock);
	if (ob->prompt) {
		while (!ob->in.used && !ob->closing)
			lock_wait(&ob->lock, &ob->filled);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (ob->in.used < GATHER_SIZE && !ob->closing)
		if (!lock_wait_until(&ob->lock, &ob->filled, &until))
			return;
}

static void *writer_main(void *arg)
{
	struct outbox *ob = arg;
	struct buffer swap;
	int r;

	lock_take(&ob->lock);
	while (!ob->closing || (ob->in.used && !ob->error)) {
		wait_filled(ob);
		if (!ob->in.used)
			continue;
		swap = ob->out;
		ob->out = ob->in;
		ob->in = swap;
		ob->writing = true;
		lock_drop(&ob->lock);
		r = write_all(ob, &ob->out);
		lock_take(&ob->lock);
		ob->writing = false;
		ob->out.used = 0;
		ob->error = r ? r : ob->error;
	}
	lock_drop(&ob->lock);
	return NULL;
}

static int start_writer(struct outbox *ob)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&ob->writer, &attr, writer_main, ob);
	pthread_attr_destroy(&attr);
	return r ? -r : 0;
}

static void destroy(struct outbox *ob)
{
	pthread_cond_destroy(&ob->filled);
	lock_destroy(&ob->lock);
	free(ob->in.data);
	free(ob->out.data);
	free(ob);
}

struct outbox *outbox_create(int fd, size_t max, bool prompt)
{
	struct outbox *ob = calloc(1, sizeof(*ob));
	pthread_condattr_t attr;

	if (!ob)
		return NULL;
	ob->fd = fd;
	ob->max = max;
	ob->prompt = prompt;
	lock_init(&ob->lock, RANK_OUTBOX, "outbox->lock");
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ob->filled, &attr);
	pthread_condattr_destroy(&attr);
	if (!start_writer(ob))
		return ob;
	destroy(ob);
	return NULL;
}

int outbox_close(struct outbox *ob, unsigned int ms)
{
	struct timespec until;
	int r;

	lock_take(&ob->lock);
	ob->closing = true;
	pthread_cond_signal(&ob->filled);
	lock_drop(&ob->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (pthread_timedjoin_np(ob->writer, NULL, &until))
		return -ETIMEDOUT;
	r = ob->error;
	destroy(ob);
	return r;
}
