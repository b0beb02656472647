// SPDX-License-Identifier: BSD-3-Clause
/* trace_filter.c - reads what a trace is to hold. */
#include "backend/trace_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

static const struct {
	const char *name;
	uint32_t bits;
} words[] = {
	{"kvm", 1u << TRACE_KVM},
	{"rmi", 1u << TRACE_RMI},
	{"rsi", 1u << TRACE_RSI},
	{"psci", 1u << TRACE_PSCI},
	{"refused", 1u << TRACE_FILTER_REFUSED},
	{"exits", 1u << TRACE_FILTER_EXITS},
	{"state", 1u << TRACE_FILTER_STATE},
	{"measure", 1u << TRACE_FILTER_MEASURE},
	{"all", TRACE_FILTER_ALL},
	{"none", 0},
	{"default", TRACE_FILTER_DEFAULT_WHAT},
};

static int fail(char *err, size_t size, const char *word, const char *what)
{
	snprintf(err, size, "%s: %s", word, what);
	return -EINVAL;
}

static bool take_number(const char *s, long max, uint32_t *v)
{
	char *end;
	long n = strtol(s, &end, 10);

	*v = (uint32_t)n;
	return *s >= '0' && *s <= '9' && !*end && n <= max;
}

/* The sampling of `word` (a slash and a number behind it, which is cut off); 1: every call. */
static bool take_every(char *word, uint32_t *every)
{
	char *slash = strchr(word, '/');

	*every = 1;
	if (!slash)
		return true;
	*slash = 0;
	return take_number(slash + 1, 1000000000, every) && *every;
}

static int take_word(struct trace_filter *f, char *word, char *err, size_t size)
{
	bool without = word[0] == '-';
	uint32_t every, n;

	if (!strncmp(word, "vm=", 3))
		return take_number(word + 3, INT32_MAX, &f->vm) && f->vm
			       ? 0
			       : fail(err, size, word, "want the serial of a VM, from 1");
	if (!strncmp(word, "vcpu=", 5)) {
		if (!take_number(word + 5, INT16_MAX, &n))
			return fail(err, size, word, "want the index of a vCPU, from 0");
		f->vcpu = (int32_t)n;
		return 0;
	}
	word += without;
	if (!take_every(word, &every))
		return fail(err, size, word, "want a number, from 1, behind the /");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].name))
			continue;
		f->what = without ? f->what & ~words[i].bits : f->what | words[i].bits;
		for (unsigned int l = TRACE_KVM; l <= TRACE_PSCI; l++)
			if (words[i].bits & 1u << l)
				f->every[l] = every;
		return 0;
	}
	return fail(err, size, word,
		    "want kvm, rmi, rsi, psci, exits, state, measure, refused, all, none, default, "
		    "vm=N or vcpu=N");
}

int trace_filter_parse(const char *spec, struct trace_filter *f, char *err, size_t size)
{
	char buf[256], *save, *word;
	int r = 0;

	if (strlen(spec) >= sizeof(buf))
		return fail(err, size, "filter", "too long");
	strcpy(buf, spec);
	*f = (struct trace_filter)TRACE_FILTER_DEFAULT;
	if (buf[0] != '-' && strncmp(buf, "vm=", 3) && strncmp(buf, "vcpu=", 5))
		f->what = 0;
	word = strtok_r(buf, ",", &save);
	if (!word)
		return fail(err, size, "filter", "nothing is chosen");
	for (; word && !r; word = strtok_r(NULL, ",", &save))
		r = take_word(f, word, err, size);
	return r;
}
