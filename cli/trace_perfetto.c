// SPDX-License-Identifier: BSD-3-Clause
/*
 * trace_perfetto.c - a trace in the format of Chrome's about:tracing, which ui.perfetto.dev opens.
 *
 * A process of the viewer is a VM; a track is a vCPU, or a thread of the backend that works for no
 * vCPU. Calls are slices, which the viewer nests by their times; changes of state, measurements,
 * exits and conversions are marks.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "cli/trace.h"

#define THREAD_TRACK 10000u /* ... and the thread's number; below: vCPUs */
#define MAX_TRACKS   4096u

/* Tracks that have a name already. */
struct tracks {
	struct {
		uint32_t vm, track;
	} known[MAX_TRACKS];
	unsigned int n;
};

/* Calls that change what is private or shared, or RAM or empty: worth a mark. */
static const char *const conversions[] = {
	"KVM_SET_MEMORY_ATTRIBUTES",
	"RSI_IPA_STATE_SET",
	"RMI_RTT_SET_RIPAS",
	"RMI_RTT_INIT_RIPAS",
};

static uint32_t track_of(const struct trace_item *it)
{
	return it->vcpu >= 0 ? (uint32_t)it->vcpu : THREAD_TRACK + it->thread;
}

/* The begin of an event, up to where its own keys follow. */
static void begin(FILE *f, const struct trace_item *it, const char *phase, const char *name)
{
	fputs(",\n{\"name\":", f);
	trace_quote(f, name);
	fprintf(f,
		",\"ph\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"ts\":%" PRIu64
		".%03" PRIu64,
		phase, it->vm, track_of(it), it->time / 1000, it->time % 1000);
}

static void name_track(FILE *f, struct tracks *t, const struct trace_item *it)
{
	uint32_t track = track_of(it);

	for (unsigned int i = t->n; i--;)
		if (t->known[i].vm == it->vm && t->known[i].track == track)
			return;
	if (t->n == MAX_TRACKS)
		return;
	t->known[t->n].vm = it->vm;
	t->known[t->n++].track = track;
	fprintf(f,
		",\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%" PRIu32
		",\"args\":{\"name\":\"",
		it->vm);
	fprintf(f, it->vm ? "VM %" PRIu32 "\"}}" : "no VM\"}}", it->vm);
	fprintf(f,
		",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32
		",\"args\":{\"name\":\"%s %" PRIu32 "\"}}",
		it->vm, track, it->vcpu >= 0 ? "vCPU" : "thread",
		it->vcpu >= 0 ? track : it->thread);
}

static void write_args(FILE *f, const struct trace_item *it)
{
	char ret[32];

	fprintf(f, ",\"args\":{\"result\":\"%s\"", trace_ret_text(it, ret));
	if (it->exit) {
		fputs(",\"exit\":", f);
		trace_quote(f, it->exit);
	}
	if (it->rule) {
		fputs(",\"rule\":", f);
		trace_quote(f, it->rule);
	}
	for (unsigned int i = 0; i < it->nargs; i++) {
		fputc(',', f);
		trace_write_arg(f, it, i);
	}
	fputs("}}", f);
}

static void write_mark(FILE *f, const struct trace_item *it, const char *category)
{
	begin(f, it, "i", it->name);
	fprintf(f, ",\"cat\":\"%s\",\"s\":\"t\"}", category);
}

static void write_call(FILE *f, const struct trace_item *it)
{
	begin(f, it, "X", it->name);
	fprintf(f, ",\"dur\":%" PRIu64 ".%03" PRIu64 ",\"cat\":\"%s\"", it->duration / 1000,
		it->duration % 1000, trace_layer_names[it->layer]);
	write_args(f, it);
	for (size_t i = 0; i < ARRAY_SIZE(conversions); i++)
		if (!strcmp(it->name, conversions[i]))
			write_mark(f, it, "conversion");
}

int trace_to_perfetto(struct trace_reader *r, FILE *out)
{
	static const char *const categories[] = {
		[TRACE_REC_EXIT] = "exit",
		[TRACE_REC_STATE] = "state",
		[TRACE_REC_MEASURE] = "measurement",
	};
	static struct tracks tracks;
	struct trace_item it;
	int n;

	tracks.n = 0;
	fprintf(out,
		"{\"displayTimeUnit\":\"ns\",\"otherData\":{\"realtime\":\"%" PRIu64
		"\"},\n\"traceEvents\":[\n{\"name\":\"softrealm\",\"ph\":\"M\",\"pid\":0}",
		trace_reader_realtime(r));
	while ((n = trace_reader_next(r, &it)) > 0 && !ferror(out)) {
		name_track(out, &tracks, &it);
		if (it.kind == TRACE_REC_CALL)
			write_call(out, &it);
		else if (it.kind == TRACE_REC_LOST)
			begin(out, &it, "i", "records lost"), fputs(",\"s\":\"g\"}", out);
		else
			write_mark(out, &it, categories[it.kind]);
	}
	fputs("\n]}\n", out);
	return n;
}
