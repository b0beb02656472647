// SPDX-License-Identifier: BSD-3-Clause
/* seen.c - collects the names of rows and rules that calls reported. */
#include "fuzz/seen.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/trace.h"

#define MAX_SEEN     2048 /* a power of two */
#define NUM_COUNTERS 4096

/* libFuzzer reads and clears these around each input. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[NUM_COUNTERS];

/* A hash table by address: names are constants, rules and rows have one each. */
static struct seen {
	const char *kind, *name;
	unsigned int hash; /* of the name, the same in every run */
} seen[MAX_SEEN];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned int hash(const char *s)
{
	unsigned int h = 2166136261u;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h;
}

static unsigned int add(const char *kind, const char *name)
{
	size_t i = ((uintptr_t)name >> 3) % MAX_SEEN;
	unsigned int h;

	pthread_mutex_lock(&lock);
	while (seen[i].name && seen[i].name != name)
		i = (i + 1) % MAX_SEEN;
	if (!seen[i].name)
		seen[i] = (struct seen){kind, name, hash(name)};
	h = seen[i].hash;
	pthread_mutex_unlock(&lock);
	return h;
}

void seen_rule(const struct rule *r)
{
	counters[add("rule", r->name) % NUM_COUNTERS] = 1;
}

static void observe_call(void *arg, const struct trace_call *c)
{
	unsigned int row = add("row", c->name), why = c->why ? add("rule", c->why->name) : 0;

	if (c->note)
		seen_rule(c->note);
	counters[(row + 31 * why) % NUM_COUNTERS] = 1;
}

static const struct trace_observer observer = {.call = observe_call};

static void drop(const char *line)
{
}

void seen_start(void)
{
	log_redirect(drop);
	trace_observe(&observer);
}

void seen_print(void)
{
	for (unsigned int i = 0; i < MAX_SEEN; i++)
		if (seen[i].name)
			printf("%s %s\n", seen[i].kind, seen[i].name);
}
