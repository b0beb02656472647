// SPDX-License-Identifier: BSD-3-Clause
/* report.c - makes the JSON of --report-fd. */
#include "vmm/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vmm/end.h"

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void report_start(struct report *r)
{
	*r = (struct report){.start = now()};
}

/* Seconds since the start; null for what never happened. */
static json_t *seconds(const struct report *r, uint64_t when)
{
	return when ? json_real((double)(when - r->start) / 1e9) : json_null();
}

static json_t *integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *make_seconds(const struct report *r, const struct output_state *out)
{
	json_t *o = json_object(), *m = json_object();

	for (unsigned int i = 0; i < r->nwatches; i++)
		json_object_set_new(m, r->watches[i].text, seconds(r, r->watches[i].seen));
	json_object_set_new(o, "total", seconds(r, now()));
	json_object_set_new(o, "console", seconds(r, out->first));
	json_object_set_new(o, "milestones", m);
	return o;
}

static json_t *make_exits(const struct vcpus *v)
{
	json_t *o = json_object();
	uint64_t total = 0;

	for (unsigned int k = 0; v && k < VCPU_EXIT_KINDS; k++) {
		uint64_t n = 0;

		for (unsigned int i = 0; i < v->count; i++)
			n += v->cpu[i].exits[k];
		json_object_set_new(o, vcpu_exit_names[k], integer(n));
		total += n;
	}
	json_object_set_new(o, "total", integer(total));
	return o;
}

static json_t *make_mmio(const struct mmio_map *m)
{
	json_t *o = json_object();

	for (unsigned int i = 0; m && i < m->count; i++)
		json_object_set_new(o, m->regions[i].name, integer(m->regions[i].accesses));
	json_object_set_new(o, "stray", integer(m ? m->strays : 0));
	return o;
}

static json_t *make_messages(const struct report *r)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < r->ndisks; i++)
		json_array_append_new(a, integer(r->disks[i].msix.sent));
	return a;
}

static void add_image(json_t *o, const struct image *im)
{
	json_t *i;

	if (!im->data)
		return;
	i = json_object();
	json_object_set_new(i, "address", integer(im->addr));
	json_object_set_new(i, "size", integer(im->size));
	json_object_set_new(o, im->name, i);
}

static json_t *make_realm(const struct report *r)
{
	json_t *o = json_object();

	if (r->options) {
		json_object_set_new(o, "cpus", integer(r->options->cpus));
		json_object_set_new(o, "memory", integer(r->options->memory));
		json_object_set_new(o, "measured", json_boolean(r->options->measure));
	}
	json_object_set_new(o, "ipa_bits", integer(r->ipa_bits));
	if (r->abi)
		json_object_set_new(o, "abi", json_string(r->abi));
	if (r->images) {
		add_image(o, &r->images->kernel);
		add_image(o, &r->images->dtb);
		add_image(o, &r->images->initrd);
	}
	return o;
}

static json_t *make_attest(const struct attest *a, const char *unsaved, const char *file)
{
	json_t *o = json_object();
	const char *error = attest_error(a) ?: unsaved;

	json_object_set_new(o, "file", json_string(file));
	json_object_set_new(o, "nonce", json_string(a->nonce));
	if (error) {
		json_object_set_new(o, "error", json_string(error));
	} else {
		json_object_set_new(o, "bytes", integer(a->length));
		json_object_set_new(o, "sha256", json_string(a->sha256));
	}
	return o;
}

static json_t *make_report(const struct report *r)
{
	json_t *o = json_object(), *console = json_object();
	struct output_state out;

	output_get(&out);
	json_object_set_new(console, "bytes", integer(out.bytes));
	json_object_set_new(console, "dropped", integer(out.dropped));
	json_object_set_new(o, "status", json_integer(r->status));
	json_object_set_new(o, "how",
			    json_string(r->met_until ? "until" : end_status_name(r->status)));
	if (r->met_until)
		json_object_set_new(o, "until", json_string(r->met_until));
	json_object_set_new(o, "reason", json_string(end_reason()));
	if (r->exec)
		json_object_set_new(o, "exec",
				    r->exec->state == EXEC_DONE ? json_integer(r->exec->status)
								: json_null());
	json_object_set_new(o, "seconds", make_seconds(r, &out));
	json_object_set_new(o, "exits", make_exits(r->vcpus));
	json_object_set_new(o, "mmio", make_mmio(r->mmio));
	json_object_set_new(o, "console", console);
	if (r->options && r->options->its)
		json_object_set_new(o, "messages", make_messages(r));
	json_object_set_new(o, "realm", make_realm(r));
	if (r->why)
		json_object_set(o, "why", r->why);
	if (r->attest)
		json_object_set_new(o, "attest",
				    make_attest(r->attest, r->attest_unsaved, r->options->attest));
	return o;
}

static int write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int report_write(const struct report *r, int fd)
{
	json_t *o = make_report(r);
	char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
	int ret = text ? write_all(fd, text, strlen(text)) : -ENOMEM;

	if (!ret)
		ret = write_all(fd, "\n", 1);
	free(text);
	json_decref(o);
	return ret;
}
