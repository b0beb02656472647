/* SPDX-License-Identifier: BSD-3-Clause */
/* rules.h - the rules that a token may break: rule_attest_*. */
#ifndef ATTEST_RULES_H
#define ATTEST_RULES_H

#include "base/rule.h"

#define RULE RULE_DECLARE
#include "attest/rules.def"
#undef RULE

extern const struct rule_table attest_rules;

#endif
