/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * packet.h - how GDB's remote protocol frames its packets: $DATA#SUM, with } before each byte that
 * means something else; acknowledgements and the interrupt are single bytes between them.
 */
#ifndef DEBUG_PACKET_H
#define DEBUG_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 0x4000 /* bytes of data in one, either way */

enum packet_kind {
	PACKET_NONE, /* nothing is complete */
	PACKET_DATA, /* a packet, whose data is in data[0..len), and a NUL */
	PACKET_BAD,  /* a packet with a wrong sum, or longer than PACKET_MAX: ask for it again */
	PACKET_ACK,
	PACKET_NACK,
	PACKET_INTERRUPT,
};

/* What has come of a packet; all zero at the start. */
struct packet_reader {
	enum { PACKET_BETWEEN, PACKET_IN_DATA, PACKET_SUM_HIGH, PACKET_SUM_LOW } at;
	bool escaped, too_long;
	bool no_sums; /* the sum is there, but not looked at */
	uint8_t sum, said;
	size_t len;
	char data[PACKET_MAX + 1];
};

/* Takes bytes until something is complete: *kind. How many it has taken, all of them if it is
 * PACKET_NONE. */
size_t packet_read(struct packet_reader *p, const char *bytes, size_t n, enum packet_kind *kind);

/* Room for the packet of n bytes. */
#define PACKET_SIZE(n) (2 * (n) + 4)
/* The packet; its length. */
size_t packet_write(const char *data, size_t len, char *out);

#endif
