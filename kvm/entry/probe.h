/* SPDX-License-Identifier: BSD-3-Clause */
/* probe.h - calls that only ask what there is: --explain tells them from mistakes. */
#ifndef KVM_PROBE_H
#define KVM_PROBE_H

#include <stdbool.h>

#include "kvm/call.h"

/* The call only asks: a VMM that knows what it does makes it, and expects a refusal. */
bool call_is_probe(const struct kvm_call *c, uint32_t nr);
/* What its answer means where the VMM may not know; OK: nothing. */
result call_note(const struct kvm_call *c, uint32_t nr);

#endif
