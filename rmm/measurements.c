// SPDX-License-Identifier: BSD-3-Clause
/*
 * measurements.c - extends RIM and REM (the hashing is attest/measure.h's), and tells the
 * observer.
 */
#include <string.h>

#include "rmm/measurements.h"

#include "attest/ledger.h"
#include "attest/measure.h"
#include "base/trace.h"

static void report(const struct rd *rd, const struct trace_event *what)
{
	struct trace_event e = *what;

	e.kind = TRACE_MEASURE;
	e.realm = trace_context_.vm;
	e.value = rd->measurement[e.index];
	e.hash_len = measure_hash_len(rd->hash);
	trace_event(&e);
}

void measure_init_rim(struct rd *rd, const struct rmi_realm_params *p)
{
	measure_realm(rd->hash, p, rd->measurement[0]);
	report(rd, &(struct trace_event){.name = "REALM_CREATE",
					 .addr = ledger_pack_params(p),
					 .flags = p->flags});
}

void measure_extend_data(struct rd *rd, uint64_t ipa, uint64_t flags, const void *page,
			 const void *src)
{
	uint8_t digest[MEASURE_SIZE], *d = NULL;

	if (flags & RMI_DATA_FLAG_MEASURE) {
		d = digest;
		measure_page(rd->hash, page, (const char *)page + GRANULE_SIZE,
			     (const char *)src + GRANULE_SIZE, d);
	}
	measure_data(rd->hash, rd->measurement[0], ipa, flags, d);
	report(rd, &(struct trace_event){.name = "DATA_CREATE",
					 .addr = ipa,
					 .top = ipa + GRANULE_SIZE,
					 .flags = flags,
					 .digest = d});
}

void measure_extend_rec(struct rd *rd, const struct rmi_rec_params *p)
{
	uint8_t digest[MEASURE_SIZE];

	measure_rec_digest(rd->hash, p, digest);
	measure_rec(rd->hash, rd->measurement[0], digest);
	report(rd,
	       &(struct trace_event){
		       .name = "REC_CREATE", .addr = p->pc, .flags = p->flags, .digest = digest});
}

void measure_extend_ripas(struct rd *rd, uint64_t base, uint64_t top)
{
	measure_ripas(rd->hash, rd->measurement[0], base, top);
	report(rd, &(struct trace_event){.name = "RTT_INIT_RIPAS", .addr = base, .top = top});
}

void measure_extend_rem(struct rd *rd, unsigned int index, const void *value, size_t size)
{
	uint8_t padded[MEASURE_SIZE] = {0};
	bool spec = rd->semantics & RMI_SEMANTICS_REM_PADDED;

	memcpy(padded, value, size);
	(spec ? measure_rem_extend_spec : measure_rem_extend)(rd->hash, rd->measurement[index],
							      value, size);
	report(rd, &(struct trace_event){.name = "MEASUREMENT_EXTEND",
					 .flags = spec ? LEDGER_EXTEND_PADDED : 0,
					 .index = index,
					 .addr = size,
					 .digest = padded});
}
