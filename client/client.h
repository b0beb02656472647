/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h - the client core: what lives in the VMM's process and talks to the backend.
 *
 * It knows no C library but for memcpy and its like: no errno, no heap, no thread-local state,
 * static tables of fixed size, system calls of its own (wire/raw.h), so that no cancellation point
 * and no other interposer is between; every signal blocked while it talks to the backend, so that
 * no handler finds a half-done conversation. Functions return a result or -errno. preload/ puts it
 * under a dynamic program.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "wire/raw.h"
#include "wire/wire.h"

#define PAGE_SIZE 4096ul

/* A system call: the result, or -errno. */
#define sys(nr, ...) raw(nr, ##__VA_ARGS__)
static inline bool sys_failed(long r)
{
	return r < 0 && r >= -4095;
}

/* ---- signals ---- */
typedef uint64_t sigmask_t; /* the kernel's sigset_t */

void signals_block(sigmask_t *old);
void signals_restore(const sigmask_t *old);
/* A signal is pending that `mask` does not block and that is not ignored: what makes the kernel
 * leave a long call. No handler runs. */
bool signals_pending(sigmask_t mask);

/* ---- addresses that the VMM passes: any value ---- */
/* The aligned 8 bytes around p can be read, so can the rest of their page. */
bool user_readable(const void *p);
/* `size` bytes, at least 8 and at most a page, can be written. They may have been changed. */
bool user_writable(void *p, size_t size);

/* ---- locks: process-private, taken with all signals blocked ---- */
struct lock {
	uint32_t word; /* 0 free, 1 held, 2 held and somebody waits */
};
void lock_take(struct lock *l);
bool lock_try(struct lock *l);
/* False: it is still held after so long. */
bool lock_take_for(struct lock *l, unsigned int ms);
void lock_drop(struct lock *l);

/* ---- descriptors of ours in the VMM's table, and conversations over them (talk.c) ---- */
struct own {
	int fd;		   /* -1: none */
	uint64_t dev, ino; /* what must lie behind it: the VMM may have closed it */
};
/* Takes over fd and moves it far up. 0 or -EBADF (closed). */
int own_take(struct own *o, int fd);
bool own_valid(const struct own *o);
void own_close(struct own *o);
/* Another number for it. False: there is none. */
bool own_move(struct own *o);

struct talk {
	struct own own;
	uint32_t seq, step; /* of the last request; of the last message heard in it */
};
void talk_begin(struct talk *t); /* the next request */
/* As wire_send, wire_recv; out of order is -EPIPE, and the end of the talk. */
int talk_send(struct talk *t, struct wire_msg *m, const void *data, const int *fds, int nfds);
ssize_t talk_recv(struct talk *t, struct wire_msg *m, void *data, size_t size, int *fds, int *nfds);
bool talk_hung_up(const struct talk *t);

/* ---- objects: the VMs, vCPUs, devices and guest_memfds that this process was given ---- */
enum object_kind { OBJECT_SYSTEM, OBJECT_VM, OBJECT_VCPU, OBJECT_DEVICE, OBJECT_GMEM };

/*
 * An object belongs to the address space that created it. `dev` and `ino` are its life's, which the
 * VMM holds; so every duplicate of a descriptor finds the object and a number used again does not.
 */
struct object {
	struct lock lock;  /* through each request, and over taking the entry out */
	uint64_t dev, ino; /* ino 0: the entry is free */
	uint32_t kind;
	uint32_t id; /* the backend's */
	struct talk talk;
	uint64_t size, flags; /* guest_memfd */

	/* vCPU */
	void *memory;		      /* kvm_run, ring */
	struct wire_control *control; /* the page after them */
	bool mask_set;		      /* KVM_SET_SIGNAL_MASK */
	sigmask_t mask;
	int runner;	    /* thread whose KVM_RUN waits with signals open; 0: none */
	uint32_t ended_seq; /* that KVM_RUN was ended by somebody else ... */
	int64_t ended_ret;  /* ... with this result */
};

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
/* 0, or -EBADF: it has been closed meanwhile. */
int object_lock(const struct handle *h);
/* Make an entry; takes over `talk`. NULL: no room. */
struct object *object_add(int life, int talk, const struct wire_msg *m);
void object_remove(struct object *obj);
/* Close what objects that are gone have left. True if there was something. */
bool object_sweep(void);
void object_forget_all(void); /* child of a fork */
struct talk *object_owner(int fd);
int object_next_own(int from); /* the lowest of our descriptors from there on, or -1 */

/* ---- the connection to the backend (client.c) ---- */
/* When the program begins: the name of the backend's socket (NULL: there is none). */
void client_start(const char *name, bool carried);
bool client_enabled(void); /* the launcher has named a backend */
bool client_carried(void); /* an emulator runs this program */
/* To be called first by every hook: notices that this is the child of a fork. */
void client_enter(void);
/* open("/dev/kvm"): the descriptor, or -errno. Everything that later calls need is there, too. */
int client_open(int flags);
/* A talk for one request on /dev/kvm or about memory: the process's, or *spare when that is in use.
 * NULL and *r = -errno. */
struct talk *client_talk(struct talk *spare, sigmask_t mask, int *r);
void client_talk_end(struct talk *t);
uint32_t client_rmi_cap(void);
pid_t client_backend_pid(void);
bool client_is_backend_name(int fd);
bool client_is_physical(uint64_t dev, uint64_t ino);
/* The VMM closes or replaces descriptors, and ours are none of its business. */
bool client_owns(int fd);
int client_close_range(unsigned int first, unsigned int last, int flags);
/* Make room for the VMM at this number: 0, or -EBUSY. */
int client_yield(int fd);

/* ---- conversations (channel.c) ---- */
struct call {
	struct talk *talk;
	struct object *obj; /* NULL on system channels */
	sigmask_t mask;	    /* the thread's, outside */
	bool running;	    /* KVM_RUN that a signal may still end */
	int64_t ended_ret;
	bool run_ended; /* ... that somebody else has ended: the lock is not ours any more */
	int done_fd;	/* a descriptor that came with DONE, or -1 */
	struct wire_msg done;
};
/* Serve the backend until DONE: its result, or -EIO when the backend is gone. Called with signals
 * blocked. */
int64_t channel_serve(struct call *c);
/* One whole request on a system channel: the result; what came with DONE is in *c. */
int64_t channel_request(struct call *c, struct wire_msg *m);
int64_t channel_ioctl(const struct handle *h, enum fd_class class, uint32_t nr, uint64_t arg);
int64_t channel_fallocate(const struct handle *h, struct wire_msg *m);

/* KVM_RUN (run.c). The object's lock is held; it is not any more if c->run_ended. */
int64_t run_vcpu(struct call *c, uint64_t arg);
/* With signals open, wait until the backend says something; a signal cancels the run. 0, or -EIO,
 * or -EINTR with c->run_ended. */
int run_wait(struct call *c);
/* Take the object's lock. A run that is open is ended first if a handler on top of it uses the
 * vCPU, or if its thread is no more. */
void run_lock(struct object *obj);

/* ---- the address space (watched.c) ---- */
void memory_forget_all(void); /* child of a fork */
/* All that a report needs is open: 0 or -errno. */
int memory_prepare(void);
/* The VMM changes its address space: between these two nothing there is moved. Signals are blocked
 * meanwhile if the range is watched (true). */
bool memory_change_begin(uint64_t addr, uint64_t size, sigmask_t *mask);
void memory_change_end(bool watched, const sigmask_t *mask);
/* WIRE_ATTACH: watch the range from now on, then report it. */
int memory_attach(struct talk *t, uint64_t addr, uint64_t size);
/* WIRE_REMAP: map `fd` wherever the range still shows the pages at `offset`. */
void memory_remap(int fd, uint64_t addr, uint64_t size, uint64_t offset);
bool memory_watched(uint64_t addr, uint64_t size);
void memory_watch(uint64_t addr, uint64_t size);
/* A range was changed: if it is watched, the backend learns it before this returns. */
void memory_changed(uint64_t addr, uint64_t size);
void memory_discarded(uint64_t addr, uint64_t size, int advice);

/* ---- /proc/self/maps (maps.c); all under memory_lock ---- */
struct area {
	uint64_t start, end, offset, dev, ino;
	int prot;
	bool shared;
	const char *name; /* valid until the next one */
};
/* Kept open: no report depends on a free descriptor. 0 or -errno. */
int maps_open(void);
void maps_close(void);
void maps_forget(void); /* child of a fork */
struct own *maps_own(void);
/* The next mapping that touches the range, and the part of it that lies inside: 1; 0: there is
 * none; -EIO: nobody knows. */
int maps_next(struct area *a, uint64_t addr, uint64_t size, uint64_t *start, uint64_t *end);

/* ---- files that others share (shared.c) ---- */
/* The part of a mapping that `m` tells of: 0 if it is one of a file that the VMM has open, and the
 * backend uses the file; 1: it is to be reported as `m` says; -EPIPE. */
int shared_report(struct talk *t, const struct area *a, const struct wire_msg *m);

/* WIRE_GUARD: nobody is to touch the range unnoticed from now on, or everybody may. */
void memory_guard(uint64_t addr, uint64_t size, uint64_t ipa, bool on);
/* A thread has faulted there. True: it was guarded, the backend knows, the access may be made. */
bool memory_touched(uint64_t addr, uint64_t pc);

/* ---- guarded memory (guard.c); all under memory_lock ---- */
bool guard_any(void); /* the lock need not be held */
/* Make a mapping inaccessible that has this protection. */
void guard_area(uint64_t start, uint64_t end, uint64_t ipa, int prot);
/* The memory there is accessible again, or has been mapped anew. */
void guard_open(uint64_t addr, uint64_t size);
void guard_forget(uint64_t addr, uint64_t size);
bool guard_find(uint64_t addr, uint64_t *ipa, int *prot);

/* ---- moving (move.c, fault.c) ---- */
/* Move [start, end) of the area onto `memory` at `offset`: how many bytes from the start have been
 * moved. Under memory_lock, with signals blocked. */
uint64_t memory_move(const struct area *a, uint64_t start, uint64_t end, int memory,
		     uint64_t offset);

/* The kernel's struct sigaction. */
struct fault_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	sigmask_t mask;
};
/* From now on a store into the window waits until it is closed. */
void fault_install(void);
void fault_window_open(uint64_t start, uint64_t end, int prot);
void fault_window_close(void);
void fault_forget(void); /* child of a fork */
/* sigaction(2) of SIGSEGV for the VMM; false: our handler is not there, nothing was done. */
bool fault_action(const struct fault_action *new, struct fault_action *old);

/* ---- system calls of the VMM (calls.c): the result or -errno ---- */
long call_mmap(uint64_t addr, uint64_t size, int prot, int flags, int fd, uint64_t offset);
long call_munmap(uint64_t addr, uint64_t size);
long call_mprotect(uint64_t addr, uint64_t size, int prot);
long call_mremap(uint64_t from, uint64_t old_size, uint64_t size, int flags, uint64_t fixed);
long call_madvise(uint64_t addr, uint64_t size, int advice);
long call_close_range(unsigned int first, unsigned int last, int flags);
/* True: the call is ours, and *r its result. False: it is for the kernel. */
bool call_ioctl(int fd, uint32_t nr, uint64_t arg, long *r);
bool call_fallocate(int fd, int mode, int64_t offset, int64_t len, long *r);
bool call_close(int fd); /* nothing is closed, and nothing need be */
/* Before dup2(from, to): 0, or -EBUSY. */
long call_replace(int from, int to);

/* ---- mappings of our descriptors (mapping.c) ---- */
/* mmap of a vCPU or guest_memfd: the address or -errno. */
long mapping_create(struct object *obj, int fd, uint64_t addr, uint64_t size, int prot, int flags,
		    uint64_t offset);
struct own *mapping_owner(int fd);
int mapping_next_own(int from);
void mapping_forget_all(void); /* child of a fork */
/* [addr, addr + size) is not what it was: drop references that mappings there held. */
void mapping_gone(uint64_t addr, uint64_t size);

#endif
