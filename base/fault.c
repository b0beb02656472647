// SPDX-License-Identifier: BSD-3-Clause
/* fault.c - parses fault specifications, counts calls, tells which one has to fail. */
#include "base/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/bits.h"
#include "base/lock.h"

#define MAX_FAULTS 32
#define SPEC_SIZE  256
#define NAME_SIZE  64

enum fault_what { FAULT_IOCTL, FAULT_RMI, FAULT_PARTIAL, FAULT_CONVERSION, FAULT_ENGINE };
enum fault_when { WHEN_NTH, WHEN_EVERY, WHEN_PROB };

struct fault {
	enum fault_what what;
	enum fault_when when;
	char name[NAME_SIZE]; /* as the dispatch row has it */
	uint64_t n;	      /* of nth and every */
	double prob;
	uint64_t seed, rng;
	uint64_t seen, fired;
	uint64_t delay_ms;
	bool fails;	      /* else it only takes its time */
	char spec[SPEC_SIZE]; /* as it was given */
	uint64_t value;	      /* errno, status, pages, milliseconds or fault_conversion */
};

static struct fault faults[MAX_FAULTS];
static unsigned int num_faults;
static struct lock fault_lock = LOCK_INITIALIZER(LOCK_RANKS_LEAF + 10, "faults");

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
	} else if (!strcmp(s, "conversion")) {
		f->what = FAULT_CONVERSION;
		f->value = CONVERSION_TOLD;
	} else if (!strncmp(s, "ioctl=", 6) && strlen(name + 1) < NAME_SIZE) {
		f->what = FAULT_IOCTL;
		strcpy(f->name, name + 1);
	} else if (!strncmp(s, "rmi=", 4) && strlen(name + 1) < NAME_SIZE - 4) {
		f->what = FAULT_RMI;
		f->value = 1;
		snprintf(f->name, sizeof(f->name), "%s%s",
			 strncmp(name + 1, "RMI_", 4) ? "RMI_" : "", name + 1);
	} else {
		return fail(err, size, "want populate, ioctl=NAME, rmi=NAME, conversion or engine",
			    s);
	}
	return 0;
}

static int parse_key(struct fault *f, const char *s, char *err, size_t size)
{
	const char *v = strchr(s, '=');
	size_t len = v ? (size_t)(v - s) : strlen(s);
	bool ok = false;

#define KEY(k) (len == strlen(k) && !strncmp(s, k, len))
	v = v ? v + 1 : "";
	if (KEY("nth")) {
		f->when = WHEN_NTH;
		ok = parse_number(v, &f->n) && f->n;
	} else if (KEY("every")) {
		f->when = WHEN_EVERY;
		ok = parse_number(v, &f->n) && f->n;
	} else if (KEY("prob") || KEY("p")) {
		f->when = WHEN_PROB;
		ok = parse_prob(v, &f->prob);
	} else if (KEY("seed")) {
		ok = parse_number(v, &f->seed) && f->seed;
	} else if (KEY("delay")) {
		ok = f->what != FAULT_ENGINE && parse_time(v, &f->delay_ms);
	} else if (KEY("errno")) {
		ok = f->what == FAULT_IOCTL && parse_errno(v, &f->value);
		f->fails = true;
	} else if (KEY("status")) {
		ok = f->what == FAULT_RMI && parse_status(v, &f->value);
		f->fails = true;
	} else if (KEY("partial") && !strcmp(f->name, "KVM_ARM_RMI_POPULATE")) {
		f->what = FAULT_PARTIAL;
		ok = parse_number(v, &f->value) && f->value;
		f->fails = true;
	} else if (KEY("missing") || KEY("twice")) {
		ok = f->what == FAULT_CONVERSION && !f->value && !*v;
		f->value = KEY("missing") ? CONVERSION_MISSING : CONVERSION_TWICE;
		f->fails = true;
	} else if (KEY("kill-after")) {
		ok = f->what == FAULT_ENGINE && parse_time(v, &f->value);
	}
#undef KEY
	return ok ? 0 : fail(err, size, "no such key here, or not a value for it", s);
}

/* One that a person can type again. */
static uint64_t new_seed(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint32_t)time(NULL);
	return 1 + seed % 999999;
}

int fault_add(const char *spec, char *err, size_t size)
{
	struct fault f = {.when = WHEN_NTH, .n = 1};
	char buf[SPEC_SIZE], *save, *s;
	int r;

	if (num_faults == MAX_FAULTS) {
		snprintf(err, size, "%s: at most %d faults", spec, MAX_FAULTS);
		return -ENOSPC;
	}
	if (strlen(spec) >= sizeof(buf))
		return fail(err, size, "too long", "fault");
	strcpy(buf, spec);
	strcpy(f.spec, spec);
	s = strtok_r(buf, ":", &save);
	r = s ? parse_what(&f, s, err, size) : fail(err, size, "nothing to fail", "fault");
	while (!r && (s = strtok_r(NULL, ":", &save)))
		r = parse_key(&f, s, err, size);
	if (!r && f.what == FAULT_ENGINE && !f.value)
		r = fail(err, size, "want kill-after=TIME", "engine");
	if (!r && f.what == FAULT_CONVERSION && !f.value && !f.delay_ms)
		r = fail(err, size, "want missing, twice or delay=TIME", "conversion");
	if (r)
		return r;
	f.fails |= !f.delay_ms;
	f.rng = f.seed = f.seed ?: f.when == WHEN_PROB ? new_seed() : 1;
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

	lock_take(&fault_lock);
	for (unsigned int i = 0; i < num_faults; i++)
		if (faults[i].what == what && !strcmp(faults[i].name, name) &&
		    fault_counts(&faults[i]) && !hit)
			hit = &faults[i];
	if (hit)
		hit->fired++;
	lock_drop(&fault_lock);
	return hit;
}

/* Signals do not cut it short. */
static void take_time(uint64_t ms)
{
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

bool fault_lookup(enum trace_layer layer, const char *name, int *code)
{
	const struct fault *f;

	if (layer != TRACE_KVM && layer != TRACE_RMI)
		return false;
	f = fault_find(layer == TRACE_KVM ? FAULT_IOCTL : FAULT_RMI, name);
	if (f && f->delay_ms)
		take_time(f->delay_ms);
	if (f)
		*code = (int)f->value;
	return f && f->fails;
}

uint64_t fault_populate_limit(void)
{
	const struct fault *f;

	if (!fault_armed_)
		return UINT64_MAX;
	f = fault_find(FAULT_PARTIAL, "KVM_ARM_RMI_POPULATE");
	if (f && f->delay_ms)
		take_time(f->delay_ms);
	return f && f->fails ? f->value : UINT64_MAX;
}

enum fault_conversion fault_conversion(void)
{
	const struct fault *f = fault_armed_ ? fault_find(FAULT_CONVERSION, "") : NULL;

	if (f && f->delay_ms)
		take_time(f->delay_ms);
	return f ? f->value : CONVERSION_TOLD;
}

unsigned int fault_engine_kill_ms(void)
{
	const struct fault *f = fault_armed_ ? fault_find(FAULT_ENGINE, "") : NULL;

	return f ? f->value : 0;
}

/* ---- packs, and what came of it ---- */

static const struct {
	const char *name;
	const char *specs[8];
} packs[] = {
	{"populate",
	 {"populate:p=0.1:partial=1", "populate:every=7:partial=13", "populate:p=0.05:errno=EINTR",
	  "populate:p=0.2:delay=5ms"}},
	{"ripas",
	 {"ioctl=KVM_SET_MEMORY_ATTRIBUTES:p=0.1:errno=EAGAIN",
	  "ioctl=KVM_SET_MEMORY_ATTRIBUTES:p=0.1:errno=EINTR",
	  "ioctl=KVM_SET_MEMORY_ATTRIBUTES:p=0.3:delay=20ms", "conversion:p=0.2:twice",
	  "conversion:p=0.1:missing", "conversion:p=0.2:delay=50ms"}},
	{"signals",
	 {"ioctl=KVM_RUN:p=0.2:errno=EINTR", "ioctl=KVM_RUN:every=10:errno=EINTR",
	  "ioctl=KVM_RUN:p=0.02:errno=EAGAIN"}},
	{"descriptors",
	 {"ioctl=KVM_CREATE_VCPU:p=0.3:errno=EMFILE", "ioctl=KVM_CREATE_DEVICE:p=0.3:errno=EMFILE",
	  "ioctl=KVM_CREATE_GUEST_MEMFD:p=0.3:errno=EMFILE",
	  "ioctl=KVM_CREATE_VM:p=0.1:errno=ENFILE"}},
	{"engine", {"engine:p=0.5:kill-after=2s", "engine:p=0.5:kill-after=300ms"}},
};

int fault_add_pack(const char *name, char *err, size_t size)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		if (strcmp(packs[i].name, name))
			continue;
		for (const char *const *spec = packs[i].specs; *spec && !r; spec++)
			r = fault_add(*spec, err, size);
		return r;
	}
	return fail(err, size, "want populate, ripas, signals, descriptors or engine", name);
}

bool fault_tally(unsigned int i, struct fault_tally *t)
{
	bool found;

	lock_take(&fault_lock);
	found = i < num_faults;
	if (found)
		*t = (struct fault_tally){
			.spec = faults[i].spec,
			.matched = faults[i].seen,
			.fired = faults[i].fired,
			.seed = faults[i].when == WHEN_PROB ? faults[i].seed : 0,
		};
	lock_drop(&fault_lock);
	return found;
}
