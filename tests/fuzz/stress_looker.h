/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stress_looker.h - a thread that looks into a host as the door's visitors do, with every call of
 * the inspector, and holds what it sees to what must be so at any moment.
 */
#ifndef STRESS_LOOKER_H
#define STRESS_LOOKER_H

#include <stdbool.h>
#include <stdint.h>

struct inproc;
struct looker;

/* What the whole backend observes, it observes here: counts, and a trace of everything, for nobody.
 * Once, before the first host. */
void looker_observe(void);
void looker_observe_end(void);

/* Of the host's newest VM, whose memory begins at ipa. */
struct looker *looker_start(struct inproc *p, unsigned int vcpus, uint64_t ipa);
/* Every call has been made since it started: anybody may ask. */
bool looker_has_looked(struct looker *l);
/* After the look that is under way. How many there were: at least one. */
unsigned int looker_stop(struct looker *l);

#endif
