/* SPDX-License-Identifier: BSD-3-Clause */
/* answer.h - the data of one packet to the debugger, as it grows; what is too long is cut off. */
#ifndef DEBUG_ANSWER_H
#define DEBUG_ANSWER_H

#include "debug/packet.h"

struct answer {
	size_t len;
	char data[PACKET_MAX];
};

void answer_bytes(struct answer *a, const void *bytes, size_t n);
void answer_text(struct answer *a, const char *text);
void answer_format(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As hexadecimal digits, two a byte. */
void answer_hex(struct answer *a, const void *bytes, size_t n);
/* The number that begins at *s in hexadecimal digits; *s is moved past it. False: none is there,
 * or it has more than 64 bits. */
bool hex_number(const char **s, uint64_t *value);

#endif
