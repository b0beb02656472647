/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * measurements.h - a realm's measurement registers: each extension, and its report (TRACE_MEASURE,
 * with the command as its name). The caller holds the RD's lock.
 */
#ifndef RMM_MEASUREMENTS_H
#define RMM_MEASUREMENTS_H

#include "rmm/state.h"

void measure_init_rim(struct rd *rd, const struct rmi_realm_params *p);
/* `page` is the content, a copy of `src`; they are used only if flags ask for the content. The
 * pages that follow the two are likely to be next, and are brought into the cache. */
void measure_extend_data(struct rd *rd, uint64_t ipa, uint64_t flags, const void *page,
			 const void *src);
void measure_extend_rec(struct rd *rd, const struct rmi_rec_params *p);
void measure_extend_ripas(struct rd *rd, uint64_t base, uint64_t top);
/* index 1..4, size 0..64. */
void measure_extend_rem(struct rd *rd, unsigned int index, const void *value, size_t size);

#endif
