// SPDX-License-Identifier: BSD-3-Clause
/*
 * fake_backend.c - the real transport over the fake kvm/: `fake_backend NAME` serves the abstract
 * socket NAME until its standard input is closed, and says "ready".
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "backend/server.h"
#include "base/schedstat.h"
#include "abi/v12.h"
#include "kvm/kvm.h"
#include "machine/memory.h"
#include "tests/preload/fake_kvm.h"

int main(int argc, char **argv)
{
	struct machine_config mc = {.size = UINT64_C(1) << 32, .client_size = UINT64_C(1) << 32};
	struct kvm_config kc = {0};
	struct server_config sc = {.rmi_cap = KVM_CAP_ARM_RMI,
				   .page_protected = fake_page_protected,
				   .protection_changes = fake_protection_changes,
				   .open_schedstat = schedstat_open};
	struct server *s;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc != 2 || machine_create(&mc, &kc.machine) || kvm_host_create(&kc, &sc.host))
		return 1;
	sc.machine = kc.machine;
	if (server_create(&sc, argv[1], &s))
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd pfd[2] = {{server_listen_fd(s), POLLIN, 0}, {0, POLLIN, 0}};

		if (poll(pfd, 2, -1) < 0)
			continue;
		if (pfd[0].revents)
			server_accept(s);
		if (pfd[1].revents)
			break;
	}
	server_destroy(s);
	if (machine_allocated(kc.machine))
		printf("%llu pages leaked\n", (unsigned long long)machine_allocated(kc.machine));
	kvm_host_destroy(sc.host);
	machine_destroy(kc.machine);
	return 0;
}
