// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_hostile.c - a client that speaks the protocol but lies: random requests, random answers,
 * hang-ups anywhere. The backend serves others as before, and gives away nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kvm/kvm.h"
#include "tests/preload/fixture.h"
#include "wire/wire.h"

#define CONVERSATIONS 3000
#define MAX_FDS	      8

struct liar {
	unsigned int seed;
	uint64_t token;
	int fds[MAX_FDS]; /* talks that it was given */
	unsigned int num;
	int life[MAX_FDS];
	unsigned int lives;
	struct {
		uint32_t seq, step;
	} at[1024]; /* where the conversation over a descriptor stands */
};

static uint64_t pick(struct liar *l, uint64_t n)
{
	return rand_r(&l->seed) % n;
}

static uint64_t odd_number(struct liar *l)
{
	static const uint64_t odd[] = {0,
				       1,
				       8,
				       4095,
				       4096,
				       65536,
				       65537,
				       UINT64_C(1) << 31,
				       UINT64_C(1) << 32,
				       UINT64_C(1) << 63,
				       UINT64_MAX,
				       UINT64_MAX - 4095,
				       0x7f0000000000};

	return pick(l, 2) ? odd[pick(l, sizeof(odd) / sizeof(odd[0]))] : (uint64_t)rand_r(&l->seed);
}

static int connect_raw(void)
{
	const char *name = getenv(WIRE_ENV_SOCKET);
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path + 1, name);
	if (connect(fd, (struct sockaddr *)&sun,
		    offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)))
		fail_msg("the backend is gone: %s", strerror(errno));
	return fd;
}

/* A request that makes the backend ask. */
static void likely_request(struct liar *l, struct wire_msg *m)
{
	static const uint32_t calls[] = {
		KVM_CREATE_VM,
		KVM_CREATE_VCPU,
		KVM_CREATE_GUEST_MEMFD,
		KVM_SET_USER_MEMORY_REGION,
		FAKE_COPY,
		FAKE_PULL,
		FAKE_PEEK,
		FAKE_SIGNAL,
		FAKE_KIND,
		FAKE_PROTECT,
		KVM_SET_SIGNAL_MASK,
	};
	static const uint32_t types[] = {WIRE_CALL,	WIRE_CALL,	WIRE_CALL,
					 WIRE_SYNC,	WIRE_DISCARD,	WIRE_VCPU_MEMORY,
					 WIRE_GMEM_MAP, WIRE_FALLOCATE, WIRE_CANCEL};

	m->type = types[pick(l, sizeof(types) / sizeof(types[0]))];
	for (unsigned int i = 0; i < 5; i++)
		m->words[i] = odd_number(l);
	if (m->type == WIRE_CALL)
		m->call.nr = calls[pick(l, sizeof(calls) / sizeof(calls[0]))];
	else if (m->type != WIRE_FALLOCATE)
		m->user.addr &= -UINT64_C(4096);
}

/* What fits the backend's question, or not. */
static void random_answer(struct liar *l, const struct wire_msg *q, struct wire_msg *m)
{
	static const uint32_t fitting[] = {
		[WIRE_READ] = WIRE_DATA,      [WIRE_WRITE] = WIRE_ANSWER, [WIRE_FD] = WIRE_ANSWER,
		[WIRE_INSTALL] = WIRE_ANSWER, [WIRE_PULL] = WIRE_ANSWER,  [WIRE_ATTACH] = WIRE_AREA,
		[WIRE_REMAP] = WIRE_ANSWER,   [WIRE_PLACE] = WIRE_MOVED,  [WIRE_DONE] = 0,
	};

	for (unsigned int i = 0; i < 5; i++)
		m->words[i] = odd_number(l);
	m->type = q->type < sizeof(fitting) / sizeof(fitting[0]) ? fitting[q->type] : 0;
	if (q->type == WIRE_ATTACH || q->type == WIRE_SYNC) {
		m->type = pick(l, 3) ? WIRE_AREA : WIRE_AREA_END;
		m->area.addr = q->user.addr + pick(l, 4) * 4096;
		m->area.size = pick(l, 8) * 4096;
		m->area.offset &= -UINT64_C(4096);
		m->area.prot = pick(l, 9);
		m->area.kind = pick(l, 7);
		if (m->type == WIRE_AREA_END)
			m->user.addr =
				q->user.addr + (pick(l, 2) ? q->user.len : pick(l, 4) * 4096);
	}
	if (q->type == WIRE_READ && pick(l, 4))
		m->len = q->user.len <= WIRE_CHUNK ? q->user.len : 0;
	if ((m->type == WIRE_ANSWER || m->type == WIRE_MOVED) && pick(l, 3))
		m->answer.value = 0;
	if (!m->type || !pick(l, 12))
		m->type = pick(l, 30);
}

static void send_lie(struct liar *l, int fd, struct wire_msg *m)
{
	static const char junk[WIRE_CHUNK];
	int some[] = {0, 1};

	if (m->len > WIRE_CHUNK)
		m->len = WIRE_CHUNK;
	m->seq = l->at[fd].seq + (pick(l, 60) ? 0 : pick(l, 3) - 1);
	m->step = l->at[fd].step + (pick(l, 60) ? 0 : pick(l, 3) - 1);
	if (!pick(l, 20)) /* shorter than it says */
		send(fd, m, pick(l, sizeof(*m) + 1), MSG_NOSIGNAL | MSG_DONTWAIT);
	else
		wire_send(fd, m, junk, some, pick(l, 8) ? 0 : 1 + pick(l, 2));
}

/* One message from the backend; false: nothing comes. */
static bool hear(struct liar *l, int fd, struct wire_msg *q)
{
	static char junk[WIRE_CHUNK];
	struct pollfd pfd = {fd, POLLIN, 0};
	int fds[WIRE_MAX_FDS], n = WIRE_MAX_FDS;

	if (poll(&pfd, 1, 20) <= 0 || wire_recv(fd, q, junk, sizeof(junk), fds, &n) < 0)
		return false;
	l->at[fd].step = q->step;
	/* Of an object the talk. Its life ends at once, while more is said; or not. */
	for (int i = 0; i < n; i++) {
		if (q->type == WIRE_INSTALL && i == 1 && l->num < MAX_FDS && pick(l, 4)) {
			l->at[fds[i]].seq = l->at[fds[i]].step = 0;
			l->fds[l->num++] = fds[i];
		} else if (q->type != WIRE_INSTALL || i || pick(l, 3) || l->lives == MAX_FDS) {
			close(fds[i]);
		} else {
			l->life[l->lives++] = fds[i];
		}
	}
	return true;
}

static int open_channel(struct liar *l)
{
	struct wire_msg m = {.type = WIRE_HELLO, .hello = {WIRE_VERSION, pick(l, 2), l->token}};
	int fd = connect_raw();

	l->at[fd].seq = l->at[fd].step = 0;
	if (!pick(l, 50))
		m.hello.version++;
	if (!pick(l, 50))
		m.hello.token = 0;
	if (pick(l, 60))
		wire_send(fd, &m, NULL, NULL, 0);
	return fd;
}

static void converse(struct liar *l)
{
	bool own = l->num && pick(l, 2);
	int fd = own ? l->fds[pick(l, l->num)] : open_channel(l);
	struct wire_msg q, m = {0};

	if (!own && !hear(l, fd, &q))
		goto out;
	l->at[fd].seq++;
	l->at[fd].step = 0;
	likely_request(l, &m);
	if (pick(l, 3))
		m.len = pick(l, 3) ? 0 : pick(l, 300);
	send_lie(l, fd, &m);
	q = m;
	for (int i = 0; i < 12; i++) {
		if (q.type != WIRE_SYNC && !hear(l, fd, &q))
			break;
		if (q.type == WIRE_DONE || q.type == WIRE_APPLIED)
			break;
		m = (struct wire_msg){0};
		random_answer(l, &q, &m);
		send_lie(l, fd, &m);
		if (!pick(l, 15))
			break;
	}
out:
	if (!own)
		close(fd);
	if (l->num == MAX_FDS || (l->num && !pick(l, 10)))
		close(l->fds[--l->num]);
	if (l->lives == MAX_FDS || (l->lives && !pick(l, 10)))
		close(l->life[--l->lives]);
}

static void the_backend_survives_lies(void **state)
{
	const char *seed = getenv("SOFTREALM_SEED");
	struct liar l = {.seed = seed ? atoi(seed) : 1, .token = 12345};
	int kvm = open_kvm();
	int64_t files = call(kvm, FAKE_FILES, 0);
	int vm;

	for (int i = 0; i < CONVERSATIONS; i++)
		converse(&l);
	while (l.num)
		close(l.fds[--l.num]);
	while (l.lives)
		close(l.life[--l.lives]);
	expect_files(kvm, files);
	vm = open_vm();
	assert_int_equal(call(vm, FAKE_KIND, vm), KVM_FILE_VM);
	close(vm);
	close(kvm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_backend_survives_lies)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
