// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_wire.c - a hostile client of the backend, at the other end of its sockets.
 *
 * A whole backend (without an engine) serves; this side connects, makes requests, answers the
 * backend's questions rightly or wrongly, says things nobody asked for, and hangs up at any
 * moment. Input: operations (fuzz/wire_ops.h).
 *
 * In the end the server must stop, whatever its clients left it in, and nothing may be left: no
 * delegated granule, no page, no descriptor.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/v12.h"
#include "backend/server.h"
#include "base/bits.h"
#include "fuzz/descriptors.h"
#include "fuzz/input.h"
#include "fuzz/seen.h"
#include "fuzz/wire_ops.h"
#include "kvm/call.h"
#include "machine/memory.h"
#include "rmm/check.h"
#include "rmm/rmm.h"
#include "wire/wire.h"

#define RAM_SIZE    (UINT64_C(16) << 20)
#define NUM_SOCKETS 12
#define WAIT_MS	    30
#define PATIENT_MS  10000
#define ARG_ADDR    UINT64_C(0x10000) /* where the client says its arguments are */
#define SLOT_ADDR   UINT64_C(0x10000000)
#define SLOT_SIZE   UINT64_C(0x100000)
#define SLOT_IPA    UINT64_C(0x40000000)
#define MAX_DATA    512

struct end {
	int fd; /* -1: none */
	int life;
	enum kvm_file_kind kind;
	uint32_t seq, step; /* where the conversation stands */
};

struct peer {
	struct input in;
	struct machine *m;
	struct rmm *rmm;
	struct kvm_host *kvm;
	struct server *server;
	char name[32];
	struct end end[NUM_SOCKETS];
	unsigned int next; /* end to use for a new socket */
	uint32_t last_id;
	bool good;    /* answers are right, and take nothing from the input */
	bool patient; /* waits for an answer however long it takes */
};

static void fail(const char *what)
{
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* ---- sockets ---- */

static void close_end(struct peer *p, unsigned int n)
{
	if (p->end[n].fd >= 0)
		close(p->end[n].fd);
	if (p->end[n].life >= 0)
		close(p->end[n].life);
	p->end[n].fd = p->end[n].life = -1;
}

static unsigned int keep(struct peer *p, int fd, int life, enum kvm_file_kind kind)
{
	unsigned int n = p->next++ % NUM_SOCKETS;
	const struct timeval tv = {0, WAIT_MS * 1000};

	close_end(p, n);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	p->end[n] = (struct end){fd, life, kind, 0, 0};
	return n;
}

/* A message; what comes with it is closed but for two descriptors (if they are wanted). */
static bool hear(struct peer *p, unsigned int n, struct wire_msg *m, void *data, int got[2])
{
	int fds[WIRE_MAX_FDS], nfds = WIRE_MAX_FDS;
	struct pollfd pfd = {p->end[n].fd, POLLIN, 0};
	bool ok;

	if (got)
		got[0] = got[1] = -1;
	server_accept(p->server); /* whoever has said HELLO since */
	if (p->end[n].fd < 0 || poll(&pfd, 1, p->patient ? PATIENT_MS : WAIT_MS) <= 0)
		return false;
	ok = wire_recv(p->end[n].fd, m, data, MAX_DATA, fds, &nfds) >= 0;
	for (int i = 0; i < nfds; i++) {
		if (got && i < 2)
			got[i] = fds[i];
		else
			close(fds[i]);
	}
	if (ok)
		p->end[n].step = m->step;
	return ok;
}

static void say(struct peer *p, unsigned int n, const struct wire_msg *m, const void *data, int fd)
{
	struct wire_msg numbered = *m;

	numbered.seq = p->end[n].seq;
	numbered.step = p->end[n].step;
	if (p->end[n].fd >= 0)
		wire_send(p->end[n].fd, &numbered, data, &fd, fd >= 0);
}

/* What begins a request. */
static void request(struct peer *p, unsigned int n, const struct wire_msg *m, const void *data,
		    int fd)
{
	p->end[n].seq++;
	p->end[n].step = 0;
	say(p, n, m, data, fd);
}

static unsigned int take_end(struct peer *p)
{
	return input_u8(&p->in) % NUM_SOCKETS;
}

/* ---- answers ---- */

static void answer_value(struct peer *p, unsigned int n, int64_t value, int fd)
{
	struct wire_msg m = {.type = WIRE_ANSWER, .answer.value = value};

	say(p, n, &m, NULL, fd);
}

static void answer_read(struct peer *p, unsigned int n, const struct wire_msg *q)
{
	static const uint8_t zero[WIRE_CHUNK];
	struct wire_msg m = {.type = WIRE_DATA, .len = MIN(q->user.len, WIRE_CHUNK)};

	say(p, n, &m, zero, -1);
}

static void answer_fd(struct peer *p, unsigned int n, const struct wire_msg *q)
{
	int own = -1, fd = -1;

	if (q->answer.value >= 0 && q->answer.value < NUM_SOCKETS)
		fd = p->end[q->answer.value].life;
	else if (q->answer.value > 0)
		fd = own = eventfd(0, EFD_CLOEXEC);
	answer_value(p, n, fd >= 0 ? 0 : -EBADF, fd);
	if (own >= 0)
		close(own);
}

static void report_area(struct peer *p, unsigned int n, uint64_t addr, uint64_t size,
			unsigned int kind, uint64_t offset, uint64_t moved)
{
	struct wire_msg m = {.type = WIRE_AREA, .area = {addr, size, offset, 3, kind}};

	say(p, n, &m, NULL, -1);
	if (kind != WIRE_AREA_PRIVATE && kind != WIRE_AREA_SHARED && kind != WIRE_AREA_MEMFD)
		return;
	if (!hear(p, n, &m, NULL, NULL))
		return;
	m = (struct wire_msg){.type = WIRE_MOVED, .answer.value = moved};
	say(p, n, &m, NULL, -1);
}

static void answer_attach(struct peer *p, unsigned int n, const struct wire_msg *q)
{
	struct wire_msg m = {.type = WIRE_AREA_END, .user.addr = q->user.addr + q->user.len};
	unsigned int areas = p->good ? 1 : input_u8(&p->in) % 4, b;

	for (unsigned int i = 0; i < areas; i++) {
		b = p->good ? WIRE_AREA_PRIVATE : input_u8(&p->in);
		/* Odd ones: a half, more than asked for, somebody else's memory. */
		report_area(p, n, q->user.addr + (b & 0x10 ? q->user.len / 2 : 0),
			    b & 0x20   ? q->user.len * 2
			    : b & 0x40 ? 0x1000
				       : q->user.len,
			    b % 7, b & 0x80 ? input_u64(&p->in) : MACHINE_RESERVED,
			    b & 0x08 ? input_u64(&p->in) : q->user.len);
	}
	say(p, n, &m, NULL, -1);
}

static void answer_rightly(struct peer *p, unsigned int n, const struct wire_msg *q,
			   const int got[2])
{
	uint8_t data[MAX_DATA];
	struct wire_msg m;

	switch (q->type) {
	case WIRE_READ:
		answer_read(p, n, q);
		break;
	case WIRE_WRITE:
		if (hear(p, n, &m, data, NULL))
			answer_value(p, n, 0, -1);
		break;
	case WIRE_FD:
		answer_fd(p, n, q);
		break;
	case WIRE_INSTALL:
		p->last_id = q->object.id;
		if (got[1] >= 0)
			answer_value(p, n, keep(p, dup(got[1]), dup(got[0]), q->object.kind), -1);
		break;
	case WIRE_PULL:
		answer_value(p, n, q->pull.len, -1);
		break;
	case WIRE_ATTACH:
		answer_attach(p, n, q);
		break;
	default:
		answer_value(p, n, 0, -1);
	}
}

/* A question of the backend, answered as the input says: rightly by a zero byte. */
static void answer(struct peer *p, unsigned int n, const struct wire_msg *q, const int got[2])
{
	unsigned int how = p->good ? 0 : input_u8(&p->in);
	struct wire_msg m = {.type = WIRE_CANCEL};

	switch (how & 0xf) {
	case ANSWER_ERROR:
		answer_value(p, n, -(int64_t)(how >> 4), -1);
		break;
	case ANSWER_HUGE:
		answer_value(p, n, input_u64(&p->in), -1);
		break;
	case ANSWER_TYPE:
		m = *q;
		m.type = how >> 4;
		m.len = 0;
		say(p, n, &m, NULL, -1);
		break;
	case ANSWER_CLOSE:
		close_end(p, n);
		break;
	case ANSWER_NOTHING:
		break;
	case ANSWER_FD:
		answer_value(p, n, how >> 4, p->end[how >> 4 & 7].fd);
		break;
	case ANSWER_TWICE:
		answer_rightly(p, n, q, got);
		answer_rightly(p, n, q, got);
		break;
	case ANSWER_SHORT:
		m = (struct wire_msg){.type = WIRE_DATA, .len = how >> 4};
		say(p, n, &m, m.words, -1);
		break;
	case ANSWER_AFTER_CANCEL:
		say(p, n, &m, NULL, -1);
		answer_rightly(p, n, q, got);
		break;
	default:
		answer_rightly(p, n, q, got);
	}
}

/* Until the request is done, or the backend is silent. */
static int64_t converse(struct peer *p, unsigned int n)
{
	uint8_t data[MAX_DATA];
	struct wire_msg m;
	bool heard;
	int got[2];

	do {
		heard = hear(p, n, &m, data, got);
		if (heard && m.type != WIRE_DONE && m.type != WIRE_APPLIED)
			answer(p, n, &m, got);
		for (int i = 0; i < 2; i++)
			if (got[i] >= 0)
				close(got[i]);
	} while (heard && m.type != WIRE_DONE);
	return heard ? m.done.ret : -EIO;
}

/* ---- requests ---- */

static unsigned int connect_end(struct peer *p, uint32_t role, uint32_t version, uint64_t token)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct wire_msg m = {.type = WIRE_HELLO, .hello = {version, role, token}};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unsigned int n = keep(p, fd, -1, KVM_FILE_SYSTEM);

	memcpy(sun.sun_path + 1, p->name, strlen(p->name));
	if (connect(fd, (struct sockaddr *)&sun,
		    offsetof(struct sockaddr_un, sun_path) + 1 + strlen(p->name)))
		fail("no connection");
	server_accept(p->server);
	if (!version)
		return n; /* says nothing yet */
	say(p, n, &m, NULL, -1);
	hear(p, n, &m, NULL, NULL);
	return n;
}

static void send_call(struct peer *p, unsigned int n, uint32_t nr, uint64_t arg, const void *data,
		      size_t len)
{
	struct wire_msg m = {
		.type = WIRE_CALL, .len = MIN(len, WIRE_EAGER_MAX), .call = {.nr = nr, .arg = arg}};

	request(p, n, &m, data, -1);
}

static int64_t call(struct peer *p, unsigned int n, uint32_t nr, const void *data, size_t len)
{
	send_call(p, n, nr, ARG_ADDR, data, len);
	return converse(p, n);
}

#define CALL(p, n, nr, arg) call(p, n, (uint32_t)(nr), arg, sizeof(*(arg)))

static const struct kvm_row *find_row(enum kvm_file_kind kind, uint8_t op)
{
	const struct kvm_row *row;

	for (size_t i = 0; (row = kvm_row_at(kvm_revisions[0], i)); i++)
		if (row->kind == kind && (row->nr & 0xff) == op)
			return row;
	return NULL;
}

/* Any ioctl, its argument's first bytes with it or not. */
static void any_call(struct peer *p, bool wait)
{
	unsigned int n = take_end(p), op = input_u8(&p->in), b = input_u8(&p->in);
	const struct kvm_row *row = find_row(p->end[n].kind, op);
	uint64_t arg = b & 1 ? input_u16(&p->in) : ARG_ADDR;
	size_t len;
	const uint8_t *data = input_bytes(&p->in, &len);

	send_call(p, n, row ? row->nr : KVMIO << 8 | op, arg, data, len);
	if (wait)
		converse(p, n);
}

static int64_t plain_call(struct peer *p, unsigned int n, uint32_t nr, uint64_t arg)
{
	send_call(p, n, nr, arg, NULL, 0);
	return converse(p, n);
}

/* A realm with one vCPU and some memory. The ends: system, VM, vCPU, guest_memfd. False: not all of
 * it could be had. */
static bool make_vm(struct peer *p)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8,
				     .features = {1u << KVM_ARM_VCPU_PSCI_0_2}};
	struct kvm_create_guest_memfd g = {
		.size = SLOT_SIZE, .flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED};
	struct kvm_userspace_memory_region2 r = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = SLOT_IPA,
		.memory_size = SLOT_SIZE,
		.userspace_addr = SLOT_ADDR,
	};
	struct kvm_memory_attributes a = {
		.address = SLOT_IPA, .size = SLOT_SIZE, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE};
	struct kvm_arm_rmi_populate pop = {.base = SLOT_IPA,
					   .size = 0x3000,
					   .flags = 1,
					   .source_uaddr = SLOT_ADDR + SLOT_SIZE};
	unsigned int sys = connect_end(p, WIRE_ROLE_OPEN, WIRE_VERSION, 1);
	int64_t vm = plain_call(p, sys, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 33), vcpu, gmem;

	vcpu = vm < 0 ? vm : plain_call(p, vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		return false;
	CALL(p, vcpu, KVM_ARM_VCPU_INIT, &init);
	gmem = CALL(p, vm, KVM_CREATE_GUEST_MEMFD, &g);
	if (gmem < 0)
		return false;
	r.guest_memfd = gmem;
	CALL(p, vm, KVM_SET_USER_MEMORY_REGION2, &r);
	CALL(p, vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
	return CALL(p, vm, KVM_ARM_RMI_POPULATE, &pop) == (int64_t)pop.size;
}

static void raw_message(struct peer *p)
{
	struct wire_msg m = {0};
	unsigned int n = take_end(p), b;
	uint8_t data[256] = {0};

	m.type = input_u8(&p->in);
	b = input_u8(&p->in);
	for (int i = 0; i < 5; i++)
		m.words[i] = b >> i & 1 ? input_u64(&p->in) : input_u8(&p->in);
	m.len = b & 0x20 ? input_u8(&p->in) : 0;
	if (b & 0x40) /* the header lies about what follows, or is cut off */
		send(p->end[n].fd, &m, input_u8(&p->in) % sizeof(m), MSG_NOSIGNAL);
	else
		request(p, n, &m, data, b & 0x80 ? p->end[n].fd : -1);
}

/* A request about memory on a fresh channel. */
static void memory_request(struct peer *p)
{
	unsigned int b = input_u8(&p->in);
	struct wire_msg m = {.user = {SLOT_ADDR + (b >> 4) * 0x10000, 0x10000 << (b >> 2 & 3)}};
	unsigned int n = connect_end(p, WIRE_ROLE_REQUEST, WIRE_VERSION, 1);

	if ((b & 3) == 0) {
		m.type = WIRE_SYNC;
		request(p, n, &m, NULL, -1);
		answer_attach(p, n, &m);
	} else if ((b & 3) == 1) {
		m.type = WIRE_DISCARD;
		m.user.len |= b >> 7;
		request(p, n, &m, NULL, -1);
	} else {
		m = (struct wire_msg){.type = b & 1 ? WIRE_VCPU_MEMORY : WIRE_GMEM_MAP};
		m.object.id = b & 4 ? p->last_id : input_u8(&p->in);
		m.object.size = b >> 4 << 12;
		request(p, n, &m, NULL, -1);
	}
	converse(p, n);
	close_end(p, n);
}

static void fallocate_request(struct peer *p)
{
	unsigned int n = take_end(p);
	struct wire_msg m = {.type = WIRE_FALLOCATE};

	m.fallocate.mode = input_u8(&p->in);
	m.fallocate.offset = input_u8(&p->in) << 12;
	m.fallocate.len = input_u8(&p->in) << 12;
	request(p, n, &m, NULL, -1);
	converse(p, n);
}

static void cancel(struct peer *p)
{
	unsigned int n = take_end(p);
	struct wire_msg m = {.type = WIRE_CANCEL, .seq = input_u8(&p->in)};

	if (p->end[n].fd >= 0)
		wire_send(p->end[n].fd, &m, NULL, NULL, 0);
}

static void one_op(struct peer *p)
{
	unsigned int op = input_u8(&p->in) % WIRE_NUM_OPS, b;

	switch ((enum wire_op)op) {
	case WIRE_OP_CONNECT:
		b = input_u8(&p->in);
		connect_end(p, b & 1, b >> 1 & 3, b >> 3);
		break;
	case WIRE_OP_CALL:
		any_call(p, true);
		break;
	case WIRE_OP_CALL_ONLY:
		any_call(p, false);
		break;
	case WIRE_OP_CONVERSE:
		converse(p, take_end(p));
		break;
	case WIRE_OP_RAW:
		raw_message(p);
		break;
	case WIRE_OP_CLOSE:
		close_end(p, take_end(p));
		break;
	case WIRE_OP_CLOSE_ALL:
		for (unsigned int n = 0; n < NUM_SOCKETS; n++)
			close_end(p, n);
		break;
	case WIRE_OP_MAKE_VM:
		p->good = true;
		make_vm(p);
		p->good = false;
		break;
	case WIRE_OP_MEMORY:
		memory_request(p);
		break;
	case WIRE_OP_FALLOCATE:
		fallocate_request(p);
		break;
	case WIRE_OP_CANCEL:
		cancel(p);
		break;
	case WIRE_NUM_OPS:
		break;
	}
}

/* ---- the backend ---- */

static bool page_protected(const void *rmm, uint64_t pa)
{
	return rmm_granule_protected(rmm, pa);
}

static uint64_t protection_changes(const void *rmm)
{
	return rmm_granule_changes(rmm);
}

static void start(struct peer *p)
{
	static unsigned int serial;
	struct machine_config mc = {.size = MACHINE_RESERVED + RAM_SIZE, .client_size = RAM_SIZE};
	struct rmm_config rc = {0};
	struct kvm_config kc = {0};
	struct server_config sc = {.rmi_cap = KVM_CAP_ARM_RMI,
				   .page_protected = page_protected,
				   .protection_changes = protection_changes};

	if (machine_create(&mc, &p->m))
		fail("no machine");
	rc.machine = kc.machine = sc.machine = p->m;
	if (rmm_create(&rc, &p->rmm))
		fail("no RMM");
	kc.rmm = p->rmm;
	if (kvm_host_create(&kc, &p->kvm))
		fail("no KVM");
	sc.host = p->kvm;
	sc.arg = p->rmm;
	snprintf(p->name, sizeof(p->name), "fuzz-%d-%u", getpid(), serial++);
	if (server_create(&sc, p->name, &p->server))
		fail("no server");
	for (unsigned int n = 0; n < NUM_SOCKETS; n++)
		p->end[n].fd = p->end[n].life = -1;
}

static void end(struct peer *p)
{
	for (unsigned int n = 0; n < NUM_SOCKETS; n++)
		close_end(p, n);
	server_destroy(p->server);
	if (rmm_check(p->rmm))
		fail(rmm_check(p->rmm));
	if (rmm_delegated_granules(p->rmm))
		fail("all is closed, and granules are delegated");
	kvm_host_destroy(p->kvm);
	rmm_destroy(p->rmm);
	if (machine_allocated(p->m))
		fail("all is closed, and pages are in use");
	machine_destroy(p->m);
}

/* Hostile inputs prove nothing if an honest client is not served: then this file is behind the
 * protocol. */
static void be_honest(void)
{
	struct peer p = {.good = true, .patient = true};

	start(&p);
	if (!make_vm(&p))
		fail("an honest client is not served");
	end(&p);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	be_honest();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer p = {.in = {data, data + size}};
	unsigned int before = count_descriptors();

	start(&p);
	while (input_left(&p.in))
		one_op(&p);
	end(&p);
	if (count_descriptors() != before)
		fail("descriptors are left open");
	return 0;
}
