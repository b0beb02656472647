// SPDX-License-Identifier: BSD-3-Clause
/*
 * realms_in_a_row.c - a VMM that boots and ends realms, as many as each line of its input says,
 * each with an engine of its own and two vCPUs, and answers "done". Who gives it the lines looks
 * meanwhile at what has grown.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/client.h"

static const uint32_t store_loop[] = {0xf9000001, 0x17ffffff}; /* 1: str x1, [x0]; b 1b */

static void boot_and_end(void)
{
	struct realm r;

	client_realm(&r, 2, store_loop, sizeof(store_loop), SCRIPT_REPORT_IPA);
	for (int i = 0; i < 3; i++) {
		WANT(realm_run(&r, 0), 0);
		WANT(r.run[0]->exit_reason, KVM_EXIT_MMIO);
	}
	client_realm_close(&r);
}

/* A call waits until all that its caller has closed before is gone. */
static void settle(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	WANT(call_n(kvm, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
	close(kvm);
}

int main(void)
{
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		for (int i = atoi(line); i > 0; i--)
			boot_and_end();
		settle();
		puts("done");
		fflush(stdout);
	}
	return 0;
}
