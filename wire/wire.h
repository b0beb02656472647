/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wire.h - what the interposer (in the VMM) and the backend say to each other.
 *
 * Unix SOCK_SEQPACKET sockets of one host: host-endian, one fixed header a message, sometimes a
 * payload or descriptors. Three kinds of channel speak the same language:
 *
 *	system channel	made by connect() to the backend's abstract socket, opened by HELLO and
 *			WELCOME. The descriptor that open("/dev/kvm") returns is one that is never
 *			used further: it is there to be counted. Calls on /dev/kvm and requests
 *			about the address space go over another, which the process keeps; parent and
 *			child of a fork each have their own.
 *	object channel	for each VM, vCPU, device and guest_memfd two socket pairs. The client's end
 *			of the first is the object's *life*: the descriptor that the VMM holds,
 *			duplicates and passes on. Nothing is said on it; its last close is a hang-up
 *			that the backend sees. The other is its *talk*, which the VMM does not know.
 *
 * A request is CALL, FALLOCATE, VCPU_MEMORY, GMEM_MAP, SYNC, DISCARD or TOUCHED. The backend then
 * leads: it sends what it needs (READ, WRITE, FD, INSTALL, GIVE, PULL, ATTACH, GUARD), each is
 * answered before the next (but a PULL may be answered late), and DONE ends the request.
 *
 * `seq` numbers the requests of a channel, from 1 (0 is skipped when it wraps); all that belongs to
 * a request carries it. `step` numbers the backend's messages within a request, from 1; the client
 * says which one it has heard last. CANCEL alone may come at any time: `seq` is the KVM_RUN that it
 * means. Either side that receives what it does not expect shuts the channel; the client's caller
 * then gets EIO.
 *
 * User memory is copied by the client's sendmsg and recvmsg straight from and to the address that
 * the backend named, after the header: a bad address is the system call's EFAULT, never a signal,
 * and a short count means the same. No descriptor has to be kept beside those the VMM knows of.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#define WIRE_VERSION   4u
#define WIRE_CHUNK     65536u /* longest payload; longer copies are several messages */
#define WIRE_EAGER_MAX 256u
#define WIRE_MAX_FDS   3

/* How client processes find the backend: the name of its socket (wire_address). */
#define WIRE_ENV_SOCKET	 "SOFTREALM_SOCKET"
/* Set when an emulator carries the client: /proc/self/pagemap is not about its addresses. The
 * emulator, the root of arm64 programs, the interposer and the loader, in lines. */
#define WIRE_ENV_CARRIED "SOFTREALM_CARRIED"

/*
 * Names of empty memfds: to touch a mapping of one is SIGBUS. GMEM_MAP gives the first for a
 * guest_memfd whose pages are private for life; REMAP the second for pages that are delegated now,
 * at the offset that they have in physical memory.
 */
#define WIRE_NAME_PRIVATE   "softrealm-private"
#define WIRE_NAME_DELEGATED "softrealm-delegated"
/* Name of the memfd behind a vCPU's mapping (kvm/vcpu/vcpu.c makes it): never part of a memslot. */
#define WIRE_NAME_VCPU	    "kvm-vcpu"

/* In `object.flags` of VCPU_MEMORY: the page that all vCPUs of the VM share; or the vCPU's dirty
 * ring, and `done.ret` is its size in bytes (0: it has none). */
#define WIRE_VCPU_RING	     1
#define WIRE_VCPU_DIRTY_RING 2

enum wire_type {
	/* client: opens a system channel / backend: accepts it */
	WIRE_HELLO = 1,
	WIRE_WELCOME,

	/* client: requests */
	WIRE_CALL,	  /* ioctl; payload: the argument's first bytes, if they could be read */
	WIRE_CANCEL,	  /* a signal came: that KVM_RUN shall end; no answer of its own */
	WIRE_FALLOCATE,	  /* on a guest_memfd's channel */
	WIRE_VCPU_MEMORY, /* system channel: DONE carries a memfd of vCPU `id`: object.flags */
	WIRE_GMEM_MAP,	  /* system channel: DONE carries the memory of guest_memfd `id` */
	WIRE_SYNC,	  /* system channel: this range was changed; AREA... AREA_END follow */
	WIRE_DISCARD,	  /* system channel: madvise(DONTNEED, REMOVE) on this range */

	/* backend: needs / client: answers, in the next line */
	WIRE_READ,    /* `user` -> DATA */
	WIRE_DATA,    /* payload, or status */
	WIRE_WRITE,   /* `user`, and a second message WIRE_WRITE with the payload -> ANSWER */
	WIRE_FD,      /* `answer.value` = number -> ANSWER with the descriptor, or status */
	WIRE_INSTALL, /* `object`, with life, talk, a vCPU's memory -> ANSWER: number or status */
	WIRE_PULL,    /* `pull`, with physical memory -> ANSWER with the bytes copied */
	WIRE_ATTACH,  /* `user` -> AREA... AREA_END */
	WIRE_REMAP,   /* `area`, with what is to be mapped over a guest_memfd's mapping -> ANSWER */
	WIRE_ANSWER,

	/* client: what is mapped in a range, in ascending order */
	WIRE_AREA,     /* one mapping; kind MOVABLE is answered by PLACE, then MOVED follows; kind
			* FILE by SHARED. Its payload is device and inode, and a descriptor comes
			* along unless the client has none any more */
	WIRE_PLACE,    /* backend: offset in physical memory, with its descriptor; or status */
	WIRE_SHARED,   /* backend: `answer.value`: 0, or -errno: it is told of another way then */
	WIRE_MOVED,    /* client: `answer.value` bytes from the start have been moved */
	WIRE_AREA_END, /* `user.addr`: where the truth ends. APPLIED when lookups see it */
	WIRE_APPLIED,

	/* backend: the request is finished */
	WIRE_DONE,

	/* With --detect. Backend: `guard`: nobody is to touch user memory behind private pages
	 * unnoticed, or everybody may again -> ANSWER / client, a request: somebody did. */
	WIRE_GUARD,
	WIRE_TOUCHED, /* system channel */

	/* Backend: a need; with a file that the VMM is to have, only for reading -> ANSWER: number
	 * or status. */
	WIRE_GIVE,
};

enum wire_role {
	WIRE_ROLE_OPEN,	   /* the descriptor that open("/dev/kvm") returns */
	WIRE_ROLE_REQUEST, /* one request follows */
};

enum wire_area {
	WIRE_AREA_PHYSICAL, /* maps physical memory already, at `offset` */
	WIRE_AREA_HIDDEN,   /* the same, but delegated: REMAP has mapped an empty file there */
	WIRE_AREA_PRIVATE,  /* movable: discarding it gives zeroes */
	WIRE_AREA_SHARED,   /* movable: discarding keeps the contents */
	WIRE_AREA_MEMFD,    /* the same, but others may map or hold the file: worth a warning */
	WIRE_AREA_FILE,	    /* of a file, at `offset`; shared with anybody */
	WIRE_AREA_FIXED,    /* cannot be moved: shared, and its file is not at hand */
};

/* What DONE answers to SYNC: nothing that a VM needs is in the range, nor a page that this client
 * was given; it need not be watched until the next ATTACH or mapping. */
#define WIRE_SYNC_UNUSED 1

enum wire_mask { WIRE_MASK_KEEP, WIRE_MASK_CLEAR, WIRE_MASK_SET };

struct wire_msg {
	uint32_t type;
	uint32_t len; /* bytes of payload that follow the header */
	uint32_t seq, step;
	union {
		struct {
			uint32_t version;
			uint32_t role;
			uint64_t token; /* names the client's address space; random, not 0 */
		} hello;
		struct {
			int32_t status;	   /* -EPROTO: another version */
			uint32_t rmi_cap;  /* the number of KVM_CAP_ARM_RMI in this revision */
			uint64_t dev, ino; /* of physical memory */
		} welcome;
		struct {
			uint32_t nr;
			uint32_t thread; /* KVM_RUN: the caller, as its process numbers it */
			uint64_t arg;
		} call;
		struct {
			int32_t mode;
			uint32_t pad;
			uint64_t offset;
			uint64_t len;
		} fallocate;
		struct {
			uint64_t addr;
			uint64_t len;
		} user;
		struct {
			uint64_t offset; /* in physical memory's file */
			uint64_t addr;
			uint64_t len;
		} pull;
		struct {
			int64_t value;	      /* >= 0, or -errno */
			uint32_t interrupted; /* a signal was handled meanwhile */
		} answer;
		struct {
			uint32_t kind; /* enum kvm_file_kind */
			uint32_t id;   /* names the object in VCPU_MEMORY, GMEM_MAP */
			uint64_t size; /* guest_memfd */
			uint64_t flags;
		} object;
		struct {
			uint64_t addr;
			uint64_t size;
			uint64_t offset;
			uint32_t prot;
			uint32_t kind; /* enum wire_area */
		} area;
		struct {
			int64_t ret;
			uint32_t pad;
			uint32_t mask_op; /* enum wire_mask: KVM_SET_SIGNAL_MASK succeeded */
			uint64_t mask;
			uint64_t offset; /* GMEM_MAP: in the file that came with it */
		} done;
		struct {
			uint64_t addr;
			uint64_t size;
			uint64_t ipa; /* of addr */
			uint32_t on;
			uint32_t pad;
		} guard;
		struct {
			uint64_t addr;
			uint64_t pc;
			uint64_t ipa;
			uint32_t thread;
			uint32_t pad;
		} touched;
		uint64_t words[5];
	};
};

/*
 * The control page: the page after a vCPU's kvm_run and ring, mapped by the interposer only.
 */
struct wire_control {
	uint32_t cancel; /* client: the KVM_RUN that is this request shall end with EINTR */
};

_Static_assert(sizeof(struct wire_msg) == 56, "wire_msg");
_Static_assert(offsetof(struct wire_msg, hello.token) == 24, "hello");
_Static_assert(offsetof(struct wire_msg, call.arg) == 24, "call");
_Static_assert(offsetof(struct wire_msg, fallocate.len) == 32, "fallocate");
_Static_assert(offsetof(struct wire_msg, pull.len) == 32, "pull");
_Static_assert(offsetof(struct wire_msg, object.flags) == 32, "object");
_Static_assert(offsetof(struct wire_msg, area.kind) == 44, "area");
_Static_assert(offsetof(struct wire_msg, done.offset) == 40, "done");
_Static_assert(offsetof(struct wire_msg, guard.on) == 40, "guard");
_Static_assert(offsetof(struct wire_msg, touched.thread) == 40, "touched");

/* The address of a socket: a path if the name begins with a slash, else in the abstract namespace.
 * False: the name is empty or too long. */
bool wire_address(const char *name, struct sockaddr_un *sun, socklen_t *len);

/*
 * Send one message; m->len bytes of payload at `data`, which may be an address of the caller's
 * user. 0; -EFAULT: `data` cannot be read, nothing was sent; -ENODATA: the same, but the header
 * was sent alone (an emulator does so), which the receiver takes for EFAULT; -EBADF: one of the
 * descriptors is not open, nothing was sent; -EPIPE: the other side is gone.
 */
int wire_send(int fd, const struct wire_msg *m, const void *data, const int *fds, int nfds);

/*
 * Receive one message: the header to *m, payload up to `size` bytes to `data`. Descriptors go to
 * fds[0..*nfds), *nfds as room on entry (NULL: none are expected, any are closed); they are
 * close-on-exec. Returns the bytes of payload that came, or -EPIPE (hang-up or nonsense), -EFAULT
 * (`data` cannot be written; the message is lost), -EMFILE (no room for a descriptor: m is valid).
 */
ssize_t wire_recv(int fd, struct wire_msg *m, void *data, size_t size, int *fds, int *nfds);

#endif
