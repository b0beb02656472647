/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pe.h - a host processing element: what runs one vCPU at a time, and how it is kicked.
 *
 * The host (kvm/) gives each vCPU a PE and passes it with every SMC. Only the owner thread calls
 * anything but pe_kick. A kick may come from any thread, and from another process through a
 * descriptor that the owner watches; it is never lost:
 *
 *	owner: pe_clear(); look at whatever kicks announce (signals, pending interrupts);
 *	       REC_ENTER -> the engine returns at once if a kick came after the clear.
 *
 * States: OUT (owner runs host code; a kick is remembered) -> IN (owner waits for a CPU engine;
 * a kick is remembered and the engine's poke is called) -> OUT.
 */
#ifndef MACHINE_PE_H
#define MACHINE_PE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct pe;

struct pe *pe_create(void); /* NULL: out of descriptors or memory */
void pe_destroy(struct pe *pe);

void pe_kick(struct pe *pe);
/* True if a kick came since pe_clear. */
bool pe_kicked(const struct pe *pe);
void pe_clear(struct pe *pe);
/* That `fd` is readable, or hung up, is a kick as soon as the owner sleeps; once, then it is
 * watched no more. -1: none. */
void pe_watch(struct pe *pe, int fd);

/* For whoever lets the owner sleep: what to poll for kicks, and what came of it: true if kicked. */
#define PE_NUM_POLL 2
void pe_poll_begin(const struct pe *pe, struct pollfd p[PE_NUM_POLL]);
bool pe_poll_end(struct pe *pe, const struct pollfd p[PE_NUM_POLL]);

/* Sleep until kicked, or `fd` (-1: none) is readable, or timeout_ms (-1: for ever) is over.
 * Returns true if kicked. Does not clear. */
bool pe_wait(struct pe *pe, int fd, int timeout_ms);

/*
 * The physical counter (CNTPCT_EL0) as the owner sees it: an engine says what it was when the guest
 * was left, and it runs on with the time of day, `hz` a second.
 */
void pe_set_counter(struct pe *pe, uint64_t count, uint64_t hz);
/* The counter now; 0 if nobody has said what it is. */
uint64_t pe_count(const struct pe *pe);
/* Milliseconds, rounded up, until a counter that is `offset` behind (modulo 2^64) reaches `count`:
 * 0 if it has, or nobody has said what it is. */
int pe_ms_until(const struct pe *pe, uint64_t offset, uint64_t count);

/* For engines: between enter and leave a kick also calls poke(arg), on the kicking thread. After
 * pe_leave returns no poke is running or will run. */
void pe_enter(struct pe *pe, void (*poke)(void *arg), void *arg);
void pe_leave(struct pe *pe);

/*
 * The host may say early how many CPUs a realm will need (machine_expect_cpus), so that an engine
 * can start meanwhile; the engine installs the hook. Both optional; a hint only. Hints come from
 * any thread, the hook gets them one at a time; once another one (or NULL) is set it is not running
 * and will not run.
 */
struct machine;
void machine_expect_cpus(struct machine *m, unsigned int cpus);
void machine_set_expect_hook(struct machine *m, void (*hook)(struct machine *m, unsigned int cpus));

#endif
