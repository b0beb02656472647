/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mailbox.h - what the QEMU back-end and its EL2 monitor share: the window, and one mailbox for
 * each CPU. Compiled for both sides; the assertions below make the layouts the same.
 *
 * A window is MACHINE_WINDOW_SIZE bytes of reserved memory that belongs to one engine:
 *
 *	0x000000  the monitor's image (position independent), entered at its first byte
 *	0x020000  stacks, one page a CPU
 *	0x0a0000  mailboxes, one page a CPU; the upper half of a page is the monitor's own
 *	0x120000  virtqueues of the doorbell devices
 *	0x140000  parts of vectors, one page a CPU, where there is SVE
 *	0x1ff000  the monitor's stage 1 table: 1 GiB blocks, one page
 *
 * Doorbells. The board has 32 virtio-mmio transports, each with an interrupt that goes to one CPU.
 * CPU c has queue c / 32 of device c % 32. The host is rung by the queue's own eventfd. A ring for
 * a CPU interrupts the device's first CPU (its owner), which sends an SGI to those of the others
 * that have a kick or the turn: so only CPUs from 32 on pay for being many.
 *
 * Turn. `turn` says whose the mailbox is. The owner alone may read or write the frame, command,
 * args and answer; it gives the mailbox away by storing `turn`:
 *
 *	MAILBOX_MONITOR -> MAILBOX_HOST    the monitor: command done, or the guest has exited
 *	MAILBOX_HOST -> MAILBOX_MONITOR    the host: a new command
 *
 * A fresh window is zero, so the first turn is the monitor's: it answers when the CPU is up.
 *
 * Sleep. A side that waits for its turn spins for a while, then sets its `sleeping` flag, looks
 * at `turn` once more, and blocks. The other side stores `turn`, then looks at the flag, and
 * rings the doorbell if it is set. Each has a full barrier between its store and its load, so one
 * of the two sees the other's.
 *
 * Kick. `kick` may be set at any time by any thread of the host, which then rings. The monitor
 * looks at it before each entry to the guest and on each doorbell, and answers with NOT_RUN or an
 * IRQ exit. The host clears it before it gives the RUN command.
 */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#define WINDOW_STACKS	 0x20000
#define WINDOW_MAILBOXES 0xa0000
#define WINDOW_QUEUES	 0x120000
#define WINDOW_SVE	 0x140000
#define WINDOW_TABLE	 0x1ff000

#define STACK_SIZE	0x1000
#define SVE_SIZE	0x1000
#define MAILBOX_SIZE	0x1000
#define MAILBOX_PRIVATE 0x800 /* where the monitor's half begins */

/* 127 for RECs, and the service CPU. */
#define MAILBOX_MAX_CPUS 128

#define DOORBELL_DEVICES    32
#define DOORBELL_MAX_QUEUES (MAILBOX_MAX_CPUS / DOORBELL_DEVICES)
#define DOORBELL_MIN_QUEUES 2	  /* of any vhost-user-fs device */
#define DOORBELL_QUEUE_SIZE 0x400 /* memory of one */

/* Where the monitor's assembly finds the frame's fields. */
#define MAILBOX_X      0x000
#define MAILBOX_PC     0x0f8
#define MAILBOX_PSTATE 0x100

/* Values of enum mailbox_answer that it uses. */
#define MAILBOX_EXIT_SYNC   1
#define MAILBOX_EXIT_IRQ    2
#define MAILBOX_EXIT_SERROR 3

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum mailbox_turn { MAILBOX_MONITOR, MAILBOX_HOST };

enum mailbox_command {
	MAILBOX_RUN,	     /* answers with an exit */
	MAILBOX_RESET,	     /* sysregs in */
	MAILBOX_SYSREGS_GET, /* sysregs out */
	MAILBOX_SYSREGS_SET, /* sysregs in */
	MAILBOX_STATE_GET,   /* state out */
	MAILBOX_STATE_SET,   /* state in */
	MAILBOX_SVE_GET,     /* arg: a part; its page, and with the last one arg: ZCR_EL1, out */
	MAILBOX_SVE_SET,     /* arg: a part, ZCR_EL1 with the last one; its page in */
	MAILBOX_DEBUG_GET,   /* debug out */
	MAILBOX_DEBUG_SET,   /* debug in */
	MAILBOX_WHOLE_GET,   /* sysregs, state, debug out */
	MAILBOX_WHOLE_SET,   /* sysregs, state, debug in */
	MAILBOX_TLBI,	     /* arg: VTTBR_EL2 */
	MAILBOX_TOUCH,	     /* arg: first PA, length */
};

/* Parts of struct engine_sve, each of which fits a page. */
enum mailbox_sve_part { MAILBOX_SVE_Z0, MAILBOX_SVE_Z16, MAILBOX_SVE_P };

enum mailbox_answer {
	MAILBOX_DONE,			  /* a command other than RUN; or the CPU has come up */
	MAILBOX_SYNC = MAILBOX_EXIT_SYNC, /* exits of RUN */
	MAILBOX_IRQ = MAILBOX_EXIT_IRQ,
	MAILBOX_SERROR = MAILBOX_EXIT_SERROR,
	MAILBOX_NOT_RUN, /* RUN: there was a kick; the frame is untouched */
	MAILBOX_FAULT,	 /* the monitor itself took an exception: the CPU is lost */
};

struct mailbox {
	struct engine_frame frame;
	uint8_t pad0[0x200 - sizeof(struct engine_frame)];

	/* Each line below is written by one side, or by the owner of the turn. */
	uint32_t turn;
	uint32_t command;
	uint32_t answer;
	uint32_t pad1;
	uint64_t arg[2];
	uint8_t pad2[0x240 - 0x220];

	uint32_t monitor_sleeping; /* monitor */
	uint8_t pad3[0x280 - 0x244];

	uint32_t host_sleeping; /* host */
	uint32_t kick;
	uint8_t pad4[0x2c0 - 0x288];

	/* Set by the host before the start. */
	uint32_t cpus; /* of the engine, the service CPU counted */
	uint32_t spin; /* microseconds that the monitor spins before it sleeps, at most */
	uint32_t pmu;  /* 1: guests may have one */
	uint8_t pad5[0x300 - 0x2cc];

	uint64_t sysregs[ENGINE_NUM_SYSREGS];
	struct engine_state state;
	struct engine_debug debug;
};

_Static_assert(offsetof(struct mailbox, frame.x) == MAILBOX_X, "mailbox");
_Static_assert(offsetof(struct mailbox, frame.pc) == MAILBOX_PC, "mailbox");
_Static_assert(offsetof(struct mailbox, frame.pstate) == MAILBOX_PSTATE, "mailbox");
_Static_assert(sizeof(struct engine_frame) == 0x1f8, "mailbox");
_Static_assert(16 * ENGINE_MAX_VQ * ENGINE_VQ_BYTES <= SVE_SIZE, "a part fits its page");
_Static_assert(WINDOW_SVE >=
		       WINDOW_QUEUES + DOORBELL_DEVICES * DOORBELL_MAX_QUEUES * DOORBELL_QUEUE_SIZE,
	       "window");
_Static_assert(WINDOW_SVE + MAILBOX_MAX_CPUS * SVE_SIZE <= WINDOW_TABLE, "window");
_Static_assert(offsetof(struct mailbox, turn) == 0x200, "mailbox");
_Static_assert(offsetof(struct mailbox, monitor_sleeping) == 0x240, "mailbox");
_Static_assert(offsetof(struct mailbox, host_sleeping) == 0x280, "mailbox");
_Static_assert(offsetof(struct mailbox, cpus) == 0x2c0, "mailbox");
_Static_assert(offsetof(struct mailbox, sysregs) == 0x300, "mailbox");
_Static_assert(sizeof(struct mailbox) <= MAILBOX_PRIVATE, "mailbox");
_Static_assert(ENGINE_MAX_CPUS + 1 <= MAILBOX_MAX_CPUS, "mailbox");
_Static_assert(WINDOW_STACKS + MAILBOX_MAX_CPUS * STACK_SIZE <= WINDOW_MAILBOXES, "window");
_Static_assert(WINDOW_MAILBOXES + MAILBOX_MAX_CPUS * MAILBOX_SIZE <= WINDOW_QUEUES, "window");
_Static_assert(WINDOW_QUEUES + DOORBELL_DEVICES * DOORBELL_MAX_QUEUES * DOORBELL_QUEUE_SIZE <=
		       WINDOW_TABLE,
	       "window");

/* How many queues device `d` has, of `cpus` CPUs. */
static inline unsigned int doorbell_queues(unsigned int d, unsigned int cpus)
{
	unsigned int n = (cpus - d + DOORBELL_DEVICES - 1) / DOORBELL_DEVICES;

	return n < DOORBELL_MIN_QUEUES ? DOORBELL_MIN_QUEUES : n;
}
#endif
#endif
