/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * channel.h - inside the server: channels, callers over the wire, address spaces, the watcher.
 */
#ifndef BACKEND_CHANNEL_H
#define BACKEND_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/ranges.h"
#include "backend/ranks.h"
#include "backend/server.h"
#include "kvm/kvm.h"
#include "wire/wire.h"

struct mm;

struct channel;

struct server {
	struct server_config cfg;
	void (*serve)(struct channel *ch); /* what the thread of each channel does */
	int listen_fd, idle_fd;
	struct greeter *greeter; /* greet.c */
	int epoll_fd, wake_fd;	 /* watcher.c */
	int life_fd;		 /* life.c: an epoll in that one */
	struct lock life_lock;	 /* over reading it and acting upon it; outer to lock */
	pthread_t watcher;
	atomic_bool stopping;
	uint64_t ram_dev, ram_ino;
	unsigned int max_channels;
	atomic_ullong opened; /* /dev/kvm, so many times */

	struct lock lock;      /* all below */
	pthread_cond_t closed; /* some channel */
	struct channel *channels;
	unsigned int num_channels, num_clients;
	uint32_t last_id, last_mm;
	struct mm *mms;
};

/* What life.c knows of an object's channel: bits of `state`. */
#define CHANNEL_BUSY 1u /* a request is under way */
#define CHANNEL_DONE 2u /* ... but for DONE, which is being said */
#define CHANNEL_GONE 4u /* the client has closed its last descriptor */

/*
 * A conversation with a client, served by a thread of its own until it hangs up.
 */
struct channel {
	struct server *srv;
	struct channel *next; /* srv->channels */
	int fd;
	int life_fd; /* an object's: hangs up with the client's last descriptor; or -1 */
	pthread_t thread;
	enum { CHANNEL_WAIT, CHANNEL_GO, CHANNEL_STOP } order; /* to the thread (srv->lock) */
	uint32_t seq, step;				       /* of the request that is served */
	atomic_uint state;
	bool closing;	       /* counted in mm->closing (srv->lock) */
	pid_t pid;	       /* of who connected; system channels */
	struct wire_msg hello; /* its first message */
	struct mm *mm;	       /* whose calls come here; one reference */
	struct kvm_file *file; /* one reference; NULL: not yet, or not any more (srv->lock) */
	uint32_t id;	       /* of an object; 0: a system channel */
	bool counted;	       /* is a descriptor that a client holds */
	uint64_t dev, ino;     /* of the client's life: a passed descriptor is known by it */

	atomic_bool hung_up; /* a vCPU's */
	bool running;	     /* KVM_RUN lasts */

	/* Of the client's thread that runs the vCPU, and of those that did before. */
	struct channel_delay {
		uint32_t thread; /* by its own number; 0: none yet */
		int schedstat;	 /* its; or -errno */
		uint64_t last;	 /* what it told */
		uint64_t sum;
	} delay;
};

/* A channel over fd for file (takes both and life_fd over, and a reference on mm); without file and
 * mm it answers `hello` first. NULL: out of memory, or too many (errno: ENOMEM, EMFILE). */
struct channel *channel_create(struct server *s, int fd, int life_fd, struct mm *mm,
			       struct kvm_file *file);
/* WELCOME with a status: the client's open() fails with it. 0 or -EPIPE. */
int channel_welcome(const struct server *s, int fd, int status);
/* All that can fail before it is served. 0 or -EAGAIN (it has been destroyed; who has said HELLO is
 * told). */
int channel_start(struct channel *ch);
/* ... then one of these: serve it, or close it (the file has been released on return). */
void channel_go(struct channel *ch);
void channel_stop(struct channel *ch);

/* ---- serve.c: server.serve ---- */
void serve_channel(struct channel *ch);

/* ---- channels.c: the server's list ---- */
/* The client's process has ended: all that it waits for is over, whoever else holds a copy. */
void channel_end_all(struct server *s, const struct mm *mm);
/* The client's end, which channel_find_file is to find it by. */
void channel_set_peer(struct channel *ch, uint64_t dev, uint64_t ino);
/* The live object behind the client's end of a socket; NULL: none. One reference on the file. */
struct kvm_file *channel_find_file(struct server *s, uint64_t dev, uint64_t ino);
/* The same by the object's id, of this mm only. */
struct kvm_file *channel_find_id(struct server *s, const struct mm *mm, uint32_t id);
/* A live guest_memfd that user space may map holds all of these pages. */
bool channel_gmem_holds(struct server *s, uint64_t pa, uint64_t size);
/* ---- channel_talk.c: messages in their order; a violation shuts the channel ---- */
/* The next request; -EPIPE. */
ssize_t channel_next(struct channel *ch, struct wire_msg *m, void *data, size_t size);
/* Say something in the request that is served. 0 or -EPIPE. */
int channel_say(struct channel *ch, struct wire_msg *m, const void *data, const int *fds, int nfds);
/* The client's answer to the last that was said: as wire_recv. *fd: a descriptor that came, or -1;
 * NULL: none is expected. */
ssize_t channel_hear(struct channel *ch, struct wire_msg *m, void *data, size_t size, int *fd);
/* The client talks nonsense: -EPIPE. */
int channel_violated(struct channel *ch);

/* ---- life.c: the last close of an object ---- */
int life_start(struct server *s);
void life_stop(struct server *s);
int life_watch(struct channel *ch);
/* Take notice of every last close so far. */
void life_collect(struct server *s);
/* Wait until all that this client has closed before is gone. */
void life_settle(struct channel *me);
/* Around a request. begin: false when the object is gone already. */
bool life_begin(struct channel *ch);
void life_finish(struct channel *ch); /* before DONE is said */
bool life_end(struct channel *ch);    /* after; false: that was the last one */
/* The talk has ended; the object lives until the client's last descriptor is closed. */
void life_await(struct channel *ch);
/* The file has been released. */
void life_over(struct channel *ch);
/* ---- caller.c: a kvm_caller whose client is at the other end of a channel ---- */
struct wire_caller {
	struct kvm_caller base;
	struct channel *ch;
	bool broken;	     /* the client is gone or talks nonsense */
	bool interrupted;    /* it said that a signal waits */
	bool attached;	     /* counted in mm->attaching */
	size_t pulling;	     /* bytes of the pull under way */
	uint32_t thread;     /* KVM_RUN: the client's; 0: it did not say */
	uint64_t eager_addr; /* the argument, as far as it came with the call */
	uint32_t eager_len;
	uint8_t eager[WIRE_EAGER_MAX];
	struct kvm_file *looked_up[2]; /* references until the call is over */
	unsigned int num_looked_up;
};
void caller_init(struct wire_caller *c, struct channel *ch);
void caller_finish(struct wire_caller *c);

/* ---- mm.c: address spaces of clients ---- */
/* The one that `token` names, one reference; NULL: out of memory. The process is that of the
 * number, and of the other end of fd (-1: not known). */
struct mm *mm_find(struct server *s, uint64_t token, pid_t pid, int fd);
void mm_get(struct mm *mm);
void mm_put(struct mm *mm);
struct kvm_mm *mm_base(struct mm *mm);
/* WIRE_SYNC, and the answer to WIRE_ATTACH: take the client's report of a range over ch.
 * 0; -ENOMEM: it did not know all, what it did not know is as before; -EPIPE. */
int mm_take_report(struct mm *mm, struct channel *ch, uint64_t addr, uint64_t size);
/* A slot, a page that the client was given or a mapping of a guest_memfd lies in the range, or a
 * call that is under way may make it so. */
bool mm_uses(struct mm *mm, uint64_t uaddr, uint64_t size);
/* The call is over: what it attached is in a slot, or will not be. */
void mm_attach_over(struct mm *mm);
/* Before the client goes on: where it has a guest_memfd mapped, a delegated page is to be SIGBUS
 * and any other there. 0 or -EPIPE. */
int mm_remap(struct mm *mm, struct channel *ch);
int mm_discard(struct mm *mm, uint64_t addr, uint64_t size, bool shared_too);
/* The schedstat of the process's thread of this number: a descriptor, or -errno. */
int mm_open_schedstat(struct mm *mm, uint32_t thread);
/* WIRE_TOUCHED: warn, so many times. */
void mm_touched(struct mm *mm, const struct wire_msg *m);
/* The process of the mm of this serial has ended (watcher.c). */
void mm_process_ended(struct server *s, uint32_t serial);

/* ---- greet.c ---- */
int greet_start(struct server *s);
void greet_stop(struct server *s);

/* ---- watcher.c ---- */
int watch_start(struct server *s);
void watch_stop(struct server *s);

/* ---- watch.c: what the watcher is told of ---- */
/* One thing more; 0 or -errno. */
int watch_add(struct server *s, int fd, uint32_t events, uint64_t name);
#define WATCH_WAKE    UINT64_C(0)	  /* the watcher is to end */
#define WATCH_LIFE    (UINT64_C(1) << 62) /* something for life.c */
#define WATCH_PROCESS (UINT64_C(1) << 63) /* and the serial of its mm */
/* A vCPU's channel: that the client hangs up kicks the vCPU. 0 or -errno. */
int watch_vcpu(struct channel *ch);
/* mm_process_ended(s, mm) will be called when it ends. Returns a descriptor to be closed when that
 * is of no interest any more; -1: it cannot be watched. */
int watch_process(struct server *s, int fd, pid_t pid, uint32_t mm);

#endif
