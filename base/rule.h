/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rule.h - refusals as objects.
 *
 * A handler of a boundary (ioctl, RMI, RSI) returns a `result`: OK, or the rule that the call
 * broke. The caller over there sees rule->code only (an errno, an RMI or RSI status); the name
 * and the sentence go to the observer (base/trace.h), which is how `--explain` knows why.
 *
 * Each layer lists its rules once, in LAYER/rules.def, as
 *
 *	RULE(name, code, "what is wrong, as a sentence", "what would be right", "source clause")
 *
 * and gets `extern const struct rule rule_NAME` and a table from the two lines in its rules.h
 * and a C file (RULE_DECLARE, RULE_DEFINE below). Names are unique over all layers: they begin
 * with kvm_, rmi_, rsi_, psci_.
 */
#ifndef BASE_RULE_H
#define BASE_RULE_H

#include <stddef.h>

struct rule {
	const char *name;   /* "kvm_populate_reserved": what `softrealm explain` takes */
	int code;	    /* positive errno, RMI status or RSI status */
	const char *wrong;  /* "reserved is not zero" */
	const char *right;  /* "clear kvm_arm_rmi_populate.reserved" */
	const char *source; /* "v12 06/46, KVM_ARM_RMI_POPULATE" */
};

/* A table of rules, ended by its count; one per layer. */
struct rule_table {
	const char *layer;
	const struct rule *const *rules;
	size_t count;
};

/* What a handler returns: OK or the rule that was broken. */
typedef const struct rule *result;
#define OK ((result)NULL)

#define RULE_DECLARE(name, code, wrong, right, source) extern const struct rule rule_##name;
#define RULE_DEFINE(name, code, wrong, right, source)                                              \
	const struct rule rule_##name = {#name, code, wrong, right, source};
#define RULE_ROW(name, code, wrong, right, source) &rule_##name,

#endif
