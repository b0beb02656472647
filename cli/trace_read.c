// SPDX-License-Identifier: BSD-3-Clause
/* trace_read.c - records of a trace, one by one; the file is not trusted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/trace.h"

#define NUM_NAMES 65536u

struct name {
	char *text; /* the name, then the names of its arguments, each with its NUL */
	const char *args[TRACE_MAX_ARGS];
	unsigned int nargs;
};

struct trace_reader {
	FILE *f;
	const char *path;
	struct trace_file_header header;
	struct name *names; /* NUM_NAMES */
	union {
		struct trace_record r;
		struct trace_rec_call call;
		struct trace_rec_exit exit;
		struct trace_rec_measure measure;
		struct trace_rec_lost lost;
		char bytes[TRACE_RECORD_MAX + 1];
	} u;
};

const char *const trace_layer_names[4] = {"KVM", "RMI", "RSI", "PSCI"};

static int wrong(const struct trace_reader *r, const char *what)
{
	log_error("%s: %s", r->path, what);
	return -EINVAL;
}

static int read_header(struct trace_reader *r)
{
	struct trace_file_header *h = &r->header;

	if (fread(h, sizeof(*h), 1, r->f) != 1 || memcmp(h->magic, TRACE_FILE_MAGIC, 8))
		return wrong(r, "this is not a trace");
	if (h->version != TRACE_FILE_VERSION || h->size < sizeof(*h) || h->size > TRACE_RECORD_MAX)
		return wrong(r, "a trace of another version, or of another byte order");
	for (uint32_t i = sizeof(*h); i < h->size; i++)
		getc(r->f);
	return 0;
}

int trace_reader_create(FILE *f, const char *path, struct trace_reader **out)
{
	struct trace_reader *r = calloc(1, sizeof(*r));
	int n = -ENOMEM;

	if (r) {
		r->f = f;
		r->path = path;
		r->names = calloc(NUM_NAMES, sizeof(*r->names));
		n = r->names ? read_header(r) : -ENOMEM;
	}
	if (n)
		trace_reader_free(r);
	*out = n ? NULL : r;
	return n;
}

void trace_reader_free(struct trace_reader *r)
{
	for (unsigned int i = 0; r && r->names && i < NUM_NAMES; i++)
		free(r->names[i].text);
	if (r)
		free(r->names);
	free(r);
}

uint64_t trace_reader_realtime(const struct trace_reader *r)
{
	return r->header.realtime;
}

/* ---- records ---- */

/* The least size of each kind that is known. */
static const size_t sizes[] = {
	[TRACE_REC_NAME] = sizeof(struct trace_rec_name),
	[TRACE_REC_CALL] = sizeof(struct trace_rec_call),
	[TRACE_REC_EXIT] = sizeof(struct trace_rec_exit),
	[TRACE_REC_STATE] = sizeof(struct trace_record),
	[TRACE_REC_MEASURE] = sizeof(struct trace_rec_measure),
	[TRACE_REC_LOST] = sizeof(struct trace_rec_lost),
};

/* 1: r->u is a whole record; 0: the end; -EINVAL. */
static int read_record(struct trace_reader *r)
{
	size_t size, rest;

	if (fread(&r->u.r, sizeof(r->u.r), 1, r->f) != 1)
		return 0;
	size = r->u.r.size;
	if (size < sizeof(r->u.r) || size > TRACE_RECORD_MAX || size % 8 ||
	    (r->u.r.kind < ARRAY_SIZE(sizes) && size < sizes[r->u.r.kind]))
		return wrong(r, "a record of an impossible size");
	rest = size - sizeof(r->u.r);
	return !rest || fread(r->u.bytes + sizeof(r->u.r), rest, 1, r->f) == 1;
}

static int take_name(struct trace_reader *r)
{
	struct name *n = &r->names[r->u.r.name];
	size_t at = sizeof(struct trace_rec_name), len = r->u.r.size - at;
	char *end, *s;

	if (n->text)
		return wrong(r, "a name is given twice");
	n->text = malloc(len + 1);
	if (!n->text)
		return -ENOMEM;
	memcpy(n->text, r->u.bytes + at, len);
	n->text[len] = 0;
	end = n->text + len;
	for (s = n->text + strlen(n->text) + 1; s < end && *s && n->nargs < TRACE_MAX_ARGS;
	     s += strlen(s) + 1)
		n->args[n->nargs++] = s;
	return 0;
}

static const char *name_of(const struct trace_reader *r, uint16_t id)
{
	return id ? r->names[id].text ?: "?" : NULL;
}

static int take_call(const struct trace_reader *r, struct trace_item *it)
{
	const struct trace_rec_call *c = &r->u.call;
	const struct name *n = &r->names[c->r.name];

	if (c->r.layer >= ARRAY_SIZE(trace_layer_names) || c->nargs > TRACE_MAX_ARGS ||
	    sizeof(*c) + c->nargs * sizeof(uint64_t) > c->r.size)
		return wrong(r, "a call that cannot be");
	it->layer = c->r.layer;
	it->duration = c->duration;
	it->ret = c->ret;
	it->rule = name_of(r, c->rule);
	it->exit = name_of(r, c->exit);
	it->nargs = c->nargs;
	for (unsigned int i = 0; i < c->nargs; i++) {
		it->args[i] = c->args[i];
		it->arg_names[i] = i < n->nargs ? n->args[i] : NULL;
	}
	return 0;
}

static int take_record(struct trace_reader *r, struct trace_item *it)
{
	const struct trace_record *rec = &r->u.r;

	*it = (struct trace_item){
		.kind = rec->kind,
		.time = rec->time,
		.thread = rec->thread,
		.vm = rec->vm,
		.vcpu = rec->vcpu,
		.name = name_of(r, rec->name) ?: "?",
	};
	if (rec->kind == TRACE_REC_CALL)
		return take_call(r, it);
	if (rec->kind == TRACE_REC_EXIT)
		it->to_user = r->u.exit.to_user;
	else if (rec->kind == TRACE_REC_LOST)
		it->lost = r->u.lost.count;
	else if (rec->kind == TRACE_REC_MEASURE && r->u.measure.hash_len > 64)
		return wrong(r, "a measurement that cannot be");
	else if (rec->kind == TRACE_REC_MEASURE)
		it->measure = &r->u.measure;
	return 0;
}

int trace_reader_next(struct trace_reader *r, struct trace_item *it)
{
	int n;

	for (;;) {
		n = read_record(r);
		if (n <= 0)
			return n;
		if (r->u.r.kind == TRACE_REC_NAME)
			n = take_name(r);
		else if (r->u.r.kind && r->u.r.kind < ARRAY_SIZE(sizes))
			return take_record(r, it) ?: 1;
		if (n < 0)
			return n;
	}
}

const char *trace_ret_text(const struct trace_item *it, char buf[32])
{
	static const char *const statuses[] = {"RMI_SUCCESS", "RMI_ERROR_INPUT", "RMI_ERROR_REALM",
					       "RMI_ERROR_REC", "RMI_ERROR_RTT"};
	const char *name = it->ret < 0 ? strerrorname_np((int)-it->ret) : NULL;
	uint64_t status = it->ret & 0xff;

	if (it->layer == TRACE_KVM && name)
		snprintf(buf, 32, "%s", name);
	else if (it->layer == TRACE_RMI && (uint64_t)it->ret >> 16 == 0 &&
		 status < ARRAY_SIZE(statuses))
		snprintf(buf, 32, it->ret >> 8 ? "%s/%u" : "%s", statuses[status],
			 (unsigned int)(it->ret >> 8));
	else if (it->layer == TRACE_KVM || (it->layer == TRACE_PSCI && it->ret < 0))
		snprintf(buf, 32, "%lld", (long long)it->ret);
	else
		snprintf(buf, 32, "0x%llx", (unsigned long long)it->ret);
	return buf;
}
