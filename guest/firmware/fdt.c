// SPDX-License-Identifier: BSD-3-Clause
/* fdt.c - as much of a flattened device tree (Devicetree Specification, 5) as a firmware needs. */
#include "guest/firmware/firmware.h"

#define MAGIC	    0xd00dfeedu
#define BEGIN_NODE  1u
#define END_NODE    2u
#define PROP	    3u
#define NOP	    4u
#define WORD	    4u
#define PROP_HEADER (3 * WORD)

/* Offsets of header fields. */
#define TOTALSIZE    4
#define OFF_STRUCT   8
#define OFF_STRINGS  12
#define SIZE_STRINGS 32
#define SIZE_STRUCT  36

static uint32_t get(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void put(void *p, uint32_t v)
{
	uint8_t *b = p;

	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (24 - 8 * i));
}

uint64_t fdt_cells(const uint8_t *p)
{
	return (uint64_t)get(p) << 32 | get(p + WORD);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static uint32_t length(const char *s)
{
	uint32_t n = 0;

	while (s[n])
		n++;
	return n;
}

static const uint8_t *after_name(const uint8_t *p)
{
	return p + WORD + (length((const char *)p + WORD) + WORD) / WORD * WORD;
}

static const uint8_t *after_prop(const uint8_t *p)
{
	return p + PROP_HEADER + (get(p + WORD) + WORD - 1) / WORD * WORD;
}

/* p: behind a node's name. */
static const uint8_t *prop_of(const void *fdt, const uint8_t *p, const char *name, uint32_t *len)
{
	const char *strings = (const char *)fdt + get((const uint8_t *)fdt + OFF_STRINGS);

	for (; get(p) == PROP || get(p) == NOP; p = get(p) == PROP ? after_prop(p) : p + WORD)
		if (get(p) == PROP && same(strings + get(p + 2 * WORD), name)) {
			*len = get(p + WORD);
			return p + PROP_HEADER;
		}
	return NULL;
}

static bool holds(const uint8_t *list, uint32_t len, const char *value)
{
	for (uint32_t i = 0; i < len; i += length((const char *)list + i) + 1)
		if (same((const char *)list + i, value))
			return true;
	return false;
}

const uint8_t *fdt_find(const void *fdt, const char *key, const char *value, const char *name,
			uint32_t *len)
{
	const uint8_t *p = (const uint8_t *)fdt, *list;
	unsigned int depth = 0;
	uint32_t n;

	if (get(p) != MAGIC)
		fail("no device tree");
	p += get(p + OFF_STRUCT);
	for (;;) {
		switch (get(p)) {
		case BEGIN_NODE:
			p = after_name(p);
			list = ++depth == 2 ? prop_of(fdt, p, key, &n) : NULL;
			if (list && holds(list, n, value))
				return prop_of(fdt, p, name, len);
			break;
		case END_NODE:
			depth--;
			p += WORD;
			break;
		case PROP:
			p = after_prop(p);
			break;
		case NOP:
			p += WORD;
			break;
		default:
			return NULL;
		}
	}
}

/* Where the properties of /chosen begin, which stands right below the root. */
static const uint8_t *find_chosen(const uint8_t *fdt)
{
	const uint8_t *p = fdt + get(fdt + OFF_STRUCT), *end = p + get(fdt + SIZE_STRUCT);

	while (p < end) {
		if (get(p) == BEGIN_NODE && same((const char *)p + WORD, "chosen"))
			return after_name(p);
		p = get(p) == BEGIN_NODE ? after_name(p)
		    : get(p) == PROP	 ? after_prop(p)
					 : p + WORD;
	}
	fail("no /chosen");
}

#define NAMES	   "linux,initrd-start\0linux,initrd-end"
#define START_LEN  19u
#define NEW_STRUCT (2 * (PROP_HEADER + 8))

static void put_prop(uint8_t *p, uint32_t name, uint64_t value)
{
	put(p, PROP);
	put(p + WORD, 8);
	put(p + 2 * WORD, name);
	put(p + 3 * WORD, (uint32_t)(value >> 32));
	put(p + 4 * WORD, (uint32_t)value);
}

/* Header and map of reservations as they are; then the structure, then the strings. */
uint32_t fdt_with_initrd(void *to, const void *from, uint64_t start, uint64_t end)
{
	const uint8_t *fdt = from, *chosen = find_chosen(fdt);
	uint32_t at = get(fdt + OFF_STRUCT), size = get(fdt + SIZE_STRUCT);
	uint32_t names = get(fdt + SIZE_STRINGS), head = (uint32_t)(chosen - fdt);
	uint32_t strings = at + size + NEW_STRUCT, total = strings + names + sizeof(NAMES);
	uint8_t *t = to;

	__builtin_memcpy(t, fdt, head);
	put_prop(t + head, names, start);
	put_prop(t + head + NEW_STRUCT / 2, names + START_LEN, end);
	__builtin_memcpy(t + head + NEW_STRUCT, chosen, at + size - head);
	__builtin_memcpy(t + strings, fdt + get(fdt + OFF_STRINGS), names);
	__builtin_memcpy(t + strings + names, NAMES, sizeof(NAMES));
	put(t + TOTALSIZE, total);
	put(t + OFF_STRINGS, strings);
	put(t + SIZE_STRINGS, names + sizeof(NAMES));
	put(t + SIZE_STRUCT, size + NEW_STRUCT);
	return total;
}
