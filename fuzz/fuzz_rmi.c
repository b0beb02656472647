// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_rmi.c - sequences of RMI commands by a hostile host, from an empty machine.
 *
 * Input: a byte that chooses the platform (1 SVE and PMU, 2 no SHA-512, 4 no identity, 8 a fault
 * on demand, 16 LPA2), then operations (world.h).
 */
#include "base/bits.h"
#include "base/fault.h"
#include "fuzz/seen.h"
#include "fuzz/world.h"
#include "rmm/call.h"

static uint64_t features(uint8_t b)
{
	uint64_t f = rmm_default_features(NULL);

	if (b & 1)
		f |= RMI_FEATURE0_SVE_EN | FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) | RMI_FEATURE0_PMU_EN |
		     FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6);
	if (b & 2)
		f &= ~RMI_FEATURE0_HASH_SHA_512;
	if (b & 16)
		f = (f & ~RMI_FEATURE0_S2SZ) | FIELD_PUT(RMI_FEATURE0_S2SZ, 52) | RMI_FEATURE0_LPA2;
	return f;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world_platform platform = {0};
	struct world w;
	char why[100];

	if (!size)
		return 0;
	platform.feature_reg0 = features(data[0]);
	platform.attests = !(data[0] & 4);
	fault_clear();
	if ((data[0] & 8) && fault_add("rmi=FEATURES:every=2", why, sizeof(why)))
		world_fail("%s", why);
	world_begin(&w, data + 1, size - 1, &platform);
	while (input_left(&w.in))
		world_host_op(&w);
	world_end(&w);
	return 0;
}
