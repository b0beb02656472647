// SPDX-License-Identifier: BSD-3-Clause
/* hw.c - how breakpoints become registers, and the guest's accesses to its own. */
#include "debug/hw.h"

#include <errno.h>
#include <string.h>

#include "abi/arm.h"
#include "base/bits.h"

#define CR_E	    BIT(0) /* of breakpoints and watchpoints alike */
#define CR_EL10	    FIELD_PUT(MASK(2, 1), 3)
#define BCR_BAS	    FIELD_PUT(MASK(8, 5), 0xf)
#define BCR_BT	    MASK(23, 20) /* 0: an address */
#define BVR_ADDRESS MASK(48, 2)
#define WCR_LSC	    MASK(4, 3)
#define WCR_BAS	    MASK(12, 5)
#define WCR_MASK    MASK(28, 24)

#define WATCH_UNIT 8
#define MAX_WATCH  BIT(31)

/* ---- the debugger's points ---- */

static unsigned int log2_of(uint64_t n)
{
	return 63 - (unsigned int)__builtin_clzll(n);
}

static bool fits_unit(const struct point *p)
{
	return p->len && p->len <= WATCH_UNIT && p->addr % WATCH_UNIT + p->len <= WATCH_UNIT;
}

static bool fits_mask(const struct point *p)
{
	return p->len > WATCH_UNIT && p->len <= MAX_WATCH && !(p->len & (p->len - 1)) &&
	       IS_ALIGNED(p->addr, p->len);
}

static bool fits(const struct point *p)
{
	return p->type == POINT_BREAK ? IS_ALIGNED(p->addr, 4) : fits_unit(p) || fits_mask(p);
}

static bool is_same(const struct point *a, const struct point *b)
{
	return a->type == b->type && a->addr == b->addr &&
	       (a->type == POINT_BREAK || a->len == b->len);
}

int points_add(struct points *all, const struct point *p)
{
	unsigned int room = p->type == POINT_BREAK ? ENGINE_NUM_BPS : ENGINE_NUM_WPS;

	if (!fits(p))
		return -EINVAL;
	for (unsigned int i = 0; i < all->num; i++) {
		if (is_same(&all->point[i], p))
			return 0;
		if ((all->point[i].type == POINT_BREAK) == (p->type == POINT_BREAK))
			room--;
	}
	if (!room)
		return -ENOSPC;
	all->point[all->num++] = *p;
	return 0;
}

void points_remove(struct points *all, const struct point *p)
{
	for (unsigned int i = 0; i < all->num; i++) {
		if (!is_same(&all->point[i], p))
			continue;
		all->point[i] = all->point[--all->num];
		return;
	}
}

/* ---- what the CPU has ---- */

bool hw_guest_steps(const struct hw *h)
{
	return !h->own.os_lock && !(h->own.osdlr & 1) && (h->own.mdscr & MDSCR_SS);
}

/* Breakpoints and watchpoints of the guest can fire. */
static bool guest_is_live(const struct hw *h)
{
	return !h->pass && !h->own.os_lock && !(h->own.osdlr & 1) && (h->own.mdscr & MDSCR_MDE);
}

/* The enabled registers of the guest; the others are empty. */
static void keep_enabled(uint64_t *cr, uint64_t *vr, unsigned int n, bool live)
{
	for (unsigned int i = 0; i < n; i++)
		if (!live || !(cr[i] & CR_E))
			cr[i] = vr[i] = 0;
}

static bool take_free(uint64_t *cr, uint64_t *vr, unsigned int n, uint64_t control, uint64_t value)
{
	while (n-- > 0) {
		if (cr[n] & CR_E)
			continue;
		cr[n] = control;
		vr[n] = value;
		return true;
	}
	return false;
}

static uint64_t watch_control(const struct point *p)
{
	uint64_t what = p->type == POINT_READ ? 1 : p->type == POINT_WRITE ? 2 : 3;
	uint64_t wcr = CR_E | CR_EL10 | FIELD_PUT(WCR_LSC, what);

	if (p->len > WATCH_UNIT)
		return wcr | WCR_BAS | FIELD_PUT(WCR_MASK, log2_of(p->len));
	return wcr | FIELD_PUT(WCR_BAS, (BIT(p->len) - 1) << p->addr % WATCH_UNIT);
}

static bool place(const struct point *p, struct engine_debug *out)
{
	if (p->type == POINT_BREAK)
		return take_free(out->bcr, out->bvr, ENGINE_NUM_BPS, CR_E | CR_EL10 | BCR_BAS,
				 p->addr);
	return take_free(out->wcr, out->wvr, ENGINE_NUM_WPS, watch_control(p),
			 ALIGN_DOWN(p->addr, WATCH_UNIT));
}

unsigned int hw_merge(const struct hw *h, const struct points *points, bool step,
		      struct engine_debug *out)
{
	unsigned int homeless = 0;

	*out = h->own;
	out->traps = ENGINE_DEBUG_NONE;
	if (!h->armed)
		return 0;
	out->traps = ENGINE_DEBUG_REGISTERS;
	if (hw_guest_steps(h))
		return points->num;
	/* EL2 takes them all, so neither KDE nor PSTATE.D has a say. */
	out->traps = ENGINE_DEBUG_EXCEPTIONS;
	out->os_lock = out->osdlr = 0;
	out->mdscr = (h->own.mdscr & ~(MDSCR_SS | MDSCR_KDE)) | MDSCR_MDE | (step ? MDSCR_SS : 0);
	keep_enabled(out->bcr, out->bvr, ENGINE_NUM_BPS, guest_is_live(h));
	keep_enabled(out->wcr, out->wvr, ENGINE_NUM_WPS, guest_is_live(h));
	for (unsigned int i = 0; i < points->num; i++)
		homeless += !place(&points->point[i], out);
	return homeless;
}

/* ---- accesses of the guest ---- */

#define SYS_READ	   BIT(0)
#define SYS_RT		   MASK(9, 5)
#define SYS_CRM		   MASK(4, 1)
#define SYS_OP2		   MASK(19, 17)
#define SYS_KEY		   (MASK(21, 10) | SYS_CRM)
#define SYS_DEBUG	   FIELD_PUT(MASK(21, 20), 2) /* op0 */
#define SYS_OP0		   MASK(21, 20)
#define SYS_BANK	   (SYS_KEY & ~SYS_CRM) /* which of the four banks */
#define KEY(crn, crm, op2) (SYS_DEBUG | (op2) << 17 | (crn) << 10 | (uint64_t)(crm) << 1)

#define OSLSR_OSLM  BIT(3) /* the OS lock is implemented */
#define OSLSR_OSLK  BIT(1)
#define CLAIM_TAGS  0xff
#define MDSCR_WRITE (MDSCR_SS | BIT(6) | BIT(12) | MDSCR_KDE | BIT(14) | MDSCR_MDE | MASK(31, 21))

/* The register that an access names, if its value is simply kept; NULL: it is not. */
static uint64_t *plain_register(struct hw *h, uint64_t key)
{
	unsigned int n = FIELD_GET(SYS_CRM, key);

	switch (key) {
	case KEY(0, 2, 2):
		return &h->own.mdscr;
	case KEY(0, 2, 0):
		return &h->own.mdccint;
	case KEY(1, 3, 4):
		return &h->own.osdlr;
	}
	switch (key & SYS_BANK) {
	case KEY(0, 0, 4):
		return n < ENGINE_NUM_BPS ? &h->own.bvr[n] : NULL;
	case KEY(0, 0, 5):
		return n < ENGINE_NUM_BPS ? &h->own.bcr[n] : NULL;
	case KEY(0, 0, 6):
		return n < ENGINE_NUM_WPS ? &h->own.wvr[n] : NULL;
	case KEY(0, 0, 7):
		return n < ENGINE_NUM_WPS ? &h->own.wcr[n] : NULL;
	}
	return NULL;
}

/* All else of this space reads as zero. */
static uint64_t read_register(struct hw *h, uint64_t key)
{
	const uint64_t *r = plain_register(h, key);

	if (r)
		return *r;
	switch (key) {
	case KEY(1, 1, 4):
		return OSLSR_OSLM | (h->own.os_lock ? OSLSR_OSLK : 0);
	case KEY(7, 8, 6):
		return CLAIM_TAGS;
	case KEY(7, 9, 6):
		return h->claim;
	}
	return 0;
}

static void write_register(struct hw *h, uint64_t key, uint64_t value)
{
	uint64_t *r = plain_register(h, key);

	if (r) {
		*r = r == &h->own.mdscr ? value & MDSCR_WRITE : value;
		return;
	}
	switch (key) {
	case KEY(1, 0, 4):
		h->own.os_lock = value & 1;
		break;
	case KEY(7, 8, 6):
		h->claim |= value & CLAIM_TAGS;
		break;
	case KEY(7, 9, 6):
		h->claim &= ~value;
		break;
	}
}

bool hw_access(struct hw *h, uint64_t esr, uint64_t x[31])
{
	unsigned int rt = FIELD_GET(SYS_RT, esr);

	if (FIELD_GET(MASK(31, 26), esr) != EC_SYS64 || (esr & SYS_OP0) != SYS_DEBUG)
		return false;
	if (!(esr & SYS_READ))
		write_register(h, esr & SYS_KEY, rt < 31 ? x[rt] : 0);
	else if (rt < 31)
		x[rt] = read_register(h, esr & SYS_KEY);
	return true;
}

/* ---- debug exceptions ---- */

static bool watches(const struct point *p, uint64_t far)
{
	return p->type != POINT_BREAK && far - p->addr < p->len;
}

/* FAR may lie beside what is watched, if the access is larger: then any watchpoint will do. */
static const struct point *find_point(const struct points *points, bool is_watch, uint64_t pc,
				      uint64_t far, bool exact)
{
	for (unsigned int i = 0; i < points->num; i++) {
		const struct point *p = &points->point[i];

		if (is_watch ? p->type != POINT_BREAK && (!exact || watches(p, far))
			     : p->type == POINT_BREAK && p->addr == pc)
			return p;
	}
	return NULL;
}

static bool guest_breaks_at(const struct hw *h, uint64_t pc)
{
	for (unsigned int i = 0; i < ENGINE_NUM_BPS; i++)
		if ((h->own.bcr[i] & CR_E) &&
		    ((h->own.bcr[i] & BCR_BT) || !((h->own.bvr[i] ^ pc) & BVR_ADDRESS)))
			return true;
	return false;
}

static bool guest_watches(const struct hw *h)
{
	for (unsigned int i = 0; i < ENGINE_NUM_WPS; i++)
		if (h->own.wcr[i] & CR_E)
			return true;
	return false;
}

/* At EL1 the guest has to have asked for them, and not to mask them. */
static bool guest_takes(const struct hw *h, uint64_t pstate)
{
	if ((pstate & PSTATE_AARCH32) || (pstate & PSTATE_MODE) == PSTATE_EL0)
		return true;
	return (h->own.mdscr & MDSCR_KDE) && !(pstate & PSTATE_D);
}

enum hw_whose hw_judge(const struct hw *h, const struct points *points, uint64_t esr, uint64_t pc,
		       uint64_t far, uint64_t pstate, const struct point **p)
{
	bool is_watch = FIELD_GET(MASK(31, 26), esr) == EC_WATCHPT_LOW;
	bool guests = guest_is_live(h) && (is_watch ? guest_watches(h) : guest_breaks_at(h, pc));

	*p = find_point(points, is_watch, pc, far, true);
	if (!*p && !guests)
		*p = find_point(points, is_watch, pc, far, false);
	if (*p)
		return HW_DEBUGGERS;
	if (!guests)
		return HW_NOBODYS;
	return guest_takes(h, pstate) ? HW_GUESTS : HW_MASKED;
}
