// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmio.c - emulated accesses: to the vGIC and the I/O bus, or to user space.
 *
 * For a realm the RMM tells direction, size and (for a store) the value; it finishes a load itself:
 * width, sign and PC are its business, the host only gives the data by gprs[0] with EMUL_MMIO. An
 * ordinary VM's accesses are decoded and finished here.
 */
#include "kvm/vcpu/mmio.h"

#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/iobus.h"
#include "kvm/vcpu/vcpu.h"

#define SCTLR_E0E BIT(24)
#define SCTLR_EE  BIT(25)

/* The low len bytes. */
static uint64_t narrow(uint64_t val, unsigned int len)
{
	return len < 8 ? val & MASK(8 * len - 1, 0) : val;
}

/* Between the order of the guest's bytes and that of the registers (which is little-endian). */
static uint64_t swap(const struct kvm_vcpu *v, uint64_t data)
{
	bool el0 = (v->regs.pstate & PSTATE_MODE) == PSTATE_EL0;

	if (v->vm->is_realm || !(v->exit_sctlr & (el0 ? SCTLR_E0E : SCTLR_EE)))
		return data;
	return __builtin_bswap64(data) >> (64 - 8 * v->mmio_len);
}

/* As the CPU would: the register gets the low bytes, sign-extended where the load says so. */
static void complete_ordinary(struct kvm_vcpu *v, uint64_t data)
{
	uint64_t esr = v->rec.exit.esr, sign = BIT(8 * v->mmio_len - 1);

	vcpu_skip(v);
	if (v->mmio_write)
		return;
	data = swap(v, narrow(data, v->mmio_len));
	if ((esr & ESR_ABT_SIGN) && v->mmio_len < 8)
		data = (data ^ sign) - sign;
	if (!(esr & ESR_ABT_64BIT))
		data = (uint32_t)data;
	vcpu_set_reg(v, ESR_ABT_SRT(esr), data);
}

static void complete(struct kvm_vcpu *v, uint64_t data)
{
	struct rmi_rec_enter *e;

	v->mmio_needed = false;
	if (!v->vm->is_realm) {
		complete_ordinary(v, data);
		return;
	}
	e = &v->rec.run->enter;
	if (!v->mmio_write)
		e->gprs[0] = narrow(data, v->mmio_len);
	e->flags |= RMI_ENTER_EMUL_MMIO;
}

void mmio_complete(struct kvm_vcpu *v)
{
	uint64_t data;

	if (!v->mmio_needed)
		return;
	memcpy(&data, (const void *)v->run->mmio.data, sizeof(data)); /* read once */
	complete(v, data);
}

void mmio_abort(struct kvm_vcpu *v, uint64_t gpa, bool *leave)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	struct kvm_run *run = v->run;
	uint64_t data = v->vm->is_realm ? x->gprs[0] : vcpu_get_reg(v, ESR_ABT_SRT(x->esr));

	/* No syndrome, nothing to emulate: the realm gets an external abort. */
	if (!(x->esr & ESR_ISS_ISV)) {
		v->rec.run->enter.flags |= RMI_ENTER_INJECT_SEA;
		return;
	}
	v->mmio_write = ESR_ABT_WRITE(x->esr);
	v->mmio_len = ESR_ABT_SIZE(x->esr);
	v->mmio_needed = true;
	data = v->mmio_write ? swap(v, narrow(data, v->mmio_len)) : 0;
	if (iobus_access(v, gpa, v->mmio_write, v->mmio_len, &data)) {
		stats_add(&v->stats, STAT_MMIO_EXIT_KERNEL, 1);
		complete(v, data);
		return;
	}
	stats_add(&v->stats, STAT_MMIO_EXIT_USER, 1);
	run->mmio.phys_addr = gpa;
	run->mmio.len = v->mmio_len;
	run->mmio.is_write = v->mmio_write;
	if (v->mmio_write)
		memcpy(run->mmio.data, &data, sizeof(data));
	run->exit_reason = KVM_EXIT_MMIO;
	*leave = true;
}
