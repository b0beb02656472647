// SPDX-License-Identifier: BSD-3-Clause
/* attest_rules.c - the rules that a token may break. */
#include <errno.h>

#include "attest/rules.h"
#include "base/bits.h"

#define RULE RULE_DEFINE
#include "attest/rules.def"
#undef RULE

static const struct rule *const rows[] = {
#define RULE RULE_ROW
#include "attest/rules.def"
#undef RULE
};

const struct rule_table attest_rules = {"attest", rows, ARRAY_SIZE(rows)};
