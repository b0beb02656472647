// SPDX-License-Identifier: BSD-3-Clause
/* cborio.c - writing and reading CBOR item by item, over libcbor's streaming calls. */
#include <cbor.h>
#include <string.h>

#include "attest/cborio.h"

/* Account for n bytes that an encoder has just written; encoders answer 0 when out of room. */
static void advance(struct cborio_out *o, size_t n)
{
	if (!n)
		o->full = true;
	o->len += n;
}

void cborio_put_int(struct cborio_out *o, int64_t v)
{
	if (v >= 0)
		advance(o, cbor_encode_uint((uint64_t)v, o->p + o->len, o->cap - o->len));
	else
		advance(o, cbor_encode_negint(~(uint64_t)v, o->p + o->len, o->cap - o->len));
}

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

void cborio_put_bytes(struct cborio_out *o, const void *data, size_t len)
{
	advance(o, cbor_encode_bytestring_start(len, o->p + o->len, o->cap - o->len));
	cborio_put_raw(o, data, len);
}

void cborio_put_text(struct cborio_out *o, const char *text)
{
	advance(o, cbor_encode_string_start(strlen(text), o->p + o->len, o->cap - o->len));
	cborio_put_raw(o, text, strlen(text));
}

void cborio_put_array(struct cborio_out *o, size_t items)
{
	advance(o, cbor_encode_array_start(items, o->p + o->len, o->cap - o->len));
}

void cborio_put_map(struct cborio_out *o, size_t pairs)
{
	advance(o, cbor_encode_map_start(pairs, o->p + o->len, o->cap - o->len));
}

void cborio_put_tag(struct cborio_out *o, uint64_t tag)
{
	advance(o, cbor_encode_tag(tag, o->p + o->len, o->cap - o->len));
}

/* What the callbacks of one decoding step leave: valid stays false for indefinite items. */
struct step {
	struct cborio_item item;
	bool valid;
};

static void set(void *ctx, enum cborio_kind kind, uint64_t value)
{
	struct step *s = ctx;

	s->item.kind = kind;
	s->item.value = value;
	s->valid = true;
}

static void set_bytes(void *ctx, enum cborio_kind kind, const uint8_t *p, size_t len)
{
	set(ctx, kind, 0);
	((struct step *)ctx)->item.bytes = (struct bytes){p, len};
}

static void on_uint8(void *ctx, uint8_t v) { set(ctx, ITEM_UINT, v); }
static void on_uint16(void *ctx, uint16_t v) { set(ctx, ITEM_UINT, v); }
static void on_uint32(void *ctx, uint32_t v) { set(ctx, ITEM_UINT, v); }
static void on_uint64(void *ctx, uint64_t v) { set(ctx, ITEM_UINT, v); }
static void on_negint8(void *ctx, uint8_t v) { set(ctx, ITEM_NINT, v); }
static void on_negint16(void *ctx, uint16_t v) { set(ctx, ITEM_NINT, v); }
static void on_negint32(void *ctx, uint32_t v) { set(ctx, ITEM_NINT, v); }
static void on_negint64(void *ctx, uint64_t v) { set(ctx, ITEM_NINT, v); }
static void on_bytes(void *ctx, cbor_data p, size_t n) { set_bytes(ctx, ITEM_BYTES, p, n); }
static void on_text(void *ctx, cbor_data p, size_t n) { set_bytes(ctx, ITEM_TEXT, p, n); }
static void on_array(void *ctx, size_t n) { set(ctx, ITEM_ARRAY, n); }
static void on_map(void *ctx, size_t n) { set(ctx, ITEM_MAP, n); }
static void on_tag(void *ctx, uint64_t v) { set(ctx, ITEM_TAG, v); }
static void on_float(void *ctx, float v) { set(ctx, ITEM_OTHER, 0); }
static void on_double(void *ctx, double v) { set(ctx, ITEM_OTHER, 0); }
static void on_simple(void *ctx) { set(ctx, ITEM_OTHER, 0); }
static void on_bool(void *ctx, bool v) { set(ctx, ITEM_OTHER, 0); }
static void on_indefinite(void *ctx) { ((struct step *)ctx)->valid = false; }

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string = on_bytes,
	.byte_string_start = on_indefinite,
	.string = on_text,
	.string_start = on_indefinite,
	.array_start = on_array,
	.indef_array_start = on_indefinite,
	.map_start = on_map,
	.indef_map_start = on_indefinite,
	.tag = on_tag,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_simple,
	.null = on_simple,
	.boolean = on_bool,
	.indef_break = on_indefinite,
};

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

/* Decode the head at in->p; number of bytes it takes with a string's contents, 0: malformed. */
static size_t decode(const struct cborio_in *in, struct step *s)
{
	struct cbor_decoder_result r;

	/* libcbor 0.8 takes one-byte tags that were unassigned once, 18 among them, for errors. */
	if (in->p[0] >= 0xc0 && in->p[0] < 0xd8) {
		on_tag(s, in->p[0] - 0xc0);
		return 1;
	}
	r = cbor_stream_decode(in->p, in->len, &callbacks, s);
	return r.status == CBOR_DECODER_FINISHED && s->valid && r.read <= in->len ? r.read : 0;
}

bool cborio_get(struct cborio_in *in, struct cborio_item *item)
{
	struct step s = {.valid = false};
	size_t n = in->len ? decode(in, &s) : 0;

	if (!n)
		return false;
	in->p += n;
	in->len -= n;
	*item = s.item;
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

bool cborio_int(const struct cborio_item *item, int64_t *v)
{
	if ((item->kind != ITEM_UINT && item->kind != ITEM_NINT) || item->value > INT64_MAX)
		return false;
	*v = item->kind == ITEM_UINT ? (int64_t)item->value : -1 - (int64_t)item->value;
	return true;
}

bool bytes_equal(struct bytes b, const void *data, size_t len)
{
	return b.len == len && (!len || !memcmp(b.p, data, len));
}

bool bytes_are_text(struct bytes b, const char *text)
{
	return bytes_equal(b, text, strlen(text));
}
