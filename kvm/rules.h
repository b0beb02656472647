/* SPDX-License-Identifier: BSD-3-Clause */
/* rules.h - the refusals of the kernel layer (rules.def). */
#ifndef KVM_RULES_H
#define KVM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

#define RULE RULE_DECLARE
#include "kvm/core/rules.def"
#include "kvm/revision/rules.def"
#undef RULE

/*
 * A refused call with this result is an answer that a VMM has to expect (a memory fault of the
 * realm, a signal), not a mistake of its author.
 */
bool kvm_rule_is_expected(const struct rule *rule, int64_t ret);

/* Every rule of the layer, those of vgic_rules.def too. */
extern const struct rule_table kvm_rules;

#endif
