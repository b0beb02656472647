// SPDX-License-Identifier: BSD-3-Clause
/* rsi.c - calls to the RMM: configuration, measurement, host calls, RIPAS. */
#include "guest/payload/internal.h"

#include "abi/rsi.h"

#define HOSTCALL_FID 0xc6007fff /* a vendor-specific call that no hypervisor implements */

static struct rsi_realm_config config __attribute__((aligned(4096)));
static struct rsi_host_call host_call __attribute__((aligned(256)));

uint64_t smc_call(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct smc_regs r = {{fid, a1, a2, a3}};

	smc(&r);
	return r.x[0];
}

void rsi_init(void)
{
	if (smc_call(RSI_VERSION, RSI_ABI_VERSION, 0, 0) != RSI_SUCCESS)
		return; /* not a realm: no alias, and the RSI tests fail */
	if (smc_call(RSI_REALM_CONFIG, (uint64_t)&config, 0, 0) != RSI_SUCCESS)
		return;
	alias = UINT64_C(1) << (config.ipa_width - 1);
}

static void print_measurement(unsigned int index)
{
	struct smc_regs r = {{RSI_MEASUREMENT_READ, index}};
	unsigned int words = config.hash_algo ? 8 : 4;

	smc(&r);
	if (r.x[0] != RSI_SUCCESS)
		fail("measurement", r.x[0]);
	print("payload: rim ");
	for (unsigned int i = 0; i < words; i++)
		print_hex(__builtin_bswap64(r.x[1 + i]), 16); /* memory order */
	print("\n");
}

void rsi_test(void)
{
	struct smc_regs r = {{RSI_VERSION, RSI_ABI_VERSION}};

	smc(&r);
	if (r.x[0] != RSI_SUCCESS)
		fail("rsi", r.x[0]);
	print("payload: rsi ");
	print_number(r.x[1] >> 16);
	print(".");
	print_number(r.x[1] & 0xffff);
	print(" ipa ");
	print_number(config.ipa_width);
	print(" hash ");
	print_number(config.hash_algo);
	print("\n");
	print_measurement(0);
}

void rsi_hostcall_test(void)
{
	uint64_t ret;

	host_call.imm = PAYLOAD_HOSTCALL_IMM;
	host_call.gprs[0] = HOSTCALL_FID;
	host_call.gprs[1] = PAYLOAD_HOSTCALL_X1;
	dsb();
	ret = smc_call(RSI_HOST_CALL, (uint64_t)&host_call, 0, 0);
	if (ret != RSI_SUCCESS)
		fail("hostcall", ret);
	print("payload: hostcall ");
	print_hex(*(volatile uint64_t *)&host_call.gprs[0], 16);
	print("\n");
}

/* The host may do it in parts. */
void rsi_set_ripas(uint64_t base, uint64_t top, uint64_t ripas)
{
	while (base < top) {
		struct smc_regs r = {{RSI_IPA_STATE_SET, base, top, ripas, RSI_CHANGE_DESTROYED}};

		smc(&r);
		if (r.x[0] != RSI_SUCCESS || r.x[2] != RSI_ACCEPT)
			fail("ipa_state_set", r.x[0] << 8 | r.x[2]);
		base = r.x[1];
	}
}
