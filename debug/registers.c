// SPDX-License-Identifier: BSD-3-Clause
/* registers.c - GDB's numbers for registers, and what lies behind them. */
#include "debug/registers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "base/hex.h"

enum {
	REG_X0 = 0,
	REG_SP = 31,
	REG_PC = GENERAL_PC,
	REG_CPSR = GENERAL_PSTATE,
	REG_V0 = 34,
	REG_FPSR = 66,
	REG_FPCR,
	REG_PAUTH,
	REG_SYS = REG_PAUTH + 4,
	REG_NUM = REG_SYS + ENGINE_NUM_SYSREGS,
};

#define PSTATE_SPSEL BIT(0)

/* All that a vCPU has. */
struct all {
	struct general general;
	uint64_t sys[ENGINE_NUM_SYSREGS];
	struct engine_state state;
};

static bool read_vcpu(struct vcpu *v, struct all *all)
{
	memset(all, 0, sizeof(*all));
	if (!v)
		return true;
	return debug_vcpu_get_general(v, &all->general) && debug_vcpu_get_sysregs(v, all->sys) &&
	       debug_vcpu_get_state(v, &all->state);
}

static enum engine_sysreg sp_of(const struct general *g)
{
	uint64_t pstate = g->r[GENERAL_PSTATE];

	return (pstate & PSTATE_MODE) && (pstate & PSTATE_SPSEL) ? ENGINE_SP_EL1 : ENGINE_SP_EL0;
}

static uint64_t pauth_mask(const struct all *all, unsigned int n)
{
	const struct stage1 s = {.tcr = all->sys[ENGINE_TCR_EL1]};
	struct stage1_pauth m = stage1_pauth_masks(&s);
	const uint64_t masks[] = {m.data, m.code, m.data_high, m.code_high};

	return masks[n];
}

/* Its bytes, in the target's (little-endian) order; how many. */
static size_t value_of(const struct all *all, unsigned int n, uint8_t bytes[REGISTER_MAX_SIZE])
{
	uint64_t v[2] = {0};
	size_t size = 8;

	if (n == REG_SP) {
		v[0] = all->sys[sp_of(&all->general)];
	} else if (n < REG_V0) {
		v[0] = all->general.r[n];
		size = n == REG_CPSR ? 4 : 8;
	} else if (n < REG_FPSR) {
		memcpy(v, all->state.v[n - REG_V0], sizeof(v));
		size = 16;
	} else if (n <= REG_FPCR) {
		v[0] = all->state.reg[n == REG_FPSR ? ENGINE_FPSR : ENGINE_FPCR];
		size = 4;
	} else if (n < REG_SYS) {
		v[0] = pauth_mask(all, n - REG_PAUTH);
	} else {
		v[0] = all->sys[n - REG_SYS];
	}
	memcpy(bytes, v, size);
	return size;
}

static void answer_register(const struct all *all, unsigned int n, struct answer *a)
{
	uint8_t bytes[REGISTER_MAX_SIZE];

	answer_hex(a, bytes, value_of(all, n, bytes));
}

bool registers_read_all(struct vcpu *v, struct answer *a)
{
	struct all all;

	if (!read_vcpu(v, &all))
		return false;
	for (unsigned int n = 0; n <= REG_FPCR; n++)
		answer_register(&all, n, a);
	return true;
}

bool registers_read(struct vcpu *v, uint64_t n, struct answer *a)
{
	struct all all;

	if (n >= REG_NUM || !read_vcpu(v, &all))
		return false;
	answer_register(&all, (unsigned int)n, a);
	return true;
}

static bool write_state(struct vcpu *v, unsigned int n, const uint64_t value[2])
{
	struct engine_state s;

	if (!debug_vcpu_get_state(v, &s))
		return false;
	s.v_kept = UINT32_MAX;
	if (n < REG_FPSR) {
		memcpy(s.v[n - REG_V0], value, sizeof(s.v[0]));
		s.v_kept &= ~BIT(n - REG_V0);
	} else {
		s.reg[n == REG_FPSR ? ENGINE_FPSR : ENGINE_FPCR] = value[0];
	}
	return debug_vcpu_set_state(v, &s);
}

static bool write_sp(struct vcpu *v, uint64_t value)
{
	struct general g;

	return debug_vcpu_get_general(v, &g) && debug_vcpu_set_sysreg(v, sp_of(&g), value);
}

/* What an exception return from EL2 would have to refuse: another level, AArch32 at EL1. */
static bool is_pstate(uint64_t pstate)
{
	uint64_t mode = pstate & PSTATE_MODE;

	return (pstate & PSTATE_AARCH32) ? mode == PSTATE_EL0
					 : mode == PSTATE_EL0 || mode == 4 || mode == PSTATE_EL1H;
}

bool registers_write(struct vcpu *v, uint64_t n, const void *bytes, size_t len)
{
	uint8_t old[REGISTER_MAX_SIZE];
	const struct all none = {0};
	uint64_t value[2] = {0};

	if (!v || n >= REG_NUM || len != value_of(&none, (unsigned int)n, old))
		return false;
	memcpy(value, bytes, len);
	if (n == REG_SP)
		return write_sp(v, value[0]);
	if (n == REG_CPSR && !is_pstate(value[0]))
		return false;
	if (n < REG_V0)
		return debug_vcpu_set_general(v, (unsigned int)n, value[0]);
	if (n <= REG_FPCR)
		return write_state(v, (unsigned int)n, value);
	return n >= REG_SYS &&
	       debug_vcpu_set_sysreg(v, (enum engine_sysreg)(n - REG_SYS), value[0]);
}

bool registers_write_all(struct vcpu *v, const char *hex, size_t len)
{
	uint8_t bytes[REGISTER_MAX_SIZE];
	const struct all none = {0};
	size_t size, at = 0;

	for (unsigned int n = 0; n <= REG_FPCR; n++) {
		size = value_of(&none, n, bytes);
		if (at + 2 * size > len || hex_decode_len(hex + at, 2 * size, bytes, size) < 0 ||
		    !registers_write(v, n, bytes, size))
			return false;
		at += 2 * size;
	}
	return true;
}

/* ---- the description ---- */

struct text {
	size_t len;
	char data[12288];
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->data + t->len, sizeof(t->data) - t->len, format, args);
	va_end(args);
	t->len = MIN(t->len + (size_t)MAX(n, 0), sizeof(t->data) - 1);
}

static void add_register(struct text *t, const char *name, unsigned int n, unsigned int bits,
			 const char *rest)
{
	add(t, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\"%s/>", name, bits, n, rest);
}

static void add_numbered(struct text *t, const char *prefix, unsigned int first, unsigned int num,
			 unsigned int bits, const char *rest)
{
	char name[16];

	for (unsigned int i = 0; i < num; i++) {
		snprintf(name, sizeof(name), "%s%u", prefix, i);
		add_register(t, name, first + i, bits, rest);
	}
}

static void add_core(struct text *t)
{
	add(t, "<feature name=\"org.gnu.gdb.aarch64.core\">");
	add_numbered(t, "x", REG_X0, 31, 64, "");
	add_register(t, "sp", REG_SP, 64, " type=\"data_ptr\"");
	add_register(t, "pc", REG_PC, 64, " type=\"code_ptr\"");
	add_register(t, "cpsr", REG_CPSR, 32, "");
	add(t, "</feature>");
}

static void add_fpu(struct text *t)
{
	static const struct {
		const char *id, *of;
		unsigned int count;
	} vectors[] = {{"v2d", "ieee_double", 2}, {"v4f", "ieee_single", 4}, {"v16u", "uint8", 16},
		       {"v8u", "uint16", 8},	  {"v4u", "uint32", 4},	     {"v2u", "uint64", 2}};

	add(t, "<feature name=\"org.gnu.gdb.aarch64.fpu\">");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		add(t, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>", vectors[i].id, vectors[i].of,
		    vectors[i].count);
	add(t, "<union id=\"vec128\"><field name=\"d\" type=\"v2d\"/>"
	       "<field name=\"f\" type=\"v4f\"/><field name=\"b\" type=\"v16u\"/>"
	       "<field name=\"h\" type=\"v8u\"/><field name=\"s\" type=\"v4u\"/>"
	       "<field name=\"u\" type=\"v2u\"/></union>");
	add_numbered(t, "v", REG_V0, 32, 128, " type=\"vec128\"");
	add_register(t, "fpsr", REG_FPSR, 32, "");
	add_register(t, "fpcr", REG_FPCR, 32, "");
	add(t, "</feature>");
}

static void add_pauth(struct text *t)
{
	static const char *const names[] = {"pauth_dmask", "pauth_cmask", "pauth_dmask_high",
					    "pauth_cmask_high"};

	add(t, "<feature name=\"org.gnu.gdb.aarch64.pauth_v2\">");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		add_register(t, names[i], REG_PAUTH + i, 64, "");
	add(t, "</feature>");
}

static void add_sysregs(struct text *t)
{
	static const char *const names[] = {
#define NAME(r) #r,
		ENGINE_SYSREGS(NAME)
#undef NAME
	};

	add(t, "<feature name=\"org.softrealm.sysregs\">");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		add_register(t, names[i], REG_SYS + i, 64, " group=\"system\"");
	add(t, "</feature>");
}

const char *registers_description(void)
{
	static struct text t; /* of the server's thread */

	if (t.len)
		return t.data;
	add(&t, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
		"<target><architecture>aarch64</architecture>");
	add_core(&t);
	add_fpu(&t);
	add_pauth(&t);
	add_sysregs(&t);
	add(&t, "</target>");
	return t.data;
}
