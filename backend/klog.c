// SPDX-License-Identifier: BSD-3-Clause
/*
 * klog.c - finds the ring, then reads its records.
 *
 * The ring's control structure (struct printk_ringbuffer of Linux 5.10 and later) is two sizes,
 * three pointers and counters that must fit each other and what they point to. That is rare enough
 * to find it by looking at each word of private memory. A kernel may have two: the static one, and
 * a larger one to which it has moved; the one with more records is in use.
 *
 * A record is a descriptor, an info and text. The kernel writes while we read: a record is taken
 * only if its descriptor carries its number, and is whole.
 */
#include "backend/klog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define SCAN_MAX   (UINT64_C(256) << 20) /* bytes of private memory that are looked at */
#define PIECE	   (64u << 10)
#define TEXT_MAX   2048u
#define RECORD_MAX 65536u

#define ID_BITS	  62
#define ID_MASK	  MASK(ID_BITS - 1, 0)
#define KERNEL_VA UINT64_C(0xff)

enum { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

struct desc_ring {
	uint32_t count_bits, pad;
	uint64_t descs, infos, head_id, tail_id, last_finalized;
};
struct text_ring {
	uint32_t size_bits, pad;
	uint64_t data, head, tail;
};
struct ring {
	struct desc_ring desc;
	struct text_ring text;
};
_Static_assert(sizeof(struct ring) == 80, "struct printk_ringbuffer without its last member");

struct desc {
	uint64_t state, begin, next;
};

/* How each info begins; what follows differs from kernel to kernel: find_stride. */
struct info {
	uint64_t seq, nsec;
	uint16_t len;
	uint8_t facility, flags;
	uint32_t caller;
};
_Static_assert(sizeof(struct info) == 24, "struct printk_info");
#define LEVEL(info) ((info)->flags >> 5) /* a field of three bits, above five flags */
#define MIN_STRIDE  88u
#define MAX_STRIDE  256u

static bool is_kernel_va(uint64_t va)
{
	return va >> 56 == KERNEL_VA && !(va & 7);
}

static uint64_t num_records(const struct desc_ring *d)
{
	return (d->head_id - d->tail_id) & ID_MASK;
}

/* Since the first one, which has the number -(1 << count_bits). */
static uint64_t ever(const struct desc_ring *d)
{
	return (d->head_id + BIT(d->count_bits) + 1) & ID_MASK;
}

static bool is_ring(const struct ring *r)
{
	return r->desc.count_bits >= 5 && r->desc.count_bits <= 25 && !r->desc.pad &&
	       r->text.size_bits >= 10 && r->text.size_bits <= 31 && !r->text.pad &&
	       is_kernel_va(r->desc.descs) && is_kernel_va(r->desc.infos) &&
	       is_kernel_va(r->text.data & ~UINT64_C(7)) && !(r->desc.head_id >> ID_BITS) &&
	       !(r->desc.tail_id >> ID_BITS) && num_records(&r->desc) < BIT(r->desc.count_bits) &&
	       r->text.head - r->text.tail <= BIT(r->text.size_bits);
}

/* ---- where it is ---- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* What it points to is there: three tables, and the newest descriptor has its number. */
static bool points_well(struct guest_memory *m, const struct ring *r)
{
	uint64_t n = BIT(r->desc.count_bits), text = BIT(r->text.size_bits);
	struct desc d;

	return !overlap(r->desc.descs, n * sizeof(d), r->desc.infos, n * MIN_STRIDE) &&
	       !overlap(r->desc.descs, n * sizeof(d), r->text.data, text) &&
	       !overlap(r->desc.infos, n * MIN_STRIDE, r->text.data, text) &&
	       guest_memory_read(m, r->desc.descs + (r->desc.head_id & (n - 1)) * sizeof(d), &d,
				 sizeof(d)) &&
	       (d.state & ID_MASK) == r->desc.head_id;
}

/* The best ring among those that begin in this piece; the words after it may be looked at. */
static void look_at(struct guest_memory *m, const uint64_t *piece, size_t words, struct ring *best,
		    bool *found)
{
	struct ring r;

	for (size_t i = 0; i + sizeof(r) / 8 <= words; i++) {
		if (piece[i] < 5 || piece[i] > 25)
			continue;
		memcpy(&r, piece + i, sizeof(r));
		if (!is_ring(&r) || (*found && ever(&r.desc) <= ever(&best->desc)) ||
		    !points_well(m, &r))
			continue;
		*best = r;
		*found = true;
	}
}

static bool find_ring(struct guest_memory *m, struct ring *best)
{
	const size_t room = PIECE + sizeof(*best);
	uint64_t *piece = malloc(room), left = SCAN_MAX;
	struct rmm_range r;
	bool found = false;

	for (uint64_t ipa = 0; piece && left && rmm_inspect_range(m->rmm, m->rd, ipa, &r);
	     ipa = r.end) {
		if (strcmp(r.hipas, "ASSIGNED") || !r.ripas || strcmp(r.ripas, "RAM"))
			continue;
		for (uint64_t at = r.ipa; at < r.end && left; at += PIECE) {
			size_t n =
				rmm_inspect_read(m->rmm, m->rd, at, piece, MIN(room, r.end - at));

			look_at(m, piece, n / sizeof(*piece), best, &found);
			left -= MIN(left, n);
		}
	}
	free(piece);
	return found;
}

/* ---- what is in it ---- */

static uint64_t index_of(const struct ring *r, uint64_t id)
{
	return id & (BIT(r->desc.count_bits) - 1);
}

/* False: the record is not there, or not whole. */
static bool read_desc(struct guest_memory *m, const struct ring *r, uint64_t id, struct desc *d)
{
	uint64_t state;

	if (!guest_memory_read(m, r->desc.descs + index_of(r, id) * sizeof(*d), d, sizeof(*d)))
		return false;
	state = d->state >> ID_BITS;
	return (d->state & ID_MASK) == id && (state == DESC_COMMITTED || state == DESC_FINALIZED);
}

static bool read_info(struct guest_memory *m, const struct ring *r, uint64_t id, size_t stride,
		      struct info *info)
{
	return guest_memory_read(m, r->desc.infos + index_of(r, id) * stride, info, sizeof(*info));
}

/* Bytes from one info to the next: so that neighbours have numbers that follow each other. */
static size_t find_stride(struct guest_memory *m, const struct ring *r)
{
	uint64_t id = (r->desc.head_id - 1) & ID_MASK;
	struct info a, b;

	for (size_t n = MIN_STRIDE; n <= MAX_STRIDE; n += sizeof(uint64_t))
		if (read_info(m, r, id - 1, n, &a) && read_info(m, r, id, n, &b) &&
		    b.seq == a.seq + 1 && b.len && b.len <= TEXT_MAX && b.nsec >= a.nsec)
			return n;
	return MIN_STRIDE;
}

/* The record's text; how long it is, or -1: there is none. */
static int read_text(struct guest_memory *m, const struct ring *r, uint64_t id, size_t stride,
		     struct info *info, char text[TEXT_MAX])
{
	uint64_t mask = BIT(r->text.size_bits) - 1, at;
	struct desc d;

	if (!read_desc(m, r, id, &d) || !read_info(m, r, id, stride, info))
		return -1;
	if (d.begin & 1)
		return 0; /* without text */
	/* A block that would not fit at the end lies at the beginning. */
	at = (d.begin ^ d.next) & ~mask && d.next & mask ? 0 : d.begin & mask;
	at += sizeof(uint64_t); /* its number */
	if (info->len > TEXT_MAX || at + info->len > mask + 1 ||
	    !guest_memory_read(m, r->text.data + at, text, info->len))
		return -1;
	return info->len;
}

/* A line of the text as the console shows it. */
static void add_line(json_t *lines, const struct info *info, const char *text, size_t len)
{
	char line[TEXT_MAX + 40];
	int n = snprintf(line, sizeof(line), "[%5" PRIu64 ".%06" PRIu64 "] ",
			 info->nsec / 1000000000, info->nsec / 1000 % 1000000);

	for (size_t i = 0; i < len; i++)
		line[n++] = text[i] == '\t' || (text[i] >= ' ' && text[i] < 0x7f) ? text[i] : '?';
	json_array_append_new(lines, json_stringn(line, (size_t)n));
}

static void add_record(json_t *lines, const struct info *info, const char *text, size_t len)
{
	const char *end;

	while ((end = memchr(text, '\n', len))) {
		add_line(lines, info, text, (size_t)(end - text));
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	add_line(lines, info, text, len);
}

json_t *klog_read(struct guest_memory *m, size_t max, unsigned int below)
{
	char text[TEXT_MAX];
	json_t *lines;
	struct info info;
	struct ring r = {0};
	size_t stride;
	uint64_t n;
	int len;

	if (!find_ring(m, &r))
		return NULL;
	stride = find_stride(m, &r);
	lines = json_array();
	n = MIN(num_records(&r.desc), RECORD_MAX);
	n = MIN(n, max ? max - 1 : 0);
	for (uint64_t id = r.desc.head_id - n;; id++) {
		len = read_text(m, &r, id & ID_MASK, stride, &info, text);
		if (len >= 0 && LEVEL(&info) < below)
			add_record(lines, &info, text, (size_t)len);
		if ((id & ID_MASK) == r.desc.head_id)
			break;
	}
	while (json_array_size(lines) > max)
		json_array_remove(lines, 0);
	return lines;
}
