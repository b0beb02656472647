// SPDX-License-Identifier: BSD-3-Clause
/* seeds_ioctl.c - the seeds of fuzz_ioctl, mostly one for each rule of kvm/. */
#include "fuzz/seeds.h"

#include "abi/v12.h"
#include "base/bits.h"
#include "fuzz/client_ops.h"
#include "fuzz/world.h"

#define V12(name, ...)		 SEED("ioctl", name, 0, __VA_ARGS__)
#define OWN_BASE(name, ...)	 SEED("ioctl", name, 1, __VA_ARGS__)
#define SVE_PMU(name, ...)	 SEED("ioctl", name, 2, __VA_ARGS__)
/* The RMM refuses once: see fuzz_ioctl.c for the platforms. */
#define FAILING(name, bits, ...) SEED("ioctl", name, bits, __VA_ARGS__)

/* A later revision, by its place in kvm_revisions: 2 v13, 3 v14, 4 v15, 5 next (fuzz_ioctl.c). */
#define REV(n, name, ...) SEED("ioctl", name, 0xf0 | (n), __VA_ARGS__)

#define U16(v)	(uint8_t)(v), (uint8_t)((v) >> 8)
#define U32(v)	U16(v), U16((uint32_t)(v) >> 16)
#define U64(v)	U32((uint32_t)(v)), U32((uint64_t)(v) >> 32)
#define ANY(v)	0xff, U64(v) /* a small value that is none */
#define ZEROS_8 0, 0, 0, 0, 0, 0, 0, 0

/* Handles: 0 /dev/kvm, 1 the VM, vCPUs, the GIC if there is one, the guest_memfd. */
#define VM(n, what)	  CLIENT_MAKE_VM, (n) | (what)
#define GIC		  (VM_GIC | VM_GIC_INIT)
#define ALL		  (GIC | VM_MEMORY | VM_POPULATE)
#define CALL(nr, fd)	  nr, fd, 0
#define WITH(nr, fd, ...) nr, fd, MODE_FILL, sizeof((const uint8_t[]){__VA_ARGS__}), __VA_ARGS__

/* Where a structure lies; a value of eight bytes, at the next page. */
#define AT	 0
#define VALUE(v) CLIENT_WRITE_ARGS, U16(0x1000), 8, U64(v)
#define VALUE_AT 1
#define RUN(fd)	 CALL(0x80, fd), 0
#define RUN_PAGE(offset, ...)                                                                      \
	CLIENT_WRITE_RUN, 0, U16(offset), sizeof((const uint8_t[]){__VA_ARGS__}), __VA_ARGS__

#define FIRST_RUN(fd) 0x80, fd, MODE_SIGNAL, 0 /* activates the realm, and no more */
#define FILTER(base, n, action)                                                                    \
	CLIENT_WRITE_ARGS, U16(0x1000), 24, U32(base), U32(n), action, ZEROS_8, 0, 0, 0, 0, 0, 0, 0

/* Arguments of client.c. */
#define RAM_PAGE(n) (n)
#define ODD_RAM	    0x81
#define LAST_PAGE   0xa1
#define IPA(v)	    0xc0, U64(v)
#define BAD_ADDRESS 0xf1
#define HEADER_ONLY 0xf7
#define EVENTFD	    0xe0
#define NO_FD	    0xe3
#define USER_RAM    0x10

#define CREATE_VM(fd, type)	      CALL(0x01, fd), 3, U32(type)
#define CREATE_VCPU(id)		      CALL(0x41, 1), id
#define INIT_VCPU(fd, features)	      CALL(0xae, fd), AT, KVM_ARM_TARGET_GENERIC_V8, features
#define CREATE_GIC		      CALL(0xe0, 1), AT, KVM_DEV_TYPE_ARM_VGIC_V3, 0
#define SLOT(...)		      CALL(0x49, 1), AT, __VA_ARGS__
#define SLOT1(...)		      CALL(0x46, 1), AT, __VA_ARGS__
#define GMEM(pages, flags)	      CALL(0xd4, 1), AT, pages, flags
#define ATTRIBUTES(...)		      CALL(0xd2, 1), AT, __VA_ARGS__
#define POPULATE(...)		      CALL(0xd7, 1), AT, __VA_ARGS__
#define SET_ATTR(fd, group, ...)      CALL(0xe1, fd), AT, group, __VA_ARGS__, VALUE_AT
#define GET_ATTR(fd, group, ...)      CALL(0xe2, fd), AT, group, __VA_ARGS__, VALUE_AT
#define REGISTER_OF(affinity, offset) 0xf0, affinity, U16(offset)
#define SET_REG(fd, id)		      CALL(0xac, fd), AT, U16(0xff00), U64(id), VALUE_AT
#define GET_REG(fd, id)		      CALL(0xab, fd), AT, U16(0xff00), U64(id), VALUE_AT
#define ENABLE_CAP(cap, flags, arg)   CALL(0xa3, 1), AT, U16(cap), flags, arg
#define IRQ_LINE(irq)		      CALL(0x61, 1), AT, U32(irq), 1
#define IRQFD(fd, gsi, flags)	      CALL(0x76, 1), AT, fd, gsi, flags, NO_FD
#define IOEVENTFD(...)		      CALL(0x79, 1), AT, __VA_ARGS__
/* A route: gsi, type, flags, then irqchip and pin. */
#define ROUTE(...)		      __VA_ARGS__, ZEROS_8, ZEROS_8, ZEROS_8
#define ROUTE_TO(gsi, type, flags, chip, pin)                                                      \
	U32(gsi), U32(type), U32(flags), U32(0), U32(chip), U32(pin), ZEROS_8, ZEROS_8, ZEROS_8
#define ROUTING(n, ...) WITH(0x6a, 1, ZEROS_8, __VA_ARGS__), AT, n, 0

#define RING	    KVM_CAP_DIRTY_LOG_RING_ACQ_REL
#define RING_BITMAP KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP

#define FEATURE(n) (1 << KVM_ARM_VCPU_##n)
#define PSCI	   FEATURE(PSCI_0_2)

/* Registers by their numbers: KVM_REG_ARM64, the size, the group. */
#define REG(size, group, number)                                                                   \
	(UINT64_C(0x6000000000000000) | (uint64_t)(size) << 52 | (group) << 16 | (number))
#define CORE_REG(n) REG(3, 0x10, n)
#define SYS_REG_ID(op0, op1, crn, crm, op2)                                                        \
	REG(3, 0x13, (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define PSTATE_REG CORE_REG(66)

/* A step of the realm while it runs. */
#define FAULT_AT(...)			STEP_ABORT, __VA_ARGS__, U16(7)
#define REALM_RAM(n)			(REGION_RAM_PAGE << 4 | (n))
#define REALM_IPA(v)			(REGION_RAW << 4), U64(v)
#define IPA_STATE_SET(base, top, ripas) 0x97, REALM_IPA(base), REALM_IPA(top), ripas, 1

/* A number of another revision that ends in `op`. */
#define FOREIGN(op, fd)	     op, fd, MODE_OTHER, AT
/* On the guest_memfd of VM(1, VM_MEMORY): offset, size, attributes, flags. */
#define ATTRIBUTES2(fd, ...) CALL(0xd2, fd), AT, __VA_ARGS__

const struct seed ioctl_seeds[] = {
	/* ---- later revisions ---- */
	REV(2, "v13-realm", VM(1, ALL), RUN(2), 0x99, REALM_RAM(0)),
	REV(3, "v14-realm", VM(2, ALL), RUN(2), STEP_PSCI64 + 3, 1, REALM_RAM(0), 0, STEP_KICK,
	    RUN(3), STEP_IRQ),
	REV(4, "v15-realm", VM(1, ALL), RUN(2), 0x99, REALM_RAM(0)),
	REV(5, "next-realm", VM(1, ALL), RUN(2), 0x99, REALM_RAM(0)),
	V12("type-later", CLIENT_OPEN, CREATE_VM(0, 0x40000021)),
	REV(3, "type-earlier", CLIENT_OPEN, CREATE_VM(0, 0x121)),
	REV(3, "type-both", CLIENT_OPEN, CREATE_VM(0, 0xc0000021)),
	REV(3, "type-pkvm", CLIENT_OPEN, CREATE_VM(0, 0x80000021)),
	REV(3, "type-unknown", CLIENT_OPEN, CREATE_VM(0, 0x40000121)),
	V12("foreign-populate", VM(1, VM_MEMORY), FOREIGN(0xd7, 1)),
	V12("foreign-gmem", VM(1, VM_MEMORY), FOREIGN(0xd2, 3)),
	REV(2, "foreign-populate-v12", VM(1, VM_MEMORY), FOREIGN(0xd7, 1)),
	REV(3, "foreign-psci", VM(1, 0), FOREIGN(0xd6, 2)),
	REV(4, "foreign-attributes", VM(1, VM_MEMORY), FOREIGN(0xd2, 1)),
	REV(3, "cap-gated", VM(0, 0), ENABLE_CAP(KVM_CAP_ARM_NISV_TO_USER, 0, 0)),
	REV(5, "init-e2h0", VM(0, 0), CREATE_VCPU(0), CALL(0xae, 2), AT, KVM_ARM_TARGET_GENERIC_V8,
	    ANY(0x100)),
	REV(2, "v13-not-realm", VM(1, VM_ORDINARY), POPULATE(0, 1, 4, 1, 0)),
	REV(2, "v13-psci-not-realm", VM(1, VM_ORDINARY), CALL(0xd6, 2), AT, 0, 0),
	REV(2, "v13-source-odd", VM(1, VM_MEMORY), POPULATE(4, 1, 0xf4, 1, 0)),
	REV(4, "v15-wraps", VM(1, VM_MEMORY), POPULATE(0xa1, 2, 4, 1, 0)),
	REV(4, "v15-null", VM(1, VM_MEMORY), POPULATE(4, 1, 0xf0, 1, 0)),
	REV(4, "v15-half", VM(1, VM_MEMORY), POPULATE(IPA(0x100000000), 1, 4, 1, 0)),
	REV(4, "v15-attr-align", VM(1, VM_MEMORY), ATTRIBUTES2(3, 0, 0xe4, 8, 0)),
	REV(5, "next-copy-back", VM(1, VM_MEMORY), CALL(0xd7, 1), 0xf3, 4, 1, 4, 1, 0),
	REV(4, "v15-attr-range", VM(1, VM_MEMORY), ATTRIBUTES2(3, 0, 0, 8, 0)),
	REV(4, "v15-attr-life", VM(1, VM_MEMORY), ATTRIBUTES2(3, 0, 1, 0, 0)),
	REV(4, "v15-attr-unknown", VM(1, VM_MEMORY), ATTRIBUTES2(3, 0, 1, 1, 0)),
	REV(4, "v15-attr-flags", VM(1, VM_MEMORY), ATTRIBUTES2(3, 0, 1, 8, 1)),
	REV(3, "v14-no-irqchip", VM(1, VM_MEMORY), RUN(2)),
	REV(4, "v15-vgic", VM(1, VM_MEMORY | VM_GIC), RUN(2)),
	REV(3, "v14-rec-again", VM(2, ALL), FIRST_RUN(2), CALL(0x99, 3), AT, 0, RUN(3)),
	/* The activation fails: a slot reaches into the shared half. */
	REV(3, "v14-dead", VM(1, ALL), GMEM(4, 0), SLOT(1, 4, IPA(BIT(32)), 4, USER_RAM, 0, 5),
	    RUN(2), RUN(2)),
	REV(3, "cap-of-v12", CLIENT_OPEN, CALL(0x03, 0), U16(247)),
	V12("realm", VM(1, ALL), RUN(2), 0x99, REALM_RAM(0)),
	V12("stats", VM(1, ALL), CALL(0xce, 1), 0, RUN(2), 0x99, REALM_RAM(0), CALL(0xce, 2), 0),
	V12("realm-smp", VM(2, ALL), RUN(2), STEP_PSCI64 + 3, 1, REALM_RAM(0), 0, STEP_KICK, RUN(3),
	    STEP_IRQ),
	/* ---- /dev/kvm ---- */
	V12("vm-kind", CLIENT_OPEN, CREATE_VM(0, 0x200)),
	V12("vm-bits", CLIENT_OPEN, CREATE_VM(0, 0x40000100)),
	V12("vm-ipa", CLIENT_OPEN, CREATE_VM(0, 0x100 | 20)),
	V12("cap-of-vm", CLIENT_OPEN, CALL(0x03, 0), U16(KVM_CAP_MSI_DEVID)),
	V12("cap-of-others", CLIENT_OPEN, CALL(0x03, 0), U16(248), CALL(0x03, 0), U16(249),
	    CALL(0x03, 0), U16(251)),
	SEED("ioctl", "fault-on-demand", 4, CLIENT_OPEN, CALL(0x03, 0), 0, 0, CALL(0x03, 0), 0, 0),
	/* ---- VM ---- */
	V12("vcpus-17", VM(0, 0), CREATE_VCPU(0), CREATE_VCPU(1), CREATE_VCPU(2), CREATE_VCPU(3),
	    CREATE_VCPU(4), CREATE_VCPU(5), CREATE_VCPU(6), CREATE_VCPU(7), CREATE_VCPU(8),
	    CREATE_VCPU(9), CREATE_VCPU(10), CREATE_VCPU(11), CREATE_VCPU(12), CREATE_VCPU(13),
	    CREATE_VCPU(14), CREATE_VCPU(15), CREATE_VCPU(16), CREATE_VCPU(0)),
	V12("vcpu-id", VM(0, 0), CREATE_VCPU(ANY(0x10000))),
	V12("vcpu-late", VM(1, GIC), CREATE_VCPU(1)),
	V12("cap-late", VM(1, 0), ENABLE_CAP(KVM_CAP_ARM_WRITABLE_IMP_ID_REGS, 0, 0)),
	V12("cap-args", VM(0, 0), ENABLE_CAP(KVM_CAP_ARM_NISV_TO_USER, 1, 0)),
	V12("ring", VM(0, 0), ENABLE_CAP(RING, 0, ANY(4096)), ENABLE_CAP(RING, 0, ANY(4096)),
	    ENABLE_CAP(RING_BITMAP, 0, 0), CREATE_VCPU(0), CALL(0xc7, 1), 0),
	V12("ring-hostile", VM(1, ALL | VM_RING), SLOT1(1, 1, IPA(0x50000000), 4, USER_RAM), RUN(2),
	    FAULT_AT(REALM_IPA(BIT(32) | 0x50001000)), FAULT_AT(REALM_IPA(BIT(32) | 0x50003000)),
	    STEP_LOAD, 2, 3, REALM_IPA(BIT(32) | 0x09000000), CLIENT_WRITE_RING, 2, U16(0), 32,
	    U32(2), U32(1), U64(2), U32(3), U32(0x7ffe), U64(~0), CLIENT_WRITE_RING, 2, U16(32), 1,
	    2, CALL(0xc7, 1), 0, RUN(2)),
	V12("ring-size", VM(0, 0), ENABLE_CAP(RING, 0, 1), ENABLE_CAP(RING, 0, ANY(1 << 21)),
	    ENABLE_CAP(RING_BITMAP, 0, 0), CALL(0xc7, 1), 0),
	V12("ring-late", VM(1, 0), ENABLE_CAP(RING, 0, ANY(4096))),
	V12("ring-slots", VM(0, 0), ENABLE_CAP(RING, 0, ANY(4096)), SLOT1(0, 1, 0, 1, USER_RAM),
	    ENABLE_CAP(RING_BITMAP, 0, 0), CALL(0x42, 1), AT, 0, USER_RAM),
	V12("cap-unknown", VM(0, 0), ENABLE_CAP(KVM_CAP_ARM_RMI, 0, 0)),
	V12("device-twice", VM(1, VM_GIC), CREATE_GIC),
	V12("device-its", VM(1, VM_GIC), CALL(0xe0, 1), AT, KVM_DEV_TYPE_ARM_VGIC_ITS, 0),
	V12("device-addr", VM(0, 0), CALL(0xab, 1), AT, 0, RAM_PAGE(0)),
	V12("counter-reserved", VM(0, VM_ORDINARY), WITH(0xb5, 1, ZEROS_8, 1), AT, 0),
	V12("counter-realm", VM(0, 0), CALL(0xb5, 1), AT, 0),
	V12("masks-reserved", VM(0, 0), CALL(0xb6, 1), AT, VALUE_AT, 1),
	V12("masks", VM(0, 0), CALL(0xb6, 1), AT, VALUE_AT, 0),
	V12("smccc-late", VM(1, ALL), FIRST_RUN(2), FILTER(0x84000000, 1, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER)),
	V12("smccc-overlap", VM(1, 0), FILTER(0x80000000, 1, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER)),
	V12("smccc-range", VM(1, 0), FILTER(0x84000000, 0, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER)),
	V12("smccc-pad", VM(1, 0), CLIENT_WRITE_ARGS, U16(0x1000), 12, U32(0x84000000), U32(1), 2,
	    1, 1, 1, SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER)),
	V12("smccc-forward", VM(1, ALL), FILTER(0x84000000, 32, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER), FILTER(0xc4000000, 32, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER), RUN(2), STEP_PSCI64 + 3, 1,
	    REALM_RAM(0), 0, CALL(0xd6, 2), AT, 0, 0),
	V12("psci-not-completed", VM(2, ALL), FILTER(0xc4000000, 32, 2),
	    SET_ATTR(1, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER), RUN(2), STEP_PSCI64 + 3, 1,
	    REALM_RAM(0), 0, RUN(2)),
	/* ---- memslots ---- */
	V12("slot-flags", VM(0, 0), SLOT1(0, 0x80, 0, 1, USER_RAM)),
	V12("slot-gmem-flags", VM(0, 0), SLOT(0, 6, 0, 1, USER_RAM, 0, NO_FD)),
	V12("slot-align", VM(0, 0), SLOT1(0, 0, ODD_RAM, 1, USER_RAM)),
	V12("slot-user", VM(0, 0), SLOT1(0, 0, 0, 1, 0xf5)),
	V12("slot-gmem-offset", VM(0, 0), SLOT(0, 4, 0, 1, USER_RAM, 1, NO_FD)),
	V12("slot-space", VM(0, 0), SLOT1(ANY(0x10000), 0, 0, 1, USER_RAM)),
	V12("slot-wrap", VM(0, 0), SLOT1(0, 0, LAST_PAGE, 2, USER_RAM)),
	V12("slot-too-big", VM(0, 0), SLOT1(0, 0, 0, 0xea, 0xf0)),
	V12("slot-absent", VM(0, 0), SLOT1(0, 0, 0, 0, USER_RAM)),
	V12("slot-id", VM(0, 0), SLOT1(ANY(0x8000), 0, 0, 1, USER_RAM)),
	V12("slot-gmem-change", VM(0, VM_MEMORY), SLOT(0, 4, 0, 1, USER_RAM, 0, 2)),
	V12("slot-change", VM(0, 0), SLOT1(0, 0, 0, 1, USER_RAM), SLOT1(0, 0, 0, 2, USER_RAM),
	    SLOT1(0, 0, 1, 1, USER_RAM), SLOT1(0, 1, 1, 1, USER_RAM), SLOT1(0, 0, 0, 0, USER_RAM)),
	V12("slot-overlap", VM(0, 0), SLOT1(0, 0, 0, 2, USER_RAM), SLOT1(1, 0, 1, 2, USER_RAM)),
	V12("slot-gmem-fd", VM(0, 0), SLOT(0, 4, 0, 1, USER_RAM, 0, NO_FD),
	    SLOT(0, 4, 0, 1, USER_RAM, 0, 31)),
	V12("slot-not-gmem", VM(0, 0), SLOT(0, 4, 0, 1, USER_RAM, 0, 1)),
	V12("slot-gmem-of-another", VM(0, VM_MEMORY), VM(0, 0), CALL(0x49, 4), AT, 0, 4, 0, 1,
	    USER_RAM, 0, 2),
	V12("slot-gmem-range", VM(0, 0), GMEM(1, 0), SLOT(0, 4, 0, 2, USER_RAM, 0, 2)),
	V12("slot-gmem-bound", VM(0, 0), GMEM(2, 0), SLOT(0, 4, 0, 1, USER_RAM, 0, 2),
	    SLOT(1, 4, 8, 1, USER_RAM, 0, 2)),
	V12("slot-gmem-ordinary", VM(0, VM_ORDINARY), GMEM(2, 0), SLOT(0, 4, 0, 1, USER_RAM, 0, 2)),
	V12("slot-ipa", VM(0, 0), SLOT1(0, 0, IPA(BIT(33)), 1, USER_RAM)),
	V12("gmem-no-memory", VM(0, 0), GMEM(0xe9, 0)),
	V12("gmem-flags", VM(0, 0), GMEM(1, 8), GMEM(0, 0)),
	V12("gmem-fallocate", VM(0, VM_MEMORY), CLIENT_FALLOCATE, 2, 3, 0, 0xe9, CLIENT_FALLOCATE,
	    2, 3, 0, 2, CLIENT_FALLOCATE, 2, 0, 0, 2, CLIENT_FALLOCATE, 2, 3, 1, 0),
	V12("dirty-log", VM(0, 0), SLOT1(0, 1, 0, 2, USER_RAM), CALL(0x42, 1), AT, 0, VALUE_AT,
	    CALL(0xc0, 1), AT, 0, 2, 0, VALUE_AT, CALL(0xc0, 1), AT, 0, 1, 1, VALUE_AT),
	V12("attributes-flags", VM(0, 0), ATTRIBUTES(0, 1, 8, 1)),
	V12("attributes-align", VM(0, 0), ATTRIBUTES(ODD_RAM, 1, 8, 0)),
	V12("attributes-unknown", VM(0, 0), ATTRIBUTES(0, 1, 1, 0)),
	V12("attributes-range", VM(0, 0), ATTRIBUTES(0, 0, 8, 0)),
	V12("coalesced-pio", VM(0, 0), 0x67, 1, MODE_FILL | MODE_OTHER, 16, ZEROS_8, U32(0), U32(2),
	    AT, 0, 1),
	V12("coalesced", VM(0, 0), 0x67, 1, MODE_OTHER, AT, 0, 1, CALL(0x68, 1), AT, 0, 1),
	V12("ioeventfd", VM(0, 0), IOEVENTFD(0, 0xb0, 4, EVENTFD, 0),
	    IOEVENTFD(0, 0xb0, 4, EVENTFD, 0), IOEVENTFD(0, 0xb0, 4, EVENTFD, 4),
	    IOEVENTFD(0, 0xb0, 4, EVENTFD, 4)),
	V12("ioeventfd-wrap", VM(0, 0), IOEVENTFD(0, IPA(-UINT64_C(2)), 4, EVENTFD, 0)),
	V12("ioeventfd-datamatch", VM(0, 0), IOEVENTFD(0, 0xb0, 0, EVENTFD, 1)),
	V12("ioeventfd-fd", VM(0, 0), IOEVENTFD(0, 0xb0, 4, NO_FD, 0),
	    IOEVENTFD(0, 0xb0, 4, 0xe2, 0)),
	/* ---- realm ---- */
	V12("populate-twice", VM(1, ALL), POPULATE(0, 1, 4, 1, 0)),
	OWN_BASE("populate-exists", VM(1, ALL), POPULATE(0, 1, 4, 1, 0)),
	V12("populate-not-realm", VM(1, VM_ORDINARY), POPULATE(0, 1, 4, 1, 0)),
	V12("populate-source", VM(1, VM_MEMORY), POPULATE(4, 1, BAD_ADDRESS, 1, 0)),
	V12("populate-source-odd", VM(1, VM_MEMORY), POPULATE(4, 1, 0xf4, 1, 0)),
	V12("populate-shared", VM(1, VM_MEMORY), ATTRIBUTES(4, 1, 0, 0), POPULATE(4, 1, 4, 1, 0)),
	V12("populate-interrupted", VM(1, VM_MEMORY), 0xd7, 1, MODE_SIGNAL, AT, 4, 1, 4, 1, 0),
	V12("populate-gmem-gone", VM(1, VM_MEMORY), CLIENT_CLOSE, 3, POPULATE(4, 1, 4, 1, 0)),
	V12("populate-no-slot", VM(1, 0), POPULATE(4, 1, 4, 1, 0)),
	V12("populate-zero", VM(1, VM_MEMORY), POPULATE(4, 0, 4, 1, 0)),
	V12("populate-odd", VM(1, VM_MEMORY), POPULATE(ODD_RAM, 1, 4, 1, 0)),
	V12("populate-flags", VM(1, VM_MEMORY), POPULATE(4, 1, 4, 2, 0), POPULATE(4, 1, 4, 1, 1)),
	V12("populate-no-vcpu", VM(0, VM_MEMORY), POPULATE(4, 1, 4, 1, 0)),
	V12("populate-upper", VM(1, 0), GMEM(4, 0), SLOT(0, 4, IPA(BIT(32)), 4, USER_RAM, 0, 3),
	    ATTRIBUTES(IPA(BIT(32)), 4, 8, 0), POPULATE(IPA(BIT(32)), 1, 4, 1, 0)),
	V12("populate-active", VM(1, ALL), FIRST_RUN(2), POPULATE(4, 1, 4, 1, 0)),
	V12("ripas-upper", VM(1, ALL), GMEM(4, 0), SLOT(1, 4, IPA(BIT(32)), 4, USER_RAM, 0, 5),
	    RUN(2), RUN(2)),
	V12("rec-no-psci", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, 0), CREATE_GIC, VALUE(0x08000000),
	    SET_ATTR(3, 0, 2), VALUE(0x080a0000), SET_ATTR(3, 0, 3), SET_ATTR(3, 4, 0), RUN(2)),
	V12("rec-order", VM(0, 0), CREATE_VCPU(1), INIT_VCPU(2, PSCI), CREATE_GIC,
	    VALUE(0x08000000), SET_ATTR(3, 0, 2), VALUE(0x080a0000), SET_ATTR(3, 0, 3),
	    SET_ATTR(3, 4, 0), RUN(2), RUN(2)),
	V12("psci-refused", VM(1, ALL), CALL(0xd6, 2), AT, 0, 0, CALL(0xd6, 2), AT, 7, 0),
	V12("psci-ordinary", VM(1, VM_ORDINARY), CALL(0xd6, 2), AT, 0, 0),
	SVE_PMU("sve-not-finalized", VM(0, VM_MEMORY), CREATE_VCPU(0),
		INIT_VCPU(3, PSCI | FEATURE(SVE)), GET_REG(3, CORE_REG(0)), RUN(3),
		POPULATE(4, 1, 4, 1, 0)),
	SVE_PMU("sve-final", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(SVE)), VALUE(3),
		SET_REG(2, REG(6, 0x15, 0xffff)), CALL(0xc2, 2), AT, KVM_ARM_VCPU_SVE,
		CALL(0xc2, 2), AT, KVM_ARM_VCPU_SVE, SET_REG(2, REG(6, 0x15, 0xffff)),
		CALL(0xb0, 2), AT, ANY(512)),
	SVE_PMU("sve-lengths", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(SVE)),
		VALUE(0x10), SET_REG(2, REG(6, 0x15, 0xffff))),
	SVE_PMU("sve-differ", VM(0, VM_MEMORY), CREATE_VCPU(0), CREATE_VCPU(1),
		INIT_VCPU(3, PSCI | FEATURE(SVE)), INIT_VCPU(4, PSCI | FEATURE(SVE)), VALUE(3),
		SET_REG(3, REG(6, 0x15, 0xffff)), VALUE(1), SET_REG(4, REG(6, 0x15, 0xffff)),
		CALL(0xc2, 3), AT, KVM_ARM_VCPU_SVE, CALL(0xc2, 4), AT, KVM_ARM_VCPU_SVE,
		POPULATE(4, 1, 4, 1, 0)),
	/* ---- vCPUs ---- */
	V12("init-target", VM(0, 0), CREATE_VCPU(0), CALL(0xae, 2), AT, 1, PSCI),
	V12("init-features", VM(2, 0), INIT_VCPU(2, PSCI | 1),
	    INIT_VCPU(2, PSCI | FEATURE(EL1_32BIT)), INIT_VCPU(2, PSCI | FEATURE(PTRAUTH_ADDRESS)),
	    INIT_VCPU(2, ANY(1 << 20)), INIT_VCPU(2, 0)),
	V12("not-initialized", VM(0, 0), CREATE_VCPU(0), RUN(2), GET_REG(2, CORE_REG(0)),
	    CALL(0xb0, 2), AT, 1, CALL(0x9f, 2), AT, WITH(0xa0, 2, 0), AT, 0, 0, CALL(0xc2, 2), AT,
	    4),
	V12("events", VM(1, ALL), CALL(0x9f, 2), AT, CALL(0xa0, 2), AT, 1, 0, CALL(0xa0, 2), AT, 0,
	    1, WITH(0xa0, 2, 1, 1, 0, 0, 0, 0, 0, 0, U64(BIT(30))), AT, 1, 0),
	V12("events-ordinary", VM(1, VM_ORDINARY),
	    WITH(0xa0, 2, 1, 1, 0, 0, 0, 0, 0, 0, U64(BIT(30))), AT, 1, 0),
	V12("guest-debug", VM(1, 0), CALL(0x9b, 2), AT, ANY(BIT(31)), CALL(0x9b, 2), AT, 0),
	V12("mp-state", VM(1, 0), CALL(0x99, 2), AT, 3, CALL(0x98, 2), AT),
	V12("reg-list-room", VM(1, 0), CALL(0xb0, 2), AT, 1),
	V12("reg-odd", VM(1, 0), GET_REG(2, 1), GET_REG(2, CORE_REG(0xfff0)),
	    GET_REG(2, CORE_REG(1)), GET_REG(2, REG(2, 0x10, 0)), GET_REG(2, REG(3, 0x17, 0)),
	    GET_REG(2, REG(3, 0x16, 0)), GET_REG(2, REG(3, 0x14, 0x100))),
	V12("reg-pstate", VM(1, VM_ORDINARY), VALUE(0x13), SET_REG(2, PSTATE_REG), VALUE(0x1f),
	    SET_REG(2, PSTATE_REG)),
	V12("reg-firmware", VM(1, VM_ORDINARY), VALUE(0x77777), SET_REG(2, REG(3, 0x14, 0)),
	    SET_REG(2, REG(3, 0x16, 0))),
	V12("reg-realm", VM(1, ALL), VALUE(1), SET_REG(2, SYS_REG_ID(3, 0, 1, 0, 0)),
	    SET_REG(2, CORE_REG(66)), FIRST_RUN(2), SET_REG(2, CORE_REG(0)),
	    GET_REG(2, CORE_REG(0))),
	V12("reg-id", VM(1, VM_ORDINARY), VALUE(-UINT64_C(1)),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 4, 0)), SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(0),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(0x100006),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), SET_REG(2, SYS_REG_ID(3, 0, 0, 0, 5))),
	V12("reg-id-late", VM(1, ALL), FIRST_RUN(2), VALUE(0),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 4, 0)), SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(6),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0))),
	V12("reg-dfr0", VM(1, 0), VALUE(0x10305106), SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)),
	    VALUE(0x3), SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(0x10f0f006),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(0x6),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)), VALUE(0x10301109),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0))),
	V12("timer-ppi", VM(1, 0), VALUE(20), SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0), CREATE_GIC,
	    SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0), VALUE(40),
	    SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0), GET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0),
	    SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 9)),
	V12("pvtime", VM(1, ALL), VALUE(0x40000020), SET_ATTR(2, KVM_ARM_VCPU_PVTIME_CTRL, 0),
	    VALUE(0x1000), SET_ATTR(2, KVM_ARM_VCPU_PVTIME_CTRL, 0), VALUE(0x40000000),
	    SET_ATTR(2, KVM_ARM_VCPU_PVTIME_CTRL, 0), SET_ATTR(2, KVM_ARM_VCPU_PVTIME_CTRL, 0),
	    GET_ATTR(2, KVM_ARM_VCPU_PVTIME_CTRL, 0)),
	V12("timer-fixed", VM(1, ALL), FIRST_RUN(2), VALUE(20),
	    SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0)),
	V12("timer-shared", VM(1, ALL), VALUE(20), SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 0),
	    SET_ATTR(2, KVM_ARM_VCPU_TIMER_CTRL, 1), RUN(2)),
	SVE_PMU("pmu", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(PMU_V3)), VALUE(23),
		SET_ATTR(2, 0, 0), CREATE_GIC, SET_ATTR(2, 0, 1), GET_ATTR(2, 0, 0), VALUE(5),
		SET_ATTR(2, 0, 0), VALUE(0x08000000), SET_ATTR(3, 0, 2), VALUE(0x080a0000),
		SET_ATTR(3, 0, 3), SET_ATTR(3, 4, 0), SET_ATTR(2, 0, 1), RUN(2), RUN(2)),
	SVE_PMU("pmu-fixed", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(PMU_V3)),
		CREATE_GIC, VALUE(23), SET_ATTR(2, 0, 0), SET_ATTR(2, 0, 0), SET_ATTR(3, 4, 0),
		SET_ATTR(2, 0, 1), SET_ATTR(2, 0, 1)),
	SVE_PMU("pmu-taken", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(PMU_V3)),
		CREATE_GIC, VALUE(0x08000000), SET_ATTR(3, 0, 2), VALUE(0x080a0000),
		SET_ATTR(3, 0, 3), SET_ATTR(3, 4, 0), RUN(2), VALUE(27), SET_ATTR(2, 0, 0),
		SET_ATTR(2, 0, 1)),
	SVE_PMU("pmu-counters", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(PMU_V3)),
		VALUE(7), SET_ATTR(2, 0, 3), SET_ATTR(2, 0, 4), VALUE(2), SET_ATTR(2, 0, 4),
		VALUE(0x2ffff), SET_ATTR(2, 0, 2), VALUE(0x10011), SET_ATTR(2, 0, 2)),
	SVE_PMU("pmu-filter-late", VM(0, VM_ORDINARY), CREATE_VCPU(0), CREATE_VCPU(1),
		INIT_VCPU(2, PSCI | FEATURE(PMU_V3)), INIT_VCPU(3, PSCI | FEATURE(PMU_V3)),
		SET_ATTR(2, 0, 1), FIRST_RUN(2), VALUE(0x10000), SET_ATTR(3, 0, 2),
		SET_REG(2, SYS_REG_ID(3, 0, 9, 14, 6))),
	SVE_PMU("pmu-differ", VM(0, 0), CREATE_VCPU(0), CREATE_VCPU(1),
		INIT_VCPU(2, PSCI | FEATURE(PMU_V3)), INIT_VCPU(3, PSCI | FEATURE(PMU_V3)),
		CREATE_GIC, SET_ATTR(4, 4, 0), VALUE(40), SET_ATTR(2, 0, 0), SET_ATTR(3, 0, 0),
		SET_ATTR(2, 0, 1), SET_ATTR(3, 0, 1)),
	V12("immediate-exit", VM(1, ALL), RUN_PAGE(1, 1), RUN(2)),
	V12("busy", VM(1, ALL), RUN(2), STEP_HOST, CREATE_GIC, STEP_IRQ, STEP_HOST,
	    GET_ATTR(3, 1, 0), STEP_HOST, CALL(0xe1, 3), AT, 4, 0, 0, STEP_IRQ),
	V12("counter", VM(1, VM_ORDINARY), CALL(0xb5, 1), AT, 0),
	V12("run-ordinary", VM(1, VM_ORDINARY | GIC), RUN(2)),
	V12("run-ordinary-debugged", VM(1, VM_ORDINARY | GIC), CALL(0x9b, 2), AT, 3, RUN(2),
	    GET_REG(2, PSTATE_REG)),
	V12("reg-firmware-late", VM(1, VM_ORDINARY | GIC), FIRST_RUN(2), VALUE(0),
	    SET_REG(2, REG(3, 0x16, 0))),
	V12("reg-id-more", VM(1, VM_ORDINARY), VALUE(~UINT64_C(15)),
	    SET_REG(2, SYS_REG_ID(3, 0, 0, 6, 0))),
	V12("reg-dfr0-watchpoints", VM(1, 0), GET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0)),
	    CLIENT_WRITE_ARGS, U16(0x1002), 1, 0, SET_REG(2, SYS_REG_ID(3, 0, 0, 5, 0))),
	V12("simple", VM(1, VM_GIC), CALL(0xaf, 1), AT, CALL(0x60, 1), 0, CALL(0x04, 0), 0,
	    CALL(0x00, 0), 0, CREATE_VCPU(0), CALL(0xe0, 1), AT, 99, 0, CALL(0x8b, 2), AT, 8,
	    WITH(0x8b, 2, U32(8), 1, 2, 3, 4, 5, 6, 7, 8), AT, 8, CALL(0x8b, 2), AT, 7,
	    CALL(0x77, 3), 0, CALL(0xc2, 2), AT, 1, RUN(2)),
	V12("dirty-log-far", VM(0, 0), SLOT1(0, 1, 0, 2, USER_RAM), CALL(0xc0, 1), AT, 0, 64, 64,
	    VALUE_AT),
	V12("dirty-log-none", VM(1, 0), CALL(0x42, 1), AT, 0, VALUE_AT, CALL(0x42, 1), AT,
	    ANY(0x8000), VALUE_AT),
	V12("ioeventfd-odd", VM(1, 0), IOEVENTFD(0, 0xb0, 3, EVENTFD, 0),
	    IOEVENTFD(0, 0xb0, 4, EVENTFD, 0x80)),
	V12("pmu-absent", VM(1, GIC), SET_ATTR(2, 0, 1)),
	SVE_PMU("sve-register-early", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(SVE)),
		GET_REG(2, REG(8, 0x15, 0))),
	SVE_PMU("sve-no-such-register", VM(0, 0), CREATE_VCPU(0), INIT_VCPU(2, PSCI | FEATURE(SVE)),
		CALL(0xc2, 2), AT, KVM_ARM_VCPU_SVE, GET_REG(2, REG(4, 0x10, 84)),
		GET_REG(2, REG(8, 0x15, 0x800))),
	/* ---- an RMM that refuses ---- */
	FAILING("rmm-absent", 8, CLIENT_OPEN, CREATE_VM(0, 0x100 | 33)),
	FAILING("rmm-realm", 16, VM(1, ALL), POPULATE(0, 1, 4, 1, 0)),
	FAILING("rmm-activate", 32, VM(1, ALL), RUN(2), RUN(2)),
	FAILING("rmm-enter", 64, VM(1, ALL), RUN(2), RUN(2)),
	FAILING("rmm-data", 128, VM(1, ALL), RUN(2), FAULT_AT(REALM_RAM(6)),
		FAULT_AT(REALM_RAM(6))),
	/* ---- faults of a realm ---- */
	V12("fault-private", VM(1, ALL), RUN(2), FAULT_AT(REALM_RAM(5)), FAULT_AT(REALM_RAM(6))),
	V12("fault-gmem-gone", VM(1, ALL), CLIENT_CLOSE, 4, RUN(2), FAULT_AT(REALM_RAM(5))),
	V12("fault-shared", VM(1, ALL), ATTRIBUTES(5, 1, 0, 0), RUN(2),
	    FAULT_AT(REALM_IPA(BIT(32) | 0x40005000)), FAULT_AT(REALM_IPA(BIT(32) | 0x40100000))),
	V12("fault-no-user-page", VM(1, ALL), ATTRIBUTES(0, 0xe4, 0, 0), RUN(2),
	    FAULT_AT(REALM_IPA(BIT(32) | 0x40200000))),
	V12("fault-no-gmem", VM(1, ALL), SLOT1(1, 0, IPA(0x50000000), 4, USER_RAM),
	    ATTRIBUTES(IPA(0x50000000), 4, 8, 0), RUN(2), IPA_STATE_SET(0x50000000, 0x50001000, 1),
	    RUN(2), FAULT_AT(REALM_IPA(0x50000000)), FAULT_AT(REALM_IPA(0x50000000))),
	V12("fault-no-slot", VM(1, ALL), ATTRIBUTES(IPA(0x50000000), 4, 8, 0), RUN(2),
	    IPA_STATE_SET(0x50000000, 0x50001000, 1), RUN(2), FAULT_AT(REALM_IPA(0x50000000))),
	V12("fault-read-only", VM(1, ALL), SLOT1(1, 2, IPA(0x50000000), 4, USER_RAM), RUN(2),
	    STEP_STORE, 2, 3, REALM_IPA(BIT(32) | 0x50000000), RUN(2), STEP_LOAD, 2, 3,
	    REALM_IPA(BIT(32) | 0x50000000)),
	V12("fault-fetch", VM(1, ALL), RUN(2), STEP_FETCH, REALM_RAM(5), U16(7), STEP_FETCH,
	    REALM_IPA(0x60000000), U16(7)),
	V12("exit-unknown", VM(1, ALL), RUN(2), STEP_RAW, REALM_RAM(0), U16(0), U32(0xf0000000)),
	V12("ripas-change", VM(1, ALL), RUN(2), 0x97, REALM_RAM(1), REALM_RAM(3), 0, 1, STEP_IRQ,
	    RUN(2), 0x97, REALM_RAM(1), REALM_RAM(3), 1, 1),
	V12("ripas-change-far", VM(1, ALL), RUN(2), 0x97, REALM_IPA(0x60000000),
	    REALM_IPA(0x60400000), 1, 1, RUN(2), 0x97, REALM_IPA(0x40000000), REALM_IPA(0x80000000),
	    0, 1),
	V12("mmio", VM(1, ALL), RUN(2), STEP_LOAD, 2, 3, REALM_IPA(BIT(32) | 0x09000000),
	    RUN_PAGE(32 + 8, 1, 2, 3, 4), RUN(2), STEP_STORE, 2, 3, REALM_IPA(BIT(32) | 0x09000000),
	    RUN(2), STEP_STORE, 2, 3, REALM_IPA(BIT(32) | 0x08000000)),
	V12("system-off", VM(2, ALL), RUN(2), STEP_PSCI32 + 8, RUN(2), RUN(3)),
	V12("lost", VM(1, ALL), RUN(2), STEP_LOST, RUN(2)),
	V12("dead", VM(1, VM_MEMORY), RUN(2), RUN(2), POPULATE(4, 1, 4, 1, 0)),
	/* ---- vGIC ---- */
	V12("gic-set-twice", VM(1, VM_GIC), VALUE(0x08000000), SET_ATTR(3, 0, 2)),
	V12("gic-align", VM(1, 0), CREATE_GIC, VALUE(0x08001000), SET_ATTR(3, 0, 2)),
	V12("gic-wrap", VM(1, 0), CREATE_GIC, VALUE(-UINT64_C(0x10000)), SET_ATTR(3, 0, 2),
	    SET_ATTR(3, 0, 3)),
	V12("gic-ipa", VM(1, 0), CREATE_GIC, VALUE(BIT(33)), SET_ATTR(3, 0, 2)),
	V12("gic-region-count", VM(1, 0), CREATE_GIC, VALUE(0x080a0000), SET_ATTR(3, 0, 5)),
	V12("gic-region-index", VM(1, 0), CREATE_GIC, VALUE(BIT(52) | 0x080a0003),
	    SET_ATTR(3, 0, 5)),
	V12("gic-region-mixed", VM(1, VM_GIC), VALUE(BIT(52) | 0x090a0001), SET_ATTR(3, 0, 5)),
	V12("gic-region-overlap", VM(0, 0), CREATE_GIC, VALUE(BIT(52) | 0x090a0000),
	    SET_ATTR(2, 0, 5), VALUE(BIT(52) | 0x090a0001), SET_ATTR(2, 0, 5)),
	V12("gic-region-unknown", VM(1, 0), CREATE_GIC, VALUE(3), GET_ATTR(3, 0, 5)),
	V12("gic-region-fit", VM(2, 0), CREATE_GIC, VALUE(0x08000000), SET_ATTR(4, 0, 2),
	    VALUE(BIT(53) | 0x07ff0000), SET_ATTR(4, 0, 5)),
	V12("gic-region-beyond", VM(2, 0), CREATE_GIC, VALUE(BIT(33) - 0x20000), SET_ATTR(4, 0, 3)),
	V12("gic-irqs", VM(1, 0), CREATE_GIC, VALUE(33), SET_ATTR(3, 3, 0), VALUE(64),
	    SET_ATTR(3, 3, 0), SET_ATTR(3, 3, 0)),
	V12("gic-maintenance", VM(1, 0), CREATE_GIC, VALUE(10), SET_ATTR(3, 9, 0)),
	V12("gic-maintenance-late", VM(1, GIC), VALUE(25), SET_ATTR(3, 9, 0)),
	V12("gic-save", VM(1, 0), CREATE_GIC, SET_ATTR(3, 4, 3)),
	V12("gic-vcpu", VM(1, GIC), GET_ATTR(3, 5, REGISTER_OF(5, 0))),
	V12("gic-uninit", VM(1, VM_GIC), GET_ATTR(3, 1, 0)),
	V12("gic-iidr", VM(1, GIC), VALUE(0x12345678), SET_ATTR(3, 1, 8)),
	V12("gic-typer2", VM(1, GIC), VALUE(1), SET_ATTR(3, 1, 12)),
	V12("gic-typer2-early", VM(1, VM_GIC), VALUE(1), SET_ATTR(3, 1, 12)),
	V12("gic-level", VM(1, GIC), GET_ATTR(3, 7, 1)),
	V12("gic-sysreg", VM(1, GIC), GET_ATTR(3, 6, REGISTER_OF(0, 0xffff)), VALUE(-UINT64_C(1)),
	    SET_ATTR(3, 6, REGISTER_OF(0, 0xc664)), SET_ATTR(3, 6, REGISTER_OF(0, 0xc665))),
	V12("gic-fault", VM(1, VM_GIC), CALL(0xe1, 3), AT, 0, 2, BAD_ADDRESS),
	V12("gic-no-dist", VM(1, 0), CREATE_GIC, VALUE(0x080a0000), SET_ATTR(3, 0, 3),
	    SET_ATTR(3, 4, 0), RUN(2), RUN(2)),
	V12("gic-no-redist", VM(1, 0), CREATE_GIC, VALUE(0x08000000), SET_ATTR(3, 0, 2),
	    SET_ATTR(3, 4, 0), RUN(2)),
	V12("gic-overlap", VM(1, 0), CREATE_GIC, VALUE(0x08000000), SET_ATTR(3, 0, 3),
	    VALUE(0x08010000), SET_ATTR(3, 0, 2), SET_ATTR(3, 4, 0), RUN(2)),
	V12("gic-unknown", VM(1, GIC), GET_ATTR(3, 0x20, 0), CALL(0xe3, 3), AT, 4, 0, 0),
	/* ---- interrupts from user space ---- */
	V12("irq-line", VM(1, GIC), IRQ_LINE(0x01000020), IRQ_LINE(0x02000010),
	    IRQ_LINE(0x03000000), IRQ_LINE(0x01000001), IRQ_LINE(0x02050010), IRQ_LINE(0),
	    CALL(0x67, 1), AT, U32(0x01000020), 1),
	V12("irq-line-uninit", VM(1, VM_GIC), IRQ_LINE(0x01000020)),
	V12("irq-line-no-gic", VM(1, 0), IRQ_LINE(0x01000020), IRQ_LINE(0x00000000)),
	V12("irqfd", VM(1, GIC), IRQFD(EVENTFD, 4, 0), IRQFD(EVENTFD, 4, 0), CLIENT_EVENTFD, 0,
	    IRQFD(EVENTFD, 4, 1), IRQFD(NO_FD, 4, 0), IRQFD(0xe2, 4, 0), IRQFD(EVENTFD, 4, 0x80)),
	V12("irqfd-uninit", VM(1, 0), IRQFD(EVENTFD, 4, 0)),
	V12("routing", VM(1, GIC), ROUTING(1, ROUTE_TO(4, 1, 0, 0, 4)),
	    ROUTING(1, ROUTE_TO(5000, 1, 0, 0, 4)), ROUTING(1, ROUTE_TO(4, 1, 8, 0, 4)),
	    ROUTING(1, ROUTE_TO(4, 9, 0, 0, 4)), ROUTING(1, ROUTE_TO(4, 1, 0, 3, 4)),
	    ROUTING(2, ROUTE_TO(4, 1, 0, 0, 4), ROUTE_TO(4, 1, 0, 0, 5))),
	V12("routing-header", VM(1, GIC), CALL(0x6a, 1), AT, ANY(5000), 0, CALL(0x6a, 1), AT, 0, 1),
	V12("routing-fault", VM(1, GIC), CALL(0x6a, 1), HEADER_ONLY, 1, 0),
	V12("msi", VM(1, GIC), CALL(0xa5, 1), AT, 0, 0, 0, 0, 0, CALL(0xa5, 1), AT, 0, 0, 0, 0x10,
	    0),
	V12("msi-no-gic", VM(1, 0), CALL(0xa5, 1), AT, 0, 0, 0, 0, 0),
};
const size_t ioctl_num_seeds = ARRAY_SIZE(ioctl_seeds);
