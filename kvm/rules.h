/* SPDX-License-Identifier: BSD-3-Clause */
/* rules.h - the refusals of the kernel layer (rules.def). */
#ifndef KVM_RULES_H
#define KVM_RULES_H

#include "base/rule.h"

#define RULE RULE_DECLARE
#include "kvm/core/rules.def"
#include "kvm/revision/rules.def"
#undef RULE

/* Every rule of the layer, those of vgic_rules.def too. */
extern const struct rule_table kvm_rules;

#endif
