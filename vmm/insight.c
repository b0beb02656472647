// SPDX-License-Identifier: BSD-3-Clause
/* insight.c - asks the control socket of the simulated host. */
#include "vmm/insight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ask.h"

#define PATIENCE_MS   2000
#define CONSOLE_LEVEL 7 /* Linux' default: all but debug messages */

static char name[128];

void insight_init(void)
{
	const char *value = getenv(INSIGHT_VARIABLE);

	if (value)
		snprintf(name, sizeof(name), "%s", value);
	unsetenv(INSIGHT_VARIABLE);
}

json_t *insight_ask(const char *call)
{
	char request[128], *line;
	json_t *answer, *what;

	if (!*name)
		return NULL;
	/* A shared host has VMs of others too. */
	snprintf(request, sizeof(request),
		 "{\"call\": \"%s\", \"level\": %d, \"process\": %d, \"me\": %d}", call,
		 CONSOLE_LEVEL, (int)getpid(), (int)getpid());
	line = ask_line(name, request, PATIENCE_MS);
	answer = line ? json_loads(line, 0, NULL) : NULL;
	what = json_object_get(answer, "result");
	json_incref(what);
	json_decref(answer);
	free(line);
	return what;
}

bool insight_has_cause(const json_t *why, const char *cause)
{
	const json_t *one;
	const char *word;
	size_t i;

	json_array_foreach(json_object_get(why, "causes"), i, one)
	{
		word = json_string_value(json_object_get(one, "cause"));
		if (word && !strcmp(word, cause))
			return true;
	}
	return false;
}
