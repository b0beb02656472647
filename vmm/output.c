// SPDX-License-Identifier: BSD-3-Clause
/* output.c - a ring of console bytes between the vCPUs and the thread that writes them out. */
#include "vmm/output.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "vmm/end.h"

#define RING_SIZE   (1u << 20)
#define MAX_WATCHES 40
#define PATIENCE_MS 5000 /* how long a vCPU waits for a reader who takes nothing */
#define STEP_MS	    100	 /* how often a waiting vCPU asks whether the run has ended */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, drained;
	uint8_t ring[RING_SIZE];
	uint64_t head, tail; /* bytes ever put and taken */
	struct output_watch *watches[MAX_WATCHES];
	unsigned int nwatches;
	struct output_state state;
	bool hopeless; /* the reader was given up; cleared when it takes something */
	int fd;
} out = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void output_watch(struct output_watch *w)
{
	if (out.nwatches < MAX_WATCHES)
		out.watches[out.nwatches++] = w;
}

/* The longest beginning of text that ends the first n + 1 matched bytes plus c. */
static size_t match_step(const char *text, size_t n, char c)
{
	for (;;) {
		if (text[n] == c)
			return n + 1;
		if (!n)
			return 0;
		/* Fall back to the next shorter beginning that the matched bytes also end with. */
		size_t k = n - 1;

		while (k && memcmp(text, text + n - k, k))
			k--;
		n = k;
	}
}

static void watch_bytes(const char *p, size_t len)
{
	for (unsigned int i = 0; i < out.nwatches; i++) {
		struct output_watch *w = out.watches[i];

		for (size_t j = 0; j < len && !w->seen; j++) {
			w->matched = match_step(w->text, w->matched, p[j]);
			if (w->text[w->matched])
				continue;
			w->seen = now();
			if (w->found)
				w->found();
		}
	}
}

static bool wait_ms(pthread_cond_t *cond, int ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += ms % 1000 * 1000000L;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(cond, &out.lock, &ts) == 0;
}

/* Room in the ring, after waiting for a reader who is alive. */
static size_t wait_for_room(void)
{
	uint64_t tail = out.tail;
	int waited = 0;

	while (out.head - out.tail == RING_SIZE && !out.state.gone && !out.hopeless &&
	       !end_reached()) {
		wait_ms(&out.drained, STEP_MS);
		waited = out.tail == tail ? waited + STEP_MS : 0;
		tail = out.tail;
		out.hopeless = waited >= PATIENCE_MS;
	}
	return out.state.gone ? 0 : RING_SIZE - (out.head - out.tail);
}

void output_see(const void *data, size_t len)
{
	pthread_mutex_lock(&out.lock);
	if (len && !out.state.first)
		out.state.first = now();
	out.state.bytes += len;
	watch_bytes(data, len);
	pthread_mutex_unlock(&out.lock);
}

void output_put(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	pthread_mutex_lock(&out.lock);
	while (len) {
		n = MIN(wait_for_room(), len);
		n = MIN(n, RING_SIZE - out.head % RING_SIZE);
		if (!n)
			break;
		memcpy(out.ring + out.head % RING_SIZE, p, n);
		out.head += n;
		p += n;
		len -= n;
		pthread_cond_signal(&out.filled);
	}
	out.state.dropped += len;
	pthread_mutex_unlock(&out.lock);
}

void output_write(const void *data, size_t len)
{
	output_see(data, len);
	output_put(data, len);
}

/* Holds the lock but while it writes. The bytes stay in the ring until they are written. */
static void *writer(void *arg)
{
	ssize_t n;
	int err;

	pthread_mutex_lock(&out.lock);
	for (;;) {
		size_t len = MIN(out.head - out.tail, RING_SIZE - out.tail % RING_SIZE);
		const uint8_t *p = out.ring + out.tail % RING_SIZE;

		if (!len) {
			pthread_cond_wait(&out.filled, &out.lock);
			continue;
		}
		pthread_mutex_unlock(&out.lock);
		n = write(out.fd, p, MIN(len, 4096u));
		pthread_mutex_lock(&out.lock);
		if (n > 0) {
			out.state.in_line = p[n - 1] != '\n';
			out.tail += (uint64_t)n;
			out.hopeless = false;
		} else if (n < 0 && errno == EAGAIN) {
			/* Somebody else made the shared description non-blocking. */
			wait_ms(&out.filled, 10);
		} else if (n < 0 && errno != EINTR) {
			err = errno;
			if (err == EPIPE)
				end_run(VMM_SIGNAL + SIGPIPE, "nobody reads the console any more");
			else
				end_run(VMM_HOST, "cannot write the console: %s", strerror(err));
			out.state.error = err == EPIPE ? 0 : err;
			out.state.gone = true;
			out.state.dropped += out.head - out.tail;
			out.tail = out.head;
		}
		pthread_cond_broadcast(&out.drained);
	}
	return NULL;
}

int output_start(int fd)
{
	pthread_condattr_t attr;
	pthread_t thread;
	int ret;

	out.fd = fd;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&out.filled, &attr);
	pthread_cond_init(&out.drained, &attr);
	ret = pthread_create(&thread, NULL, writer, NULL);
	if (!ret)
		pthread_detach(thread);
	return -ret;
}

bool output_drain(int ms)
{
	bool empty;

	pthread_mutex_lock(&out.lock);
	while (out.head != out.tail && wait_ms(&out.drained, ms))
		;
	empty = out.head == out.tail;
	pthread_mutex_unlock(&out.lock);
	return empty;
}

void output_get(struct output_state *s)
{
	pthread_mutex_lock(&out.lock);
	*s = out.state;
	pthread_mutex_unlock(&out.lock);
}
