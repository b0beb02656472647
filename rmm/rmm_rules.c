// SPDX-License-Identifier: BSD-3-Clause
/* rmm_rules.c - defines the RMM's rules. */
#include "rmm/rules.h"

#include "abi/rmi.h"
#include "abi/rsi.h"
#include "base/bits.h"

#define RULE RULE_DEFINE
#include "rmm/rules.def"
#undef RULE

static const struct rule *const rows[] = {
#define RULE RULE_ROW
#include "rmm/rules.def"
#undef RULE
};

const struct rule_table rmm_rules = {"rmm", rows, ARRAY_SIZE(rows)};
