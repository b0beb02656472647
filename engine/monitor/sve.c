// SPDX-License-Identifier: BSD-3-Clause
/*
 * sve.c - vectors: how long the guest's are, and their state for whoever saves and restores it.
 *
 * They stay in the CPU between runs, as all of EL1 and EL0. ZCR_EL2 bounds their length, CPTR_EL2
 * traps them where the guest has none. To move them EL2 makes them as long as can be; going back
 * QEMU clears what is beyond the guest's length.
 */
#include "engine/monitor/monitor.h"

#define CPTR_GUEST  (CPTR_RES1 | CPTR_TSM | CPTR_TTA | CPTR_TAM)
#define ZCR_LEN(vq) ((vq)-1)

static void load(struct cpu *c, uint64_t cptr, uint64_t zcr)
{
	if (c->has.cptr != cptr) {
		c->has.cptr = cptr;
		write_sysreg(cptr_el2, cptr);
		isb();
	}
	if (!(cptr & CPTR_TZ) && c->has.zcr != zcr) {
		c->has.zcr = zcr;
		write_sysreg(ZCR_EL2, zcr);
		isb();
	}
}

void sve_init(struct cpu *c)
{
	c->sve = read_sysreg(id_aa64pfr0_el1) & PFR0_SVE;
	c->has.cptr = CPTR_GUEST | CPTR_TZ;
	c->has.zcr = UINT64_MAX; /* not known */
	write_sysreg(cptr_el2, c->has.cptr);
}

void sve_load(struct cpu *c)
{
	uint64_t vq = cpu_mailbox(c)->frame.sve_vq;

	if (!c->sve)
		return;
	if (vq)
		load(c, CPTR_GUEST, ZCR_LEN(vq > ENGINE_MAX_VQ ? ENGINE_MAX_VQ : vq));
	else
		load(c, CPTR_GUEST | CPTR_TZ, 0);
}

/* As long as can be, and not trapped; the next entry makes them the guest's. */
static void open_vectors(struct cpu *c)
{
	load(c, CPTR_GUEST, ZCR_LEN(ENGINE_MAX_VQ));
}

void sve_reset(struct cpu *c)
{
	if (!c->sve)
		return;
	open_vectors(c);
	monitor_zero_sve();
	write_sysreg(ZCR_EL1, 0);
}

static void *page(const struct cpu *c)
{
	return (void *)(c->window + WINDOW_SVE + (uint64_t)c->index * SVE_SIZE);
}

void sve_get(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);

	if (!c->sve)
		return;
	open_vectors(c);
	switch (m->arg[0]) {
	case MAILBOX_SVE_Z0:
		monitor_save_z0(page(c));
		break;
	case MAILBOX_SVE_Z16:
		monitor_save_z16(page(c));
		break;
	case MAILBOX_SVE_P:
		monitor_save_p(page(c));
		m->arg[1] = read_sysreg(ZCR_EL1);
		break;
	}
}

void sve_set(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);

	if (!c->sve)
		return;
	open_vectors(c);
	switch (m->arg[0]) {
	case MAILBOX_SVE_Z0:
		monitor_load_z0(page(c));
		break;
	case MAILBOX_SVE_Z16:
		monitor_load_z16(page(c));
		break;
	case MAILBOX_SVE_P:
		monitor_load_p(page(c));
		write_sysreg(ZCR_EL1, m->arg[1]);
		break;
	}
}
