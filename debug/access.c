// SPDX-License-Identifier: BSD-3-Clause
/* access.c - what the debugger reads and writes of a vCPU that does not run. */
#include <string.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "debug/parts.h"

#define PAGE 4096

static const struct engine_ops *real(void)
{
	return debugger.cfg.engine;
}

static bool lock_resting(struct vcpu *v)
{
	lock_take(&v->lock);
	if (v->place != PLACE_RUNNING && !v->gone)
		return true;
	lock_drop(&v->lock);
	return false;
}

static bool unlock(struct vcpu *v, bool ok)
{
	lock_drop(&v->lock);
	return ok;
}

bool debug_vcpu_get_general(struct vcpu *v, struct general *g)
{
	if (!lock_resting(v))
		return false;
	*g = v->general;
	if (v->stepping)
		g->r[GENERAL_PSTATE] &= ~PSTATE_SS;
	return unlock(v, true);
}

bool debug_vcpu_set_general(struct vcpu *v, unsigned int n, uint64_t value)
{
	if (!lock_resting(v))
		return false;
	v->general.r[n] = value;
	v->written |= BIT(n);
	return unlock(v, true);
}

bool debug_vcpu_get_sysregs(struct vcpu *v, uint64_t sys[ENGINE_NUM_SYSREGS])
{
	memset(sys, 0, ENGINE_NUM_SYSREGS * sizeof(*sys));
	if (!lock_resting(v))
		return false;
	return unlock(v, !v->started || !exits_sysregs_get(v, sys));
}

bool debug_vcpu_set_sysreg(struct vcpu *v, enum engine_sysreg n, uint64_t value)
{
	uint64_t sys[ENGINE_NUM_SYSREGS];

	if (!lock_resting(v))
		return false;
	if (!v->started || exits_sysregs_get(v, sys))
		return unlock(v, false);
	sys[n] = value;
	return unlock(v, !exits_sysregs_set(v, sys));
}

bool debug_vcpu_get_state(struct vcpu *v, struct engine_state *s)
{
	memset(s, 0, sizeof(*s));
	if (!lock_resting(v))
		return false;
	return unlock(v, !v->started || !real()->state_get(v->realm->inner, v->index, s));
}

bool debug_vcpu_set_state(struct vcpu *v, const struct engine_state *s)
{
	if (!lock_resting(v))
		return false;
	return unlock(v, v->started && !real()->state_set(v->realm->inner, v->index, s));
}

const char *debug_vcpu_place_name(struct vcpu *v)
{
	const char *name = "not started";

	lock_take(&v->lock);
	if (v->started)
		name = v->place == PLACE_OUT ? "outside of the realm" : "in the realm";
	lock_drop(&v->lock);
	return name;
}

/* ---- memory ---- */

static bool access_ipa(int vmid, uint64_t ipa, void *buf, size_t len, bool write)
{
	const struct debug_config *c = &debugger.cfg;

	return vmid >= 0 && !c->memory(c->arg, (unsigned int)vmid, ipa, buf, len, write);
}

static bool read_descriptor(void *vmid, uint64_t ipa, uint64_t *value)
{
	return access_ipa(*(int *)vmid, ipa, value, sizeof(*value), false);
}

size_t debug_vcpu_memory(struct vcpu *v, uint64_t va, void *buf, size_t len, bool write)
{
	uint64_t sys[ENGINE_NUM_SYSREGS], ipa, left;
	int vmid = atomic_load(&v->realm->vmid);
	struct stage1 s;
	size_t done = 0;

	if (!debug_vcpu_get_sysregs(v, sys))
		return 0;
	s = (struct stage1){sys[ENGINE_SCTLR_EL1], sys[ENGINE_TCR_EL1], sys[ENGINE_TTBR0_EL1],
			    sys[ENGINE_TTBR1_EL1]};
	while (done < len && stage1_walk(&s, read_descriptor, &vmid, va + done, &ipa, &left)) {
		size_t n = MIN(len - done, MIN(left, PAGE - ipa % PAGE));

		if (!access_ipa(vmid, ipa, (char *)buf + done, n, write))
			break;
		done += n;
	}
	return done;
}
