/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answers.h - every refusal that a test sees is one that `softrealm explain CALL` tells of
 * (cli/answers.py reads them from the sources). For observers of unit tests.
 */
#ifndef TESTS_ANSWERS_H
#define TESTS_ANSWERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/trace.h"

static const struct {
	enum trace_layer layer;
	const char *call;
	unsigned int revisions;
	const char *rule;
} answers_told[] = {
#define ANSWER(layer, kind, call, revs, rule) {TRACE_##layer, call, revs, #rule},
#include "answers.def"
#undef ANSWER
};

/* On any thread, so it is no assertion of cmocka's. `revision`: the index of who answered. */
static inline void answers_hold(const struct trace_call *c, unsigned int revision)
{
	if (!c->why)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(answers_told); i++)
		if (answers_told[i].layer == c->layer &&
		    answers_told[i].revisions >> revision & 1 &&
		    !strcmp(answers_told[i].call, c->name) &&
		    !strcmp(answers_told[i].rule, c->why->name))
			return;
	fprintf(stderr, "cli/answers.py does not see that %s (%s) breaks %s\n", c->name,
		c->abi ? c->abi : "any revision", c->why->name);
	abort();
}

#endif
