// SPDX-License-Identifier: BSD-3-Clause
/* revision.c - --abi: the revision of the realm ABI, by name. */
#include "cli/revision.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

const struct kvm_revision *revision_parse(const char *name)
{
	const struct kvm_revision *rev = kvm_revision_find(name);
	char known[256] = "";

	for (size_t i = 0; !rev && i < kvm_num_revisions; i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
			 i ? ", " : "", kvm_revision_name(kvm_revisions[i]));
	if (!rev)
		log_error("--abi: there is no revision \"%s\" (known: %s)", name, known);
	return rev;
}
