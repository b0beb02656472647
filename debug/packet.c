// SPDX-License-Identifier: BSD-3-Clause
/*
 * packet.c - takes packets out of a stream of bytes, whatever those are, and makes them.
 *
 *	BETWEEN   '$' begins a packet; '+', '-' and 3 are whole; all else is skipped
 *	IN_DATA   '#' ends it; '$' begins it anew, since it is never data
 *	SUM_HIGH, SUM_LOW   two hexadecimal digits -> BETWEEN
 */
#include "debug/packet.h"

#include "base/hex.h"

#define INTERRUPT 3
#define ESCAPE	  0x20

static void begin(struct packet_reader *p)
{
	p->at = PACKET_IN_DATA;
	p->len = p->sum = p->said = 0;
	p->escaped = p->too_long = false;
}

static enum packet_kind between(struct packet_reader *p, char c)
{
	switch (c) {
	case '$':
		begin(p);
		return PACKET_NONE;
	case '+':
		return PACKET_ACK;
	case '-':
		return PACKET_NACK;
	case INTERRUPT:
		return PACKET_INTERRUPT;
	}
	return PACKET_NONE;
}

static void in_data(struct packet_reader *p, char c)
{
	if (c == '$') {
		begin(p);
		return;
	}
	if (c == '#') {
		p->at = PACKET_SUM_HIGH;
		return;
	}
	p->sum += (uint8_t)c;
	if (c == '}' && !p->escaped) {
		p->escaped = true;
		return;
	}
	if (p->escaped)
		c ^= ESCAPE;
	p->escaped = false;
	if (p->len == PACKET_MAX)
		p->too_long = true;
	else
		p->data[p->len++] = c;
}

static void take_digit(struct packet_reader *p, char c)
{
	int d = hex_digit(c);

	p->too_long |= d < 0;
	p->said = (uint8_t)(p->said << 4 | (d & 0xf));
}

static enum packet_kind end(struct packet_reader *p)
{
	p->at = PACKET_BETWEEN;
	p->data[p->len] = 0;
	if (p->too_long || p->escaped || (!p->no_sums && p->sum != p->said))
		return PACKET_BAD;
	return PACKET_DATA;
}

static enum packet_kind take(struct packet_reader *p, char c)
{
	switch (p->at) {
	case PACKET_BETWEEN:
		return between(p, c);
	case PACKET_IN_DATA:
		in_data(p, c);
		return PACKET_NONE;
	case PACKET_SUM_HIGH:
		take_digit(p, c);
		p->at = PACKET_SUM_LOW;
		return PACKET_NONE;
	case PACKET_SUM_LOW:
		take_digit(p, c);
		return end(p);
	}
	return PACKET_NONE;
}

size_t packet_read(struct packet_reader *p, const char *bytes, size_t n, enum packet_kind *kind)
{
	size_t used = 0;

	*kind = PACKET_NONE;
	while (used < n && *kind == PACKET_NONE)
		*kind = take(p, bytes[used++]);
	return used;
}

size_t packet_write(const char *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0;
	char *to = out;

	*to++ = '$';
	for (size_t i = 0; i < len; i++) {
		char c = data[i];

		if (c == '$' || c == '#' || c == '}' || c == '*') {
			*to++ = '}';
			c ^= ESCAPE;
		}
		*to++ = c;
	}
	for (const char *s = out + 1; s < to; s++)
		sum += (uint8_t)*s;
	*to++ = '#';
	*to++ = digits[sum >> 4];
	*to++ = digits[sum & 0xf];
	return (size_t)(to - out);
}
