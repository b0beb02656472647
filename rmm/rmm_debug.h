/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmm_debug.h - a realm's memory for a debugger, as no host can have it: through the realm's own
 * RTT, private pages too.
 */
#ifndef RMM_RMM_DEBUG_H
#define RMM_RMM_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmm;

/*
 * Read or write [ipa, ipa + len), which lies in one page, of the realm that has this VMID (as
 * VTTBR_EL2 has it). Takes the RD's lock. 0, or -EFAULT: no realm has it, or the realm itself could
 * not do so there now. What was written is executed as written.
 */
int rmm_debug_memory(struct rmm *rmm, unsigned int vmid, uint64_t ipa, void *buf, size_t len,
		     bool write);

#endif
