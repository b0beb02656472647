/* SPDX-License-Identifier: BSD-3-Clause */
/* explain.h - the parts of softrealm explain. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

struct kvm_revision;

struct explain {
	bool list, diff, table, json;
	const struct kvm_revision *revision; /* NULL: all */
};

/* Each prints, and returns an exit status. */
int explain_list(bool json);
/* A rule with the calls that break it; or a call with the rules that it breaks: all, or those that
 * answer so. */
int explain(const char *name, const char *answer, const struct explain *e);

/* What the first word can be: the i-th rule or call; NULL: there are fewer. */
const char *explain_word(size_t i);

#endif
