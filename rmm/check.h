/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check.h - the RMM's invariants, all at once, for tests and fuzzers.
 *
 * Each granule in exactly one state and known to exactly one owner; RTT entries legal for their
 * half, level, HIPAS and RIPAS; no protected entry maps a granule that is not the realm's DATA, no
 * valid unprotected one a granule that is not the host's; reference counts; DELEGATED granules
 * wiped; no lock held.
 */
#ifndef RMM_CHECK_H
#define RMM_CHECK_H

#include "rmm/rmm.h"

/* NULL if all hold, else what does not (valid until the thread's next call). No other call may be
 * in progress. Takes time proportional to the machine's memory. */
const char *rmm_check(const struct rmm *rmm);

#endif
