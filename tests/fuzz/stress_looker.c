// SPDX-License-Identifier: BSD-3-Clause
/* stress_looker.c - every call of the inspector, one after the other, for stress_threads.c. */
#include "tests/fuzz/stress_looker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/observer.h"
#include "backend/inproc.h"
#include "backend/inspector.h"
#include "backend/server.h"
#include "backend/trace_filter.h"
#include "base/bits.h"
#include "machine/memory.h"

struct looker {
	struct host host;
	unsigned int vcpus;
	atomic_uint looks;
	uint64_t ipa;
	atomic_bool stop;
	pthread_t thread;
};

static struct backend_options options = {.measure = -1, .gdb = -1};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "looker: %s\n", what);
	abort();
}

/* The answer, or NULL: it was refused. */
static json_t *ask(struct looker *l, const char *call, json_int_t arg)
{
	json_t *request = json_pack("{s:s, s:i, s:I}", "call", call, "vm", 1, "arg", arg);
	const char *error = NULL;
	json_t *answer = inspect_call(&l->host, call, request, &error);

	check(answer || error, "no answer, and no error");
	json_decref(request);
	return answer;
}

/* A snapshot is of one moment for each granule: no granule is in two states, or in none. */
static void look_at_granules(struct looker *l)
{
	json_t *o = ask(l, "granules", 0), *value;
	json_int_t sum = 0, all = 0;
	const char *name;

	json_object_foreach(o, name, value)
	{
		if (strcmp(name, "all"))
			sum += json_integer_value(value);
		else
			all = json_integer_value(value);
	}
	check(sum == all && (uint64_t)all == machine_size(l->host.machine) / GRANULE_SIZE,
	      "the states of the granules do not sum up");
	json_decref(o);
}

static uint64_t hex(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	check(text != NULL, "a number is missing");
	return strtoull(text, NULL, 16);
}

/* Ranges ascend and do not overlap. The VM may have ended. */
static void look_at_memory(struct looker *l)
{
	json_t *o = ask(l, "realm", 0), *range;
	uint64_t end = 0;
	size_t i;

	json_array_foreach(json_object_get(o, "memory"), i, range)
	{
		check(hex(range, "ipa") >= end, "ranges of memory overlap");
		end = hex(range, "end");
		check(end > hex(range, "ipa"), "a range of memory is empty");
	}
	check(!o || json_array_size(json_object_get(o, "vcpus")) == l->vcpus, "vCPUs are missing");
	json_decref(o);
}

/* A walk goes down, one level a step. */
static void look_at_tables(struct looker *l)
{
	json_t *o = ask(l, "rtt", (json_int_t)l->ipa), *step;
	json_int_t level = -2;
	size_t i;

	json_array_foreach(o, i, step)
	{
		json_int_t now = json_integer_value(json_object_get(step, "level"));

		check(level == -2 || now == level + 1, "a walk jumps");
		level = now;
	}
	json_decref(o);
}

static void look(struct looker *l)
{
	static const char *const others[] = {"version",	     "info", "realms",	 "vms", "vgic",
					     "measurements", "why",  "refusals", "log"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		look_at_granules(l);
		look_at_memory(l);
		look_at_tables(l);
		for (unsigned int n = 0; n <= l->vcpus; n++)
			json_decref(ask(l, "vcpu", n));
		json_decref(ask(l, others[i], 0));
	}
}

static void *looker_main(void *arg)
{
	struct looker *l = arg;

	do {
		look(l);
		atomic_fetch_add(&l->looks, 1);
	} while (!atomic_load(&l->stop));
	return NULL;
}

struct looker *looker_start(struct inproc *p, unsigned int vcpus, uint64_t ipa)
{
	struct looker *l = calloc(1, sizeof(*l));
	struct server_config cfg = {.host = inproc_kvm(p), .machine = inproc_machine(p)};
	char name[64];

	check(l != NULL, "no memory");
	*l = (struct looker){.vcpus = vcpus, .ipa = ipa};
	l->host = (struct host){.options = &options,
				.machine = inproc_machine(p),
				.rmm = inproc_rmm(p),
				.kvm = inproc_kvm(p)};
	snprintf(name, sizeof(name), "@softrealm-stress-%d", (int)getpid());
	check(!server_create(&cfg, name, &l->host.server), "no server");
	check(!pthread_create(&l->thread, NULL, looker_main, l), "no thread");
	return l;
}

bool looker_has_looked(struct looker *l)
{
	return atomic_load(&l->looks);
}

unsigned int looker_stop(struct looker *l)
{
	unsigned int looks;

	atomic_store(&l->stop, true);
	pthread_join(l->thread, NULL);
	server_destroy(l->host.server);
	looks = atomic_load(&l->looks);
	free(l);
	return looks;
}

void looker_observe(void)
{
	char err[128];

	options.control = open("/dev/null", O_WRONLY | O_CLOEXEC);
	options.trace = open("/dev/null", O_WRONLY | O_CLOEXEC);
	options.trace_filter = (struct trace_filter)TRACE_FILTER_DEFAULT;
	check(options.control >= 0 && options.trace >= 0 &&
		      !trace_filter_parse("all", &options.trace_filter, err, sizeof(err)) &&
		      !observer_start(&options),
	      "nothing to observe with");
}

void looker_observe_end(void)
{
	observer_stop(false, 0, 0);
}
