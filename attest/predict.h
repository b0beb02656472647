/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * predict.h - the RIM of a realm that KVM would build, without building it.
 *
 * Takes what a VMM tells KVM, in the VMM's order: the realm's parameters, each POPULATE, then at
 * the first KVM_RUN the RECs and the memslots. Follows which RMI calls the kernel makes of them and
 * how deep the RTTs are at each, because the RIM depends on both.
 */
#ifndef ATTEST_PREDICT_H
#define ATTEST_PREDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "attest/ledger.h"
#include "attest/measure.h"

struct predict;

struct predict_slot {
	unsigned int id;
	uint64_t base, size; /* guest physical, bytes */
	bool gmem;	     /* created with guest_memfd: only such slots become RIPAS RAM */
};

#define PREDICT_MAX_SLOTS 128

/* Gets each extension of the RIM; may be NULL. */
typedef void predict_sink(void *arg, const struct ledger_entry *e);

/*
 * Create the realm: s2sz, flags, num_bps... of p count, its RTT fields do not (KVM derives them).
 * 0; -EINVAL: s2sz is not within 32..48 (52 with LPA2), or the hash is unknown; -ENOMEM.
 */
int predict_create(const struct rmi_realm_params *p, predict_sink *sink, void *arg,
		   struct predict **out);
void predict_free(struct predict *pr);

/*
 * KVM_ARM_RMI_POPULATE of len bytes at ipa. 0; -EINVAL: not whole pages, or not in the protected
 * half; -EEXIST: a page is populated already (those before it have been taken); -ENOMEM; -EBUSY:
 * after predict_activate.
 */
int predict_populate(struct predict *pr, uint64_t ipa, const void *src, uint64_t len, bool measure);

/*
 * The first KVM_RUN: RECs in creation order (only runnable ones count), then RIPAS RAM on all gmem
 * slots. Slots in order of their creation; KVM walks them in the order of its id hash. 0; -EINVAL:
 * more than PREDICT_MAX_SLOTS, not whole pages, or a gmem slot leaves the protected half (KVM's
 * realm is dead then); -ENOMEM; -EBUSY: done already.
 */
int predict_activate(struct predict *pr, const struct rmi_rec_params *recs, size_t num_recs,
		     const struct predict_slot *slots, size_t num_slots);

/* The RIM as it is now. */
void predict_rim(const struct predict *pr, uint8_t rim[MEASURE_SIZE]);

#endif
