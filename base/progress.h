/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * progress.h - one line on a terminal for work that takes more than a second; elsewhere nothing.
 *
 * For one thread at a time. The line is taken away when the work ends or fails.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

/* The work that "what" names (a constant) begins; what was shown before is over. */
void progress_start(const char *what);
/* So much of it is done, in any unit. Cheap: may be called for every piece. */
void progress_show(uint64_t done, uint64_t total);
void progress_end(void);

#endif
