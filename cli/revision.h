/* SPDX-License-Identifier: BSD-3-Clause */
/* revision.h - --abi: the revision of the realm ABI, by name. */
#ifndef CLI_REVISION_H
#define CLI_REVISION_H

#include "kvm/kvm.h"

/* The revision of this name, or NULL: a line that lists those there are has been logged. */
const struct kvm_revision *revision_parse(const char *name);

#endif
