// SPDX-License-Identifier: BSD-3-Clause
/* measure.c - measurement descriptors and what they do to RIM and REM. */
#include <assert.h>
#include <gcrypt.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/measure.h"
#include "base/bits.h"

enum { DESC_DATA, DESC_REC, DESC_RIPAS };

/* RmmMeasurementDescriptor{Data,Rec,Ripas}: hashed whole, so each byte not named is zero. */
struct desc {
	uint8_t type;
	uint8_t pad[7];
	uint64_t len;
	uint8_t rim[MEASURE_SIZE];
	union {
		struct {
			uint64_t ipa, flags;
			uint8_t content[MEASURE_SIZE];
		} data;
		struct {
			uint8_t content[MEASURE_SIZE];
		} rec;
		struct {
			uint64_t base, top;
		} ripas;
		uint8_t size[0x100 - 0x50];
	};
};

_Static_assert(sizeof(struct desc) == 0x100, "measurement descriptor");
_Static_assert(offsetof(struct desc, rim) == 0x10, "measurement descriptor: rim");
_Static_assert(offsetof(struct desc, data.content) == 0x60, "data descriptor: content");
_Static_assert(offsetof(struct desc, rec.content) == 0x50, "REC descriptor: content");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "descriptors are little-endian");

static const struct {
	const char *name;
	int gcry;
	size_t len;
} hashes[] = {
	[MEASURE_SHA_256] = {"sha-256", GCRY_MD_SHA256, 32},
	[MEASURE_SHA_512] = {"sha-512", GCRY_MD_SHA512, 64},
};

size_t measure_hash_len(enum measure_hash h)
{
	return hashes[h].len;
}

const char *measure_hash_name(enum measure_hash h)
{
	return hashes[h].name;
}

int measure_hash_algorithm(enum measure_hash h)
{
	return hashes[h].gcry;
}

void measure_digest(enum measure_hash h, const void *data, size_t len, uint8_t out[MEASURE_SIZE])
{
	crypto_init();
	memset(out + hashes[h].len, 0, MEASURE_SIZE - hashes[h].len);
	gcry_md_hash_buffer(hashes[h].gcry, out, data, len);
}

void measure_realm(enum measure_hash h, const struct rmi_realm_params *p, uint8_t rim[MEASURE_SIZE])
{
	struct rmi_realm_params kept;

	memset(&kept, 0, sizeof(kept));
	kept.flags = p->flags;
	kept.s2sz = p->s2sz;
	kept.sve_vl = p->sve_vl;
	kept.num_bps = p->num_bps;
	kept.num_wps = p->num_wps;
	kept.pmu_num_ctrs = p->pmu_num_ctrs;
	kept.hash_algo = p->hash_algo;
	measure_digest(h, &kept, sizeof(kept), rim);
}

static void extend(enum measure_hash h, uint8_t rim[MEASURE_SIZE], struct desc *d)
{
	d->len = sizeof(*d);
	memcpy(d->rim, rim, MEASURE_SIZE);
	measure_digest(h, d, sizeof(*d), rim);
}

void measure_data(enum measure_hash h, uint8_t rim[MEASURE_SIZE], uint64_t ipa, uint64_t flags,
		  const uint8_t digest[MEASURE_SIZE])
{
	struct desc d = {.type = DESC_DATA};

	d.data.ipa = ipa;
	d.data.flags = flags;
	if (digest)
		memcpy(d.data.content, digest, MEASURE_SIZE);
	extend(h, rim, &d);
}

void measure_rec_digest(enum measure_hash h, const struct rmi_rec_params *p,
			uint8_t digest[MEASURE_SIZE])
{
	struct rmi_rec_params kept;

	memset(&kept, 0, sizeof(kept));
	kept.flags = p->flags;
	kept.pc = p->pc;
	memcpy(kept.gprs, p->gprs, sizeof(kept.gprs));
	measure_digest(h, &kept, sizeof(kept), digest);
}

void measure_rec(enum measure_hash h, uint8_t rim[MEASURE_SIZE], const uint8_t digest[MEASURE_SIZE])
{
	struct desc d = {.type = DESC_REC};

	memcpy(d.rec.content, digest, MEASURE_SIZE);
	extend(h, rim, &d);
}

void measure_ripas(enum measure_hash h, uint8_t rim[MEASURE_SIZE], uint64_t base, uint64_t top)
{
	struct desc d = {.type = DESC_RIPAS};

	d.ripas.base = base;
	d.ripas.top = top;
	extend(h, rim, &d);
}

static void extend_rem(enum measure_hash h, uint8_t rem[MEASURE_SIZE], size_t old_len,
		       const void *value, size_t size, size_t value_len)
{
	uint8_t input[2 * MEASURE_SIZE] = {0};

	assert(size <= MEASURE_SIZE);
	memcpy(input, rem, old_len);
	memcpy(input + old_len, value, size);
	measure_digest(h, input, old_len + value_len, rem);
}

void measure_rem_extend(enum measure_hash h, uint8_t rem[MEASURE_SIZE], const void *value,
			size_t size)
{
	extend_rem(h, rem, measure_hash_len(h), value, size, size);
}

void measure_rem_extend_spec(enum measure_hash h, uint8_t rem[MEASURE_SIZE], const void *value,
			     size_t size)
{
	extend_rem(h, rem, MEASURE_SIZE, value, size, MEASURE_SIZE);
}
