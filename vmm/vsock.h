/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vsock.h - a virtio socket device whose host side is unix sockets.
 *
 * A program here connects to PATH, writes "CONNECT PORT\n", gets "OK PORT\n" once a program in the
 * realm has accepted at that port, and from then on the stream; it gets the end of the file if
 * nobody listens there. A program in the realm that connects to port N of CID 2 gets who listens at
 * PATH_N here, or a reset. Each stream has its own window (VSOCK_WINDOW), so one that is not read
 * stops alone.
 *
 * A stream, as the host sees it:
 *
 *	FREE --accept--> CALLING --"CONNECT"--> ASKED --the guest's RESPONSE--> OPEN
 *	FREE --the guest's REQUEST, connect--> OPEN
 *	OPEN --the guest will neither read nor write any more, or resets the device--> LEFT
 *	LEFT --all that it wrote has been taken--> ENDING
 *	CALLING, ASKED, OPEN --RST of either side, bad input--> ENDING
 *	ENDING --the socket is closed and the guest told--> FREE
 */
#ifndef VMM_VSOCK_H
#define VMM_VSOCK_H

#include <linux/virtio_vsock.h>

#include "vmm/io.h"
#include "vmm/virtio.h"

#define VSOCK_RX 0 /* the queues */
#define VSOCK_TX 1

#define VSOCK_STREAMS	 256
#define VSOCK_WINDOW	 131072u /* of a stream, what nobody has taken here yet; a power of 2 */
#define VSOCK_STRAYS	 32
#define VSOCK_GUEST_CID	 3
#define VSOCK_HOST_CID	 2
#define VSOCK_MAX_PACKET 65536u
#define VSOCK_MAX_CALL	 32u /* of "CONNECT PORT\n" */

struct vsock;

enum vsock_state { VSOCK_FREE, VSOCK_CALLING, VSOCK_ASKED, VSOCK_OPEN, VSOCK_LEFT, VSOCK_ENDING };

struct vsock_stream {
	struct vsock *vsock;
	struct io_watch peer; /* fd -1: closed */
	enum vsock_state state;
	uint32_t host_port, guest_port;
	unsigned int owed; /* packets that the guest has to get: BIT(VIRTIO_VSOCK_OP_*) */
	/* The guest's window, what it has taken of that, what it was sent; modulo 2^32. */
	uint32_t room, taken, sent;
	/* From the guest; handed on to the peer, or thrown away; what the guest knows of that. */
	uint32_t got, handed, told;
	bool asked;		   /* for room, and there has been none since */
	bool host_ended;	   /* the peer writes nothing more */
	bool host_deaf;		   /* the peer reads nothing more */
	bool guest_ended;	   /* the guest writes nothing more */
	bool guest_deaf;	   /* the guest reads nothing more */
	char line[VSOCK_MAX_CALL]; /* what a caller has written */
	size_t nline;
	uint8_t *kept; /* VSOCK_WINDOW bytes: from `handed` to `got`, modulo */
};

struct vsock {
	struct virtio_device dev;
	const char *path; /* the caller's */
	struct io_watch listener;
	int spare;	   /* a descriptor to accept with when there is no other */
	unsigned int used; /* streams that are not free */
	uint32_t next_port;
	bool starved; /* the guest has no buffer for what it has to get */
	bool pushed;  /* a buffer was used since the last interrupt */
	struct vsock_stray {
		uint32_t host_port, guest_port;
		uint16_t type;
	} strays[VSOCK_STRAYS]; /* packets of no stream: each gets a RST */
	unsigned int nstrays;
	struct vsock_stream streams[VSOCK_STREAMS];
	uint8_t data[VSOCK_MAX_PACKET]; /* of the packet at hand */
};

/* Listen at path; io_init must have been called. 0 or -errno, message printed. */
int vsock_init(struct vsock *v, const struct guest_memory *mem, const char *path);
/* After the last vCPU: those who read get the rest. Can be repeated. */
void vsock_destroy(struct vsock *v);

/* ---- among vsock.c, vsock_packet.c and vsock_stream.c; the device's lock is held ---- */

/* A free one, with this socket; NULL: there is none. */
struct vsock_stream *vsock_stream_new(struct vsock *v, int fd, enum vsock_state state);
/* The guest's packet may have changed what is waited for at the socket. */
void vsock_stream_want(struct vsock_stream *s);
/* `len` bytes in v->data are from the guest. -errno: the stream cannot go on. */
int vsock_stream_keep(struct vsock_stream *s, uint32_t len);
/* Hand on to the peer what it takes now. */
void vsock_stream_flush(struct vsock_stream *s);
/* The guest has accepted. */
void vsock_stream_opened(struct vsock_stream *s);
/* Neither side says anything more; with `tell` the guest gets a RST. */
void vsock_stream_end(struct vsock_stream *s, bool tell);
/* The guest is through with it, and what it has written goes on to the peer. */
void vsock_stream_leave(struct vsock_stream *s);
/* Free it if nothing is left to do. */
void vsock_stream_check(struct vsock_stream *s);
/* On the main thread: somebody calls, and a socket that is left. */
void vsock_stream_caller(struct io_watch *listener, uint32_t events);
void vsock_stream_close(struct vsock_stream *s);

/* Send what the stream owes the guest, as far as there are buffers. */
void vsock_pay(struct vsock_stream *s);
/* A RST for each packet that belongs to no stream. */
void vsock_pay_strays(struct vsock *v);
/* Read the peer, into the guest's buffers. */
void vsock_receive(struct vsock_stream *s);
/* How many bytes the guest takes now. */
uint32_t vsock_credit(const struct vsock_stream *s);
/* Interrupt for what was pushed. */
void vsock_finish(struct vsock *v);

#endif
