// SPDX-License-Identifier: BSD-3-Clause
/* cborio.c - writing and reading CBOR item by item. */
#include <string.h>

#include "attest/cborio.h"

/* Additional information of an initial byte (RFC 8949 3). */
enum { INFO_1_BYTE = 24, INFO_8_BYTES = 27 };

/* ---- writing ---- */

void cborio_put_raw(struct cborio_out *o, const void *data, size_t len)
{
	if (len > o->cap - o->len) {
		o->full = true;
		return;
	}
	if (len)
		memcpy(o->p + o->len, data, len);
	o->len += len;
}

static void put_head(struct cborio_out *o, enum cborio_kind major, uint64_t v)
{
	unsigned int log = v > UINT32_MAX ? 3 : v > UINT16_MAX ? 2 : v > UINT8_MAX ? 1 : 0;
	unsigned int size = v < INFO_1_BYTE ? 0 : 1 << log;
	uint8_t head[9];

	head[0] = (uint8_t)(major << 5 | (size ? INFO_1_BYTE + log : (unsigned int)v));
	for (unsigned int i = 0; i < size; i++)
		head[1 + i] = (uint8_t)(v >> 8 * (size - 1 - i));
	cborio_put_raw(o, head, 1 + size);
}

void cborio_put_int(struct cborio_out *o, int64_t v)
{
	if (v >= 0)
		put_head(o, ITEM_UINT, (uint64_t)v);
	else
		put_head(o, ITEM_NINT, ~(uint64_t)v);
}

void cborio_put_bytes_head(struct cborio_out *o, size_t len)
{
	put_head(o, ITEM_BYTES, len);
}

void cborio_put_bytes(struct cborio_out *o, const void *data, size_t len)
{
	cborio_put_bytes_head(o, len);
	cborio_put_raw(o, data, len);
}

void cborio_put_text(struct cborio_out *o, const char *text)
{
	put_head(o, ITEM_TEXT, strlen(text));
	cborio_put_raw(o, text, strlen(text));
}

void cborio_put_array(struct cborio_out *o, size_t items)
{
	put_head(o, ITEM_ARRAY, items);
}

void cborio_put_map(struct cborio_out *o, size_t pairs)
{
	put_head(o, ITEM_MAP, pairs);
}

void cborio_put_tag(struct cborio_out *o, uint64_t tag)
{
	put_head(o, ITEM_TAG, tag);
}

void cborio_put_simple(struct cborio_out *o, unsigned int value)
{
	put_head(o, ITEM_SIMPLE, value);
}

/* ---- reading ---- */

/* Number of items that must follow the head. */
static uint64_t children(const struct cborio_item *item)
{
	switch (item->kind) {
	case ITEM_ARRAY:
		return item->value;
	case ITEM_MAP:
		return 2 * item->value;
	case ITEM_TAG:
		return 1;
	default:
		return 0;
	}
}

/* Major type 7: simple values and floats. A simple value below 32 has no second byte. */
static bool as_simple(struct cborio_item *item, const uint8_t *p, size_t size)
{
	if (size > 1) {
		item->kind = ITEM_FLOAT;
		item->bytes = (struct bytes){p, size};
		return true;
	}
	return !size || item->value >= 32;
}

bool cborio_get(struct cborio_in *in, struct cborio_item *item)
{
	unsigned int info;
	size_t size = 0;

	if (!in->len)
		return false;
	info = in->p[0] & 0x1f;
	if (info > INFO_8_BYTES) /* 28..30 are reserved, 31 is an indefinite length or a break */
		return false;
	if (info >= INFO_1_BYTE)
		size = (size_t)1 << (info - INFO_1_BYTE);
	if (in->len < 1 + size)
		return false;
	*item = (struct cborio_item){(enum cborio_kind)(in->p[0] >> 5), size ? 0 : info, {0}};
	for (size_t i = 0; i < size; i++)
		item->value = item->value << 8 | in->p[1 + i];
	if (item->kind == ITEM_SIMPLE && !as_simple(item, in->p + 1, size))
		return false;
	in->p += 1 + size;
	in->len -= 1 + size;
	if (item->kind == ITEM_BYTES || item->kind == ITEM_TEXT) {
		if (item->value > in->len)
			return false;
		item->bytes = (struct bytes){in->p, (size_t)item->value};
		in->p += item->value;
		in->len -= item->value;
	}
	return !(item->kind == ITEM_MAP && item->value > in->len) && children(item) <= in->len;
}

bool cborio_get_kind(struct cborio_in *in, enum cborio_kind kind, struct cborio_item *item)
{
	return cborio_get(in, item) && item->kind == kind;
}

static bool skip(struct cborio_in *in, const struct cborio_item *item, unsigned int depth)
{
	struct cborio_item child;

	for (uint64_t n = children(item); n; n--)
		if (depth == CBORIO_MAX_DEPTH || !cborio_get(in, &child) ||
		    !skip(in, &child, depth + 1))
			return false;
	return true;
}

bool cborio_skip(struct cborio_in *in, const struct cborio_item *item)
{
	return skip(in, item, 0);
}

bool cborio_get_pair(struct cborio_in *in, struct cborio_pair *pair)
{
	if (!cborio_get(in, &pair->key) || !cborio_skip(in, &pair->key) ||
	    !cborio_get(in, &pair->value))
		return false;
	pair->inside = *in;
	return cborio_skip(in, &pair->value);
}

/* ---- validity ---- */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(struct bytes b)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < b.len;) {
		uint8_t c = b.p[i++];
		unsigned int more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : 3;
		uint32_t v = more ? c & (0x3f >> more) : c;

		if (more > b.len - i || (more == 3 && c >> 3 != 30))
			return false;
		for (unsigned int n = 0; n < more; n++, i++) {
			if (b.p[i] >> 6 != 2)
				return false;
			v = v << 6 | (b.p[i] & 0x3f);
		}
		if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			return false;
	}
	return true;
}

static void worse(enum cborio_fault *fault, enum cborio_fault f)
{
	if (*fault == CBORIO_VALID || f == CBORIO_MALFORMED)
		*fault = f;
}

/*
 * Equal keys are equal values, however they are encoded. Of keys that are arrays, maps or tags
 * only the encodings are compared: no map that this project reads has such keys.
 */
static bool same_key(struct bytes a, struct bytes b)
{
	struct cborio_in x = {a.p, a.len}, y = {b.p, b.len};
	struct cborio_item i, j;

	if (!cborio_get(&x, &i) || !cborio_get(&y, &j) || i.kind != j.kind)
		return false;
	if (children(&i))
		return bytes_equal(a, b.p, b.len);
	return i.value == j.value && bytes_equal(i.bytes, j.bytes.p, j.bytes.len);
}

static bool check(struct cborio_in *in, unsigned int depth, enum cborio_fault *fault);

static bool check_map(struct cborio_in *in, uint64_t pairs, unsigned int depth,
		      enum cborio_fault *fault)
{
	struct bytes keys[CBORIO_MAX_PAIRS];

	if (pairs > CBORIO_MAX_PAIRS)
		return false;
	for (uint64_t n = 0; n < pairs; n++) {
		keys[n].p = in->p;
		if (!check(in, depth, fault))
			return false;
		keys[n].len = (size_t)(in->p - keys[n].p);
		for (uint64_t i = 0; i < n; i++)
			if (same_key(keys[i], keys[n]))
				worse(fault, CBORIO_DUPLICATE);
		if (!check(in, depth, fault))
			return false;
	}
	return true;
}

/* One item at this depth; false: malformed. */
static bool check(struct cborio_in *in, unsigned int depth, enum cborio_fault *fault)
{
	struct cborio_item item;

	if (depth > CBORIO_MAX_DEPTH || !cborio_get(in, &item))
		return false;
	if (item.kind == ITEM_TEXT && !is_utf8(item.bytes))
		worse(fault, CBORIO_BAD_TEXT);
	if (item.kind == ITEM_MAP)
		return check_map(in, item.value, depth + 1, fault);
	for (uint64_t n = children(&item); n; n--)
		if (!check(in, depth + 1, fault))
			return false;
	return true;
}

enum cborio_fault cborio_check(struct bytes in)
{
	enum cborio_fault fault = CBORIO_VALID;
	struct cborio_in c = {in.p, in.len};

	return check(&c, 0, &fault) && !c.len ? fault : CBORIO_MALFORMED;
}

/* ---- items ---- */

bool cborio_int(const struct cborio_item *item, int64_t *v)
{
	if ((item->kind != ITEM_UINT && item->kind != ITEM_NINT) || item->value > INT64_MAX)
		return false;
	*v = item->kind == ITEM_UINT ? (int64_t)item->value : -1 - (int64_t)item->value;
	return true;
}

bool cborio_is_label(const struct cborio_item *item)
{
	return item->kind == ITEM_UINT || item->kind == ITEM_NINT || item->kind == ITEM_TEXT;
}

bool cborio_same_label(const struct cborio_item *a, const struct cborio_item *b)
{
	return a->kind == b->kind && a->value == b->value &&
	       bytes_equal(a->bytes, b->bytes.p, b->bytes.len);
}

bool bytes_equal(struct bytes b, const void *data, size_t len)
{
	return b.len == len && (!len || !memcmp(b.p, data, len));
}

bool bytes_are_text(struct bytes b, const char *text)
{
	return bytes_equal(b, text, strlen(text));
}
