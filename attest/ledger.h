/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ledger.h - the measurement ledger: one entry for each extension of a RIM or a REM, enough to
 * compute the register again. As text it is JSON lines:
 *
 *	{"realm":1,"register":"RIM","cause":"DATA_CREATE","hash":"sha-256",
 *	 "address":"0x80000000","flags":1,"digest":"6f16...","after":"1a1d..."}
 *
 * (one line each). register is RIM or REM1..REM4, numbered as by RSI_MEASUREMENT_READ. Numbers
 * that may need 64 bits are hexadecimal strings; digests and registers are as long as the hash.
 *
 * The entry of each cause, which is also what a TRACE_MEASURE event must carry (base/trace.h):
 *
 *	cause		    addr		  top	flags	digest
 *	REALM_CREATE	    ledger_pack_params()  -	flags	-
 *	DATA_CREATE	    IPA			  -	flags	of the granule, or none
 *	REC_CREATE	    -			  -	flags	measure_rec_digest()
 *	RTT_INIT_RIPAS	    base of an RTT entry  top	-	-
 *	MEASUREMENT_EXTEND  size of the value	  -	PADDED	the value, zero-padded to 64
 *
 * A JSON line of DATA_CREATE may have "content", the name of what the page belongs to; that of
 * REALM_CREATE has the parameters by name in place of an address.
 */
#ifndef ATTEST_LEDGER_H
#define ATTEST_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "attest/measure.h"
#include "base/trace.h"

enum ledger_cause {
	LEDGER_REALM_CREATE,
	LEDGER_DATA_CREATE,
	LEDGER_REC_CREATE,
	LEDGER_INIT_RIPAS,
	LEDGER_EXTEND,
	LEDGER_NUM_CAUSES
};

/* Of an extension of a REM: as the specification's text has it (measure_rem_extend_spec). */
#define LEDGER_EXTEND_PADDED 1

/* What a page of DATA_CREATE belongs to, where the one who wrote the ledger knew it. */
enum ledger_content {
	LEDGER_UNNAMED,
	LEDGER_KERNEL,
	LEDGER_DEVICE_TREE,
	LEDGER_INITRD,
	LEDGER_NUM_CONTENTS
};

struct ledger_entry {
	unsigned int realm; /* VMID */
	unsigned int index; /* 0 RIM, 1..4 REM */
	enum ledger_cause cause;
	enum ledger_content content;
	enum measure_hash hash;
	uint64_t addr, top, flags;
	bool has_digest;
	uint8_t digest[MEASURE_SIZE];
	uint8_t after[MEASURE_SIZE];
};

const char *ledger_content_name(enum ledger_content c); /* "", "kernel", "device tree", "initrd" */
const char *ledger_cause_name(enum ledger_cause c);	/* "DATA_CREATE", ... */

/* The measured parameters of a realm, flags and hash apart, in one number; and back. */
uint64_t ledger_pack_params(const struct rmi_realm_params *p);
void ledger_unpack_params(const struct ledger_entry *e, struct rmi_realm_params *p);

/* RMI_SEMANTICS_* of a REALM_CREATE: which RMM's rules the RIM follows; and its name. */
uint64_t ledger_semantics(const struct ledger_entry *e);
const char *ledger_rmm_name(uint64_t semantics); /* "1.0", "2.0-bet0", "2.0" */

/* False if it is no TRACE_MEASURE event or one that this table does not know. */
bool ledger_from_event(const struct trace_event *ev, struct ledger_entry *e);

/* What the register is after the entry, computed from what it was before. */
void ledger_apply(const struct ledger_entry *e, uint8_t value[MEASURE_SIZE]);

int ledger_write(FILE *f, const struct ledger_entry *e); /* 0 or -errno */

/* 1: an entry; 0: end of file; -EINVAL: the line is not one (*line counts lines read). */
int ledger_read(FILE *f, struct ledger_entry *e, unsigned int *line);

#endif
