// SPDX-License-Identifier: BSD-3-Clause
/*
 * monitor.c - what this server is told beside the protocol: at which calls to stop, and which of
 * several realms the next connection gets.
 *
 * A connection keeps its realm: GDB remembers threads and registers, and would not be told that
 * they are another's.
 */
#include "debug/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static void say(struct answer *a, const char *text)
{
	answer_hex(a, text, strlen(text));
}

static void monitor_catch(const char *what, struct answer *a)
{
	static const char *const names[] = {
		[CATCH_NONE] = "off",  [CATCH_RIPAS] = "ripas", [CATCH_RSI] = "rsi",
		[CATCH_PSCI] = "psci", [CATCH_ALL] = "all",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(what, names[i]))
			continue;
		atomic_store(&debugger.catch, (int)i);
		answer_text(a, "OK");
		return;
	}
	say(a, "monitor catch off|ripas|rsi|psci|all: stop before such a call of the realm\n");
}

static void list_realms(const struct session *s, struct answer *a)
{
	struct realm_name all[16];
	unsigned int n = debug_realms_list(all, ARRAY_SIZE(all));
	char text[80];

	for (unsigned int i = 0; i < MIN(n, ARRAY_SIZE(all)); i++) {
		snprintf(text, sizeof(text), "%s VM %" PRIu32 ", %u vCPU%s\n",
			 s->realm && s->realm->vm == all[i].vm ? "*" : " ", all[i].vm, all[i].vcpus,
			 all[i].vcpus == 1 ? "" : "s");
		say(a, text);
	}
	if (n > ARRAY_SIZE(all))
		say(a, "  ...\n");
	if (!n)
		say(a, "no realm has begun\n");
	say(a, "monitor realm VM|next|oldest: the one that the next connection gets\n");
}

static void monitor_realm(const struct session *s, const char *which, struct answer *a)
{
	char *end;
	unsigned long n = strtoul(which, &end, 10);
	bool is_number = *which >= '0' && *which <= '9' && !*end;
	bool next = !strcmp(which, "next");

	if (!is_number && !next && strcmp(which, "oldest"))
		list_realms(s, a);
	else if (is_number && (n > UINT32_MAX || !debug_realm_choose((uint32_t)n, false)))
		say(a, "there is no realm of this VM\n");
	else {
		if (!is_number)
			debug_realm_choose(0, next);
		say(a, "now detach, and connect again (target remote)\n");
	}
}

void monitor_line(struct session *s, const char *line, struct answer *a)
{
	if (!strncmp(line, "catch ", 6))
		monitor_catch(line + 6, a);
	else if (!strncmp(line, "realm", 5) && (!line[5] || line[5] == ' '))
		monitor_realm(s, line[5] ? line + 6 : "", a);
	else {
		monitor_catch("", a);
		list_realms(s, a);
	}
}
