// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_rsi.c - a hostile realm: calls and exits with any contents, in a realm that runs already.
 *
 * Input: a byte that chooses the realm, then turns: 0x01..0x7f and 0xc0..0xff enter the REC that
 * the low bits choose, and the steps that the realm takes follow; 0x80..0xbf is an operation of
 * the host (world.h), whose first byte follows.
 */
#include "base/bits.h"
#include "fuzz/seen.h"
#include "fuzz/world.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	return 0;
}

/* Pages at 1 GiB, and a page of the host at the same place of the unprotected half. */
static void prepare(struct world *w, uint8_t conf)
{
	static const uint8_t pages[] = {
		OP_MAKE_REALM,
		0,
		0,
		OP_MAKE_PAGE,
		0,
		REGION_RAM_PAGE << 4,
		OP_MAKE_PAGE,
		0,
		REGION_RAM_PAGE << 4 | 1,
		OP_MAKE_TABLES,
		0,
		REGION_UPPER_PAGE << 4,
		3,
	};
	struct input in = w->in;
	uint8_t script[sizeof(pages)];

	memcpy(script, pages, sizeof(pages));
	script[2] = 0x30 | (conf & 0xf);
	w->in = (struct input){script, script + sizeof(script)};
	while (input_left(&w->in))
		world_host_op(w);
	w->in = in;
	WORLD_RMI(w, RTT_MAP_UNPROTECTED, pool_page(&w->pool, 0), BIT(w->pool.ipa_bits - 1), 3,
		  pool_page(&w->pool, LOOSE_PAGE + 20) | 7 << 2 | 3 << 6);
	WORLD_RMI(w, REALM_ACTIVATE, pool_page(&w->pool, 0));
}

static void enter(struct world *w, unsigned int n)
{
	uint64_t run = pool_page(&w->pool, SLOT_RUN + n);
	unsigned int flags = input_u8(&w->in);
	struct rmi_rec_enter *e = world_va(w, run);

	if (!world_is_host(w, run))
		return;
	memset(e, 0, sizeof(*e));
	e->flags = flags & 0x1f;
	memset(e->gprs, flags, sizeof(e->gprs));
	if (flags & 0x20)
		e->gicv3_lrs[n] = BIT(62) | BIT(60) | input_u8(&w->in);
	if (flags & 0x40)
		pe_clear(w->pe);
	if (flags & 0x80)
		pe_kick(w->pe);
	WORLD_RMI(w, REC_ENTER, pool_page(&w->pool, SLOT_REC + n), run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct world_platform platform = {.attests = true};
	struct world w;
	uint8_t b;

	if (!size)
		return 0;
	world_begin(&w, data + 1, size - 1, &platform);
	prepare(&w, data[0]);
	while (input_left(&w.in)) {
		b = input_u8(&w.in);
		if (b >> 6 == 2)
			world_host_op(&w);
		else
			enter(&w, b % SLOT_RECS);
	}
	world_end(&w);
	return 0;
}
