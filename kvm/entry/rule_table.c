// SPDX-License-Identifier: BSD-3-Clause
/* rule_table.c - the table of all rules of the layer, whichever room breaks them. */
#include "base/bits.h"
#include "kvm/irq/vgic_rules.h"
#include "kvm/rules.h"

static const struct rule *const rows[] = {
#define RULE RULE_ROW
#include "kvm/core/rules.def"
#include "kvm/irq/vgic_rules.def"
#include "kvm/revision/rules.def"
#undef RULE
};

const struct rule_table kvm_rules = {"kvm", rows, ARRAY_SIZE(rows)};
