/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vcpu.h - a virtual CPU: the kernel's view of its registers, its shared pages, its REC.
 *
 * For a realm the registers are a shadow: what user space wrote before activation goes into the
 * REC, what exits tell comes back; the realm's own state stays in the RMM.
 */
#ifndef KVM_VCPU_H
#define KVM_VCPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/arm.h"
#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "base/lock.h"
#include "kvm/call.h"
#include "kvm/core/history.h"
#include "kvm/core/stats.h"
#include "kvm/mem/dirty_ring.h"
#include "kvm/vcpu/pvtime.h"
#include "kvm/vcpu/sysreg.h"

struct engine_sve;
struct pe;

/* struct kvm_regs of arm64, the target of KVM_REG_ARM_CORE ids (offset in 32-bit words). */
struct kvm_regs {
	uint64_t x[31];
	uint64_t sp, pc, pstate;
	uint64_t sp_el1, elr_el1, spsr[5];
	uint64_t pad;
	uint64_t v[32][2];
	uint32_t fpsr, fpcr;
	uint32_t reserved[2];
};
_Static_assert(sizeof(struct kvm_regs) == 0x360, "struct kvm_regs");

/* KVM_SET_GUEST_DEBUG of an ordinary VM (ordinary/guest_debug.c). */
struct vcpu_debug {
	uint32_t control;  /* KVM_GUESTDBG_*; 0: the debug registers are the guest's */
	uint64_t arch[64]; /* as struct kvm_guest_debug has them */
	bool step_pending; /* the instruction to be stepped over is done */
};

/* The granules of a REC; all zero: there is none. */
struct kvm_rec {
	_Atomic uint64_t pa; /* who looks in reads it at any time (entry/kvm_inspect.c) */
	uint64_t aux[RMI_MAX_REC_AUX];
	unsigned int num_aux;
	uint64_t run_pa; /* the host's page that the RMM reads and writes */
	struct rmi_rec_run *run;
	struct rmi_rec_exit exit; /* of the last run, copied once: the page is no secret of ours */
	/* A RIPAS change that the realm asked for and that the next entry commits. */
	bool ripas_pending;
	bool ripas_tell_again; /* a fault on demand */
	/* x0..x30 go back to the realm at the next entry (host call, PSCI). */
	bool gprs_pending;
	/* The last exit was PSCI: where the kernel completes it, that is still to be done if user
	 * space got the call. */
	bool psci_pending;
};

/* Name of each memfd that a vCPU's descriptor is mapped by: clients know it (wire/wire.h). */
#define VCPU_MEMFD_NAME "kvm-vcpu"

struct kvm_vcpu {
	struct kvm_vm *vm;
	unsigned int id;    /* user space's number */
	unsigned int index; /* creation order */
	struct lock mutex;
	struct pe *pe;

	int memfd;	     /* kvm_run, where the VM's ring goes, the transport's page */
	uint8_t *shared;     /* its mapping */
	struct kvm_run *run; /* shared with user space: hostile */

	bool initialized; /* KVM_ARM_VCPU_INIT */
	bool sve_finalized;
	unsigned int sve_max_vq;
	struct engine_sve *sve; /* the shadow of the vectors; NULL: not finalised */
	bool sve_in_engine;	/* of an ordinary VM: its CPU has the vectors, the shadow is old */
	bool first_run_done;
	struct kvm_regs regs;
	uint64_t sysregs[KVM_NUM_SYSREGS];
	bool serror_pending;
	uint64_t serror_esr;
	bool pmu_created, pmu_level; /* of its interrupt, as told to the vGIC, if any */
	_Atomic uint32_t pmu_irq;    /* 0: not set yet; other vCPUs look */
	struct pvtime pvtime;

	/* Who may run: KVM_MP_STATE_*. Changed by its own calls and by PSCI calls of others, under
	 * mp_lock (which a CPU_ON holds over the RMM's completion, too). */
	struct lock mp_lock;
	atomic_uint mp_state;
	atomic_bool reset_pending; /* CPU_ON: shadow registers are reset before their next use */
	uint64_t reset_pc, reset_x0;

	bool standby;	  /* PSCI CPU_SUSPEND: wait before the next entry */
	bool mmio_needed; /* the last exit was MMIO, its completion is due */
	bool mmio_write;
	/* Of an ordinary VM: its CPU has the state, the shadow is old; it has been reset once. */
	bool in_engine, engine_reset;
	struct vcpu_debug debug;
	unsigned int mmio_len;
	uint64_t exit_sctlr;	    /* of an ordinary VM: SCTLR_EL1 at its last exit */
	bool timer_level[2];	    /* as told to the vGIC, if there is one */
	_Atomic uint64_t irq_lines; /* without a vGIC: HCR_VI, HCR_VF (kvm/vcpu/user_irq.h) */

	struct dirty_ring ring;

	struct history history;
	struct stats stats;

	atomic_bool sigmask_set;
	_Atomic uint64_t sigmask;
	struct kvm_rec rec;
};

/* OK with *out; the VM's lock is held. */
result vcpu_create(struct kvm_vm *vm, unsigned int id, struct kvm_vcpu **out);
/* With the VM: nobody uses it any more, the REC is gone. */
void vcpu_destroy(struct kvm_vcpu *v);

/* MPIDR_EL1 as KVM makes it from the id; and its affinity fields only. */
static inline uint64_t vcpu_mpidr(const struct kvm_vcpu *v)
{
	return BIT(31) | (uint64_t)(v->id & 0xf) | (uint64_t)(v->id >> 4 & 0xff) << 8 |
	       (uint64_t)(v->id >> 12 & 0xff) << 16;
}
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

/* Shadow registers to their reset state (KVM_ARM_VCPU_INIT, CPU_ON). */
void vcpu_reset(struct kvm_vcpu *v);
/* A reset that a CPU_ON has left pending happens now. */
void vcpu_settle_reset(struct kvm_vcpu *v);

static inline bool vcpu_stopped(struct kvm_vcpu *v)
{
	return atomic_load(&v->mp_state) == KVM_MP_STATE_STOPPED;
}

/* x31 reads as zero and ignores writes. */
static inline uint64_t vcpu_get_reg(const struct kvm_vcpu *v, unsigned int n)
{
	return n < 31 ? v->regs.x[n] : 0;
}

static inline void vcpu_set_reg(struct kvm_vcpu *v, unsigned int n, uint64_t val)
{
	if (n < 31)
		v->regs.x[n] = val;
}

/* An instruction of an ordinary VM has been emulated: whoever steps has stepped over it. */
static inline void vcpu_skip(struct kvm_vcpu *v)
{
	v->regs.pc += 4;
	v->regs.pstate &= ~PSTATE_SS;
	v->debug.step_pending = true;
}

#endif
