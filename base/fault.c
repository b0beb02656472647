// SPDX-License-Identifier: BSD-3-Clause
/* fault.c - parses fault specifications, counts calls, tells which one has to fail. */
#include "base/fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FAULTS 16
#define NAME_SIZE 64

enum fault_what { FAULT_IOCTL, FAULT_RMI, FAULT_PARTIAL, FAULT_ENGINE };
enum fault_when { WHEN_NTH, WHEN_EVERY, WHEN_PROB };

struct fault {
	enum fault_what what;
	enum fault_when when;
	char name[NAME_SIZE]; /* as the dispatch row has it */
	uint64_t n;	      /* of nth and every */
	double prob;
	uint64_t rng;
	uint64_t seen;
	uint64_t value; /* errno, status, pages or milliseconds */
};

static struct fault faults[MAX_FAULTS];
static unsigned int num_faults;
static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;

bool fault_armed_;

/* ---- parsing ---- */

static int fail(char *err, size_t size, const char *what, const char *text)
{
	snprintf(err, size, "%s: %s", text, what);
	return -EINVAL;
}

static bool parse_number(const char *s, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno;
}

static bool parse_errno(const char *s, uint64_t *v)
{
	for (int e = 1; e < 134; e++) {
		const char *name = strerrorname_np(e);

		if (name && !strcmp(name, s)) {
			*v = e;
			return true;
		}
	}
	return false;
}

static bool parse_status(const char *s, uint64_t *v)
{
	static const char *const names[] = {"RMI_SUCCESS", "RMI_ERROR_INPUT", "RMI_ERROR_REALM",
					    "RMI_ERROR_REC", "RMI_ERROR_RTT"};

	for (*v = 1; *v < 5; ++*v)
		if (!strcmp(names[*v], s))
			return true;
	return false;
}

static bool parse_time(const char *s, uint64_t *ms)
{
	char *end;
	double t = strtod(s, &end);

	if (end == s || t < 0 || t > 1e6 || (strcmp(end, "s") && strcmp(end, "ms")))
		return false;
	*ms = strcmp(end, "s") ? t : t * 1000;
	return *ms > 0;
}

static bool parse_prob(const char *s, double *p)
{
	char *end;

	*p = strtod(s, &end);
	return end != s && !*end && *p > 0 && *p <= 1;
}

static int parse_what(struct fault *f, const char *s, char *err, size_t size)
{
	const char *name = strchr(s, '=');

	f->value = EIO;
	if (!strcmp(s, "populate")) {
		f->what = FAULT_IOCTL;
		strcpy(f->name, "KVM_ARM_RMI_POPULATE");
	} else if (!strcmp(s, "engine")) {
		f->what = FAULT_ENGINE;
		f->value = 0;
	} else if (!strncmp(s, "ioctl=", 6) && strlen(name + 1) < NAME_SIZE) {
		f->what = FAULT_IOCTL;
		strcpy(f->name, name + 1);
	} else if (!strncmp(s, "rmi=", 4) && strlen(name + 1) < NAME_SIZE - 4) {
		f->what = FAULT_RMI;
		f->value = 1;
		snprintf(f->name, sizeof(f->name), "%s%s",
			 strncmp(name + 1, "RMI_", 4) ? "RMI_" : "", name + 1);
	} else {
		return fail(err, size, "want populate, ioctl=NAME, rmi=NAME or engine", s);
	}
	return 0;
}

static int parse_key(struct fault *f, const char *s, char *err, size_t size)
{
	const char *v = strchr(s, '=');
	size_t len = v ? (size_t)(v - s) : 0;
	bool ok = false;

#define KEY(k) (len == strlen(k) && !strncmp(s, k, len))
	v = v ? v + 1 : "";
	if (KEY("nth")) {
		f->when = WHEN_NTH;
		ok = parse_number(v, &f->n) && f->n;
	} else if (KEY("every")) {
		f->when = WHEN_EVERY;
		ok = parse_number(v, &f->n) && f->n;
	} else if (KEY("prob")) {
		f->when = WHEN_PROB;
		ok = parse_prob(v, &f->prob);
	} else if (KEY("seed")) {
		ok = parse_number(v, &f->rng);
	} else if (KEY("errno")) {
		ok = f->what == FAULT_IOCTL && parse_errno(v, &f->value);
	} else if (KEY("status")) {
		ok = f->what == FAULT_RMI && parse_status(v, &f->value);
	} else if (KEY("partial") && !strcmp(f->name, "KVM_ARM_RMI_POPULATE")) {
		f->what = FAULT_PARTIAL;
		ok = parse_number(v, &f->value) && f->value;
	} else if (KEY("kill-after")) {
		ok = f->what == FAULT_ENGINE && parse_time(v, &f->value);
	}
#undef KEY
	return ok ? 0 : fail(err, size, "no such key here, or not a value for it", s);
}

int fault_add(const char *spec, char *err, size_t size)
{
	struct fault f = {.when = WHEN_NTH, .n = 1, .rng = 1};
	char buf[256], *save, *s;
	int r;

	if (num_faults == MAX_FAULTS) {
		snprintf(err, size, "%s: at most %d faults", spec, MAX_FAULTS);
		return -ENOSPC;
	}
	if (strlen(spec) >= sizeof(buf))
		return fail(err, size, "too long", "fault");
	strcpy(buf, spec);
	s = strtok_r(buf, ":", &save);
	r = s ? parse_what(&f, s, err, size) : fail(err, size, "nothing to fail", "fault");
	while (!r && (s = strtok_r(NULL, ":", &save)))
		r = parse_key(&f, s, err, size);
	if (!r && f.what == FAULT_ENGINE && !f.value)
		r = fail(err, size, "want kill-after=TIME", "engine");
	if (r)
		return r;
	faults[num_faults++] = f;
	fault_armed_ = true;
	return 0;
}

void fault_clear(void)
{
	num_faults = 0;
	fault_armed_ = false;
}

/* ---- asking ---- */

/* xorshift64*: the same seed gives the same faults on every machine. */
static double fault_draw(struct fault *f)
{
	f->rng = f->rng ? f->rng : 1;
	f->rng ^= f->rng >> 12;
	f->rng ^= f->rng << 25;
	f->rng ^= f->rng >> 27;
	return (double)((f->rng * 0x2545f4914f6cdd1dULL) >> 11) / (double)(1ULL << 53);
}

static bool fault_counts(struct fault *f)
{
	f->seen++;
	switch (f->when) {
	case WHEN_NTH:
		return f->seen == f->n;
	case WHEN_EVERY:
		return f->seen % f->n == 0;
	case WHEN_PROB:
		return fault_draw(f) < f->prob;
	}
	return false;
}

static struct fault *fault_find(enum fault_what what, const char *name)
{
	struct fault *hit = NULL;

	pthread_mutex_lock(&fault_lock);
	for (unsigned int i = 0; i < num_faults; i++)
		if (faults[i].what == what && !strcmp(faults[i].name, name) &&
		    fault_counts(&faults[i]) && !hit)
			hit = &faults[i];
	pthread_mutex_unlock(&fault_lock);
	return hit;
}

bool fault_lookup(enum trace_layer layer, const char *name, int *code)
{
	const struct fault *f;

	if (layer != TRACE_KVM && layer != TRACE_RMI)
		return false;
	f = fault_find(layer == TRACE_KVM ? FAULT_IOCTL : FAULT_RMI, name);
	if (f)
		*code = (int)f->value;
	return f;
}

uint64_t fault_populate_limit(void)
{
	const struct fault *f;

	if (!fault_armed_)
		return UINT64_MAX;
	f = fault_find(FAULT_PARTIAL, "KVM_ARM_RMI_POPULATE");
	return f ? f->value : UINT64_MAX;
}

unsigned int fault_engine_kill_ms(void)
{
	const struct fault *f = fault_armed_ ? fault_find(FAULT_ENGINE, "") : NULL;

	return f ? f->value : 0;
}
