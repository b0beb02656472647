/* SPDX-License-Identifier: BSD-3-Clause */
/* rules.h - the RMM's rules (rules.def) as objects and as a table. */
#ifndef RMM_RULES_H
#define RMM_RULES_H

#include "base/rule.h"

#define RULE RULE_DECLARE
#include "rmm/rules.def"
#undef RULE

extern const struct rule_table rmm_rules;

#endif
