/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.h - reads the file that --trace wrote (backend/trace_format.h), and what it is made into.
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "backend/trace_format.h"
#include "base/trace.h"

#define TRACE_MAX_ARGS 16u

/* One record, its names resolved. What a kind does not have is 0, NULL or -1. */
struct trace_item {
	enum trace_record_kind kind; /* never TRACE_REC_NAME */
	enum trace_layer layer;
	uint64_t time, duration; /* nanoseconds */
	uint32_t thread, vm;
	int vcpu;
	const char *name; /* "?" if the file does not tell */
	const char *rule, *exit;
	int64_t ret;
	unsigned int nargs;
	const char *arg_names[TRACE_MAX_ARGS];
	uint64_t args[TRACE_MAX_ARGS];
	bool to_user;
	const struct trace_rec_measure *measure; /* until the next item */
	uint64_t lost;
};

struct trace_reader;

/* Of a file that stays the caller's. 0, -EINVAL: it is no trace or another version's (logged, as
 * `name`), -ENOMEM. */
int trace_reader_create(FILE *f, const char *name, struct trace_reader **out);
void trace_reader_free(struct trace_reader *r);
/* The file's time 0, in nanoseconds since 1970. */
uint64_t trace_reader_realtime(const struct trace_reader *r);
/* 1 with *item, 0 at the end (a record that is cut off is the end), -EINVAL: nonsense (logged). */
int trace_reader_next(struct trace_reader *r, struct trace_item *item);

extern const char *const trace_layer_names[4];
/* "ENXIO", "RMI_ERROR_INPUT/1", "0x..": what a call has answered. */
const char *trace_ret_text(const struct trace_item *item, char buf[32]);
/* A string of JSON with its quotes, whatever it holds. */
void trace_quote(FILE *f, const char *text);

/* An argument as a member of JSON: "name":"0x..". */
void trace_write_arg(FILE *f, const struct trace_item *it, unsigned int i);

/* A trace becomes ... 0 or -errno (logged). */
int trace_to_json(struct trace_reader *r, FILE *out);
int trace_to_text(struct trace_reader *r, FILE *out);
int trace_to_perfetto(struct trace_reader *r, FILE *out);
int trace_to_summary(struct trace_reader *r, FILE *out);
int trace_to_summary_json(struct trace_reader *r, FILE *out);

/* ---- for the launcher ---- */
/* The name asks for JSON lines: it ends in .json or .jsonl. */
bool trace_file_is_json(const char *path);
/* Takes both over. 0 or -errno (logged, `path` is what fd is). */
int trace_file_to_json(FILE *raw, int fd, const char *path);

#endif
