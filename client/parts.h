/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parts.h - what the files of the core do for each other, from the lowest to the highest; the table
 * of rooms in docs/architecture.md has their order. What they know is in state.h.
 */
#ifndef CLIENT_PARTS_H
#define CLIENT_PARTS_H

#include "client/client.h"
#include "client/state.h"

/* ---- signals (sys.c) ---- */
void signals_block(sigmask_t *old);
void signals_restore(const sigmask_t *old);
/* A signal is pending that `mask` does not block and that is not ignored: what makes the kernel
 * leave a long call. No handler runs. */
bool signals_pending(sigmask_t mask);

/* ---- decimal digits, at most ten and no end: how many there are (sys.c) ---- */
size_t put_number(char *to, unsigned int n);

/* ---- latches, taken with all signals blocked (latch.c; latch.h is the type) ---- */
void latch_take(struct latch *l, enum latch_rank rank);
/* May come in any order. */
bool latch_try(struct latch *l, enum latch_rank rank);
/* False: it is still held after so long. */
bool latch_take_for(struct latch *l, enum latch_rank rank, unsigned int ms);
void latch_drop(struct latch *l);
/* lend: the latch stays held and has no owner. adopt: this thread becomes its owner. */
void latch_lend(struct latch *l);
void latch_adopt(struct latch *l, enum latch_rank rank);
void latch_reset(void);
#ifdef LOCK_CHECK
#define latch_assert_held(l) latch_check_held(l, #l)
void latch_check_held(const struct latch *l, const char *name);
#else
#define latch_assert_held(l) ((void)(l))
#endif

/* ---- descriptors of ours in the VMM's table (own.c) ---- */
/* Takes over fd and moves it far up. 0 or -EBADF (closed). */
int own_take(struct own *o, int fd);
bool own_valid(const struct own *o);
void own_close(struct own *o);
/* Another number for it. False: there is none. */
bool own_move(struct own *o);
/* -1: there is none. */
int own_number(const struct own *o);

/* ---- conversations over them (talk.c) ---- */
void talk_begin(struct talk *t); /* the next request */
/* As wire_send, wire_recv; out of order is -EPIPE, and the end of the talk. */
int talk_send(struct talk *t, struct wire_msg *m, const void *data, const int *fds, int nfds);
ssize_t talk_recv(struct talk *t, struct wire_msg *m, void *data, size_t size, int *fds, int *nfds);
bool talk_hung_up(const struct talk *t);

/* ---- the connection to the backend (link.c) ---- */
bool link_start(const char *name);
void link_reset(void); /* with a new token */
/* A system channel: the descriptor, or -errno (-ENOENT: the backend is gone). */
int link_open(enum wire_role role, sigmask_t mask);
/* The process's talk can be had: 0 or -errno. */
int link_prepare(sigmask_t mask);
/* A talk for one request on /dev/kvm or about memory: the process's, or *spare when that is in use.
 * NULL and *r = -errno. */
struct talk *link_talk(struct talk *spare, sigmask_t mask, int *r);
void link_talk_end(struct talk *t);
uint32_t link_rmi_cap(void);
pid_t link_backend_pid(void);
bool link_is_backend_name(int fd);
bool link_is_physical(uint64_t dev, uint64_t ino);
void link_physical(uint64_t *dev, uint64_t *ino);
struct own *link_own(void);

/* ---- watched ranges of the address space (watched.c) ---- */
void watched_lock(void);
void watched_unlock(void);
void watched_assert_locked(void);
/* No lock need be held. */
bool watched_covers(uint64_t addr, uint64_t size);
/* watched_lock held. */
void watched_add(uint64_t addr, uint64_t size);
/* Counts what was added; watched_lock held. */
uint64_t watched_count(void);
/* Nothing there is watched any more, unless something was added since; takes watched_lock. */
void watched_remove(uint64_t addr, uint64_t size, uint64_t count);
void watched_reset(void);
/* The VMM changes its address space: between these two nothing there is moved. Signals are blocked
 * meanwhile if the range is watched (true). */
bool watched_change_begin(uint64_t addr, uint64_t size, sigmask_t *mask);
void watched_change_end(bool watched, const sigmask_t *mask);
/* Changes that began before a range was watched are over when it returns. */
void watched_await_changes(void);

/* ---- /proc/self/maps (maps.c); all under watched_lock ---- */
struct maps_area {
	uint64_t start, end, offset, dev, ino;
	int prot;
	bool shared;
	const char *name; /* valid until the next one */
};
/* Kept open: no report depends on a free descriptor. 0 or -errno. */
int maps_open(void);
void maps_close(void);
void maps_reset(void);
struct own *maps_own(void);
/* The next mapping that touches the range, and the part of it that lies inside: 1; 0: there is
 * none; -EIO: nobody knows. */
int maps_next(struct maps_area *a, uint64_t addr, uint64_t size, uint64_t *start, uint64_t *end);

/* ---- memory that the VMM has mapped, under an emulator (known.c) ---- */
/* Between these two the address space is changed there: nothing of the range is known any more. */
void known_change_begin(uint64_t addr, uint64_t size);
void known_change_end(void);
/* mmap(2) has made [addr, addr + size), whole pages, in the place of nothing; `before` is what
 * known_before() said before it. */
uint64_t known_before(void);
void known_add(uint64_t addr, uint64_t size, int prot, int flags, uint64_t before);
/* What was known there has been moved to `offset` of physical memory; watched_lock held. */
void known_moved(uint64_t start, uint64_t end, uint64_t offset, int prot);
/* The one mapping, or a part of one, that holds all of the range; watched_lock held. */
bool known_find(uint64_t addr, uint64_t size, struct maps_area *a);
void known_reset(void);

/* ---- guarded memory (guard.c); all under watched_lock ---- */
bool guard_any(void); /* the lock need not be held */
/* Make a mapping inaccessible that has this protection. */
void guard_area(uint64_t start, uint64_t end, uint64_t ipa, int prot);
/* The memory there is accessible again, or has been mapped anew. */
void guard_open(uint64_t addr, uint64_t size);
void guard_forget(uint64_t addr, uint64_t size);
bool guard_find(uint64_t addr, uint64_t *ipa, int *prot);
void guard_reset(void);

/* ---- memory that is just being moved (window.c) ---- */
/* From now on a store into the window waits until it is closed. */
void window_open(uint64_t start, uint64_t end, int prot);
void window_close(void);
void window_reset(void);
bool window_covers(uint64_t addr);
/* Wait until it does not: how many windows there have been, for window_retry. */
uint32_t window_wait(uint64_t addr);
/* This thread has faulted there: true, once, if there was a window since it did so last. */
bool window_retry(uint64_t addr, uint32_t moves);

/* ---- the VMM's SIGSEGV (segv_action.c) ---- */
void segv_start(void (*handler)(int sig, siginfo_t *info, void *context));
/* Our handler stands before the VMM's. */
void segv_install(void);
struct segv_action segv_action_of_theirs(void);
void segv_forget_theirs(void); /* SA_RESETHAND */
void segv_reset(void);

/* ---- moving (move.c) ---- */
/* Move [start, end) of the area onto `memory` at `offset`: how many bytes from the start have been
 * moved. Under watched_lock, with signals blocked. */
uint64_t move_area(const struct maps_area *a, uint64_t start, uint64_t end, int memory,
		   uint64_t offset);

/* ---- objects (object.c; struct object is in state.h) ---- */
struct handle {
	struct object *obj;
	uint64_t ino;
};
enum fd_class {
	FD_OTHER,   /* none of ours */
	FD_SYSTEM,  /* /dev/kvm */
	FD_OBJECT,  /* *h */
	FD_FOREIGN, /* an object of another address space: EIO */
};
enum fd_class object_classify(int fd, struct handle *h);
/* A guest_memfd of this process: quick where there was none. */
bool object_is_gmem(int fd);
/* Make an entry, whose latch is held then; takes over `talk`. NULL: no room. */
struct object *object_add(int life, int talk, const struct wire_msg *m);
/* obj->latch is held, and dropped. */
void object_remove(struct object *obj);
/* Close what objects that are gone have left. True if there was something. */
bool object_sweep(void);
void object_reset(void);
struct object *object_owner(int fd);
int object_next_own(int from); /* the lowest of our descriptors from there on, or -1 */

/* ---- files that others share (shared_file.c) ---- */
/* The part of a mapping that `m` tells of: 0 if it is one of a file that the VMM has open, and the
 * backend uses the file; 1: it is to be reported as `m` says; -EPIPE. */
int shared_file_report(struct talk *t, const struct maps_area *a, const struct wire_msg *m);

/* ---- what the backend hears of memory, and does to it (memory_report.c) ---- */
/* All that a report needs is open: 0 or -errno. */
int memory_prepare(void);
/* What is mapped in the range, after WIRE_SYNC: 0 or -EPIPE. watched_lock held. */
int memory_report(struct talk *t, uint64_t addr, uint64_t size);
/* WIRE_ATTACH: watch the range from now on, then report it. */
int memory_attach(struct talk *t, uint64_t addr, uint64_t size);
/* The page there is one of physical memory, or nobody knows; the range is watched, and the lock is
 * held (watched_change_begin). */
bool memory_is_physical(uint64_t addr);
/* WIRE_REMAP: map `fd` wherever the range still shows the pages at `offset`. */
void memory_remap(int fd, uint64_t addr, uint64_t size, uint64_t offset);
/* WIRE_GUARD: nobody is to touch the range unnoticed from now on, or everybody may. */
void memory_guard(uint64_t addr, uint64_t size, uint64_t ipa, bool on);

/* ---- requests (needs.c, request.c) ---- */
struct call {
	struct talk *talk;
	struct object *obj; /* NULL on system channels */
	sigmask_t mask;	    /* the thread's, outside */
	/* KVM_RUN, while a signal may still end it: before each message is heard. 0, or -errno,
	 * which ends the call. */
	int (*wait)(struct call *c);
	int64_t ended_ret;
	bool run_ended; /* ... that somebody else has ended: the latch is not ours any more */
	int done_fd;	/* a descriptor that came with DONE, or -1 */
	struct wire_msg done;
};
/* Serve the backend until DONE: its result, or -EIO when the backend is gone. Called with signals
 * blocked. */
int64_t needs_serve(struct call *c);
/* One whole request on a system channel: the result; what came with DONE is in *c. */
int64_t request_system(struct call *c, struct wire_msg *m);

/* ---- KVM_RUN (run.c). The object's latch is held; it is not any more if c->run_ended. ---- */
int64_t run_vcpu(struct call *c, uint64_t arg);
/* Take the object's latch. A run that is open is ended first if a handler on top of it uses the
 * vCPU, or if its thread is no more. */
void run_lock(struct object *obj);

/* ---- requests on objects (object_call.c) ---- */
int64_t object_ioctl(const struct handle *h, enum fd_class class, uint32_t nr, uint64_t arg);
int64_t object_fallocate(const struct handle *h, struct wire_msg *m);

/* ---- what the VMM does to its memory (memory_change.c) ---- */
void memory_watch(uint64_t addr, uint64_t size);
/* A range was changed: if it is watched, the backend learns it before this returns. */
void memory_changed(uint64_t addr, uint64_t size);
void memory_discarded(uint64_t addr, uint64_t size, int advice);
/* A thread has faulted there. True: it was guarded, the backend knows, the access may be made. */
bool memory_touched(uint64_t addr, uint64_t pc);

/* ---- mappings of our descriptors (mapping.c) ---- */
/* mmap of a vCPU or guest_memfd: the address or -errno. */
long mapping_create(struct object *obj, int fd, uint64_t addr, uint64_t size, int prot, int flags,
		    uint64_t offset);
struct own *mapping_owner(int fd);
int mapping_next_own(int from);
void mapping_reset(void);
/* A guest_memfd is mapped there. */
bool mapping_is_gmem(uint64_t addr);
/* [addr, addr + size) is not what it was: drop references that mappings there held. */
void mapping_gone(uint64_t addr, uint64_t size);

/* ---- the process (reset.c) ---- */
void reset_start(void);
/* To be called first by every hook: notices that this is the child of a fork. */
void client_enter(void);
/* This is the process that the tables belong to, and no child of vfork. */
bool client_is_here(void);

/* The handler of SIGSEGV (segv_handler.c). */
void segv_handler(int sig, siginfo_t *info, void *context);

/* ---- the VMM's table of descriptors (fd_table.c) ---- */
/* The VMM closes or replaces descriptors, and ours are none of its business. */
bool fd_table_owns(int fd);
int fd_table_close_range(unsigned int first, unsigned int last, int flags);
/* Make room for the VMM at this number: 0, or -EBUSY. */
int fd_table_yield(int fd);

#endif
