/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qemu_parts.h - what the files of the QEMU back-end know of each other.
 *
 * Threads. Each engine has one keeper thread (keeper.c): it forks QEMU, answers the vhost-user
 * side of the doorbell devices, collects what QEMU prints, and reaps it. It lives exactly as long
 * as the engine, so QEMU may be tied to it by PDEATHSIG. All else is done on the callers' threads.
 *
 * Life of an engine:
 *
 *	STARTING -> RUNNING   a CPU at a time: its first answer (cpu_bring_up)
 *	STARTING, RUNNING -> LOST   the keeper: QEMU has ended; the host: a CPU answered nonsense,
 *			      or owes an answer for longer than `patience`
 *	any -> gone           destroy: the keeper kills and reaps QEMU, then ends
 *
 * LOST is for ever. It is `lost`, and a lost_fd that is readable, so that whoever sleeps wakes.
 */
#ifndef ENGINE_QEMU_PARTS_H
#define ENGINE_QEMU_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/lock.h"
#include "engine/engine.h"
#include "engine/mailbox.h"
#include "engine/spin.h"
#include "machine/shared.h"

struct engine;
struct pe;

/* The longest vhost-user message that the device sends, and the most descriptors with one
 * (SET_MEM_TABLE: one a region). */
#define VHOST_MAX_PAYLOAD 512
#define VHOST_MAX_FDS	  8

struct vhost_message {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of what follows */
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} vring;
		uint8_t bytes[VHOST_MAX_PAYLOAD];
	};
} __attribute__((packed));

/* A CPU's doorbell: a queue of a device. Both stay open, with their numbers, until the engine is
 * gone; before the device has given its own they are eventfds of ours. */
struct doorbell {
	int kick; /* eventfd that QEMU writes when the CPU rings */
	int call; /* eventfd that rings the CPU */
};

/* Our end of a doorbell device; the keeper's. */
struct doorbell_device {
	int sock; /* vhost-user */
	unsigned int queues;
	struct doorbell *doorbell[DOORBELL_MAX_QUEUES]; /* of each queue; NULL: nobody's */

	/* The message that is coming in, and the descriptors that came with it. */
	struct vhost_message message;
	size_t have;
	int fds[VHOST_MAX_FDS];
	unsigned int num_fds;
};

struct engine_cpu {
	struct engine *engine;
	struct mailbox *mailbox;
	struct doorbell doorbell;
	bool up;	  /* has given its first answer; written by the caller's thread */
	struct spin spin; /* the caller's thread */
	/* The caller's thread: the schedstat of QEMU's thread, -1: there is none. */
	bool schedstat_sought;
	int schedstat;
};

/* After the machine's expect_lock, which is held while an engine is started ahead. */
enum {
	RANK_AHEAD = LOCK_RANKS_ENGINE + 1,
	RANK_SERVICE,
	RANK_STARTER,
	RANK_FILES = MACHINE_RANK_SHARED + 1,
};

/* The host's end of the object in QEMU's process (files.c). */
struct engine_files {
	struct machine_viewer viewer;
	int sock;   /* -1: there is no object */
	int theirs; /* QEMU's end, until it has been started */

	struct lock lock; /* all below, and a request with its answer */
	bool begun;	  /* BEGIN has been said: from now on answers are waited for */
	bool needed;	  /* something was said before */
	bool greeted;	  /* BEGIN has been answered ... */
	bool absent;	  /* ... or never will be */
};

struct engine {
	struct machine *machine;
	uint64_t window;       /* PA */
	unsigned int cpus;     /* without the service CPU, whose index this is */
	bool one_thread;       /* QEMU runs all CPUs in one, in turn (docs/engine.md) */
	unsigned int spin;     /* microseconds, at most */
	unsigned int patience; /* milliseconds that a CPU may owe an answer */
	uint64_t started;      /* nanoseconds, CLOCK_MONOTONIC */
	struct engine_cpu cpu[MAILBOX_MAX_CPUS];
	unsigned int devices; /* that ring them */
	struct doorbell_device device[DOORBELL_DEVICES];
	struct engine_files files;
	struct engine *next; /* qemu.c: engines started ahead */

	struct lock service;	/* the service CPU's caller */
	_Atomic uint64_t vttbr; /* of the last run: what to invalidate */

	pthread_t keeper;
	int stop_fd; /* eventfd: destroy asks the keeper to end */
	int lost_fd; /* eventfd */
	atomic_bool lost;
	atomic_int pidfd; /* of QEMU; -1: not started yet */

	/* The keeper's. */
	char *program; /* path of QEMU; owned */
	int stderr_fd;
	char line[256]; /* the last line that QEMU printed */
	size_t line_len;
	bool line_done; /* the next character begins a new line */
};

/* process.c: the QEMU process */
char *process_find_program(void); /* malloc'd path, or NULL: not installed */
int process_start(struct engine *e, const int *device_socks);
void process_kill(struct engine *e);
/* It has hung up, so it is about to end: a moment to do so with a status of its own. */
void process_await_end(struct engine *e);
/* On any thread: if somebody has stopped it, let it go on. */
void process_continue(struct engine *e);
/* What it prints has come; false: it has ended (or closed its stderr, which it never does). */
bool process_read_stderr(struct engine *e);
/* Reaps it and says in one line how it ended. */
void process_reap(struct engine *e, char *how, size_t size);

/* files.c: files that others share, over QEMU's memory */
int files_open(struct engine *e);  /* before QEMU is started; 0 or -errno */
int files_image(void);		   /* the object, to be loaded; -1: there is none */
void files_view(struct engine *e); /* once it is being started */
/* A CPU has come up: 0, or -EIO, if what it needs is not there. */
int files_ready(struct engine *e);
void files_close(struct engine *e);

/* keeper.c */
int keeper_start(struct engine *e);
void keeper_stop(struct engine *e);
void engine_set_lost(struct engine *e);

/* vhost_doorbell.c: takes what has come from the device, never waits; false: hung up or nonsense.
 */
bool doorbell_serve(struct doorbell_device *d);
void doorbell_device_close(struct doorbell_device *d);
bool doorbell_open(struct doorbell *d); /* false: no descriptors left */
void doorbell_close(struct doorbell *d);
void doorbell_ring(const struct doorbell *d);

/* cpu.c: the mailbox protocol */
uint64_t cpu_clock(void); /* nanoseconds */
/* Wait until the CPU has given its first answer. 0, -EIO (lost), -EINTR (`pe`, which may be NULL,
 * has been kicked). */
int cpu_bring_up(struct engine_cpu *c, struct pe *pe);
int cpu_command(struct engine_cpu *c, enum mailbox_command cmd, uint64_t arg0, uint64_t arg1);
enum engine_exit cpu_run(struct engine_cpu *c, struct pe *pe);
uint64_t cpu_run_delay(struct engine_cpu *c);

#endif
