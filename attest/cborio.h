/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cborio.h - writing and reading CBOR (RFC 8949) item by item, over libcbor's streaming calls.
 *
 * Neither side allocates: the writer fills a buffer, the reader returns slices of its input. So
 * a hostile input costs no memory and, as each item is looked at a bounded number of times, no
 * more time than its length. The reader accepts definite lengths only, as CCA tokens must have.
 */
#ifndef ATTEST_CBORIO_H
#define ATTEST_CBORIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slice of somebody else's memory. */
struct bytes {
	const uint8_t *p;
	size_t len;
};

#define CBORIO_OUT(buf) {.p = (buf), .cap = sizeof(buf)}

struct cborio_out {
	uint8_t *p;
	size_t cap;
	size_t len;
	bool full; /* something did not fit; what there is, is not valid CBOR */
};

void cborio_put_int(struct cborio_out *o, int64_t v);
void cborio_put_bytes(struct cborio_out *o, const void *data, size_t len);
void cborio_put_text(struct cborio_out *o, const char *text);
void cborio_put_array(struct cborio_out *o, size_t items);
void cborio_put_map(struct cborio_out *o, size_t pairs);
void cborio_put_tag(struct cborio_out *o, uint64_t tag);
void cborio_put_raw(struct cborio_out *o, const void *data, size_t len); /* encoded already */

enum cborio_kind {
	ITEM_UINT,  /* value */
	ITEM_NINT,  /* -1 - value */
	ITEM_BYTES, /* bytes */
	ITEM_TEXT,  /* bytes */
	ITEM_ARRAY, /* value items follow */
	ITEM_MAP,   /* value pairs follow */
	ITEM_TAG,   /* value; one item follows */
	ITEM_OTHER, /* float, simple value */
};

struct cborio_in {
	const uint8_t *p;
	size_t len;
};

struct cborio_item {
	enum cborio_kind kind;
	uint64_t value;
	struct bytes bytes;
};

#define CBORIO_MAX_DEPTH 16

/*
 * The next item's head, with its contents for strings. False: the input ends, is not well-formed,
 * has an indefinite length, or announces more items than it has bytes left.
 */
bool cborio_get(struct cborio_in *in, struct cborio_item *item);

/* The same, but it must be of this kind. */
bool cborio_get_kind(struct cborio_in *in, enum cborio_kind kind, struct cborio_item *item);

/* Step over what follows an item's head, nested at most CBORIO_MAX_DEPTH deep. */
bool cborio_skip(struct cborio_in *in, const struct cborio_item *item);

/* The item as a signed integer. False: it is none, or does not fit. */
bool cborio_int(const struct cborio_item *item, int64_t *v);

bool bytes_equal(struct bytes b, const void *data, size_t len);
bool bytes_are_text(struct bytes b, const char *text);

#endif
