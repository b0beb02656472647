// SPDX-License-Identifier: BSD-3-Clause
/* guest_memory.c - stage 1 by the guest's tables (debug/), stage 2 by the RMM. */
#include "backend/guest_memory.h"

#include "base/bits.h"
#include "machine/memory.h"

static bool read_entry(void *arg, uint64_t ipa, uint64_t *value)
{
	const struct guest_memory *m = arg;

	return rmm_inspect_read(m->rmm, m->rd, ipa, value, sizeof(*value)) == sizeof(*value);
}

static bool translate(struct guest_memory *m, uint64_t va, uint64_t *ipa)
{
	uint64_t page = va & ~(GRANULE_SIZE - 1), left;

	if (page != m->last_va) {
		if (!stage1_walk(&m->tables, read_entry, m, page, &m->last_ipa, &left))
			return false;
		m->last_va = page;
	}
	*ipa = m->last_ipa + (va - page);
	return true;
}

void guest_memory_init(struct guest_memory *m, const struct rmm *rmm, uint64_t rd,
		       const struct rmm_el1_view *el1)
{
	*m = (struct guest_memory){
		.rmm = rmm,
		.rd = rd,
		.tables = {el1->sctlr, el1->tcr, el1->ttbr0, el1->ttbr1},
		.last_va = 1,
	};
}

bool guest_memory_read(struct guest_memory *m, uint64_t va, void *to, size_t len)
{
	uint64_t ipa;
	size_t n;

	for (size_t done = 0; done < len; done += n) {
		n = MIN(len - done, GRANULE_SIZE - (va + done) % GRANULE_SIZE);
		if (!translate(m, va + done, &ipa) ||
		    rmm_inspect_read(m->rmm, m->rd, ipa, (char *)to + done, n) != n)
			return false;
	}
	return true;
}
