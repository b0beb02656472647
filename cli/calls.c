// SPDX-License-Identifier: BSD-3-Clause
/*
 * calls.c - the RIM of a realm that any VMM builds, from a list of its calls.
 *
 * The list is JSON: objects in the VMM's order, each with "call" and what the call has, numbers as
 * numbers or as hexadecimal strings. Nothing in it is ignored: a name that is not known is an
 * error, because the RIM would be another one.
 */
#include "cli/calls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "machine/memory.h"
#include "base/hex.h"
#include "attest/predict.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "kvm/platform.h"

#define MAX_LIST     (1 << 20)
#define MAX_POPULATE (UINT64_C(1) << 32) /* bytes of one call */

struct calls {
	const char *file;
	size_t number; /* of the call that is looked at, from 1 */
	struct predict *pr;
	predict_sink *sink;
	struct rmi_realm_params params;
	struct rmi_rec_params recs[PLATFORM_MAX_VCPUS];
	size_t num_recs;
	struct predict_slot slots[PREDICT_MAX_SLOTS];
	size_t num_slots;
};

static int wrong(const struct calls *c, const char *what)
{
	log_error("%s: call %zu: %s", c->file, c->number, what);
	return -EINVAL;
}

/* ---- members ---- */

/* A member that is a number; what it is if it is not there. False: it is something else. */
static bool number(const json_t *call, const char *name, uint64_t otherwise, uint64_t *out)
{
	const json_t *j = json_object_get(call, name);
	const char *s = json_string_value(j);
	char *end;

	*out = otherwise;
	if (!j)
		return true;
	if (json_is_integer(j)) {
		*out = (uint64_t)json_integer_value(j);
		return json_integer_value(j) >= 0;
	}
	if (!s || *s == '-')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 0);
	return *s && !*end && !errno;
}

static int only(const struct calls *c, const json_t *call, const char *const *names)
{
	const char *name;
	json_t *value;
	char what[100];

	json_object_foreach((json_t *)call, name, value)
	{
		size_t i = 0;

		while (names[i] && strcmp(name, names[i]))
			i++;
		if (names[i] || !strcmp(name, "call"))
			continue;
		snprintf(what, sizeof(what), "it has no '%.40s'", name);
		return wrong(c, what);
	}
	return 0;
}

/* ---- calls ---- */

static int create_vm(struct calls *c, const json_t *call)
{
	static const char *const names[] = {
		"ipa_bits", "breakpoints", "watchpoints", "pmu_counters", "sve_vq", "lpa2", NULL};
	const json_t *lpa2 = json_object_get(call, "lpa2");
	uint64_t ipa, bps, wps, pmu, vq;
	int err = only(c, call, names);

	if (err)
		return err;
	if (c->pr)
		return wrong(c, "a second realm");
	if (!number(call, "ipa_bits", 40, &ipa) ||
	    !number(call, "breakpoints", PLATFORM_BREAKPOINTS, &bps) ||
	    !number(call, "watchpoints", PLATFORM_WATCHPOINTS, &wps) ||
	    !number(call, "pmu_counters", 0, &pmu) || !number(call, "sve_vq", 0, &vq) || ipa > 52 ||
	    bps < 1 || bps > 16 || wps < 1 || wps > 16 || pmu > 31 || vq > 16 ||
	    (lpa2 && !json_is_boolean(lpa2)))
		return wrong(c, "a number that no realm can have");
	c->params.s2sz = (uint8_t)ipa;
	c->params.num_bps = (uint8_t)(bps - 1);
	c->params.num_wps = (uint8_t)(wps - 1);
	c->params.pmu_num_ctrs = (uint8_t)pmu;
	c->params.sve_vl = vq ? (uint8_t)(vq - 1) : 0;
	c->params.flags |= (pmu ? RMI_REALM_FLAG_PMU : 0) | (vq ? RMI_REALM_FLAG_SVE : 0) |
			   (json_is_true(lpa2) ? RMI_REALM_FLAG_LPA2 : 0);
	err = predict_create(&c->params, c->sink, NULL, &c->pr);
	return err ? wrong(c, "KVM cannot create such a realm") : 0;
}

static int add_slot(struct calls *c, const json_t *call)
{
	static const char *const names[] = {"slot", "base", "size", "guest_memfd", NULL};
	struct predict_slot *s = &c->slots[c->num_slots];
	const json_t *gmem = json_object_get(call, "guest_memfd");
	uint64_t id;
	int err = only(c, call, names);

	if (err)
		return err;
	if (c->num_slots == PREDICT_MAX_SLOTS)
		return wrong(c, "too many slots");
	if (!number(call, "slot", c->num_slots, &id) || id > UINT32_MAX ||
	    !number(call, "base", UINT64_MAX, &s->base) || !number(call, "size", 0, &s->size) ||
	    !s->size || s->base == UINT64_MAX || (gmem && !json_is_boolean(gmem)))
		return wrong(c, "a slot has slot, base, size and guest_memfd (true if left out)");
	s->id = (unsigned int)id;
	s->gmem = !json_is_false(gmem);
	c->num_slots++;
	return 0;
}

static int add_vcpu(struct calls *c, const json_t *call)
{
	static const char *const names[] = {"pc", "x0", "x1", "x2",	   "x3", "x4",
					    "x5", "x6", "x7", "power_off", NULL};
	const json_t *off = json_object_get(call, "power_off");
	struct rmi_rec_params *r = &c->recs[c->num_recs];
	bool ok;
	int err = only(c, call, names);

	if (err)
		return err;
	if (c->num_recs == PLATFORM_MAX_VCPUS)
		return wrong(c, "too many vCPUs");
	ok = number(call, "pc", 0, &r->pc) && (!off || json_is_boolean(off));
	for (int i = 0; i < 8; i++)
		ok &= number(call, names[1 + i], 0, &r->gprs[i]);
	if (!ok)
		return wrong(c, "a vCPU has pc, x0 to x7 and power_off");
	r->flags = json_is_true(off) ? 0 : RMI_REC_FLAG_RUNNABLE;
	c->num_recs++;
	return 0;
}

/* size bytes from an offset of the file on, zeros behind its end. NULL: logged. */
static uint8_t *read_contents(const char *path, uint64_t offset, uint64_t size)
{
	uint8_t *data = aligned_alloc(GRANULE_SIZE, size);
	FILE *f = fopen(path, "rb");
	int err = f && data ? 0 : errno;

	if (!err && fseeko(f, (off_t)offset, SEEK_SET))
		err = errno;
	if (!err) {
		size_t n = fread(data, 1, size, f);

		err = ferror(f) ? EIO : 0;
		memset(data + n, 0, size - n);
	}
	if (f)
		fclose(f);
	if (!err)
		return data;
	log_errno(err, "%s", path);
	free(data);
	return NULL;
}

/* What the file has from the offset on, in whole pages. */
static bool rest_of(const char *path, uint64_t offset, uint64_t *size)
{
	struct stat st;

	if (stat(path, &st)) {
		log_errno(errno, "%s", path);
		return false;
	}
	*size = offset < (uint64_t)st.st_size
			? ALIGN_UP((uint64_t)st.st_size - offset, (uint64_t)GRANULE_SIZE)
			: 0;
	return true;
}

static int populate(struct calls *c, const json_t *call)
{
	static const char *const names[] = {"base", "file", "offset", "size", "flags", NULL};
	const char *path = json_string_value(json_object_get(call, "file"));
	uint64_t base, offset, size, flags;
	uint8_t *data;
	int err = only(c, call, names);

	if (err)
		return err;
	if (!path || !number(call, "base", UINT64_MAX, &base) ||
	    !number(call, "offset", 0, &offset) || !number(call, "size", 0, &size) ||
	    !number(call, "flags", 1, &flags) || flags > 1 || offset > INT64_MAX)
		return wrong(c, "populate has base, file, offset, size and flags (1: measured)");
	if (!size && !rest_of(path, offset, &size))
		return -EINVAL;
	if (!size || size > MAX_POPULATE || !IS_ALIGNED(size | base, (uint64_t)GRANULE_SIZE))
		return wrong(c, "base and size are not whole pages, or there are too many");
	data = read_contents(path, offset, size);
	if (!data)
		return -EINVAL;
	err = predict_populate(c->pr, base, data, size, flags);
	free(data);
	return err == -EEXIST ? wrong(c, "a page is populated already")
	       : err	      ? wrong(c, "KVM refuses to populate this range")
			      : 0;
}

static int take_call(struct calls *c, const json_t *call)
{
	static const struct {
		const char *name;
		int (*take)(struct calls *c, const json_t *call);
	} rows[] = {
		{"create_vm", create_vm},
		{"slot", add_slot},
		{"populate", populate},
		{"vcpu", add_vcpu},
	};
	const char *name = json_string_value(json_object_get(call, "call"));

	for (size_t i = 0; name && i < ARRAY_SIZE(rows); i++) {
		if (strcmp(name, rows[i].name))
			continue;
		if (i && !c->pr)
			return wrong(c, "create_vm comes first");
		return rows[i].take(c, call);
	}
	return wrong(c, "\"call\" is none of create_vm, slot, populate, vcpu");
}

static int take_calls(struct calls *c, const json_t *list)
{
	size_t i;
	json_t *call;
	int err = json_array_size(list) ? 0 : -EINVAL;

	if (err)
		log_error("%s: no list of calls", c->file);
	json_array_foreach(list, i, call)
	{
		c->number = i + 1;
		err = take_call(c, call);
		if (err)
			break;
	}
	if (!err && predict_activate(c->pr, c->recs, c->num_recs, c->slots, c->num_slots))
		err = wrong(c, "after it KVM cannot activate the realm");
	return err;
}

/* ---- the command ---- */

static void print_entry(void *arg, const struct ledger_entry *e)
{
	ledger_write(stdout, e);
}

static void print_rim(const struct calls *c, bool base64)
{
	size_t len = measure_hash_len((enum measure_hash)c->params.hash_algo);
	char text[HEX_SIZE(MEASURE_SIZE)];
	uint8_t rim[MEASURE_SIZE];

	predict_rim(c->pr, rim);
	puts(base64 ? base64_encode(BASE64, rim, len, text) : hex_encode(rim, len, text));
}

int calls_run(const char *file, const struct backend_options *host, bool explain, bool base64)
{
	static uint8_t text[MAX_LIST];
	static struct calls c;
	json_error_t error;
	json_t *list;
	int err;

	if (input_read(file, text, sizeof(text)) < 0)
		return EXIT_USAGE;
	list = json_loads((char *)text, JSON_REJECT_DUPLICATES, &error);
	if (!list) {
		log_error("%s:%d: %s", file, error.line, error.text);
		return EXIT_USAGE;
	}
	c.file = file;
	c.sink = explain ? print_entry : NULL;
	c.params.hash_algo = host->realm.hash_algo;
	c.params.semantics = kvm_rmm_semantics(host->revision, host->rmm);
	err = take_calls(&c, list);
	if (!err && !explain)
		print_rim(&c, base64);
	if (c.pr)
		predict_free(c.pr);
	json_decref(list);
	return err ? EXIT_USAGE : EXIT_GOOD;
}
