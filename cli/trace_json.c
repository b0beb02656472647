// SPDX-License-Identifier: BSD-3-Clause
/* trace_json.c - a trace as JSON lines; softrealm-trace(1) has the schema. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "attest/measure.h"
#include "base/log.h"
#include "cli/trace.h"

#define NS UINT64_C(1000000000)

void trace_quote(FILE *f, const char *text)
{
	const char *c = text;
	json_t *s;

	while (isalnum((unsigned char)*c) || (*c && strchr("_ .[]", *c)))
		c++;
	if (!*c) { /* as nearly all are */
		fprintf(f, "\"%s\"", text);
		return;
	}
	s = json_string(text);
	if (!s || json_dumpf(s, f, JSON_ENCODE_ANY | JSON_ENSURE_ASCII))
		fputs("\"?\"", f);
	json_decref(s);
}

static void write_seconds(FILE *f, const char *key, uint64_t ns)
{
	fprintf(f, "\"%s\":%" PRIu64 ".%09" PRIu64, key, ns / NS, ns % NS);
}

static void write_text(FILE *f, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(f, ",\"%s\":", key);
	trace_quote(f, text);
}

static void write_who(FILE *f, const struct trace_item *it)
{
	if (it->vm)
		fprintf(f, ",\"vm\":%" PRIu32, it->vm);
	if (it->vcpu >= 0)
		fprintf(f, ",\"vcpu\":%d", it->vcpu);
	fprintf(f, ",\"thread\":%" PRIu32, it->thread);
}

void trace_write_arg(FILE *f, const struct trace_item *it, unsigned int i)
{
	if (it->arg_names[i])
		trace_quote(f, it->arg_names[i]);
	else
		fprintf(f, "\"x%u\"", i + 1);
	fprintf(f, ":\"0x%" PRIx64 "\"", it->args[i]);
}

static void write_args(FILE *f, const struct trace_item *it)
{
	fputs(",\"args\":{", f);
	for (unsigned int i = 0; i < it->nargs; i++) {
		if (i)
			fputc(',', f);
		trace_write_arg(f, it, i);
	}
	fputc('}', f);
}

static void write_call(FILE *f, const struct trace_item *it)
{
	fputc(',', f);
	write_seconds(f, "duration", it->duration);
	write_who(f, it);
	fprintf(f, ",\"layer\":\"%s\"", trace_layer_names[it->layer]);
	write_text(f, "call", it->name);
	write_args(f, it);
	if (it->layer == TRACE_KVM)
		fprintf(f, ",\"result\":%" PRId64, it->ret);
	else
		fprintf(f, ",\"result\":\"0x%" PRIx64 "\"", (uint64_t)it->ret);
	write_text(f, "rule", it->rule);
	write_text(f, "exit", it->exit);
}

static void write_hex(FILE *f, const char *key, const uint8_t *value, size_t len)
{
	char text[HEX_SIZE(MEASURE_SIZE)];

	fprintf(f, ",\"%s\":\"%s\"", key, hex_encode(value, len, text));
}

static void write_measurement(FILE *f, const struct trace_item *it)
{
	static const uint8_t none[sizeof(it->measure->digest)];
	const struct trace_rec_measure *m = it->measure;

	write_text(f, "measurement", it->name);
	fprintf(f, ",\"realm\":%" PRIu32 ",\"register\":%" PRIu32, it->vm, m->index);
	fprintf(f,
		",\"address\":\"0x%" PRIx64 "\",\"top\":\"0x%" PRIx64 "\",\"flags\":\"0x%" PRIx64
		"\"",
		m->addr, m->top, m->flags);
	if (memcmp(m->digest, none, sizeof(none)))
		write_hex(f, "digest", m->digest, m->hash_len);
	write_hex(f, "value", m->value, m->hash_len);
}

static void write_item(FILE *f, const struct trace_item *it)
{
	fputc('{', f);
	write_seconds(f, "seconds", it->time);
	if (it->kind == TRACE_REC_CALL) {
		write_call(f, it);
	} else {
		write_who(f, it);
		if (it->kind == TRACE_REC_LOST)
			fprintf(f, ",\"lost\":%" PRIu64, it->lost);
		else if (it->kind == TRACE_REC_MEASURE)
			write_measurement(f, it);
		else if (it->kind == TRACE_REC_STATE)
			write_text(f, "state", it->name);
		else
			write_text(f, "exit", it->name);
		if (it->kind == TRACE_REC_STATE)
			fprintf(f, ",\"realm\":%" PRIu32, it->vm);
		if (it->kind == TRACE_REC_EXIT)
			fprintf(f, ",\"to\":\"%s\"", it->to_user ? "vmm" : "kernel");
	}
	fputs("}\n", f);
}

int trace_to_json(struct trace_reader *r, FILE *out)
{
	struct trace_item it;
	int n;

	while ((n = trace_reader_next(r, &it)) > 0 && !ferror(out))
		write_item(out, &it);
	return n;
}

/* ---- for the launcher ---- */

bool trace_file_is_json(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (!strcmp(dot, ".json") || !strcmp(dot, ".jsonl"));
}

int trace_file_to_json(FILE *raw, int fd, const char *path)
{
	FILE *out = fdopen(fd, "w");
	struct trace_reader *r;
	int n;

	rewind(raw);
	if (!out) {
		close(fd);
		fclose(raw);
		return -ENOMEM;
	}
	n = trace_reader_create(raw, path, &r);
	if (!n)
		n = trace_to_json(r, out);
	trace_reader_free(r);
	fclose(raw);
	if (ferror(out) | fclose(out)) {
		n = errno ? -errno : -EIO;
		log_errno(-n, "%s", path);
	}
	return n;
}
