/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic_rules.h - the refusals of vGIC and user space interrupts (vgic_rules.def). */
#ifndef KVM_VGIC_RULES_H
#define KVM_VGIC_RULES_H

#include "base/rule.h"

#define RULE RULE_DECLARE
#include "kvm/irq/vgic_rules.def"
#undef RULE

#endif
