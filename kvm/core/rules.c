// SPDX-License-Identifier: BSD-3-Clause
/* rules.c - the rules of rules.def as objects, and the layer's table. */
#include "kvm/rules.h"

#include <errno.h>

#include "base/bits.h"
#include "kvm/irq/vgic_rules.h"

#define RULE RULE_DEFINE
#include "kvm/core/rules.def"
#include "kvm/revision/rules.def"
#undef RULE

static const struct rule *const rows[] = {
#define RULE RULE_ROW
#include "kvm/core/rules.def"
#include "kvm/irq/vgic_rules.def"
#include "kvm/revision/rules.def"
#undef RULE
};

const struct rule_table kvm_rules = {"kvm", rows, ARRAY_SIZE(rows)};

bool kvm_rule_is_expected(const struct rule *rule, int64_t ret)
{
	return rule == &rule_kvm_run_memory_fault || ret == -EINTR;
}
