/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * answers.h - which rules a call can break: what answers.py read from the sources; and the names of
 * what a caller gets.
 */
#ifndef CLI_ANSWERS_H
#define CLI_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/trace.h"
#include "kvm/kvm.h"

struct answer {
	enum trace_layer layer;
	enum kvm_file_kind kind; /* TRACE_KVM: of the file that is called */
	const char *call;	 /* "KVM_CREATE_VCPU"; "ioctl", "SMC": a number that no call has */
	unsigned int revisions;	 /* of the ABI: a bit for each of kvm_revisions[] */
	const struct rule *rule;
};

extern const struct answer answers[];
extern const size_t num_answers;

extern const char *const answer_kinds[5]; /* of files, by enum kvm_file_kind */

/* "EINVAL", "RMI_ERROR_RTT", "PSCI_DENIED"; a number if it has no name. */
const char *answer_code_text(enum trace_layer layer, int code, char buf[32]);
/* By its name (of RMI, RSI and PSCI also without the layer's) or its number. False: neither. */
bool answer_code_parse(enum trace_layer layer, const char *text, int *code);

#endif
