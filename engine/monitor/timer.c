// SPDX-License-Identifier: BSD-3-Clause
/*
 * timer.c - the guest's timers: what an exit tells of them, and the offsets of their counters.
 *
 * The guest owns CNTx_CTL, the monitor never writes it. Each exit reports both timers. A
 * timer whose output was reported as asserted has its PPI disabled, so the level that the host
 * knows of does not make the guest exit again; once it is reported as deasserted the PPI is
 * enabled again, or once the guest has ended the interrupt of a timer that it has set anew
 * (guest_end_timers). An output that has changed otherwise is a pending PPI: an exit by itself.
 */
#include "engine/monitor/monitor.h"

#define CNT_CTL_WAITS(ctl) (((ctl) & (CNT_CTL_ENABLE | CNT_CTL_ISTATUS)) == CNT_CTL_ENABLE)

/* QEMU sets ISTATUS when its own timer runs, a moment after the counter has passed. The same
 * comparator makes it look now, so that the guest reads what the host is told. */
static uint64_t cntv_ctl(void)
{
	uint64_t ctl = read_sysreg(cntv_ctl_el0), cval;

	if (!CNT_CTL_WAITS(ctl))
		return ctl;
	cval = read_sysreg(cntv_cval_el0);
	if (read_sysreg(cntvct_el0) < cval)
		return ctl;
	write_sysreg(cntv_cval_el0, cval);
	return read_sysreg(cntv_ctl_el0);
}

static uint64_t cntp_ctl(void)
{
	uint64_t ctl = read_sysreg(cntp_ctl_el0), cval;

	if (!CNT_CTL_WAITS(ctl))
		return ctl;
	cval = read_sysreg(cntp_cval_el0);
	if (read_sysreg(cntpct_el0) < cval)
		return ctl;
	write_sysreg(cntp_cval_el0, cval);
	return read_sysreg(cntp_ctl_el0);
}

static bool timer_asserted(uint64_t ctl)
{
	return (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS)) ==
	       (CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
}

uint32_t timer_set_anew(const struct cpu *c, uint64_t intid)
{
	if (intid == PPI_VTIMER && c->reported == TIMER_VIRTUAL && CNT_CTL_WAITS(cntv_ctl()))
		return TIMER_VIRTUAL;
	if (intid == PPI_PTIMER && c->reported == TIMER_PHYSICAL && CNT_CTL_WAITS(cntp_ctl()))
		return TIMER_PHYSICAL;
	return 0;
}

static void set_reported(struct cpu *c, uint32_t out)
{
	if (out == c->reported)
		return;
	c->reported = out;
	gic_set_timer_masks(c, out);
}

void timers_watch(struct cpu *c, uint32_t timers)
{
	set_reported(c, c->reported & ~timers);
}

void timers_report(struct cpu *c)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint32_t out = 0;

	f->cntpct = read_sysreg(cntpct_el0);
	f->cntv_cval = read_sysreg(cntv_cval_el0);
	f->cntp_cval = timer_cntp(c);
	f->cntv_ctl = cntv_ctl();
	f->cntp_ctl = cntp_ctl();
	if (timer_asserted(f->cntv_ctl))
		out |= TIMER_VIRTUAL;
	if (timer_asserted(f->cntp_ctl))
		out |= TIMER_PHYSICAL;
	f->pmu_overflow = pmu_asserted(c);
	if (f->pmu_overflow)
		out |= TIMER_PMU;
	set_reported(c, out);
}

uint64_t timer_cntp(const struct cpu *c)
{
	return c->has.cntpoff ? c->cntp_sum : read_sysreg(cntp_cval_el0);
}

/* The guest compares its own counter, unsigned: where the sum has wrapped that is another time. */
void timer_set_cntp(struct cpu *c, uint64_t sum)
{
	uint64_t off = c->has.cntpoff, count = read_sysreg(cntpct_el0), at = sum;

	c->cntp_sum = sum;
	if (off && count - off >= sum - off)
		at = 0; /* it has passed */
	else if (off && sum < count)
		at = UINT64_MAX;
	write_sysreg(cntp_cval_el0, at);
}

void timers_forget(struct cpu *c)
{
	set_reported(c, 0);
}

void timers_load(struct cpu *c)
{
	const struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint64_t sum;

	if (c->has.cntvoff == f->cntvoff && c->has.cntpoff == f->cntpoff)
		return;
	sum = timer_cntp(c);
	timers_forget(c);
	c->has.cntvoff = f->cntvoff;
	write_sysreg(cntvoff_el2, f->cntvoff);
	c->has.cntpoff = f->cntpoff;
	timer_set_cntp(c, sum);
}

/* CNTPOFF: QEMU has no such register, so the physical counter and its timer trap. */
bool timer_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint64_t val = rt == 31 ? 0 : f->x[rt];

	switch (op) {
	case ESR_SYSREG(3, 3, 14, 0, 1):
		val = read_sysreg(cntpct_el0) - f->cntpoff;
		break;
	case ESR_SYSREG(3, 3, 14, 2, 0): /* relative: the same with any offset */
		if (read)
			val = (uint32_t)(c->cntp_sum - read_sysreg(cntpct_el0));
		else
			timer_set_cntp(c, read_sysreg(cntpct_el0) + (uint64_t)(int32_t)val);
		break;
	case ESR_SYSREG(3, 3, 14, 2, 1):
		if (read)
			val = cntp_ctl();
		else
			write_sysreg(cntp_ctl_el0, val);
		break;
	case ESR_SYSREG(3, 3, 14, 2, 2):
		if (read)
			val = c->cntp_sum - f->cntpoff;
		else
			timer_set_cntp(c, val + f->cntpoff);
		break;
	default:
		return false;
	}
	if (read && rt != 31)
		f->x[rt] = val;
	return true;
}
