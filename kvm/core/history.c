// SPDX-License-Identifier: BSD-3-Clause
/* history.c - a ring of exits, and one of calls. */
#include "kvm/core/history.h"

#include "base/bits.h"
#include "base/trace.h"
#include "kvm/core/ranks.h"

void history_init(struct history *h)
{
	lock_init(&h->lock, RANK_HISTORY, "history");
}

void history_destroy(struct history *h)
{
	lock_destroy(&h->lock);
}

/* The VMM is back: the exit that it was told of has been answered. */
void history_enter(struct history *h)
{
	struct kvm_exit_view *last;
	uint64_t now = trace_now();

	lock_take(&h->lock);
	h->entered = now;
	last = &h->note[(h->count - 1) % KVM_HISTORY];
	if (h->count && last->to_user && !last->back)
		last->back = now;
	lock_drop(&h->lock);
}

void history_leave(struct history *h, uint32_t exit_reason)
{
	lock_take(&h->lock);
	h->entered = 0;
	h->exit_reason = exit_reason;
	lock_drop(&h->lock);
}

void history_note(struct history *h, struct kvm_exit_view note)
{
	note.when = trace_now();
	lock_take(&h->lock);
	h->note[h->count++ % KVM_HISTORY] = note;
	lock_drop(&h->lock);
}

void history_copy(struct history *h, struct kvm_history_view *out)
{
	lock_take(&h->lock);
	out->exits = h->count;
	out->entered = h->entered;
	out->exit_reason = h->exit_reason;
	out->num = MIN(h->count, KVM_HISTORY);
	for (size_t i = 0; i < out->num; i++)
		out->note[i] = h->note[(h->count - out->num + i) % KVM_HISTORY];
	lock_drop(&h->lock);
}

void call_log_note(struct call_log *l, struct kvm_call_view note)
{
	note.when = trace_now();
	lock_take(&l->lock);
	l->call[l->count++ % KVM_CALLS] = note;
	lock_drop(&l->lock);
}

size_t call_log_copy(struct call_log *l, struct kvm_call_view out[KVM_CALLS])
{
	size_t n;

	lock_take(&l->lock);
	n = MIN(l->count, KVM_CALLS);
	for (size_t i = 0; i < n; i++)
		out[i] = l->call[(l->count - n + i) % KVM_CALLS];
	lock_drop(&l->lock);
	return n;
}
