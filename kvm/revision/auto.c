// SPDX-License-Identifier: BSD-3-Clause
/*
 * auto.c - which revision a VMM speaks, found out from what it calls.
 *
 * Each process that opens /dev/kvm has a choice of its own (struct kvm_choice, in its kvm_mm). It
 * holds the revisions that remain, all at first; calls take some away:
 *
 *	call				what remains
 *	CHECK_EXTENSION			247 v12, 248 v13, 249 v14, 253 next: noted, and counts at
 *					KVM_CREATE_VM if the type agrees; 251 (also PMU_V3_STRICT)
 *					and an enumeration of all numbers count for nothing
 *	CREATE_VM, bits 11:8 = 1	v12, v13
 *	CREATE_VM, bit 30		v14, v15, next
 *	on a VM: capability 250		v15; 252, 253: next; 247 to 249: as above
 *	POPULATE 0x4020AED7		v12
 *	POPULATE 0xC020AED7		all but v12
 *	SET_MEMORY_ATTRIBUTES		v12 to v14
 *	SET_MEMORY_ATTRIBUTES2		v15, next
 *	a call on which those that	the oldest of them
 *	  remain differ (settles)
 *
 * One that remains is the choice: it is said in a line, every VM of the process gets it, and it is
 * strict from then on. kvm_cap_arm_rmi in sysfs is v13's way to find the number, and says 248: who
 * asks for that capability then is taken for v13.
 *
 * While more remain, the oldest answers: where it would matter the call has settled it. A number of
 * a capability is answered by the revision that it belongs to, so that a client can go on.
 *
 * host->lock is over all of it; `made` is read without.
 */
#include "kvm/revision/auto.h"

#include <stdio.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/log.h"
#include "kvm/core/vm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"

enum { V12 = 1, V13 = 2, V14 = 4, V15 = 8, NEXT = 16, ALL = 31 };

static const struct kvm_revision *const revisions[] = {
	&kvm_revision_v12, &kvm_revision_v13,  &kvm_revision_v14,
	&kvm_revision_v15, &kvm_revision_next,
};

#define POPULATE_IOW	0x4020AED7u
#define POPULATE_IOWR	0xC020AED7u
#define PSCI_COMPLETE	0x4018AED6u
#define SET_ATTRIBUTES2 0xC080AED2u
#define ENUMERATION	3 /* so many numbers one after the other */

static const struct kvm_revision *oldest(const struct kvm_choice *c)
{
	return revisions[__builtin_ctz(c->remain)];
}

/* The revisions that a capability's number belongs to. */
static unsigned int owner(uint64_t cap)
{
	unsigned int set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(revisions); i++)
		if (cap &&
		    (cap == revisions[i]->cap_rmi || cap == revisions[i]->cap_gmem_attributes))
			set |= 1u << i;
	return set;
}

static void decide(struct kvm_host *h, struct kvm_mm *mm, const char *why)
{
	struct kvm_choice *c = &mm->choice;
	const struct kvm_revision *rev = oldest(c);

	snprintf(c->why, sizeof(c->why), "%s", why);
	for (struct kvm_vm *vm = h->vms; vm; vm = vm->next)
		if (vm->mm == mm)
			vm->rev = rev;
	c->made = rev;
	log_note("this VMM speaks %s: %s", rev->name, c->why);
}

static void warn_of_mix(struct kvm_choice *c, const char *what)
{
	if (c->warned)
		return;
	c->warned = true;
	log_warn("this VMM mixes revisions: %s, but %s", c->why[0] ? c->why : "it began otherwise",
		 what);
}

/* Only those of `set` remain. What none of them could have done is a mix. */
static void narrow(struct kvm_host *h, struct kvm_mm *mm, unsigned int set, const char *why)
{
	struct kvm_choice *c = &mm->choice;

	if (c->made || (c->remain & set) == c->remain)
		return;
	if (!(c->remain & set)) {
		warn_of_mix(c, why);
		return;
	}
	c->remain &= set;
	if (!(c->remain & (c->remain - 1)))
		decide(h, mm, why);
	else
		snprintf(c->why, sizeof(c->why), "%s", why);
}

/* A call on which those that remain differ. */
static void settle(struct kvm_host *h, struct kvm_mm *mm, unsigned int differ, const char *call)
{
	struct kvm_choice *c = &mm->choice;
	char why[sizeof(c->why)], names[48] = "";
	unsigned int set = c->remain & differ;

	if (c->made || !(set & (set - 1)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(revisions); i++)
		if (c->remain >> i & 1)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 names[0] ? ", " : "", revisions[i]->name);
	snprintf(why, sizeof(why), "%s remain at %s, on which they differ; the oldest is taken",
		 names, call);
	decide(h, mm, why);
}

/* ---- what is seen ---- */

static void note_cap(struct kvm_choice *c, uint64_t cap)
{
	c->in_a_row = c->asked_any && cap == c->last_cap + 1 ? c->in_a_row + 1 : 0;
	c->enumerates |= c->in_a_row >= ENUMERATION;
	c->asked_any = true;
	c->last_cap = cap;
	if (cap != revisions[3]->cap_rmi) /* 251 tells nothing by itself */
		c->asked |= owner(cap);
}

static void see_type(struct kvm_host *h, struct kvm_mm *mm, uint64_t type)
{
	struct kvm_choice *c = &mm->choice;
	unsigned int asked = c->enumerates ? 0 : c->asked;
	unsigned int set;
	char why[48];

	switch (type & ~KVM_VM_TYPE_ARM_IPA_SIZE_MASK) {
	case 0x100:
		set = V12 | V13;
		break;
	case 0x40000000:
		set = V14 | V15 | NEXT;
		break;
	default:
		return;
	}
	snprintf(why, sizeof(why), "it made a VM of type %#llx",
		 (unsigned long long)(type & ~KVM_VM_TYPE_ARM_IPA_SIZE_MASK));
	narrow(h, mm, set, why);
	asked &= set;
	if (c->made || !asked || (asked & (asked - 1)))
		return;
	snprintf(why, sizeof(why), "it asked capability %u",
		 revisions[__builtin_ctz(asked)]->cap_rmi);
	narrow(h, mm, asked, why);
}

static void see_vm_cap(struct kvm_host *h, struct kvm_mm *mm, uint64_t cap)
{
	struct kvm_choice *c = &mm->choice;
	char why[64];

	note_cap(c, cap);
	if (c->enumerates)
		return;
	snprintf(why, sizeof(why), "it asked capability %u of the VM", (unsigned int)cap);
	if (owner(cap) && cap != revisions[3]->cap_rmi)
		narrow(h, mm, owner(cap), why);
	else if (cap == KVM_CAP_MEMORY_ATTRIBUTES && (c->remain & V14))
		settle(h, mm, V14 | V15 | NEXT, "CHECK_EXTENSION(MEMORY_ATTRIBUTES)");
	else if (cap == KVM_CAP_ARM_PMU_V3)
		settle(h, mm, V12 | V13, "CHECK_EXTENSION(ARM_PMU_V3)");
}

static void see_vm_call(struct kvm_host *h, struct kvm_mm *mm, uint32_t nr, uint64_t arg)
{
	switch (nr) {
	case KVM_CHECK_EXTENSION:
		see_vm_cap(h, mm, arg);
		break;
	case POPULATE_IOW:
		narrow(h, mm, V12, "it made v12's call POPULATE (0x4020AED7)");
		break;
	case POPULATE_IOWR:
		narrow(h, mm, ALL & ~V12, "it made v13's call POPULATE (0xC020AED7)");
		settle(h, mm, ALL, "POPULATE");
		break;
	case KVM_SET_MEMORY_ATTRIBUTES:
		narrow(h, mm, V12 | V13 | V14, "it set attributes of the VM");
		break;
	}
}

/* Feature bits on which revisions differ. */
static bool odd_features(struct kvm_caller *u, uint64_t arg)
{
	struct kvm_vcpu_init init;

	return !u->ops->read(u, &init, arg, sizeof(init)) &&
	       (init.features[0] &
		(BIT(KVM_ARM_VCPU_HAS_EL2_E2H0) | BIT(KVM_ARM_VCPU_PMU_V3_STRICT)));
}

static void see(struct kvm_file *f, struct kvm_caller *u, uint32_t nr, uint64_t arg, bool odd)
{
	struct kvm_host *h = f->host;

	switch (f->ops->kind) {
	case KVM_FILE_SYSTEM:
		if (nr == KVM_CHECK_EXTENSION)
			note_cap(&u->mm->choice, arg);
		else if (nr == KVM_CREATE_VM)
			see_type(h, u->mm, arg);
		break;
	case KVM_FILE_VM:
		see_vm_call(h, u->mm, nr, arg);
		break;
	case KVM_FILE_VCPU:
		if (nr == KVM_RUN || nr == PSCI_COMPLETE)
			settle(h, u->mm, ALL, nr == KVM_RUN ? "KVM_RUN" : "PSCI_COMPLETE");
		else if (odd)
			settle(h, u->mm, ALL, "KVM_ARM_VCPU_INIT");
		break;
	case KVM_FILE_GMEM:
		if (nr == SET_ATTRIBUTES2)
			narrow(h, u->mm, V15 | NEXT, "it set attributes of a guest_memfd");
		break;
	default:
		break;
	}
}

const struct kvm_revision *auto_revision(struct kvm_file *f, struct kvm_caller *u, uint32_t nr,
					 uint64_t arg)
{
	struct kvm_choice *c = &u->mm->choice;
	const struct kvm_revision *rev = c->made;
	unsigned int set;
	bool odd;

	if (f->vm && f->vm->mm != u->mm)
		return f->vm->rev;
	if (rev)
		return rev;
	odd = f->ops->kind == KVM_FILE_VCPU && nr == KVM_ARM_VCPU_INIT && odd_features(u, arg);
	lock_take(&f->host->lock);
	if (!c->remain)
		c->remain = ALL;
	if (!c->made)
		see(f, u, nr, arg, odd);
	rev = c->made ? c->made : oldest(c);
	set = nr == KVM_CHECK_EXTENSION && !c->made ? owner(arg) & c->remain : 0;
	lock_drop(&f->host->lock);
	return set ? revisions[__builtin_ctz(set)] : rev;
}

void auto_refused(struct kvm_file *f, struct kvm_caller *u, result why)
{
	static const struct rule *const foreign[] = {
		&rule_kvm_other_populate_iow,	 &rule_kvm_other_populate_iowr,
		&rule_kvm_other_psci_complete,	 &rule_kvm_other_vm_attributes,
		&rule_kvm_other_gmem_attributes, &rule_kvm_create_vm_later_type,
		&rule_kvm_create_vm_earlier_type};

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		if (why != foreign[i])
			continue;
		lock_take(&f->host->lock);
		if (u->mm->choice.made)
			warn_of_mix(&u->mm->choice, why->wrong);
		lock_drop(&f->host->lock);
	}
}
