// SPDX-License-Identifier: BSD-3-Clause
/* ledger.c - the measurement ledger: from trace events, to and from JSON lines. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "attest/ledger.h"
#include "base/bits.h"

static const char *const cause_names[] = {
	[LEDGER_REALM_CREATE] = "REALM_CREATE", [LEDGER_DATA_CREATE] = "DATA_CREATE",
	[LEDGER_REC_CREATE] = "REC_CREATE",	[LEDGER_INIT_RIPAS] = "RTT_INIT_RIPAS",
	[LEDGER_EXTEND] = "MEASUREMENT_EXTEND",
};
_Static_assert(ARRAY_SIZE(cause_names) == LEDGER_NUM_CAUSES, "a name for each cause");

static const char *const register_names[] = {"RIM", "REM1", "REM2", "REM3", "REM4"};

/* The bytes of a packed parameter word, in order of the JSON line. */
static const struct param {
	const char *name;
	size_t offset;
} params[] = {
	{"s2sz", offsetof(struct rmi_realm_params, s2sz)},
	{"sve_vl", offsetof(struct rmi_realm_params, sve_vl)},
	{"num_bps", offsetof(struct rmi_realm_params, num_bps)},
	{"num_wps", offsetof(struct rmi_realm_params, num_wps)},
	{"pmu_num_ctrs", offsetof(struct rmi_realm_params, pmu_num_ctrs)},
	{"semantics", offsetof(struct rmi_realm_params, semantics)}, /* not measured */
};

#define LINE_MAX_LEN 1024 /* the longest line that is written has about 500 */

static const char *const content_names[] = {
	[LEDGER_UNNAMED] = "",
	[LEDGER_KERNEL] = "kernel",
	[LEDGER_DEVICE_TREE] = "device tree",
	[LEDGER_INITRD] = "initrd",
};
_Static_assert(ARRAY_SIZE(content_names) == LEDGER_NUM_CONTENTS, "a name for each content");

const char *ledger_content_name(enum ledger_content c)
{
	return content_names[c];
}

const char *ledger_cause_name(enum ledger_cause c)
{
	return cause_names[c];
}

uint64_t ledger_pack_params(const struct rmi_realm_params *p)
{
	uint64_t packed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		packed |= (uint64_t)((const uint8_t *)p)[params[i].offset] << (8 * i);
	return packed;
}

void ledger_unpack_params(const struct ledger_entry *e, struct rmi_realm_params *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		((uint8_t *)p)[params[i].offset] = (uint8_t)(e->addr >> (8 * i));
	p->flags = e->flags;
	p->hash_algo = (uint8_t)e->hash;
}

uint64_t ledger_semantics(const struct ledger_entry *e)
{
	struct rmi_realm_params p;

	ledger_unpack_params(e, &p);
	return p.semantics;
}

const char *ledger_rmm_name(uint64_t semantics)
{
	if (!(semantics & RMI_SEMANTICS_2_0))
		return "1.0";
	return semantics & RMI_SEMANTICS_RIPAS_UNMEASURED ? "2.0" : "2.0-bet0";
}

static int cause_by_name(const char *name)
{
	for (int i = 0; i < LEDGER_NUM_CAUSES; i++)
		if (name && !strcmp(name, cause_names[i]))
			return i;
	return -1;
}

bool ledger_from_event(const struct trace_event *ev, struct ledger_entry *e)
{
	int cause = cause_by_name(ev->name);

	if (ev->kind != TRACE_MEASURE || cause < 0 || ev->index >= ARRAY_SIZE(register_names) ||
	    !ev->value)
		return false;
	memset(e, 0, sizeof(*e));
	e->realm = ev->realm;
	e->index = ev->index;
	e->cause = (enum ledger_cause)cause;
	e->hash = ev->hash_len == 64 ? MEASURE_SHA_512 : MEASURE_SHA_256;
	e->addr = ev->addr;
	e->top = ev->top;
	e->flags = ev->flags;
	e->has_digest = ev->digest;
	if (ev->digest)
		memcpy(e->digest, ev->digest, MEASURE_SIZE);
	memcpy(e->after, ev->value, MEASURE_SIZE);
	return true;
}

void ledger_apply(const struct ledger_entry *e, uint8_t value[MEASURE_SIZE])
{
	struct rmi_realm_params p;

	switch (e->cause) {
	case LEDGER_REALM_CREATE:
		ledger_unpack_params(e, &p);
		measure_realm(e->hash, &p, value);
		break;
	case LEDGER_DATA_CREATE:
		measure_data(e->hash, value, e->addr, e->flags, e->has_digest ? e->digest : NULL);
		break;
	case LEDGER_REC_CREATE:
		measure_rec(e->hash, value, e->digest);
		break;
	case LEDGER_INIT_RIPAS:
		measure_ripas(e->hash, value, e->addr, e->top);
		break;
	case LEDGER_EXTEND:
		(e->flags & LEDGER_EXTEND_PADDED ? measure_rem_extend_spec : measure_rem_extend)(
			e->hash, value, e->digest, MIN(e->addr, MEASURE_SIZE));
		break;
	case LEDGER_NUM_CAUSES:
		break;
	}
}

/* The part of a line that differs from cause to cause, with its comma at the end. */
static void write_operands(FILE *f, const struct ledger_entry *e)
{
	switch (e->cause) {
	case LEDGER_REALM_CREATE:
		for (size_t i = 0; i < ARRAY_SIZE(params); i++)
			fprintf(f, "\"%s\":%u,", params[i].name, (uint8_t)(e->addr >> (8 * i)));
		break;
	case LEDGER_DATA_CREATE:
		fprintf(f, "\"address\":\"0x%" PRIx64 "\",", e->addr);
		break;
	case LEDGER_INIT_RIPAS:
		fprintf(f, "\"address\":\"0x%" PRIx64 "\",\"top\":\"0x%" PRIx64 "\",", e->addr,
			e->top);
		return;
	case LEDGER_EXTEND:
		fprintf(f, "\"size\":%u,", (unsigned int)e->addr);
		break;
	default:
		break;
	}
	/* A JSON integer has 63 bits. */
	fprintf(f, e->flags > INT64_MAX ? "\"flags\":\"0x%" PRIx64 "\"," : "\"flags\":%" PRIu64 ",",
		e->flags);
}

int ledger_write(FILE *f, const struct ledger_entry *e)
{
	size_t len = measure_hash_len(e->hash);
	size_t digest_len = e->cause == LEDGER_EXTEND ? MIN(e->addr, MEASURE_SIZE) : len;
	char hex[HEX_SIZE(MEASURE_SIZE)];

	fprintf(f, "{\"realm\":%u,\"register\":\"%s\",\"cause\":\"%s\",\"hash\":\"%s\",", e->realm,
		register_names[e->index], cause_names[e->cause], measure_hash_name(e->hash));
	write_operands(f, e);
	if (e->content)
		fprintf(f, "\"content\":\"%s\",", content_names[e->content]);
	if (e->has_digest)
		fprintf(f, "\"digest\":\"%s\",", hex_encode(e->digest, digest_len, hex));
	fprintf(f, "\"after\":\"%s\"}\n", hex_encode(e->after, len, hex));
	return ferror(f) ? -EIO : 0;
}

/* A non-negative integer, or a string of one in C notation. False if it is there and neither. */
static bool read_number(const json_t *obj, const char *key, uint64_t *v)
{
	const json_t *j = json_object_get(obj, key);
	const char *s = json_string_value(j);
	char *end;

	*v = 0;
	if (!j)
		return true;
	if (json_is_integer(j)) {
		*v = (uint64_t)json_integer_value(j);
		return json_integer_value(j) >= 0;
	}
	if (!s || s[0] != '0' || s[1] != 'x')
		return false;
	errno = 0;
	*v = strtoull(s, &end, 16);
	return !errno && end != s + 2 && !*end;
}

static int read_name(const json_t *obj, const char *key, const char *const *names, size_t n)
{
	const char *s = json_string_value(json_object_get(obj, key));

	for (size_t i = 0; s && i < n; i++)
		if (!strcmp(s, names[i]))
			return (int)i;
	return -1;
}

static bool read_hex(const json_t *obj, const char *key, uint8_t out[MEASURE_SIZE], size_t len)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s && hex_decode(s, out, MEASURE_SIZE) == (ssize_t)len;
}

static bool read_params(const json_t *obj, struct ledger_entry *e)
{
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		if (!read_number(obj, params[i].name, &v) || v > 0xff)
			return false;
		e->addr |= v << (8 * i);
	}
	return true;
}

/* What the cause has, and write_operands writes; anything else in the line is ignored. */
static bool read_operands(const json_t *obj, struct ledger_entry *e)
{
	bool ok = true;

	switch (e->cause) {
	case LEDGER_EXTEND:
		ok = read_number(obj, "size", &e->addr) && e->addr <= MEASURE_SIZE;
		break;
	case LEDGER_INIT_RIPAS:
		return read_number(obj, "address", &e->addr) && read_number(obj, "top", &e->top);
	case LEDGER_REALM_CREATE:
		ok = read_params(obj, e);
		break;
	case LEDGER_DATA_CREATE:
		ok = read_number(obj, "address", &e->addr);
		break;
	default:
		break;
	}
	return ok && read_number(obj, "flags", &e->flags);
}

static bool parse(const json_t *obj, struct ledger_entry *e)
{
	static const char *const hash_names[] = {"sha-256", "sha-512"};
	int cause = read_name(obj, "cause", cause_names, ARRAY_SIZE(cause_names));
	int reg = read_name(obj, "register", register_names, ARRAY_SIZE(register_names));
	int hash = read_name(obj, "hash", hash_names, ARRAY_SIZE(hash_names));
	int content = read_name(obj, "content", content_names, ARRAY_SIZE(content_names));
	uint64_t realm;
	size_t len;

	memset(e, 0, sizeof(*e));
	if (cause < 0 || reg < 0 || hash < 0 || (cause == LEDGER_EXTEND) != (reg > 0) ||
	    !read_number(obj, "realm", &realm) || realm > UINT_MAX)
		return false;
	e->realm = (unsigned int)realm;
	e->cause = (enum ledger_cause)cause;
	e->content = content < 0 ? LEDGER_UNNAMED : (enum ledger_content)content;
	e->index = (unsigned int)reg;
	e->hash = (enum measure_hash)hash;
	if (!read_operands(obj, e))
		return false;
	len = measure_hash_len(e->hash);
	e->has_digest = json_object_get(obj, "digest");
	if (!e->has_digest && (cause == LEDGER_REC_CREATE || cause == LEDGER_EXTEND))
		return false;
	if (e->has_digest &&
	    !read_hex(obj, "digest", e->digest, cause == LEDGER_EXTEND ? e->addr : len))
		return false;
	return read_hex(obj, "after", e->after, len);
}

int ledger_read(FILE *f, struct ledger_entry *e, unsigned int *line)
{
	char buf[LINE_MAX_LEN];
	json_t *obj;
	bool ok;

	if (!fgets(buf, sizeof(buf), f))
		return ferror(f) ? -EIO : 0;
	++*line;
	obj = json_loads(buf, JSON_REJECT_DUPLICATES, NULL);
	ok = json_is_object(obj) && parse(obj, e);
	json_decref(obj);
	return ok ? 1 : -EINVAL;
}
