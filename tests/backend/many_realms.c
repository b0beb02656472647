// SPDX-License-Identifier: BSD-3-Clause
/*
 * many_realms.c - a VMM that creates realms and runs none of them, for report.py.
 *
 *	many N	N at once
 *	reuse	one, a second, and, when the first is gone, a third, which is another than these two
 *	third	the third of them alone
 *	run	one whose vCPU spins, until a signal
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/client.h"

static const uint32_t code[3] = {0x14000000, 0xd503201f, 0xd503207f};

static void create(struct realm *r, unsigned int which)
{
	client_realm(r, 1, &code[which], sizeof(code[which]), 0);
}

static void many(int n)
{
	struct realm *r = calloc(n, sizeof(*r));
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	for (int i = 0; i < n; i++)
		create(&r[i], 0);
	for (int i = 0; i < n; i++)
		client_realm_close(&r[i]);
	free(r);
}

static void reuse(void)
{
	struct realm first, second, third;

	create(&first, 0);
	create(&second, 1);
	client_realm_close(&first);
	create(&third, 2);
	client_realm_close(&third);
	client_realm_close(&second);
}

static int run(void)
{
	struct realm r;

	create(&r, 0);
	puts("running");
	fflush(stdout);
	while (!realm_run(&r, 0) && r.run[0]->exit_reason == KVM_EXIT_INTR)
		;
	return 0;
}

int main(int argc, char **argv)
{
	struct realm r;

	if (argc == 3 && !strcmp(argv[1], "many"))
		many(atoi(argv[2]));
	else if (argc == 2 && !strcmp(argv[1], "reuse"))
		reuse();
	else if (argc == 2 && !strcmp(argv[1], "third"))
		create(&r, 2);
	else if (argc == 2 && !strcmp(argv[1], "run"))
		return run();
	else
		return 2;
	puts("done");
	return 0;
}
