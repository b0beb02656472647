// SPDX-License-Identifier: BSD-3-Clause
/* smc.c - the host's SMC: finds the command's row, calls its handler, forms the answer. */
#include <string.h>

#include "base/bits.h"
#include "base/fault.h"
#include "base/trace.h"
#include "rmm/call.h"
#include "rmm/rules.h"

#define SVE_HINT 0x10000u /* SMCCC 1.3: says nothing about which function is meant */

#define ROW(NAME, handler, nouts, ...)                                                             \
	{                                                                                          \
		RMI_##NAME, "RMI_" #NAME, handler,                                                 \
			sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), nouts,             \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* By FID, with few gaps: find_row counts on it. */
const struct rmi_row rmi_rows[] = {
	ROW(VERSION, rmi_version, 2, "req"),
	ROW(GRANULE_DELEGATE, rmi_granule_delegate, 0, "addr"),
	ROW(GRANULE_UNDELEGATE, rmi_granule_undelegate, 0, "addr"),
	ROW(DATA_CREATE, rmi_data_create, 0, "rd", "data", "ipa", "src", "flags"),
	ROW(DATA_CREATE_UNKNOWN, rmi_data_create_unknown, 0, "rd", "data", "ipa"),
	ROW(DATA_DESTROY, rmi_data_destroy, 2, "rd", "ipa"),
	ROW(REALM_ACTIVATE, rmi_realm_activate, 0, "rd"),
	ROW(REALM_CREATE, rmi_realm_create, 0, "rd", "params"),
	ROW(REALM_DESTROY, rmi_realm_destroy, 0, "rd"),
	ROW(REC_CREATE, rmi_rec_create, 0, "rd", "rec", "params"),
	ROW(REC_DESTROY, rmi_rec_destroy, 0, "rec"),
	ROW(REC_ENTER, rmi_rec_enter, 0, "rec", "run"),
	ROW(RTT_CREATE, rmi_rtt_create, 0, "rd", "rtt", "ipa", "level"),
	ROW(RTT_DESTROY, rmi_rtt_destroy, 2, "rd", "ipa", "level"),
	ROW(RTT_MAP_UNPROTECTED, rmi_rtt_map_unprotected, 0, "rd", "ipa", "level", "desc"),
	ROW(RTT_READ_ENTRY, rmi_rtt_read_entry, 4, "rd", "ipa", "level"),
	ROW(RTT_UNMAP_UNPROTECTED, rmi_rtt_unmap_unprotected, 1, "rd", "ipa", "level"),
	ROW(PSCI_COMPLETE, rmi_psci_complete, 0, "calling_rec", "target_rec", "status"),
	ROW(FEATURES, rmi_features, 1, "index"),
	ROW(RTT_FOLD, rmi_rtt_fold, 1, "rd", "ipa", "level"),
	ROW(REC_AUX_COUNT, rmi_rec_aux_count, 1, "rd"),
	ROW(RTT_INIT_RIPAS, rmi_rtt_init_ripas, 1, "rd", "base", "top"),
	ROW(RTT_SET_RIPAS, rmi_rtt_set_ripas, 1, "rd", "rec", "base", "top"),
};
const size_t rmi_num_rows = ARRAY_SIZE(rmi_rows);

static const struct rmi_row *find_row(uint32_t fid)
{
	size_t i =
		MIN(fid - rmi_rows[0].fid, rmi_num_rows - 1); /* there, or beyond it by the gaps */

	while (i && rmi_rows[i].fid > fid)
		i--;
	return rmi_rows[i].fid == fid ? &rmi_rows[i] : NULL;
}

static void report(const struct rmi_row *row, const uint64_t *args, uint64_t x0, result why,
		   uint64_t start)
{
	trace_call(&(struct trace_call){
		.layer = TRACE_RMI,
		.name = row ? row->name : "SMC",
		.arg_names = row ? row->args : NULL,
		.args = args,
		.nargs = row ? row->nargs : 0,
		.ret = x0,
		.why = why,
		.start = start,
	});
}

result rmm_smc(struct rmm *rmm, struct pe *pe, uint64_t regs[RMM_NUM_REGS])
{
	struct rmi_call c;
	const struct rmi_row *row = find_row((uint32_t)regs[0] & ~SVE_HINT);
	uint64_t start = trace_begin(TRACE_RMI);
	result why;
	int status;

	c.rmm = rmm;
	c.pe = pe;
	c.index = 0;
	memcpy(c.x, regs, sizeof(c.x));
	memset(c.out, 0, sizeof(c.out));
	if (!row) {
		regs[0] = SMC_NOT_SUPPORTED;
		report(NULL, NULL, regs[0], &rule_rmi_unknown_fid, start);
		return &rule_rmi_unknown_fid;
	}
	if (fault_due(TRACE_RMI, row->name, &status)) {
		regs[0] = status;
		report(row, &c.x[1], regs[0], &rule_rmi_fault, start);
		return &rule_rmi_fault;
	}
	why = row->handler(&c);
	regs[0] = why ? (uint64_t)why->code | c.index << 8 : RMI_SUCCESS;
	for (unsigned int i = 1; i <= MAX(row->nouts, 3); i++)
		regs[i] = c.out[i];
	report(row, &c.x[1], regs[0], why, start);
	return why;
}
