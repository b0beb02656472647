/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h - the process that makes ioctls, as the in-process form sees it: some memory of its
 * own to point at, good and bad, and values for the arguments by their names in the rows.
 *
 * Whatever a fuzzed argument says, calls write only into this memory, and move only this memory.
 */
#ifndef FUZZ_CLIENT_H
#define FUZZ_CLIENT_H

#include "fuzz/input.h"
#include "kvm/call.h"

#define CLIENT_ARGS	  0x10000   /* bytes for argument structures */
#define CLIENT_ARGS_READY 0xf000    /* ... but the last page of them */
#define CLIENT_RAM	  0x800000  /* for memslots, behind them */
#define CLIENT_RAM_READY  0x40000   /* so much of it can be accessed: what a slot names is copied */
#define CLIENT_SIZE	  0x2000000 /* the rest cannot be accessed */
#define CLIENT_READ_ONLY  0x900000  /* but this one page can be read */
#define CLIENT_IPA_BITS	  33
#define CLIENT_RAM_IPA	  UINT64_C(0x40000000)
#define CLIENT_MAX_ARG	  512 /* bytes of one argument structure, and what follows it */

struct client {
	uint8_t *mem;
	int eventfd[2], file; /* descriptors of this process */
	/* Registers of a vCPU (GET_REG_LIST). */
	uint64_t regs[512];
	unsigned int num_regs;
};

/* Once. */
void client_init(struct client *c);
/* For each input: all memory fresh. */
void client_reset(struct client *c);

/* An address of its own. */
uint64_t client_address(struct client *c, struct input *in);
uint64_t client_size(struct input *in);

/*
 * The argument of a call by its row: the value itself, or the address of a structure with each
 * named field chosen and the others from `fill`.
 */
uint64_t client_argument(struct client *c, struct input *in, const struct kvm_row *row,
			 const uint8_t *fill, size_t fill_len);

/* Bytes that client_argument takes when each choice is the shortest. */
unsigned int client_argument_width(const struct kvm_row *row);

#endif
