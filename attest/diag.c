// SPDX-License-Identifier: BSD-3-Clause
/* diag.c - CBOR in diagnostic notation. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "attest/diag.h"

static void put_text(FILE *f, struct bytes text)
{
	json_t *j = json_stringn((const char *)text.p, text.len);
	char *quoted = j ? json_dumps(j, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	fputs(quoted ?: "(not UTF-8)", f);
	free(quoted);
	json_decref(j);
}

static void put_bytes(FILE *f, struct bytes b)
{
	fputs("h'", f);
	for (size_t i = 0; i < b.len; i++)
		fprintf(f, "%02x", b.p[i]);
	fputc('\'', f);
}

static void put_simple(FILE *f, uint64_t value)
{
	static const char *const names[] = {"false", "true", "null", "undefined"};

	if (value >= CBORIO_FALSE && value < CBORIO_FALSE + 4)
		fputs(names[value - CBORIO_FALSE], f);
	else
		fprintf(f, "simple(%" PRIu64 ")", value);
}

/* No more than the bits: a float of 2, 4 or 8 bytes. */
static void put_float(FILE *f, const struct cborio_item *item)
{
	fprintf(f, "float'");
	for (size_t i = 0; i < item->bytes.len; i++)
		fprintf(f, "%02x", item->bytes.p[i]);
	fputc('\'', f);
}

static bool put_items(FILE *f, struct cborio_in *in, const struct cborio_item *head)
{
	bool map = head->kind == ITEM_MAP;

	fputc(map ? '{' : '[', f);
	for (uint64_t i = 0; i < head->value; i++) {
		fputs(i ? ", " : "", f);
		if (!diag_item(f, in))
			return false;
		if (map && (fputs(": ", f) < 0 || !diag_item(f, in)))
			return false;
	}
	fputc(map ? '}' : ']', f);
	return true;
}

bool diag_item(FILE *f, struct cborio_in *in)
{
	struct cborio_in inside;
	struct cborio_item item;

	if (!cborio_get(in, &item))
		return false;
	inside = *in;
	if (!cborio_skip(&inside, &item)) /* nested too deep to be written */
		return false;
	switch (item.kind) {
	case ITEM_UINT:
		fprintf(f, "%" PRIu64, item.value);
		break;
	case ITEM_NINT:
		if (item.value == UINT64_MAX)
			fputs("-18446744073709551616", f);
		else
			fprintf(f, "-%" PRIu64, item.value + 1);
		break;
	case ITEM_BYTES:
		put_bytes(f, item.bytes);
		break;
	case ITEM_TEXT:
		put_text(f, item.bytes);
		break;
	case ITEM_ARRAY:
	case ITEM_MAP:
		return put_items(f, in, &item);
	case ITEM_TAG:
		fprintf(f, "%" PRIu64 "(", item.value);
		if (!diag_item(f, in))
			return false;
		fputc(')', f);
		break;
	case ITEM_SIMPLE:
		put_simple(f, item.value);
		break;
	case ITEM_FLOAT:
		put_float(f, &item);
		break;
	}
	return true;
}

char *diag_text(struct cborio_in in)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (!diag_item(f, &in))
		fputs(" (malformed)", f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
