// SPDX-License-Identifier: BSD-3-Clause
/*
 * measure_page.c - the digest of a page, while the memory of the next one is fetched.
 *
 * Hashing leaves the memory idle; the copy of the next page would then wait for it. To ask for all
 * lines of a page at once fills the CPU's buffers and stalls it, so a few are asked for before each
 * part that is hashed. Hashing in parts needs a handle. To open one costs as much as to hash a
 * page, so each thread keeps its own.
 */
#include <gcrypt.h>
#include <pthread.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/measure.h"
#include "base/bits.h"

#define PART 512
#define LINE 64

_Static_assert(MEASURE_PAGE_SIZE % PART == 0 && PART % LINE == 0, "whole parts and lines");

static struct {
	pthread_once_t once;
	pthread_key_t key[MEASURE_SHA_512 + 1]; /* a thread's handle for each hash */
	bool made;
} handles = {.once = PTHREAD_ONCE_INIT};

static void close_handle(void *md)
{
	gcry_md_close(md);
}

static void make_keys(void)
{
	crypto_init();
	handles.made = true;
	for (size_t h = 0; h < ARRAY_SIZE(handles.key); h++)
		if (pthread_key_create(&handles.key[h], close_handle))
			handles.made = false;
}

/* The calling thread's handle, ready for a new digest; NULL: no memory or key is left. */
static gcry_md_hd_t thread_handle(enum measure_hash h)
{
	gcry_md_hd_t md;

	pthread_once(&handles.once, make_keys);
	if (!handles.made)
		return NULL;
	md = pthread_getspecific(handles.key[h]);
	if (md) {
		gcry_md_reset(md);
		return md;
	}
	if (gcry_md_open(&md, measure_hash_algorithm(h), 0))
		return NULL;
	if (!pthread_setspecific(handles.key[h], md))
		return md;
	gcry_md_close(md);
	return NULL;
}

void measure_page(enum measure_hash h, const void *page, const void *next, const void *next_source,
		  uint8_t out[MEASURE_SIZE])
{
	const char *p = page, *to = next, *from = next_source;
	gcry_md_hd_t md = thread_handle(h);

	if (!md) {
		measure_digest(h, page, MEASURE_PAGE_SIZE, out);
		return;
	}
	for (size_t at = 0; at < MEASURE_PAGE_SIZE; at += PART) {
		for (size_t line = at; line < at + PART; line += LINE) {
			__builtin_prefetch(from + line, 0);
			__builtin_prefetch(to + line, 1);
		}
		gcry_md_write(md, p + at, PART);
	}
	memset(out, 0, MEASURE_SIZE);
	memcpy(out, gcry_md_read(md, 0), measure_hash_len(h));
}
