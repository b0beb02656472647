// SPDX-License-Identifier: BSD-3-Clause
/* ec.c - ECDSA keys and signatures, through libgcrypt. */
#include <errno.h>
#include <gcrypt.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/ec.h"
#include "base/bits.h"

static const struct {
	const char *name;
	const char *gcry;
	const char *hash;
	int md;
	size_t size;
	uint8_t top_mask; /* of the first byte of a scalar: P-521 uses one bit of it */
} curves[] = {
	[EC_P256] = {"P-256", "NIST P-256", "sha256", GCRY_MD_SHA256, 32, 0xff},
	[EC_P384] = {"P-384", "NIST P-384", "sha384", GCRY_MD_SHA384, 48, 0xff},
	[EC_P521] = {"P-521", "NIST P-521", "sha512", GCRY_MD_SHA512, 66, 0x01},
};
_Static_assert(ARRAY_SIZE(curves) == EC_NUM_CURVES, "a row for each curve");

size_t ec_size(enum ec_curve c)
{
	return curves[c].size;
}

const char *ec_name(enum ec_curve c)
{
	return curves[c].name;
}

size_t ec_point(const struct ec_public *pub, uint8_t out[EC_MAX_POINT])
{
	size_t size = ec_size(pub->curve);

	out[0] = 4;
	memcpy(out + 1, pub->x, size);
	memcpy(out + 1 + size, pub->y, size);
	return 1 + 2 * size;
}

static gcry_sexp_t public_sexp(const struct ec_public *pub)
{
	uint8_t q[EC_MAX_POINT];
	size_t len = ec_point(pub, q);
	gcry_sexp_t s = NULL;

	crypto_init();
	if (gcry_sexp_build(&s, NULL, "(public-key (ecc (curve %s) (q %b)))",
			    curves[pub->curve].gcry, (int)len, q))
		return NULL;
	return s;
}

static bool on_curve(const struct ec_public *pub)
{
	gcry_sexp_t s = public_sexp(pub);
	gcry_ctx_t ctx = NULL;
	gcry_mpi_point_t q = NULL;
	bool ok = false;

	if (s && !gcry_mpi_ec_new(&ctx, s, NULL)) {
		q = gcry_mpi_ec_get_point("q", ctx, 1);
		ok = q && gcry_mpi_ec_curve_point(q, ctx);
	}
	gcry_mpi_point_release(q);
	gcry_ctx_release(ctx);
	gcry_sexp_release(s);
	return ok;
}

bool ec_public_load(struct ec_public *pub, enum ec_curve c, const uint8_t *point, size_t len)
{
	size_t size = ec_size(c);

	if (len != 1 + 2 * size || point[0] != 4)
		return false;
	memset(pub, 0, sizeof(*pub));
	pub->curve = c;
	memcpy(pub->x, point + 1, size);
	memcpy(pub->y, point + 1 + size, size);
	return on_curve(pub);
}

static int put_mpi(gcry_mpi_t m, uint8_t *out, size_t size);

/*
 * A y of the curve y^2 = x^3 + ax + b. The primes of these curves are 3 modulo 4, so that a root
 * is a power of (p + 1) / 4. For an x that is on no point the result is on the curve neither.
 */
static void solve_y(gcry_ctx_t ctx, gcry_mpi_t x, gcry_mpi_t y)
{
	gcry_mpi_t p = gcry_mpi_ec_get_mpi("p", ctx, 1), a = gcry_mpi_ec_get_mpi("a", ctx, 1);
	gcry_mpi_t b = gcry_mpi_ec_get_mpi("b", ctx, 1), e = gcry_mpi_copy(p);

	gcry_mpi_mulm(y, x, x, p);
	gcry_mpi_addm(y, y, a, p);
	gcry_mpi_mulm(y, y, x, p);
	gcry_mpi_addm(y, y, b, p);
	gcry_mpi_add_ui(e, e, 1);
	gcry_mpi_rshift(e, e, 2);
	gcry_mpi_powm(y, y, e, p);
	gcry_mpi_release(e);
	gcry_mpi_release(b);
	gcry_mpi_release(a);
	gcry_mpi_release(p);
}

/* 02 or 03, which says whether y is odd, and x. */
static bool decompress(struct ec_public *pub, const uint8_t *point)
{
	size_t size = ec_size(pub->curve);
	gcry_mpi_t x = NULL, y = gcry_mpi_new(0), p;
	gcry_ctx_t ctx = NULL;
	bool ok = false;

	if (!gcry_mpi_scan(&x, GCRYMPI_FMT_USG, point + 1, size, NULL) &&
	    !gcry_mpi_ec_new(&ctx, NULL, curves[pub->curve].gcry)) {
		solve_y(ctx, x, y);
		p = gcry_mpi_ec_get_mpi("p", ctx, 1);
		if (gcry_mpi_test_bit(y, 0) != (point[0] & 1))
			gcry_mpi_sub(y, p, y);
		gcry_mpi_release(p);
		ok = !put_mpi(x, pub->x, size) && !put_mpi(y, pub->y, size);
	}
	gcry_ctx_release(ctx);
	gcry_mpi_release(y);
	gcry_mpi_release(x);
	return ok;
}

bool ec_public_load_any(struct ec_public *pub, enum ec_curve c, const uint8_t *point, size_t len)
{
	if (len != 1 + ec_size(c) || (point[0] != 2 && point[0] != 3))
		return ec_public_load(pub, c, point, len);
	crypto_init();
	memset(pub, 0, sizeof(*pub));
	pub->curve = c;
	return decompress(pub, point) && on_curve(pub);
}

/* mpi as exactly size bytes. */
static int put_mpi(gcry_mpi_t m, uint8_t *out, size_t size)
{
	size_t len = (gcry_mpi_get_nbits(m) + 7) / 8;

	if (len > size)
		return -EIO;
	memset(out, 0, size - len);
	return gcry_mpi_print(GCRYMPI_FMT_USG, out + size - len, len, NULL, m) ? -EIO : 0;
}

/* Q = d * G, once d is known to be within 1..n-1. */
static int multiply(struct ec_private *key, gcry_mpi_t d, gcry_ctx_t ctx)
{
	size_t size = ec_size(key->pub.curve);
	gcry_mpi_point_t g = gcry_mpi_ec_get_point("g", ctx, 1);
	gcry_mpi_point_t q = gcry_mpi_point_new(0);
	gcry_mpi_t x = gcry_mpi_new(0), y = gcry_mpi_new(0);
	int err = -EIO;

	gcry_mpi_ec_mul(q, d, g, ctx);
	if (!gcry_mpi_ec_get_affine(x, y, q, ctx) && !put_mpi(x, key->pub.x, size) &&
	    !put_mpi(y, key->pub.y, size))
		err = put_mpi(d, key->d, size);
	gcry_mpi_release(x);
	gcry_mpi_release(y);
	gcry_mpi_point_release(q);
	gcry_mpi_point_release(g);
	return err;
}

int ec_private_load(struct ec_private *key, enum ec_curve c, const uint8_t *d, size_t len)
{
	gcry_ctx_t ctx = NULL;
	gcry_mpi_t m = NULL, n;
	int err = -EIO;

	crypto_init();
	memset(key, 0, sizeof(*key));
	key->pub.curve = c;
	if (len > ec_size(c))
		return -EINVAL;
	if (gcry_mpi_scan(&m, GCRYMPI_FMT_USG, d, len, NULL))
		return -EIO;
	if (!gcry_mpi_ec_new(&ctx, NULL, curves[c].gcry)) {
		n = gcry_mpi_ec_get_mpi("n", ctx, 1);
		if (!gcry_mpi_cmp_ui(m, 0) || gcry_mpi_cmp(m, n) >= 0)
			err = -EINVAL;
		else
			err = multiply(key, m, ctx);
		gcry_mpi_release(n);
	}
	gcry_ctx_release(ctx);
	gcry_mpi_release(m);
	return err;
}

int ec_generate(struct ec_private *key, enum ec_curve c)
{
	uint8_t d[EC_MAX_SIZE];
	int err;

	crypto_init();
	do {
		gcry_randomize(d, ec_size(c), GCRY_STRONG_RANDOM);
		d[0] &= curves[c].top_mask;
		err = ec_private_load(key, c, d, ec_size(c));
	} while (err == -EINVAL);
	return err;
}

int ec_derive(struct ec_private *key, enum ec_curve c, const void *seed, size_t len)
{
	uint8_t in[32 + 1], d[128];
	int err;

	crypto_init();
	gcry_md_hash_buffer(GCRY_MD_SHA256, in, seed, len);
	in[32] = 0;
	do { /* SHA-512 of (hashed seed, counter) until it is a scalar: at once, in practice */
		gcry_md_hash_buffer(GCRY_MD_SHA512, d, in, sizeof(in));
		gcry_md_hash_buffer(GCRY_MD_SHA512, d + 64, d, 64);
		d[0] &= curves[c].top_mask;
		err = ec_private_load(key, c, d, ec_size(c));
		in[32]++;
	} while (err == -EINVAL);
	return err;
}

static gcry_sexp_t message_sexp(enum ec_curve c, const void *msg, size_t len)
{
	uint8_t digest[64];
	gcry_sexp_t s = NULL;

	gcry_md_hash_buffer(curves[c].md, digest, msg, len);
	if (gcry_sexp_build(&s, NULL, "(data (flags rfc6979) (hash %s %b))", curves[c].hash,
			    (int)gcry_md_get_algo_dlen(curves[c].md), digest))
		return NULL;
	return s;
}

static int put_signature(gcry_sexp_t s, size_t size, uint8_t sig[EC_MAX_SIG])
{
	gcry_mpi_t r = NULL, t = NULL;
	int err = -EIO;

	if (!gcry_sexp_extract_param(s, NULL, "rs", &r, &t, NULL) && !put_mpi(r, sig, size))
		err = put_mpi(t, sig + size, size);
	gcry_mpi_release(r);
	gcry_mpi_release(t);
	return err;
}

int ec_sign(const struct ec_private *key, const void *msg, size_t len, uint8_t sig[EC_MAX_SIG])
{
	enum ec_curve c = key->pub.curve;
	uint8_t q[EC_MAX_POINT];
	size_t q_len = ec_point(&key->pub, q);
	gcry_sexp_t data, priv = NULL, s = NULL;
	int err = -EIO;

	crypto_init();
	data = message_sexp(c, msg, len);
	if (data &&
	    !gcry_sexp_build(&priv, NULL, "(private-key (ecc (curve %s) (q %b) (d %b)))",
			     curves[c].gcry, (int)q_len, q, (int)ec_size(c), key->d) &&
	    !gcry_pk_sign(&s, data, priv))
		err = put_signature(s, ec_size(c), sig);
	gcry_sexp_release(s);
	gcry_sexp_release(priv);
	gcry_sexp_release(data);
	return err;
}

bool ec_verify(const struct ec_public *pub, const void *msg, size_t len, const uint8_t *sig,
	       size_t sig_len)
{
	size_t size = ec_size(pub->curve);
	gcry_sexp_t data, key, s = NULL;
	bool ok = false;

	if (sig_len != 2 * size)
		return false;
	key = public_sexp(pub);
	data = message_sexp(pub->curve, msg, len);
	if (key && data &&
	    !gcry_sexp_build(&s, NULL, "(sig-val (ecdsa (r %b) (s %b)))", (int)size, sig, (int)size,
			     sig + size))
		ok = !gcry_pk_verify(s, data, key);
	gcry_sexp_release(s);
	gcry_sexp_release(data);
	gcry_sexp_release(key);
	return ok;
}
