/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * measure.h - realm measurements of RMM 1.0 (DEN0137 1.0-rel0, C1.11..C1.13, B4.3): the Realm
 * Initial Measurement (RIM) and the four Realm Extensible Measurements (REM).
 *
 * A measurement register is always 64 bytes; a shorter hash is left-aligned and the rest is zero.
 * Digests that are handed in or out have the same form. No function fails or keeps a pointer; all
 * may be called from any thread.
 */
#ifndef ATTEST_MEASURE_H
#define ATTEST_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "abi/rmi.h"

#define MEASURE_SIZE	  64
#define MEASURE_PAGE_SIZE 4096

/* The values of RmiHashAlgorithm. */
enum measure_hash {
	MEASURE_SHA_256 = RMI_HASH_SHA_256,
	MEASURE_SHA_512 = RMI_HASH_SHA_512,
};

size_t measure_hash_len(enum measure_hash h);	    /* 32 or 64 */
const char *measure_hash_name(enum measure_hash h); /* "sha-256", "sha-512": as in tokens */
int measure_hash_algorithm(enum measure_hash h);    /* libgcrypt's GCRY_MD_* */

/* Plain hash of len bytes. */
void measure_digest(enum measure_hash h, const void *data, size_t len, uint8_t out[MEASURE_SIZE]);

/*
 * The content digest of a granule. Meanwhile the pages at `next` (to be written) and `next_source`
 * (to be read) are brought into the cache; both are hints, and need not be mapped.
 */
void measure_page(enum measure_hash h, const void *page, const void *next, const void *next_source,
		  uint8_t out[MEASURE_SIZE]);

/* REALM_CREATE: the first value of the RIM. RPV, VMID and the RTT fields are not measured. */
void measure_realm(enum measure_hash h, const struct rmi_realm_params *p,
		   uint8_t rim[MEASURE_SIZE]);

/*
 * DATA_CREATE. flags as the host gave them; digest of the 4096 bytes, or NULL when flags do not
 * ask for the contents to be measured (the RIM is extended all the same).
 */
void measure_data(enum measure_hash h, uint8_t rim[MEASURE_SIZE], uint64_t ipa, uint64_t flags,
		  const uint8_t digest[MEASURE_SIZE]);

/* REC_CREATE of a runnable REC (one that is not leaves the RIM alone): digest first. */
void measure_rec_digest(enum measure_hash h, const struct rmi_rec_params *p,
			uint8_t digest[MEASURE_SIZE]);
void measure_rec(enum measure_hash h, uint8_t rim[MEASURE_SIZE],
		 const uint8_t digest[MEASURE_SIZE]);

/* RTT_INIT_RIPAS: once for each RTT entry [base, top) that was passed. */
void measure_ripas(enum measure_hash h, uint8_t rim[MEASURE_SIZE], uint64_t base, uint64_t top);

/*
 * RSI_MEASUREMENT_EXTEND: size 0..64. The first is what every implementation does, H(old || value);
 * the other is what the text says: old register and value both padded to 64 bytes.
 */
void measure_rem_extend(enum measure_hash h, uint8_t rem[MEASURE_SIZE], const void *value,
			size_t size);
void measure_rem_extend_spec(enum measure_hash h, uint8_t rem[MEASURE_SIZE], const void *value,
			     size_t size);

#endif
