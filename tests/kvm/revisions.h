/* SPDX-License-Identifier: BSD-3-Clause */
/* revisions.h - a test for each revision of the realm ABI. */
#ifndef TESTS_KVM_REVISIONS_H
#define TESTS_KVM_REVISIONS_H

#include "tests/kvm/fixture.h"

/* Revisions in the order of kvm_revisions. */
enum { V12, V12_6_19, V13, V14, V15, NEXT, NUM_REVISIONS };

static inline void use(struct fx *f, unsigned int r)
{
	struct inproc_config cfg = {.engine = &engine_toy, .revision = kvm_revisions[r]};

	fx_restart(f, &cfg);
}

#define FOR_EACH(r, first)                                                                         \
	for (unsigned int r = (first); r < NUM_REVISIONS && (use(f, r), true); r++)

#endif
