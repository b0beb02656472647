/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * summary.h - what is left of a run: one JSON object from the VMM's report and the backend's, and
 * a few lines for people.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "cli/launcher.h"

/* Open --summary before anything starts: a path that cannot be written is told then. 0 or -EIO. */
int summary_open(struct launch *l);

/*
 * After launch(): write --summary, say on standard error what is worth saying (nothing with
 * --quiet but that a token was refused), drop the reports. The status to end with: the one that
 * was given, or if that is 0 LAUNCH_FAILED (the file cannot be written; logged) or
 * VMM_TOKEN_REFUSED.
 *
 * The object has what the VMM reported (softrealm run), and
 *	status	 exit status
 *	rim	 of the realm that was created last; null: not available
 *	backend	 the backend's report: abi; realms with serial (that of their VM), state, rim and
 *		 rem, in the order of their creation; exits to the VMM and in the host by kind;
 *		 refused calls; faults with matched, fired, seed; null on real hardware or when it
 *		 died
 *	why	 as reported by the VMM, or of a command that a signal was to end: why its newest
 *		 realm did not get on (softrealm-inspect(1))
 *	versions softrealm
 */
int summary_finish(struct launch *l, int status);

#endif
