/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * status.h - the exit statuses of softrealm-vmm, and so of `softrealm run`. A promise to scripts:
 * a number never changes its meaning. When a signal ends the VMM it dies by that signal, so that
 * a shell sees 128 + number.
 */
#ifndef VMM_STATUS_H
#define VMM_STATUS_H

enum vmm_status {
	VMM_OK = 0,		/* powered off, or the console printed --until's text */
	VMM_HOST = 1,		/* the host refused something: memory, a thread, writing a file */
	VMM_USAGE = 2,		/* wrong command line */
	VMM_INPUT = 3,		/* a kernel, initrd, disk or size that cannot be used */
	VMM_NO_REALM = 4,	/* no /dev/kvm, or one without realms of this revision */
	VMM_REFUSED = 5,	/* KVM refused a call that it should accept */
	VMM_RESET = 6,		/* the realm asked for a reset */
	VMM_CRASHED = 7,	/* the realm crashed or got stuck: it cannot be run on */
	VMM_ENGINE_LOST = 8,	/* what runs the vCPUs died under the realm */
	VMM_QUIT = 9,		/* ended from the keyboard (Ctrl-a x) */
	VMM_UNTIL_MISSED = 10,	/* powered off before the console had printed --until's text */
	VMM_NO_TOKEN = 11,	/* --attest: the realm handed out no token, or a part of one */
	VMM_TOKEN_REFUSED = 12, /* --attest: what it handed out is no good token of this run */
	VMM_EXEC_LOST = 13,	/* --exec: the realm ended before the command did */
	VMM_FAIL_ON = 14,	/* the console printed a text of --fail-on */
	VMM_TIMEOUT = 124,	/* --timeout passed (the number of timeout(1)) */
	VMM_SIGNAL = 128,	/* + number: never returned, the VMM dies by the signal */
};

#endif
