// SPDX-License-Identifier: BSD-3-Clause
/*
 * world_ops.c - what the hostile host does: single commands with arguments by their names in the
 * dispatch rows, and longer operations that lead to states which single ones rarely reach.
 */
#include <stdlib.h>

#include "base/bits.h"
#include "fuzz/world.h"
#include "rmm/call.h"
#include "rmm/rules.h"

/* ---- single commands ---- */

static void command(struct world *w, const struct rmi_row *row)
{
	uint64_t args[RMI_MAX_ARGS];

	for (unsigned int i = 0; i < row->nargs; i++)
		args[i] = arg_take(&w->in, &w->pool, arg_kind(row->args[i], false));
	if (row->fid == RMI_REC_ENTER && w->depth > 1)
		return;
	world_smc(w, row->fid, args, row->nargs);
}

static void raw_smc(struct world *w)
{
	uint32_t fid = input_u32(&w->in);
	uint64_t args[4];

	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = arg_take(&w->in, &w->pool, ARG_GRANULE);
	if ((fid & 0xfffeffff) == RMI_REC_ENTER && w->depth > 1)
		return;
	world_smc(w, fid, args, ARRAY_SIZE(args));
}

/* ---- structures in the host's memory ---- */

static struct rmi_realm_params good_params(struct world *w, unsigned int slot, unsigned int conf)
{
	static const struct size {
		uint8_t s2sz;
		int8_t level;
		uint8_t tables;
	} without[] = {{48, 0, 1},  {40, 1, 2},	 {33, 1, 1}, {32, 1, 1},
		       {34, 2, 16}, {43, 1, 16}, {39, 1, 1}, {48, 0, 1}},
	  with[] = {{52, -1, 1}, {52, 0, 16}, {49, -1, 1}, {49, 0, 2},
		    {34, 2, 16}, {43, 1, 16}, {39, 1, 1},  {48, 0, 1}};
	const struct size *sizes = w->lpa2 ? with : without;
	unsigned int n = conf % ARRAY_SIZE(with);

	_Static_assert(ARRAY_SIZE(with) == ARRAY_SIZE(without), "sizes");
	return (struct rmi_realm_params){
		.flags = w->lpa2 ? RMI_REALM_FLAG_LPA2 : 0,
		.s2sz = sizes[n].s2sz,
		.num_bps = 5,
		.num_wps = 3,
		.hash_algo = conf >> 3 & 1,
		.vmid = slot,
		.rtt_base = pool_page(&w->pool, slot * SLOT_PAGES + SLOT_TABLES),
		.rtt_level_start = sizes[n].level,
		.rtt_num_start = sizes[n].tables,
	};
}

/* Realm parameters of a slot's realm, with one field as the input likes it. */
static void realm_params(struct world *w)
{
	uint64_t pa = arg_take(&w->in, &w->pool, ARG_GRANULE);
	unsigned int slot = input_u8(&w->in) % WORLD_SLOTS, conf = input_u8(&w->in);
	struct rmi_realm_params p = good_params(w, slot, conf);
	unsigned int field = input_u8(&w->in);
	uint64_t v = arg_take(&w->in, &w->pool, ARG_SMALL);

	switch (field % 16) {
	case 1:
		p.flags = v;
		p.sve_vl = p.pmu_num_ctrs = input_u8(&w->in);
		break;
	case 2:
		p.s2sz = v;
		break;
	case 3:
		p.num_bps = v;
		break;
	case 4:
		p.num_wps = v;
		break;
	case 5:
		p.hash_algo = v;
		break;
	case 6:
		p.vmid = v;
		break;
	case 7:
		p.rtt_base = arg_take(&w->in, &w->pool, ARG_GRANULE);
		break;
	case 8:
		p.rtt_level_start = v;
		break;
	case 9:
		p.rtt_num_start = v;
		break;
	case 10:
		memset(p.rpv, v, sizeof(p.rpv));
		break;
	}
	if (world_is_host(w, pa))
		memcpy(world_va(w, pa), &p, sizeof(p));
}

static struct rmi_rec_params good_rec(struct world *w, unsigned int aux_page, unsigned int index)
{
	struct rmi_rec_params p = {
		.flags = RMI_REC_FLAG_RUNNABLE,
		.mpidr = (index & 15) | (index >> 4) << 8,
		.pc = 0x40000000,
		.num_aux = RMI_MAX_REC_AUX,
	};

	for (int i = 0; i < RMI_MAX_REC_AUX; i++)
		p.aux[i] = pool_page(&w->pool, aux_page + i);
	return p;
}

static void rec_params(struct world *w)
{
	uint64_t pa = arg_take(&w->in, &w->pool, ARG_GRANULE);
	unsigned int slot = input_u8(&w->in) % WORLD_SLOTS, index = input_u8(&w->in);
	struct rmi_rec_params p =
		good_rec(w, slot * SLOT_PAGES + SLOT_AUX + 16 * (index % SLOT_RECS), index);
	unsigned int field = input_u8(&w->in);
	uint64_t v = arg_take(&w->in, &w->pool, ARG_SMALL);

	switch (field % 8) {
	case 1:
		p.flags = v;
		break;
	case 2:
		p.mpidr = v;
		break;
	case 3:
		p.num_aux = v;
		break;
	case 4:
		p.aux[v % RMI_MAX_REC_AUX] = arg_take(&w->in, &w->pool, ARG_GRANULE);
		break;
	case 5:
		p.pc = arg_take(&w->in, &w->pool, ARG_IPA);
		break;
	case 6:
		memset(p.gprs, v, sizeof(p.gprs));
		break;
	}
	if (world_is_host(w, pa))
		memcpy(world_va(w, pa), &p, sizeof(p));
}

/* The host's part of a run page: flags, then list registers and HCR if the input wants them. */
static void enter_args(struct world *w, uint64_t run)
{
	unsigned int flags = input_u8(&w->in);
	struct rmi_rec_enter e = {.flags = flags & 0x1f};

	memset(e.gprs, flags, sizeof(e.gprs));
	if (flags & 0x20)
		for (int i = 0; i < ENGINE_NUM_LRS; i++)
			e.gicv3_lrs[i] = (uint64_t)input_u16(&w->in) << 48 |
					 (uint64_t)input_u16(&w->in) << 32 | input_u16(&w->in);
	if (flags & 0x40)
		e.gicv3_hcr = input_u32(&w->in);
	if (flags & 0x80)
		e.flags |= arg_take(&w->in, &w->pool, ARG_SMALL);
	if (world_is_host(w, run))
		memcpy(world_va(w, run), &e, sizeof(e));
}

/* ---- longer operations ---- */

static void delegate_range(struct world *w, bool back)
{
	uint64_t pa = arg_take(&w->in, &w->pool, ARG_GRANULE);
	unsigned int n = input_u8(&w->in);

	for (unsigned int i = 0; i < n; i++) {
		if (back)
			WORLD_QUICK(w, GRANULE_UNDELEGATE, pa + i * GRANULE_SIZE);
		else
			WORLD_QUICK(w, GRANULE_DELEGATE, pa + i * GRANULE_SIZE);
	}
	if (!w->depth)
		world_check(w);
}

static void make_rec(struct world *w, uint64_t rd, uint64_t rec, unsigned int aux_page,
		     unsigned int index)
{
	uint64_t params = pool_page(&w->pool, REC_PARAMS_PAGE);
	struct rmi_rec_params p = good_rec(w, aux_page, index);

	if (!world_is_host(w, params))
		return;
	memcpy(world_va(w, params), &p, sizeof(p));
	for (int i = 0; i < RMI_MAX_REC_AUX; i++)
		WORLD_QUICK(w, GRANULE_DELEGATE, p.aux[i]);
	WORLD_QUICK(w, GRANULE_DELEGATE, rec);
	WORLD_QUICK(w, REC_CREATE, rd, rec, params);
}

void world_make_realm(struct world *w, unsigned int slot, uint8_t conf)
{
	uint64_t params = pool_page(&w->pool, REALM_PARAMS_PAGE);
	unsigned int first = slot * SLOT_PAGES;
	struct rmi_realm_params p = good_params(w, slot, conf);
	uint64_t rd = pool_page(&w->pool, first + SLOT_RD);

	if (!world_is_host(w, params))
		return;
	memcpy(world_va(w, params), &p, sizeof(p));
	WORLD_QUICK(w, GRANULE_DELEGATE, rd);
	for (unsigned int i = 0; i < p.rtt_num_start; i++)
		WORLD_QUICK(w, GRANULE_DELEGATE, p.rtt_base + i * GRANULE_SIZE);
	WORLD_QUICK(w, REALM_CREATE, rd, params);
	if (!w->why)
		w->pool.ipa_bits = p.s2sz;
	for (unsigned int i = 0; i < (conf >> 4 & 3); i++)
		make_rec(w, rd, pool_page(&w->pool, first + SLOT_REC + i),
			 first + SLOT_AUX + 16 * i, i);
	if (conf & CONF_ACTIVE)
		WORLD_QUICK(w, REALM_ACTIVATE, rd);
	if (!w->depth)
		world_check(w);
}

static uint64_t slot_rd(struct world *w)
{
	return pool_page(&w->pool, input_u8(&w->in) % WORLD_SLOTS * SLOT_PAGES);
}

/* A loose page that is the host's: delegated, its PA; or 0. */
static uint64_t take_loose(struct world *w)
{
	for (unsigned int i = LOOSE_PAGE; i < REALM_PARAMS_PAGE; i++) {
		uint64_t pa = pool_page(&w->pool, i);

		if (world_is_host(w, pa)) {
			WORLD_QUICK(w, GRANULE_DELEGATE, pa);
			return pa;
		}
	}
	return 0;
}

/* Tables down to `level` for an IPA. */
static void make_tables(struct world *w, uint64_t rd, uint64_t ipa, int level)
{
	for (int l = w->lpa2 ? 0 : 1; l <= level; l++) {
		uint64_t rtt = take_loose(w);

		WORLD_QUICK(w, RTT_CREATE, rd, rtt, ALIGN_DOWN(ipa, BIT(12 + 9 * (4 - l))), l);
		if (w->why)
			WORLD_QUICK(w, GRANULE_UNDELEGATE, rtt);
	}
}

static void make_page(struct world *w, uint64_t rd, uint64_t ipa)
{
	uint64_t data;

	make_tables(w, rd, ipa, 3);
	WORLD_QUICK(w, RTT_INIT_RIPAS, rd, ipa, ipa + GRANULE_SIZE);
	data = take_loose(w);
	WORLD_QUICK(w, DATA_CREATE_UNKNOWN, rd, data, ipa);
	if (w->why)
		WORLD_QUICK(w, GRANULE_UNDELEGATE, data);
}

/* A table full of pages that follow each other: it can be folded. */
static void fill_table(struct world *w, uint64_t rd, uint64_t ipa)
{
	ipa = ALIGN_DOWN(ipa, BIT(21));
	make_tables(w, rd, ipa, 3);
	WORLD_QUICK(w, RTT_INIT_RIPAS, rd, ipa, ipa + BIT(21));
	for (unsigned int i = 0; i < 512; i++) {
		uint64_t data = pool_page(&w->pool, BLOCK_PAGE + i);

		WORLD_QUICK(w, GRANULE_DELEGATE, data);
		WORLD_QUICK(w, DATA_CREATE_UNKNOWN, rd, data, ipa + i * GRANULE_SIZE);
	}
}

static void fill_ns_table(struct world *w, uint64_t rd, uint64_t ipa)
{
	const uint64_t attrs = 7 << 2 | 3 << 6;
	uint64_t pa = pool_page(&w->pool, BLOCK_PAGE);

	ipa = ALIGN_DOWN(ipa, BIT(21));
	make_tables(w, rd, ipa, 3);
	for (unsigned int i = 0; i < 512; i++)
		WORLD_QUICK(w, RTT_MAP_UNPROTECTED, rd, ipa + i * GRANULE_SIZE, 3,
			    (pa + i * GRANULE_SIZE) | attrs);
}

static void many_recs(struct world *w, uint64_t rd)
{
	unsigned int n = input_u8(&w->in) % 40;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int page = MANY_RECS_PAGE + i * (RMI_MAX_REC_AUX + 1);

		make_rec(w, rd, pool_page(&w->pool, page), page + 1, i);
	}
}

static void enter(struct world *w)
{
	unsigned int which = input_u8(&w->in);
	unsigned int first = which % WORLD_SLOTS * SLOT_PAGES, n = which / WORLD_SLOTS % SLOT_RECS;
	uint64_t run = pool_page(&w->pool, first + SLOT_RUN + n);

	enter_args(w, run);
	if (w->depth <= 1)
		WORLD_RMI(w, REC_ENTER, pool_page(&w->pool, first + SLOT_REC + n), run);
}

/* ---- */

static const struct rmi_row *find_row(uint8_t op)
{
	for (size_t i = 0; i < rmi_num_rows; i++)
		if ((rmi_rows[i].fid & 0xff) == op)
			return &rmi_rows[i];
	return NULL;
}

static void longer_op(struct world *w, enum world_op op)
{
	uint64_t rd = slot_rd(w);
	uint64_t ipa = op == OP_MANY_RECS ? 0 : arg_take(&w->in, &w->pool, ARG_IPA);

	if (op == OP_MAKE_TABLES)
		make_tables(w, rd, ipa, input_u8(&w->in) % 4);
	else if (op == OP_MAKE_PAGE)
		make_page(w, rd, ipa);
	else if (op == OP_FILL_TABLE)
		fill_table(w, rd, ipa);
	else if (op == OP_FILL_NS_TABLE)
		fill_ns_table(w, rd, ipa);
	else
		many_recs(w, rd);
	if (!w->depth)
		world_check(w);
}

void world_host_op(struct world *w)
{
	uint8_t op = input_u8(&w->in);
	const struct rmi_row *row = find_row(op);
	unsigned int slot;

	if (row) {
		command(w, row);
		return;
	}
	switch ((enum world_op)op) {
	case OP_RAW_SMC:
		raw_smc(w);
		break;
	case OP_REALM_PARAMS:
		realm_params(w);
		break;
	case OP_REC_PARAMS:
		rec_params(w);
		break;
	case OP_ENTER_ARGS:
		enter_args(w, arg_take(&w->in, &w->pool, ARG_GRANULE));
		break;
	case OP_DELEGATE_RANGE:
		delegate_range(w, false);
		break;
	case OP_UNDELEGATE_RANGE:
		delegate_range(w, true);
		break;
	case OP_MAKE_REALM:
		slot = input_u8(&w->in) % WORLD_SLOTS;
		world_make_realm(w, slot, input_u8(&w->in));
		break;
	case OP_MAKE_TABLES:
	case OP_MAKE_PAGE:
	case OP_FILL_TABLE:
	case OP_FILL_NS_TABLE:
	case OP_MANY_RECS:
		longer_op(w, op);
		break;
	case OP_KICK:
		pe_kick(w->pe);
		break;
	case OP_UNKICK:
		pe_clear(w->pe);
		break;
	case OP_ENTER:
		enter(w);
		break;
	}
}
