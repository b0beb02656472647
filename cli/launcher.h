/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launcher.h - the parent of backend and VMM: what `softrealm exec` and `softrealm run` share.
 */
#ifndef CLI_LAUNCHER_H
#define CLI_LAUNCHER_H

#include <jansson.h>
#include <stdbool.h>

#include "backend/backend.h"

/* Exit statuses of the launcher's own; else the command's, or 128 + the signal that ended it. */
enum {
	LAUNCH_FAILED = 1, /* the backend cannot start, a file cannot be written */
	LAUNCH_USAGE = 2,
	LAUNCH_TIMEOUT = 124,	  /* our own VMM did not keep --timeout and was killed */
	LAUNCH_NO_CLIENT = 125,	  /* --require: nothing has opened /dev/kvm */
	LAUNCH_NOT_STARTED = 126, /* the command cannot be executed */
	LAUNCH_NOT_FOUND = 127,
};

struct launch {
	/* options */
	struct backend_options backend;
	bool quiet;
	bool require;				       /* that something opens /dev/kvm */
	const char *summary, *trace, *measurement_log; /* files, or NULL; trace: options.h */
	const char *symbols; /* of the kernel, for people who read why, or NULL */
	int summary_fd;	     /* -1: not asked for */
	const char *sysroot; /* of an arm64 command on another host; NULL: the cross compiler's */

	/* what to run */
	char **argv;	  /* ended by NULL */
	bool real;	  /* with the machine's own /dev/kvm: no backend */
	const char *host; /* the backend of others that it uses, or NULL: one of its own */
	const char *gdb;  /* where a debugger can attach, as --gdb has it, or NULL: nowhere */
	const char *door; /* where its own backend can be visited, or NULL: nowhere known */
	bool is_host;	  /* there is no command: serve until a signal */
	bool own_vmm;	  /* gets SIGTERM when the launcher dies, and soon after the backend has */
	unsigned int timeout; /* our own VMM ends after so many seconds by itself; 0: none */
	int report_fd;	      /* read end of the VMM's report, or -1 ... */
	int report_write;     /* ... and the write end, the VMM's */

	/* results */
	json_t *backend_report, *vmm_report; /* NULL: there is none */
	json_t *why; /* of the command's realm, when a signal came; NULL: nobody knows */
};

#define LAUNCH_INIT                                                                                \
	{                                                                                          \
		.report_fd = -1, .report_write = -1, .summary_fd = -1,                             \
		.backend = {.trace = -1,                                                           \
			    .measure = -1,                                                         \
			    .gdb = -1,                                                             \
			    .trace_filter = TRACE_FILTER_DEFAULT},                                 \
	}

/* Run it to the end: the exit status. */
int launch(struct launch *l);

#endif
