/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cborio.h - writing and reading CBOR (RFC 8949) item by item.
 *
 * Neither side allocates: the writer fills a buffer, the reader returns slices of its input. So
 * a hostile input costs no memory, and no more than a bounded time. The reader accepts definite
 * lengths only, as CCA tokens must have.
 *
 * This is our own code, and not a library, because the verdict on a token must not depend on a
 * library's version: libcbor 0.8 takes the tag of COSE_Sign1 for an error, none of its versions
 * looks for keys that occur twice, and its tree of items allocates what the input announces. An
 * item's head is all that there is to decode, and that is twenty lines.
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

#define CBORIO_OUT(buf)                                                                            \
	{                                                                                          \
		.p = (buf), .cap = sizeof(buf)                                                     \
	}

struct cborio_out {
	uint8_t *p;
	size_t cap;
	size_t len;
	bool full; /* something did not fit; what there is, is not valid CBOR */
};

/* All in preferred serialization (RFC 8949 4.1): each head as short as it can be. */
void cborio_put_int(struct cborio_out *o, int64_t v);
void cborio_put_bytes(struct cborio_out *o, const void *data, size_t len);
void cborio_put_bytes_head(struct cborio_out *o, size_t len); /* len bytes follow, put raw */
void cborio_put_text(struct cborio_out *o, const char *text);
void cborio_put_array(struct cborio_out *o, size_t items);
void cborio_put_map(struct cborio_out *o, size_t pairs);
void cborio_put_tag(struct cborio_out *o, uint64_t tag);
void cborio_put_simple(struct cborio_out *o, unsigned int value);	 /* CBORIO_FALSE... */
void cborio_put_raw(struct cborio_out *o, const void *data, size_t len); /* encoded already */

enum { CBORIO_FALSE = 20, CBORIO_TRUE = 21, CBORIO_NULL = 22 };

enum cborio_kind {
	ITEM_UINT,   /* value */
	ITEM_NINT,   /* -1 - value */
	ITEM_BYTES,  /* bytes */
	ITEM_TEXT,   /* bytes */
	ITEM_ARRAY,  /* value items follow */
	ITEM_MAP,    /* value pairs follow */
	ITEM_TAG,    /* value; one item follows */
	ITEM_SIMPLE, /* value: CBORIO_FALSE, ... */
	ITEM_FLOAT,  /* value: its bits; bytes: its encoding */
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
#define CBORIO_MAX_PAIRS 512 /* of one map */

/*
 * The next item's head, with its contents for strings. False: the input ends, is not well-formed,
 * has an indefinite length, or announces more items than it has bytes left.
 */
bool cborio_get(struct cborio_in *in, struct cborio_item *item);

/* The same, but it must be of this kind. */
bool cborio_get_kind(struct cborio_in *in, enum cborio_kind kind, struct cborio_item *item);

/* Step over what follows an item's head, nested at most CBORIO_MAX_DEPTH deep. */
bool cborio_skip(struct cborio_in *in, const struct cborio_item *item);

/* One pair of a map. */
struct cborio_pair {
	struct cborio_item key, value;
	struct cborio_in inside; /* what follows the value's head, and all after it */
};

/* The next pair of a map, stepping over it. False: as cborio_get. */
bool cborio_get_pair(struct cborio_in *in, struct cborio_pair *pair);

enum cborio_fault {
	CBORIO_VALID,
	CBORIO_MALFORMED, /* not one item and nothing more, not well-formed, over a limit */
	CBORIO_BAD_TEXT,  /* well-formed, but a text string is not UTF-8 (RFC 8949 5.3.1) */
	CBORIO_DUPLICATE, /* well-formed, but a map has a key twice (RFC 8949 5.6) */
};

/* Is it one valid item and nothing more? The contents of byte strings are not looked at. */
enum cborio_fault cborio_check(struct bytes in);

/* The item as a signed integer. False: it is none, or does not fit. */
bool cborio_int(const struct cborio_item *item, int64_t *v);

/* May it be a label of COSE (RFC 9052 1.5) or a key of claims (RFC 8392 1.1)? */
bool cborio_is_label(const struct cborio_item *item);

/* The same label? */
bool cborio_same_label(const struct cborio_item *a, const struct cborio_item *b);

bool bytes_equal(struct bytes b, const void *data, size_t len);
bool bytes_are_text(struct bytes b, const char *text);

#endif
