// SPDX-License-Identifier: BSD-3-Clause
/* kvm_rules.c - the rules of rules.def as objects. */
#include "kvm/rules.h"

#include <errno.h>

#define RULE RULE_DEFINE
#include "kvm/core/rules.def"
#include "kvm/revision/rules.def"
#undef RULE

bool kvm_rule_is_expected(const struct rule *rule, int64_t ret)
{
	return rule == &rule_kvm_run_memory_fault || ret == -EINTR;
}
