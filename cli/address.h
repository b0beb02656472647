/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * address.h - sockets by which backends are reached, as users name them: a path, or @NAME for one
 * in the abstract namespace.
 */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include <stddef.h>

#define ADDRESS_MAX 108

/* The name as wire_address takes it; a path becomes absolute. 0 or -EINVAL (logged). */
int address_name(const char *given, char name[ADDRESS_MAX]);
/*
 * A SOCK_SEQPACKET socket that is bound there and does not listen yet; only this user may connect.
 * A path that a dead backend has left is taken over. The descriptor or -errno (logged).
 */
int address_bind(const char *name);
/* A connection to a backend. The descriptor or -errno (logged). */
int address_connect(const char *name);

#endif
