/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * state.h - all that the core knows: one struct client, in parts.
 *
 * Each part belongs to the file that is named beside it, which alone reads and writes it; others
 * call its functions (tests/lint/lint). All begins as zeroes. client_enter (reset.c) empties the
 * parts in the child of a fork, and nobody else does.
 */
#ifndef CLIENT_STATE_H
#define CLIENT_STATE_H

#include <limits.h>
#include <signal.h>

#include "client/client.h"
#include "client/latch.h"

#define CLIENT_MAX_OBJECTS  2048u
#define CLIENT_MAX_MAPPINGS 1024
#define CLIENT_MAX_WATCHED  256
#define CLIENT_MAX_GUARDS   512
#define CLIENT_MAX_KNOWN    64u
#define CLIENT_RETRIED	    64u
#define CLIENT_MOVE_BATCH   16u /* pages */

/* A descriptor of ours in the VMM's table. */
struct own {
	int fd;
	uint64_t dev, ino; /* what must lie behind it: the VMM may have closed it; ino 0: none */
};

struct talk {
	struct own own;
	uint32_t seq, step; /* of the last request; of the last message heard in it */
};

struct client_process {
	pid_t *owner; /* in a page that is wiped on a fork; NULL before the start */
	pid_t fallback_owner;
	bool wiped_on_fork;
	bool begun;
};

struct client_link {
	struct sockaddr_un name;
	socklen_t name_len; /* 0: the launcher has named no backend */
	uint64_t token;	    /* names this address space; not 0 */
	struct latch latch;
	struct talk talk; /* under the latch */
	/* What the backend has said of itself: the same for every process. */
	pid_t backend_pid;
	uint32_t rmi_cap;
	uint64_t physical_dev, physical_ino;
};

enum object_kind { OBJECT_SYSTEM, OBJECT_VM, OBJECT_VCPU, OBJECT_DEVICE, OBJECT_GMEM };

/*
 * An object belongs to the address space that created it. `dev` and `ino` are its life's, which the
 * VMM holds; so every duplicate of a descriptor finds the object and a number used again does not.
 */
struct object {
	struct latch latch; /* through each request, and over taking the entry out */
	uint64_t dev, ino;  /* ino 0: the entry is free */
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

/* Entries are taken from the front, so the memory in use is that of the most objects at once. */
struct client_objects {
	struct latch latch;
	unsigned int used; /* no entry behind it was ever taken */
	/* By inode: an entry's number plus 1; 0: the place is free. */
	uint16_t places[CLIENT_MAX_OBJECTS];
	bool any_gmem;	       /* a guest_memfd was there */
	unsigned int farthest; /* nothing is farther from its inode's own place than this */
	struct object table[CLIENT_MAX_OBJECTS];
};

struct mapping {
	uint64_t start, end; /* what is left of it; end 0: the entry is free */
	struct own own;
};

struct client_mappings {
	struct latch latch;
	bool any; /* since the process began: most never map one */
	struct mapping table[CLIENT_MAX_MAPPINGS];
};

/* Read without a lock: an entry covers what it has covered until it is given up (watched.c). */
struct watched_range {
	uint64_t start, end; /* end 0: the entry is free */
};

struct client_watched {
	struct latch latch;
	struct watched_range table[CLIENT_MAX_WATCHED];
	unsigned int used;	  /* no entry behind it was ever taken */
	uint64_t lowest, highest; /* of all: a quick no */
	uint32_t changing;	  /* threads that change memory that was not watched */
	uint64_t count;		  /* of what was added */
};

struct client_maps {
	struct own own;
	bool open;
	uint64_t offset;
	size_t at, len;
	char buf[32768];
};

struct known_range {
	uint64_t start, end; /* end 0: the entry is free */
	uint64_t offset;     /* in physical memory; ~0: private and anonymous, not moved yet */
	int prot;
};

struct client_known {
	struct latch latch;
	uint64_t begun, over; /* changes of the address space so far */
	struct known_range table[CLIENT_MAX_KNOWN];
};

struct guard {
	uint64_t start, end, ipa;
	int prot; /* to be given back */
};

struct client_guards {
	unsigned int num;
	struct guard table[CLIENT_MAX_GUARDS];
};

struct client_window {
	uint32_t moves; /* odd while it is open; goes up when it opens and when it closes */
	uint64_t start, end;
	int prot;
	/* One thread's last fault that was tried again. */
	struct {
		int tid;
		uint32_t moves;
		uint64_t addr;
	} retried[CLIENT_RETRIED];
};

struct client_segv {
	struct latch latch;
	void (*handler)(int sig, siginfo_t *info, void *context); /* ours */
	struct segv_action theirs[2];
	unsigned int current; /* of theirs: changed whole, read without a lock */
};

struct client_move {
	bool by_pagemap;   /* private memory: which pages were ever touched */
	bool by_residence; /* any other, while nothing is swapped out */
	int pagemap;
	uint64_t known_from, known_to; /* what these describe */
	uint64_t entries[512];
	unsigned char resident[512];
	uint64_t pages[CLIENT_MOVE_BATCH * PAGE_SIZE / 8];
};

struct client_shared_file {
	int found_last; /* as a rule there is one file of memory */
};

/* SOFTREALM_CARRIED, in parts. Read-only once the program runs. */
struct client_carry {
	char text[4 * PATH_MAX];
	char preload[PATH_MAX + 16];	/* LD_PRELOAD=... */
	char *emulator, *root, *loader; /* emulator NULL: this program is not carried */
};

struct client {
	bool enabled, carried;		       /* state.c */
	struct client_process process;	       /* reset.c */
	struct client_link link;	       /* link.c */
	struct client_watched watched;	       /* watched.c */
	struct client_maps maps;	       /* maps.c */
	struct client_known known;	       /* known.c */
	struct client_guards guards;	       /* guard.c */
	struct client_window window;	       /* window.c */
	struct client_segv segv;	       /* segv_action.c */
	struct client_move move;	       /* move.c */
	struct client_shared_file shared_file; /* shared_file.c */
	struct client_objects objects;	       /* object.c */
	struct client_mappings mappings;       /* mapping.c */
	struct client_carry carry;	       /* carry.c */
#ifdef LOCK_CHECK
	struct latch_held held[LATCH_HELD_MAX]; /* latch.c */
#endif
};

extern struct client client;

void client_set(bool enabled, bool carried);

#endif
