/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * insight.h - what the simulated host knows of this realm and no VMM can: asked where there is such
 * a host (its launcher names it), for people to read. The realm's course never depends on it.
 */
#ifndef VMM_INSIGHT_H
#define VMM_INSIGHT_H

#include <jansson.h>
#include <stdbool.h>

/* The variable by which the launcher names the host's control socket. */
#define INSIGHT_VARIABLE "SOFTREALM_INSPECT"

/* Once, before any thread: remember it, and take it out of the environment. */
void insight_init(void);
/* What softrealm-inspect(1) calls "why" or "log" (the lines that a console shows); NULL: there is
 * nothing, or nobody to ask. Takes two seconds at most. */
json_t *insight_ask(const char *call);
/* Is this cause among those of "why"? */
bool insight_has_cause(const json_t *why, const char *cause);

#endif
