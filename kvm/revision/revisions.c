// SPDX-License-Identifier: BSD-3-Clause
/* revisions.c - all revisions of the realm ABI, oldest first. */
#include <string.h>

#include "base/bits.h"
#include "kvm/kvm.h"
#include "kvm/realm/realm.h"
#include "kvm/revision/revision.h"

const struct kvm_revision *const kvm_revisions[] = {
	&kvm_revision_v12, &kvm_revision_v12_6_19, &kvm_revision_v13,
	&kvm_revision_v14, &kvm_revision_v15,	   &kvm_revision_next,
};
const size_t kvm_num_revisions = ARRAY_SIZE(kvm_revisions);

const struct kvm_revision *kvm_revision_find(const char *name)
{
	for (size_t i = 0; i < kvm_num_revisions; i++)
		if (!strcmp(kvm_revisions[i]->name, name))
			return kvm_revisions[i];
	return NULL;
}

const char *kvm_revision_name(const struct kvm_revision *r)
{
	return (r ? r : kvm_revisions[0])->name;
}

const char *kvm_revision_about(const struct kvm_revision *r)
{
	return (r ? r : kvm_revisions[0])->about;
}

uint32_t kvm_revision_cap(const struct kvm_revision *r)
{
	return (r ? r : kvm_revisions[0])->cap_rmi;
}

bool kvm_revision_lpa2(const struct kvm_revision *r)
{
	return (r ? r : kvm_revisions[0])->realm_has_lpa2;
}

uint64_t kvm_rmm_semantics(const struct kvm_revision *r, enum kvm_rmm rmm)
{
	return realm_semantics(r ? r : kvm_revisions[0], rmm);
}
