/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * door.h - the control protocol: who looks into a backend, from outside.
 *
 * A visitor connects to the backend's socket (SOCK_SEQPACKET) and speaks lines of JSON, where a
 * client would say HELLO. A line is a request, {"call": NAME, "id": ANYTHING, ...}; the answer is
 * {"id": ANYTHING, "result": ...} or {"id": ANYTHING, "error": TEXT}. Lines and packets need not
 * coincide. softrealm-inspect(1) has the calls.
 *
 * Each visitor has a thread, and nothing that it does makes a realm wait: what it does not read is
 * kept up to a limit, then dropped and counted.
 */
#ifndef BACKEND_DOOR_H
#define BACKEND_DOOR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/trace.h"

struct door;

/* In each request: the visitor's process, as this one sees it; 0: it does not. */
#define DOOR_VISITOR "visitor"

/* A call that the door does not know itself; the result, a new reference, or NULL with *error. */
typedef json_t *(*door_call)(void *arg, const char *call, const json_t *request,
			     const char **error);

/* NULL: out of memory. */
struct door *door_create(door_call call, void *arg);
/* A server_config's visitor: takes fd over. */
void door_visit(void *door, int fd);
/* All visitors are gone when it returns. */
void door_destroy(struct door *d);

/* For those who asked for events of this kind; takes the reference over. Any lock may be held.
 * Make the event only if somebody listens. */
enum door_event { DOOR_REFUSAL, DOOR_EXIT, DOOR_STATE, DOOR_MEASURE, DOOR_LOG, DOOR_NUM_EVENTS };
bool door_listens(enum door_event kind);
void door_tell(enum door_event kind, json_t *event);

#endif
