// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_rmi.c - sequences of RMI commands by a hostile host, from an empty machine.
 *
 * Input: a byte that chooses the platform's features, then operations (world.h).
 */
#include "base/bits.h"
#include "fuzz/seen.h"
#include "fuzz/world.h"
#include "rmm/call.h"

static uint64_t features(uint8_t b)
{
	uint64_t f = rmm_default_features();

	if (b & 1)
		f |= RMI_FEATURE0_SVE_EN | FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) |
		     RMI_FEATURE0_PMU_EN | FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6);
	if (b & 2)
		f &= ~RMI_FEATURE0_HASH_SHA_512;
	return f;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	if (!size)
		return 0;
	world_begin(&w, data + 1, size - 1, features(data[0]));
	while (input_left(&w.in))
		world_host_op(&w);
	world_end(&w);
	return 0;
}
