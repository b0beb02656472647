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
 *	STARTING -> RUNNING   a CPU at a time: doorbell connected, first answer (cpu_bring_up)
 *	STARTING, RUNNING -> LOST   the keeper: QEMU has ended; the host: a CPU answered nonsense
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

#include "engine/engine.h"
#include "engine/mailbox.h"
#include "engine/spin.h"

struct engine;
struct pe;

/* Our end of one doorbell device. The descriptors stay open, with their numbers, from when the
 * device has given them until the engine is gone. */
struct doorbell {
	int sock;	 /* vhost-user */
	atomic_int kick; /* eventfd that QEMU writes when the CPU rings; -1: not yet */
	atomic_int call; /* eventfd that rings the CPU; -1: not yet */
};

struct engine_cpu {
	struct engine *engine;
	struct mailbox *mailbox;
	struct doorbell doorbell;
	bool up;	  /* has given its first answer; the caller's thread */
	struct spin spin; /* the caller's thread */
};

struct engine {
	struct machine *machine;
	uint64_t window;   /* PA */
	unsigned int cpus; /* without the service CPU, whose index this is */
	unsigned int spin; /* microseconds, at most */
	struct engine_cpu cpu[MAILBOX_MAX_CPUS];
	struct engine *next; /* qemu.c: engines started ahead */

	pthread_mutex_t service; /* the service CPU's caller */
	_Atomic uint64_t vttbr;	 /* of the last run: what to invalidate */

	pthread_t keeper;
	int stop_fd; /* eventfd: destroy asks the keeper to end */
	int lost_fd; /* eventfd */
	atomic_bool lost;
	pthread_mutex_t lock;	  /* with `connected` */
	pthread_cond_t connected; /* a doorbell is there, or the engine is lost */

	/* The keeper's. */
	char *program; /* path of QEMU; owned */
	_Atomic pid_t pid; /* 0: none, or reaped */
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

/* keeper.c */
int keeper_start(struct engine *e);
void keeper_stop(struct engine *e);
void engine_set_lost(struct engine *e);

/* vhost_doorbell.c: one message of the device; false: hung up or nonsense. */
bool doorbell_serve(struct doorbell *d);
bool doorbell_connected(const struct doorbell *d);
void doorbell_ring(const struct doorbell *d);

/* cpu.c: the mailbox protocol */
bool cpu_bring_up(struct engine_cpu *c);
int cpu_command(struct engine_cpu *c, enum mailbox_command cmd, uint64_t arg0, uint64_t arg1);
enum engine_exit cpu_run(struct engine_cpu *c, struct pe *pe);

#endif
