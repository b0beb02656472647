// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_attest.c - what measuring and attesting cost beside the bare cryptography, in CPU time.
 *
 * Each pair is measured in alternation and the best round of each counts, so that a busy machine
 * disturbs both alike. Exit status 1: a figure is above its limit.
 */
#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attest/ec.h"
#include "attest/predict.h"
#include "attest/token.h"
#include "base/bits.h"

#define ROUNDS	   7
#define GRANULE	   4096
#define DESCRIPTOR 256
#define INPUT_SIZE (UINT64_C(64) << 20)
#define RAM	   UINT64_C(0x40000000)

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double best(double *so_far, void (*work)(void))
{
	double t = cpu_seconds();

	work();
	t = cpu_seconds() - t;
	if (!*so_far || t < *so_far)
		*so_far = t;
	return *so_far;
}

/* Prints "WHAT: A, bare B, ratio R (at most LIMIT)"; 1 if it is above. */
static int compare(const char *what, void (*ours)(void), void (*bare)(void), unsigned int count,
		   double limit)
{
	double a = 0, b = 0;

	for (int i = 0; i < ROUNDS; i++) {
		best(&a, ours);
		best(&b, bare);
	}
	printf("%-38s %9.2f us, bare %9.2f us, ratio %.2f (at most %.1f)%s\n", what,
	       a / count * 1e6, b / count * 1e6, a / b, limit, a / b > limit ? "  TOO SLOW" : "");
	return a / b > limit;
}

/* ---- tokens ---- */

#define TOKENS 40

static struct attest_identity *identity;
static gcry_sexp_t key;

static void tokens(void)
{
	static struct attest_realm_claims c;
	uint8_t buf[ATTEST_MAX_TOKEN];
	size_t len;

	for (int i = 0; i < TOKENS; i++) {
		c.challenge[0]++;
		if (attest_token_create(identity, &c, buf, sizeof(buf), &len))
			abort();
	}
}

static void signatures(void)
{
	static uint8_t digest[48];
	gcry_sexp_t data, sig;

	for (int i = 0; i < TOKENS; i++) {
		digest[0]++;
		if (gcry_sexp_build(&data, NULL, "(data (flags rfc6979) (hash sha384 %b))", 48,
				    digest) ||
		    gcry_pk_sign(&sig, data, key))
			abort();
		gcry_sexp_release(sig);
		gcry_sexp_release(data);
	}
}

static int bench_tokens(void)
{
	struct ec_private priv;
	uint8_t q[EC_MAX_POINT];
	size_t len;

	if (attest_identity_load(NULL, &identity) || ec_generate(&priv, EC_P384))
		abort();
	len = ec_point(&priv.pub, q);
	if (gcry_sexp_build(&key, NULL, "(private-key (ecc (curve \"NIST P-384\") (q %b) (d %b)))",
			    (int)len, q, 48, priv.d))
		abort();
	return compare("a token, beside a signature", tokens, signatures, TOKENS, 1.5);
}

/* ---- measured granules ---- */

#define GRANULES 4000

static enum measure_hash hash;
static uint8_t warm[GRANULE + DESCRIPTOR];

static void extensions(void)
{
	uint8_t rim[MEASURE_SIZE] = {0}, digest[MEASURE_SIZE];

	for (uint64_t i = 0; i < GRANULES; i++) {
		measure_digest(hash, warm, GRANULE, digest);
		measure_data(hash, rim, i * GRANULE, RMI_DATA_FLAG_MEASURE, digest);
	}
}

static void hashes(void)
{
	uint8_t digest[MEASURE_SIZE];

	for (int i = 0; i < GRANULES; i++)
		gcry_md_hash_buffer(hash == MEASURE_SHA_512 ? GCRY_MD_SHA512 : GCRY_MD_SHA256,
				    digest, warm, sizeof(warm));
}

static int bench_extensions(void)
{
	int slow;

	hash = MEASURE_SHA_256;
	slow = compare("a measured granule, SHA-256", extensions, hashes, GRANULES, 1.4);
	hash = MEASURE_SHA_512;
	return slow | compare("a measured granule, SHA-512", extensions, hashes, GRANULES, 1.4);
}

/* ---- predictions ---- */

static uint8_t *input;

static void prediction(void)
{
	static struct rmi_realm_params p = {.s2sz = 40, .num_bps = 5, .num_wps = 3};
	static struct rmi_rec_params rec = {.flags = RMI_REC_FLAG_RUNNABLE};
	struct predict_slot slot = {.base = RAM, .size = 8 * INPUT_SIZE, .gmem = true};
	struct predict *pr;

	if (predict_create(&p, NULL, NULL, &pr) ||
	    predict_populate(pr, RAM, input, INPUT_SIZE, true) ||
	    predict_activate(pr, &rec, 1, &slot, 1))
		abort();
	predict_free(pr);
}

static void whole_hash(void)
{
	uint8_t digest[MEASURE_SIZE];

	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, input, INPUT_SIZE);
}

static int bench_prediction(void)
{
	int slow;

	input = malloc(INPUT_SIZE);
	if (!input)
		abort();
	memset(input, 0xa5, INPUT_SIZE);
	slow = compare("a prediction of 64 MiB, beside its hash", prediction, whole_hash, 1, 1.5);
	free(input);
	return slow;
}

int main(void)
{
	int slow = bench_tokens();

	slow |= bench_extensions();
	slow |= bench_prediction();
	attest_identity_free(identity);
	gcry_sexp_release(key);
	return slow;
}
