// SPDX-License-Identifier: BSD-3-Clause
/* explain_rules.c - a rule and the calls that break it; a call and the rules that it breaks. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "attest/rules.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "kvm/call.h"
#include "kvm/rules.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

static const struct rule_table *const tables[] = {&kvm_rules, &rmm_rules, &attest_rules};

static enum trace_layer layer_of(const struct rule *r)
{
	return !strncmp(r->name, "rmi_", 4)    ? TRACE_RMI
	       : !strncmp(r->name, "rsi_", 4)  ? TRACE_RSI
	       : !strncmp(r->name, "psci_", 5) ? TRACE_PSCI
					       : TRACE_KVM;
}

static const struct rule *rule_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t n = 0; n < tables[i]->count; n++)
			if (!strcmp(tables[i]->rules[n]->name, name))
				return tables[i]->rules[n];
	return NULL;
}

static json_t *rule_json(const struct rule *r)
{
	char code[32];

	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "rule", r->name, "answer",
			 answer_code_text(layer_of(r), r->code, code), "code", r->code, "wrong",
			 r->wrong, "right", r->right, "source", r->source);
}

/* Prints o, which it takes over. */
static int print_json(json_t *o)
{
	if (!o || json_dumpf(o, stdout, JSON_INDENT(1)) || printf("\n") < 0) {
		log_error("out of memory, or the output cannot be written");
		json_decref(o);
		return EXIT_REFUSED;
	}
	json_decref(o);
	return EXIT_GOOD;
}

int explain_list(bool json)
{
	json_t *all = json ? json_array() : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t n = 0; n < tables[i]->count; n++)
			if (json)
				json_array_append_new(all, rule_json(tables[i]->rules[n]));
			else
				printf("%-36s %s\n", tables[i]->rules[n]->name,
				       tables[i]->rules[n]->wrong);
	return json ? print_json(all) : EXIT_GOOD;
}

/* ---- which calls, which rules ---- */

/* Where a rule is broken: bits of revisions and of kinds of files. */
struct where {
	unsigned int revisions, kinds;
};

static unsigned int revision_bits(const struct kvm_revision *only)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < kvm_num_revisions; i++)
		if (!only || only == kvm_revisions[i])
			bits |= 1u << i;
	return bits;
}

/* False: the call never breaks the rule in these revisions. */
static bool where(const char *call, const struct rule *r, unsigned int revisions, struct where *w)
{
	*w = (struct where){0};
	for (size_t i = 0; i < num_answers; i++) {
		const struct answer *a = &answers[i];

		if (a->rule != r || strcasecmp(a->call, call) || !(a->revisions & revisions))
			continue;
		w->revisions |= a->revisions & revisions;
		w->kinds |= 1u << a->kind;
	}
	return w->revisions;
}

static json_t *names_of(unsigned int bits, const char *(*name)(size_t i))
{
	json_t *names = json_array();

	for (size_t i = 0; bits >> i; i++)
		if (bits >> i & 1)
			json_array_append_new(names, json_string(name(i)));
	return names;
}

static const char *revision_name(size_t i)
{
	return kvm_revision_name(kvm_revisions[i]);
}

static const char *kind_name(size_t i)
{
	return answer_kinds[i];
}

static void add_where(json_t *o, const struct rule *r, const struct where *w)
{
	if (layer_of(r) != TRACE_KVM)
		return;
	json_object_set_new(o, "on", names_of(w->kinds, kind_name));
	json_object_set_new(o, "revisions", names_of(w->revisions, revision_name));
}

static void print_names(const char *before, unsigned int bits, const char *(*name)(size_t i))
{
	for (size_t i = 0; bits >> i; i++)
		if (bits >> i & 1) {
			printf("%s%s", before, name(i));
			before = ", ";
		}
}

/* " on vm, device (v12, v13)"; what holds everywhere is not said. */
static void print_where(const struct rule *r, const struct where *w)
{
	if (layer_of(r) != TRACE_KVM)
		return;
	print_names(" on ", w->kinds, kind_name);
	if (w->revisions == revision_bits(NULL))
		return;
	print_names(" (", w->revisions, revision_name);
	printf(")");
}

/* The n-th call that breaks the rule, by the first of its answers; NULL: there are fewer. */
static const char *call_of(const struct rule *r, size_t n)
{
	for (size_t i = 0, k; i < num_answers; i++) {
		for (k = 0; k < i; k++)
			if (answers[k].rule == r && !strcmp(answers[k].call, answers[i].call))
				break;
		if (answers[i].rule == r && k == i && !n--)
			return answers[i].call;
	}
	return NULL;
}

static int explain_rule(const struct rule *r, const struct explain *e)
{
	unsigned int revisions = revision_bits(e->revision);
	json_t *o = e->json ? rule_json(r) : NULL, *calls = e->json ? json_array() : NULL;
	char code[32];
	const char *call;
	struct where w;

	if (!e->json)
		printf("%s (%s)\nwrong:  %s\nright:  %s\nsource: %s\n", r->name,
		       answer_code_text(layer_of(r), r->code, code), r->wrong, r->right, r->source);
	for (size_t n = 0; (call = call_of(r, n)); n++) {
		if (!where(call, r, revisions, &w))
			continue;
		if (e->json) {
			json_t *one = json_pack("{s:s}", "call", call);

			add_where(one, r, &w);
			json_array_append_new(calls, one);
			continue;
		}
		printf("call:   %s", call);
		print_where(r, &w);
		printf("\n");
	}
	if (!e->json)
		return EXIT_GOOD;
	json_object_set_new(o, "calls", calls);
	return print_json(o);
}

static void print_refusal(const struct rule *r, const struct where *w)
{
	char code[32];

	printf("%s  %s", answer_code_text(layer_of(r), r->code, code), r->name);
	print_where(r, w);
	printf("\n\twrong: %s\n\tright: %s\n", r->wrong, r->right);
}

/* Every rule that the call can break; with `only`: that answers *only. How many. */
static size_t refusals(const char *call, const int *only, const struct explain *e, json_t *all)
{
	unsigned int revisions = revision_bits(e->revision);
	size_t found = 0;
	struct where w;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t n = 0; n < tables[i]->count; n++) {
			const struct rule *r = tables[i]->rules[n];
			json_t *o;

			if ((only && r->code != *only) || !where(call, r, revisions, &w))
				continue;
			found++;
			if (!all) {
				print_refusal(r, &w);
				continue;
			}
			o = rule_json(r);
			add_where(o, r, &w);
			json_array_append_new(all, o);
		}
	return found;
}

/* Its name as it is written; NULL: there is no such call. */
static const char *call_find(const char *name, enum trace_layer *layer)
{
	const struct kvm_row *row;

	for (size_t i = 0; i < num_answers; i++)
		if (!strcasecmp(answers[i].call, name)) {
			*layer = answers[i].layer;
			return answers[i].call;
		}
	/* A call that no rule refuses. */
	for (size_t r = 0; r < kvm_num_revisions; r++)
		for (size_t i = 0; (row = kvm_row_at(kvm_revisions[r], i)); i++)
			if (!strcasecmp(row->name, name))
				return row->name;
	for (size_t i = 0; i < rsi_num_rows; i++)
		if (!strcasecmp(rsi_rows[i].name, name))
			return rsi_rows[i].name;
	for (size_t i = 0; i < psci_num_rows; i++)
		if (!strcasecmp(psci_rows[i].name, name))
			return psci_rows[i].name;
	return NULL;
}

/* Every ioctl that a revision has can break some rule there. */
static bool is_in(const char *call, enum trace_layer layer, const struct kvm_revision *revision)
{
	bool found = layer != TRACE_KVM;

	for (size_t i = 0; i < num_answers && !found; i++)
		found = answers[i].revisions & revision_bits(revision) &&
			!strcmp(answers[i].call, call);
	return found;
}

int explain(const char *name, const char *answer, const struct explain *e)
{
	const struct rule *rule = rule_find(name);
	enum trace_layer layer = TRACE_RSI;
	const char *call;
	json_t *all;
	size_t n;
	int code;

	if (rule && !answer)
		return explain_rule(rule, e);
	call = call_find(name, &layer);
	if (!call) {
		log_error("there is no rule and no call \"%s\" (see --list, and softrealm info)",
			  name);
		return EXIT_REFUSED;
	}
	if (answer && !answer_code_parse(layer, answer, &code)) {
		log_error("%s: \"%s\" is no errno and no status that this call could answer with",
			  call, answer);
		return EXIT_USAGE;
	}
	if (e->revision && !is_in(call, layer, e->revision)) {
		log_error("%s has no %s", kvm_revision_name(e->revision), call);
		return EXIT_REFUSED;
	}
	all = e->json ? json_array() : NULL;
	n = refusals(call, answer ? &code : NULL, e, all);
	if (e->json)
		return print_json(json_pack("{s:s, s:o}", "call", call, "refusals", all));
	if (!n)
		log_error("no rule%s%s makes %s answer%s%s", e->revision ? " of " : "",
			  e->revision ? kvm_revision_name(e->revision) : "", call,
			  answer ? " " : " with an error", answer ?: "");
	return n ? EXIT_GOOD : EXIT_REFUSED;
}

const char *explain_word(size_t i)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (i < tables[t]->count)
			return tables[t]->rules[i]->name;
		i -= tables[t]->count;
	}
	for (size_t k = 0; k < num_answers; k++)
		if ((!k || strcmp(answers[k].call, answers[k - 1].call)) && !i--)
			return answers[k].call;
	return NULL;
}
