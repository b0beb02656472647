// SPDX-License-Identifier: BSD-3-Clause
/* answers.c - the table of answers.py, and what errnos and statuses are called. */
#include "cli/answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "abi/rmi.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "kvm/irq/vgic_rules.h"
#include "kvm/rules.h"
#include "rmm/rules.h"

#define MAX_ERRNO 133

const struct answer answers[] = {
#define ANSWER(layer, kind, call, revisions, rule)                                                 \
	{TRACE_##layer, KVM_FILE_##kind, call, revisions, &rule_##rule},
#include "answers.def"
#undef ANSWER
};
const size_t num_answers = ARRAY_SIZE(answers);

const char *const answer_kinds[5] = {
	[KVM_FILE_SYSTEM] = "system",	 [KVM_FILE_VM] = "vm",
	[KVM_FILE_VCPU] = "vcpu",	 [KVM_FILE_DEVICE] = "device",
	[KVM_FILE_GMEM] = "guest_memfd",
};

static const char *const prefixes[] = {
	[TRACE_RMI] = "RMI_", [TRACE_RSI] = "RSI_", [TRACE_PSCI] = "PSCI_"};

static const struct {
	enum trace_layer layer;
	int code;
	const char *name; /* after the prefix */
} statuses[] = {
	{TRACE_RMI, -1, "NOT_SUPPORTED"},
	{TRACE_RMI, RMI_ERROR_INPUT, "ERROR_INPUT"},
	{TRACE_RMI, RMI_ERROR_REALM, "ERROR_REALM"},
	{TRACE_RMI, RMI_ERROR_REC, "ERROR_REC"},
	{TRACE_RMI, RMI_ERROR_RTT, "ERROR_RTT"},
	{TRACE_RSI, -1, "NOT_SUPPORTED"},
	{TRACE_RSI, RSI_ERROR_INPUT, "ERROR_INPUT"},
	{TRACE_RSI, RSI_ERROR_STATE, "ERROR_STATE"},
	{TRACE_RSI, RSI_INCOMPLETE, "INCOMPLETE"},
	{TRACE_RSI, RSI_ERROR_UNKNOWN, "ERROR_UNKNOWN"},
	{TRACE_PSCI, PSCI_RET_NOT_SUPPORTED, "NOT_SUPPORTED"},
	{TRACE_PSCI, PSCI_RET_INVALID_PARAMETERS, "INVALID_PARAMETERS"},
	{TRACE_PSCI, PSCI_RET_DENIED, "DENIED"},
	{TRACE_PSCI, PSCI_RET_ALREADY_ON, "ALREADY_ON"},
	{TRACE_PSCI, PSCI_RET_INVALID_ADDRESS, "INVALID_ADDRESS"},
};

const char *answer_code_text(enum trace_layer layer, int code, char buf[32])
{
	snprintf(buf, 32, "%d", code);
	if (layer == TRACE_KVM && strerrorname_np(code))
		snprintf(buf, 32, "%s", strerrorname_np(code));
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].layer == layer && statuses[i].code == code)
			snprintf(buf, 32, "%s%s", prefixes[layer], statuses[i].name);
	return buf;
}

static bool parse_errno(const char *text, int *code)
{
	for (int e = 1; e <= MAX_ERRNO; e++)
		if (strerrorname_np(e) && !strcasecmp(strerrorname_np(e), text)) {
			*code = e;
			return true;
		}
	return false;
}

bool answer_code_parse(enum trace_layer layer, const char *text, int *code)
{
	const char *prefix = prefixes[layer], *name = text;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 0);
	if (end != text && !*end && !errno && n > -4096 && n < 4096) {
		*code = layer == TRACE_KVM ? abs((int)n) : (int)n;
		return true;
	}
	if (layer == TRACE_KVM)
		return parse_errno(text, code);
	if (!strncasecmp(text, prefix, strlen(prefix)))
		name += strlen(prefix);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].layer == layer && !strcasecmp(statuses[i].name, name)) {
			*code = statuses[i].code;
			return true;
		}
	return false;
}
