/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm.h - the user ABI of mainline Linux KVM on arm64, as far as a realm VMM needs it: numbers,
 * structures, names as the kernel's. Usable on any 64-bit little-endian host architecture (the
 * host's own <linux/kvm.h> describes another architecture, so it is never included beside this
 * one).
 *
 * Source: Linux 7.3 include/uapi/linux/kvm.h and arch/arm64/include/uapi/asm/kvm.h. What the CCA
 * series adds has a header for each of its revisions: v12.h, and so on.
 */
#ifndef ABI_KVM_H
#define ABI_KVM_H

#include <linux/ioctl.h>
#include <stddef.h>
#include <stdint.h>

#define KVM_API_VERSION 12
#define KVMIO		0xAE

/* ---- VM types: the IPA width in bits 7:0; what else there is differs by revision ---- */
#define KVM_VM_TYPE_ARM_IPA_SIZE_MASK 0xffUL

/* ---- structures ---- */
struct kvm_userspace_memory_region {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size; /* bytes */
	uint64_t userspace_addr;
};

struct kvm_userspace_memory_region2 {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd;
	uint32_t pad1;
	uint64_t pad2[14];
};

#define KVM_MEM_LOG_DIRTY_PAGES (1UL << 0)
#define KVM_MEM_READONLY	(1UL << 1)
#define KVM_MEM_GUEST_MEMFD	(1UL << 2)

struct kvm_create_guest_memfd {
	uint64_t size;
	uint64_t flags;
	uint64_t reserved[6];
};
#define GUEST_MEMFD_FLAG_MMAP	     (1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED (1ULL << 1)

struct kvm_memory_attributes {
	uint64_t address;
	uint64_t size;
	uint64_t attributes;
	uint64_t flags;
};
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)

struct kvm_pre_fault_memory {
	uint64_t gpa;
	uint64_t size;
	uint64_t flags;
	uint64_t padding[5];
};

struct kvm_irq_level {
	union {
		uint32_t irq;
		int32_t status;
	};
	uint32_t level;
};
#define KVM_ARM_IRQ_VCPU2_SHIFT 28
#define KVM_ARM_IRQ_VCPU2_MASK	0xf
#define KVM_ARM_IRQ_TYPE_SHIFT	24
#define KVM_ARM_IRQ_TYPE_MASK	0xf
#define KVM_ARM_IRQ_VCPU_SHIFT	16
#define KVM_ARM_IRQ_VCPU_MASK	0xff
#define KVM_ARM_IRQ_NUM_SHIFT	0
#define KVM_ARM_IRQ_NUM_MASK	0xffff
#define KVM_ARM_IRQ_TYPE_CPU	0
#define KVM_ARM_IRQ_TYPE_SPI	1
#define KVM_ARM_IRQ_TYPE_PPI	2

struct kvm_coalesced_mmio_zone {
	uint64_t addr;
	uint32_t size;
	uint32_t pio;
};

struct kvm_coalesced_mmio {
	uint64_t phys_addr;
	uint32_t len;
	uint32_t pio;
	uint8_t data[8];
};

struct kvm_coalesced_mmio_ring {
	uint32_t first, last;
	struct kvm_coalesced_mmio coalesced_mmio[];
};

struct kvm_dirty_log {
	uint32_t slot;
	uint32_t padding1;
	uint64_t dirty_bitmap; /* user address */
};

struct kvm_clear_dirty_log {
	uint32_t slot;
	uint32_t num_pages;
	uint64_t first_page;
	uint64_t dirty_bitmap;
};

/* An entry of a vCPU's dirty ring. User space sets RESET when it has seen DIRTY. */
#define KVM_DIRTY_GFN_F_DIRTY (1u << 0)
#define KVM_DIRTY_GFN_F_RESET (1u << 1)
struct kvm_dirty_gfn {
	uint32_t flags;
	uint32_t slot;
	uint64_t offset; /* in the slot, in pages */
};

struct kvm_ioeventfd {
	uint64_t datamatch;
	uint64_t addr;
	uint32_t len;
	int32_t fd;
	uint32_t flags;
	uint8_t pad[36];
};
#define KVM_IOEVENTFD_FLAG_DATAMATCH  (1 << 0)
#define KVM_IOEVENTFD_FLAG_PIO	      (1 << 1)
#define KVM_IOEVENTFD_FLAG_DEASSIGN   (1 << 2)
#define KVM_IOEVENTFD_VALID_FLAG_MASK 0xf

struct kvm_irqfd {
	uint32_t fd;
	uint32_t gsi;
	uint32_t flags;
	uint32_t resamplefd;
	uint8_t pad[16];
};
#define KVM_IRQFD_FLAG_DEASSIGN (1 << 0)
#define KVM_IRQFD_FLAG_RESAMPLE (1 << 1)

struct kvm_irq_routing_irqchip {
	uint32_t irqchip;
	uint32_t pin;
};

struct kvm_irq_routing_msi {
	uint32_t address_lo;
	uint32_t address_hi;
	uint32_t data;
	uint32_t devid;
};

struct kvm_irq_routing_entry {
	uint32_t gsi;
	uint32_t type;
	uint32_t flags;
	uint32_t pad;
	union {
		struct kvm_irq_routing_irqchip irqchip;
		struct kvm_irq_routing_msi msi;
		uint32_t pad[8];
	} u;
};
#define KVM_IRQ_ROUTING_IRQCHIP 1
#define KVM_IRQ_ROUTING_MSI	2
#define KVM_MSI_VALID_DEVID	(1U << 0)

struct kvm_irq_routing {
	uint32_t nr;
	uint32_t flags;
	struct kvm_irq_routing_entry entries[];
};

struct kvm_msi {
	uint32_t address_lo;
	uint32_t address_hi;
	uint32_t data;
	uint32_t flags;
	uint32_t devid;
	uint8_t pad[12];
};

struct kvm_enable_cap {
	uint32_t cap;
	uint32_t flags;
	uint64_t args[4];
	uint8_t pad[64];
};

struct kvm_create_device {
	uint32_t type;
	uint32_t fd; /* out */
	uint32_t flags;
};
#define KVM_CREATE_DEVICE_TEST 1

struct kvm_device_attr {
	uint32_t flags;
	uint32_t group;
	uint64_t attr;
	uint64_t addr; /* user address */
};

/* KVM_ARM_VCPU_PMU_V3_FILTER */
struct kvm_pmu_event_filter {
	uint16_t base_event;
	uint16_t nevents;
	uint8_t action;
	uint8_t pad[3];
};
#define KVM_PMU_EVENT_ALLOW 0
#define KVM_PMU_EVENT_DENY  1

enum kvm_device_type {
	KVM_DEV_TYPE_VFIO = 4,
	KVM_DEV_TYPE_ARM_VGIC_V2 = 5,
	KVM_DEV_TYPE_ARM_VGIC_V3 = 7,
	KVM_DEV_TYPE_ARM_VGIC_ITS = 8,
	KVM_DEV_TYPE_ARM_PV_TIME = 10,
};

struct kvm_arm_device_addr {
	uint64_t id;
	uint64_t addr;
};

struct kvm_one_reg {
	uint64_t id;
	uint64_t addr; /* user address */
};

struct kvm_reg_list {
	uint64_t n;
	uint64_t reg[];
};

struct kvm_vcpu_init {
	uint32_t target;
	uint32_t features[7];
};
#define KVM_ARM_TARGET_GENERIC_V8    5
#define KVM_ARM_VCPU_POWER_OFF	     0
#define KVM_ARM_VCPU_EL1_32BIT	     1
#define KVM_ARM_VCPU_PSCI_0_2	     2
#define KVM_ARM_VCPU_PMU_V3	     3
#define KVM_ARM_VCPU_SVE	     4
#define KVM_ARM_VCPU_PTRAUTH_ADDRESS 5
#define KVM_ARM_VCPU_PTRAUTH_GENERIC 6
#define KVM_ARM_VCPU_HAS_EL2	     7
#define KVM_ARM_VCPU_HAS_EL2_E2H0    8
#define KVM_ARM_VCPU_PMU_V3_STRICT   9 /* 7.3; v12 on its own base: accepted and ignored */

struct kvm_mp_state {
	uint32_t mp_state;
};
#define KVM_MP_STATE_RUNNABLE  0
#define KVM_MP_STATE_STOPPED   5
#define KVM_MP_STATE_SUSPENDED 10

struct kvm_vcpu_events {
	struct {
		uint8_t serror_pending;
		uint8_t serror_has_esr;
		uint8_t ext_dabt_pending;
		uint8_t pad[5];
		uint64_t serror_esr;
	} exception;
	uint32_t reserved[12];
};

struct kvm_signal_mask {
	uint32_t len; /* 8: the kernel's sigset_t */
	uint8_t sigset[];
};

struct kvm_guest_debug {
	uint32_t control;
	uint32_t pad;
	uint64_t arch[64]; /* 16 of each, from these indices on */
};
enum {
	KVM_GUEST_DEBUG_BCR = 0,
	KVM_GUEST_DEBUG_BVR = 16,
	KVM_GUEST_DEBUG_WCR = 32,
	KVM_GUEST_DEBUG_WVR = 48
};
#define KVM_GUESTDBG_ENABLE	(1 << 0)
#define KVM_GUESTDBG_SINGLESTEP (1 << 1)
#define KVM_GUESTDBG_USE_SW_BP	(1 << 16)
#define KVM_GUESTDBG_USE_HW	(1 << 17)

struct kvm_smccc_filter {
	uint32_t base;
	uint32_t nr_functions;
	uint8_t action;
	uint8_t pad[15];
};
enum { KVM_SMCCC_FILTER_HANDLE, KVM_SMCCC_FILTER_DENY, KVM_SMCCC_FILTER_FWD_TO_USER };

struct kvm_arm_counter_offset {
	uint64_t counter_offset;
	uint64_t reserved;
};

struct reg_mask_range {
	uint64_t addr;
	uint32_t range;
	uint32_t reserved[13];
};

/* ---- what KVM_GET_STATS_FD's descriptor reads: header, id, descriptors, data ---- */
#define KVM_STATS_NAME_SIZE	  48
#define KVM_STATS_TYPE_CUMULATIVE (0u << 0)
#define KVM_STATS_TYPE_INSTANT	  (1u << 0)
#define KVM_STATS_TYPE_LOG_HIST	  (4u << 0)
#define KVM_STATS_UNIT_NONE	  (0u << 4)
#define KVM_STATS_UNIT_SECONDS	  (2u << 4)
#define KVM_STATS_UNIT_BOOLEAN	  (4u << 4)
#define KVM_STATS_BASE_POW10	  (0u << 8)

struct kvm_stats_header {
	uint32_t flags;
	uint32_t name_size;
	uint32_t num_desc;
	uint32_t id_offset;
	uint32_t desc_offset;
	uint32_t data_offset;
};

/* As arm64's kernel has them: the name's room is name_size bytes. */
struct kvm_stats_desc {
	uint32_t flags;
	int16_t exponent;
	uint16_t size;	 /* in words of 64 bits */
	uint32_t offset; /* in the data, in bytes */
	uint32_t bucket_size;
	char name[KVM_STATS_NAME_SIZE];
};

/* ---- kvm_run ---- */
enum kvm_exit_reason {
	KVM_EXIT_UNKNOWN = 0,
	KVM_EXIT_HYPERCALL = 3,
	KVM_EXIT_DEBUG = 4,
	KVM_EXIT_MMIO = 6,
	KVM_EXIT_SHUTDOWN = 8,
	KVM_EXIT_FAIL_ENTRY = 9,
	KVM_EXIT_INTR = 10,
	KVM_EXIT_INTERNAL_ERROR = 17,
	KVM_EXIT_SYSTEM_EVENT = 24,
	KVM_EXIT_ARM_NISV = 28,
	KVM_EXIT_DIRTY_RING_FULL = 31,
	KVM_EXIT_MEMORY_FAULT = 39,
};

#define KVM_SYSTEM_EVENT_SHUTDOWN		  1
#define KVM_SYSTEM_EVENT_RESET			  2
#define KVM_SYSTEM_EVENT_CRASH			  3
#define KVM_SYSTEM_EVENT_SUSPEND		  5
#define KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2  1 /* data[0] */
#define KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2	  1 /* data[0] */
#define KVM_MEMORY_EXIT_FLAG_PRIVATE		  (1ULL << 3)
#define KVM_HYPERCALL_EXIT_SMC			  (1U << 0)
#define KVM_HYPERCALL_EXIT_16BIT		  (1U << 1)
#define KVM_INTERNAL_ERROR_EMULATION		  1
#define KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON 4

struct kvm_run {
	uint8_t request_interrupt_window;
	uint8_t immediate_exit;
	uint8_t padding1[6];
	uint32_t exit_reason;
	uint8_t ready_for_interrupt_injection;
	uint8_t if_flag;
	uint16_t flags;
	uint64_t cr8;
	uint64_t apic_base;
	union {
		struct {
			uint64_t nr;
			uint64_t args[6];
			uint64_t ret;
			uint64_t flags;
		} hypercall;
		struct {
			uint32_t hsr;
			uint32_t hsr_high;
			uint64_t far;
		} debug;
		struct {
			uint64_t phys_addr;
			uint8_t data[8];
			uint32_t len;
			uint8_t is_write;
		} mmio;
		struct {
			uint64_t hardware_entry_failure_reason;
			uint32_t cpu;
		} fail_entry;
		struct {
			uint32_t suberror;
			uint32_t ndata;
			uint64_t data[16];
		} internal;
		struct {
			uint32_t type;
			uint32_t ndata;
			uint64_t data[16];
		} system_event;
		struct {
			uint64_t esr_iss;
			uint64_t fault_ipa;
		} arm_nisv;
		struct {
			uint64_t flags;
			uint64_t gpa;
			uint64_t size;
		} memory_fault;
		char padding[256];
	};
	uint64_t kvm_valid_regs;
	uint64_t kvm_dirty_regs;
	union {
		struct {
			uint64_t device_irq_level;
		} regs;
		char padding[2048];
	} s;
};

/* Bits of device_irq_level. */
#define KVM_ARM_DEV_EL1_VTIMER (1 << 0)
#define KVM_ARM_DEV_EL1_PTIMER (1 << 1)
#define KVM_ARM_DEV_PMU	       (1 << 2)

/* Bytes of a vCPU's mapping: kvm_run's page, then the coalesced MMIO ring's. */
#define KVM_VCPU_MMAP_SIZE	       0x2000
#define KVM_COALESCED_MMIO_PAGE_OFFSET 1
#define KVM_DIRTY_LOG_PAGE_OFFSET      64 /* where its dirty ring is mapped */

/* ---- ioctls; where a number stands twice the fd kind tells them apart ---- */
/* on /dev/kvm */
#define KVM_GET_API_VERSION	       _IO(KVMIO, 0x00)
#define KVM_CREATE_VM		       _IO(KVMIO, 0x01)
#define KVM_CHECK_EXTENSION	       _IO(KVMIO, 0x03) /* VM fds too */
#define KVM_GET_VCPU_MMAP_SIZE	       _IO(KVMIO, 0x04)
/* on VM fds */
#define KVM_CREATE_VCPU		       _IO(KVMIO, 0x41)
#define KVM_GET_DIRTY_LOG	       _IOW(KVMIO, 0x42, struct kvm_dirty_log)
#define KVM_SET_USER_MEMORY_REGION     _IOW(KVMIO, 0x46, struct kvm_userspace_memory_region)
#define KVM_SET_USER_MEMORY_REGION2    _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_CREATE_IRQCHIP	       _IO(KVMIO, 0x60)
#define KVM_IRQ_LINE		       _IOW(KVMIO, 0x61, struct kvm_irq_level)
#define KVM_IRQ_LINE_STATUS	       _IOWR(KVMIO, 0x67, struct kvm_irq_level)
#define KVM_REGISTER_COALESCED_MMIO    _IOW(KVMIO, 0x67, struct kvm_coalesced_mmio_zone)
#define KVM_UNREGISTER_COALESCED_MMIO  _IOW(KVMIO, 0x68, struct kvm_coalesced_mmio_zone)
#define KVM_SET_GSI_ROUTING	       _IOW(KVMIO, 0x6a, struct kvm_irq_routing)
#define KVM_IRQFD		       _IOW(KVMIO, 0x76, struct kvm_irqfd)
#define KVM_IOEVENTFD		       _IOW(KVMIO, 0x79, struct kvm_ioeventfd)
#define KVM_ENABLE_CAP		       _IOW(KVMIO, 0xa3, struct kvm_enable_cap) /* vCPU fds too */
#define KVM_SIGNAL_MSI		       _IOW(KVMIO, 0xa5, struct kvm_msi)
#define KVM_ARM_SET_DEVICE_ADDR	       _IOW(KVMIO, 0xab, struct kvm_arm_device_addr)
#define KVM_ARM_PREFERRED_TARGET       _IOR(KVMIO, 0xaf, struct kvm_vcpu_init)
#define KVM_ARM_SET_COUNTER_OFFSET     _IOW(KVMIO, 0xb5, struct kvm_arm_counter_offset)
#define KVM_ARM_GET_REG_WRITABLE_MASKS _IOR(KVMIO, 0xb6, struct reg_mask_range)
#define KVM_CLEAR_DIRTY_LOG	       _IOWR(KVMIO, 0xc0, struct kvm_clear_dirty_log)
#define KVM_RESET_DIRTY_RINGS	       _IO(KVMIO, 0xc7)
#define KVM_GET_STATS_FD	       _IO(KVMIO, 0xce) /* vCPU fds too */
#define KVM_SET_MEMORY_ATTRIBUTES      _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#define KVM_CREATE_GUEST_MEMFD	       _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#define KVM_CREATE_DEVICE	       _IOWR(KVMIO, 0xe0, struct kvm_create_device)
/* on vCPU fds */
#define KVM_RUN			       _IO(KVMIO, 0x80)
#define KVM_SET_SIGNAL_MASK	       _IOW(KVMIO, 0x8b, struct kvm_signal_mask)
#define KVM_GET_MP_STATE	       _IOR(KVMIO, 0x98, struct kvm_mp_state)
#define KVM_SET_MP_STATE	       _IOW(KVMIO, 0x99, struct kvm_mp_state)
#define KVM_SET_GUEST_DEBUG	       _IOW(KVMIO, 0x9b, struct kvm_guest_debug)
#define KVM_GET_VCPU_EVENTS	       _IOR(KVMIO, 0x9f, struct kvm_vcpu_events)
#define KVM_SET_VCPU_EVENTS	       _IOW(KVMIO, 0xa0, struct kvm_vcpu_events)
#define KVM_GET_ONE_REG		       _IOW(KVMIO, 0xab, struct kvm_one_reg)
#define KVM_SET_ONE_REG		       _IOW(KVMIO, 0xac, struct kvm_one_reg)
#define KVM_ARM_VCPU_INIT	       _IOW(KVMIO, 0xae, struct kvm_vcpu_init)
#define KVM_GET_REG_LIST	       _IOWR(KVMIO, 0xb0, struct kvm_reg_list)
#define KVM_ARM_VCPU_FINALIZE	       _IOW(KVMIO, 0xc2, int)
#define KVM_PRE_FAULT_MEMORY	       _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
/* on device fds, and VM and vCPU fds with attributes */
#define KVM_SET_DEVICE_ATTR	       _IOW(KVMIO, 0xe1, struct kvm_device_attr)
#define KVM_GET_DEVICE_ATTR	       _IOW(KVMIO, 0xe2, struct kvm_device_attr)
#define KVM_HAS_DEVICE_ATTR	       _IOW(KVMIO, 0xe3, struct kvm_device_attr)

/* ---- capabilities ---- */
#define KVM_CAP_IRQCHIP			       0
#define KVM_CAP_USER_MEMORY		       3
#define KVM_CAP_NR_VCPUS		       9
#define KVM_CAP_NR_MEMSLOTS		       10
#define KVM_CAP_MP_STATE		       14
#define KVM_CAP_COALESCED_MMIO		       15
#define KVM_CAP_SYNC_MMU		       16
#define KVM_CAP_DESTROY_MEMORY_REGION_WORKS    21
#define KVM_CAP_SET_GUEST_DEBUG		       23
#define KVM_CAP_IRQ_ROUTING		       25
#define KVM_CAP_JOIN_MEMORY_REGIONS_WORKS      30
#define KVM_CAP_IRQFD			       32
#define KVM_CAP_IOEVENTFD		       36
#define KVM_CAP_INTERNAL_ERROR_DATA	       40
#define KVM_CAP_VCPU_EVENTS		       41
#define KVM_CAP_MAX_VCPUS		       66
#define KVM_CAP_ONE_REG			       70
#define KVM_CAP_SIGNAL_MSI		       77
#define KVM_CAP_READONLY_MEM		       81
#define KVM_CAP_IRQFD_RESAMPLE		       82
#define KVM_CAP_ARM_PSCI		       87
#define KVM_CAP_ARM_SET_DEVICE_ADDR	       88
#define KVM_CAP_DEVICE_CTRL		       89
#define KVM_CAP_ARM_EL1_32BIT		       93
#define KVM_CAP_ENABLE_CAP_VM		       98
#define KVM_CAP_ARM_PSCI_0_2		       102
#define KVM_CAP_CHECK_EXTENSION_VM	       105
#define KVM_CAP_GUEST_DEBUG_HW_BPS	       119
#define KVM_CAP_GUEST_DEBUG_HW_WPS	       120
#define KVM_CAP_IOEVENTFD_ANY_LENGTH	       122
#define KVM_CAP_ARM_PMU_V3		       126
#define KVM_CAP_VCPU_ATTRIBUTES		       127
#define KVM_CAP_MAX_VCPU_ID		       128
#define KVM_CAP_MSI_DEVID		       131
#define KVM_CAP_IMMEDIATE_EXIT		       136
#define KVM_CAP_ARM_USER_IRQ		       144
#define KVM_CAP_ARM_INJECT_SERROR_ESR	       158
#define KVM_CAP_COALESCED_PIO		       162
#define KVM_CAP_ARM_VM_IPA_SIZE		       165
#define KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2      168
#define KVM_CAP_ARM_SVE			       170
#define KVM_CAP_ARM_PTRAUTH_ADDRESS	       171
#define KVM_CAP_ARM_PTRAUTH_GENERIC	       172
#define KVM_CAP_ARM_IRQ_LINE_LAYOUT_2	       174
#define KVM_CAP_ARM_NISV_TO_USER	       177
#define KVM_CAP_ARM_INJECT_EXT_DABT	       178
#define KVM_CAP_HALT_POLL		       182
#define KVM_CAP_STEAL_TIME		       187
#define KVM_CAP_SET_GUEST_DEBUG2	       195
#define KVM_CAP_PTP_KVM			       198
#define KVM_CAP_BINARY_STATS_FD		       203
#define KVM_CAP_ARM_MTE			       205
#define KVM_CAP_SYSTEM_EVENT_DATA	       215
#define KVM_CAP_ARM_SYSTEM_SUSPEND	       216
#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL	       223
#define KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP     225
#define KVM_CAP_COUNTER_OFFSET		       227
#define KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES      229
#define KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES  230
#define KVM_CAP_USER_MEMORY2		       231
#define KVM_CAP_MEMORY_ATTRIBUTES	       233
#define KVM_CAP_GUEST_MEMFD		       234
#define KVM_CAP_PRE_FAULT_MEMORY	       236
#define KVM_CAP_ARM_WRITABLE_IMP_ID_REGS       239
#define KVM_CAP_ARM_EL2			       240
#define KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED 243
#define KVM_CAP_GUEST_MEMFD_FLAGS	       244
#define KVM_CAP_ARM_SEA_TO_USER		       245

/* ---- ONE_REG ids ---- */
#define KVM_REG_ARM64		 UINT64_C(0x6000000000000000)
#define KVM_REG_SIZE_SHIFT	 52
#define KVM_REG_SIZE_MASK	 UINT64_C(0x00f0000000000000)
#define KVM_REG_SIZE_U32	 UINT64_C(0x0020000000000000)
#define KVM_REG_SIZE_U64	 UINT64_C(0x0030000000000000)
#define KVM_REG_SIZE_U128	 UINT64_C(0x0040000000000000)
#define KVM_REG_SIZE_U256	 UINT64_C(0x0050000000000000)
#define KVM_REG_SIZE_U512	 UINT64_C(0x0060000000000000)
#define KVM_REG_SIZE_U2048	 UINT64_C(0x0080000000000000)
#define KVM_REG_ARM_COPROC_MASK	 UINT64_C(0x0fff0000)
#define KVM_REG_ARM_COPROC_SHIFT 16
#define KVM_REG_ARM_CORE	 UINT64_C(0x00100000)
#define KVM_REG_ARM_DEMUX	 UINT64_C(0x00110000)
#define KVM_REG_ARM64_SYSREG	 UINT64_C(0x00130000)
#define KVM_REG_ARM_FW		 UINT64_C(0x00140000)
#define KVM_REG_ARM64_SVE	 UINT64_C(0x00150000)
#define KVM_REG_ARM_FW_FEAT_BMAP UINT64_C(0x00160000)
#define KVM_REG_ARM_CORE_X(n)	 (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | ((n)*2))
#define KVM_REG_ARM_CORE_SP	 (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x3e)
#define KVM_REG_ARM_CORE_PC	 (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x40)
#define KVM_REG_ARM_CORE_PSTATE	 (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x42)
#define ARM64_SYS_REG(op0, op1, crn, crm, op2)                                                     \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | (uint64_t)(op0) << 14 |         \
	 (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define KVM_REG_MPIDR_EL1	ARM64_SYS_REG(3, 0, 0, 0, 5)
#define KVM_REG_CLIDR_EL1	ARM64_SYS_REG(3, 1, 0, 0, 1)
#define KVM_REG_ID_AA64PFR0_EL1 ARM64_SYS_REG(3, 0, 0, 4, 0)
#define KVM_REG_ID_AA64DFR0_EL1 ARM64_SYS_REG(3, 0, 0, 5, 0)
#define KVM_REG_ZCR_EL1		ARM64_SYS_REG(3, 0, 1, 2, 0)
#define KVM_REG_PMCR_EL0	ARM64_SYS_REG(3, 3, 9, 12, 0)
/* The kernel's own mix-up: CNT and CVAL stand exchanged in the ABI. */
#define KVM_REG_ARM_TIMER_CTL	ARM64_SYS_REG(3, 3, 14, 3, 1)
#define KVM_REG_ARM_TIMER_CVAL	ARM64_SYS_REG(3, 3, 14, 0, 2)
#define KVM_REG_ARM_TIMER_CNT	ARM64_SYS_REG(3, 3, 14, 3, 2)
#define KVM_REG_ARM64_SVE_VLS	(KVM_REG_ARM64 | KVM_REG_ARM64_SVE | KVM_REG_SIZE_U512 | 0xffff)
/* A vector register is one slice of the longest length; others (bits 4:0) do not exist. */
#define KVM_REG_ARM64_SVE_ZREG(n)                                                                  \
	(KVM_REG_ARM64 | KVM_REG_ARM64_SVE | KVM_REG_SIZE_U2048 | (n) << 5)
#define KVM_REG_ARM64_SVE_PREG(n)                                                                  \
	(KVM_REG_ARM64 | KVM_REG_ARM64_SVE | KVM_REG_SIZE_U256 | 0x400 | (n) << 5)
#define KVM_REG_ARM64_SVE_FFR	 KVM_REG_ARM64_SVE_PREG(16)
#define KVM_REG_ARM64_SVE_SLICE	 0x1f
#define KVM_REG_ARM_PSCI_VERSION (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW | 0)

/* ---- device attributes ---- */
#define KVM_DEV_ARM_VGIC_GRP_ADDR	     0
#define KVM_DEV_ARM_VGIC_GRP_DIST_REGS	     1
#define KVM_DEV_ARM_VGIC_GRP_CPU_REGS	     2
#define KVM_DEV_ARM_VGIC_GRP_NR_IRQS	     3
#define KVM_DEV_ARM_VGIC_GRP_CTRL	     4
#define KVM_DEV_ARM_VGIC_GRP_REDIST_REGS     5
#define KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS     6
#define KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO	     7
#define KVM_DEV_ARM_VGIC_GRP_ITS_REGS	     8
#define KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ	     9
#define KVM_DEV_ARM_VGIC_CTRL_INIT	     0
#define KVM_DEV_ARM_ITS_SAVE_TABLES	     1
#define KVM_DEV_ARM_ITS_RESTORE_TABLES	     2
#define KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES 3
#define KVM_DEV_ARM_ITS_CTRL_RESET	     4
#define KVM_VGIC_V2_ADDR_TYPE_DIST	     0
#define KVM_VGIC_V2_ADDR_TYPE_CPU	     1
#define KVM_VGIC_V3_ADDR_TYPE_DIST	     2
#define KVM_VGIC_V3_ADDR_TYPE_REDIST	     3
#define KVM_VGIC_ITS_ADDR_TYPE		     4
#define KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION  5
#define KVM_VGIC_V3_DIST_SIZE		     0x10000
#define KVM_VGIC_V3_REDIST_SIZE		     0x20000
#define KVM_VGIC_V3_ITS_SIZE		     0x20000
#define GITS_TRANSLATER			     0x10040 /* in the ITS's frame: where MSIs go */
#define VGIC_MIN_RESERVED_INTID		     1020

#define KVM_ARM_VM_SMCCC_CTRL		    0 /* VM attribute group */
#define KVM_ARM_VM_SMCCC_FILTER		    0
#define KVM_ARM_VCPU_PMU_V3_CTRL	    0 /* vCPU attribute groups */
#define KVM_ARM_VCPU_PMU_V3_IRQ		    0
#define KVM_ARM_VCPU_PMU_V3_INIT	    1
#define KVM_ARM_VCPU_PMU_V3_FILTER	    2
#define KVM_ARM_VCPU_PMU_V3_SET_PMU	    3
#define KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS 4
#define KVM_ARM_VCPU_TIMER_CTRL		    1
#define KVM_ARM_VCPU_TIMER_IRQ_VTIMER	    0
#define KVM_ARM_VCPU_TIMER_IRQ_PTIMER	    1
#define KVM_ARM_VCPU_PVTIME_CTRL	    2
#define KVM_ARM_VCPU_PVTIME_IPA		    0

/* ---- pinned ---- */
#define ABI_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define ABI_OFFSET(type, field, off)                                                               \
	_Static_assert(offsetof(type, field) == (off), #type "." #field)
#define ABI_NUMBER(name, value) _Static_assert((uint64_t)(name) == (value), #name)

ABI_SIZE(struct kvm_userspace_memory_region, 32);
ABI_SIZE(struct kvm_userspace_memory_region2, 160);
ABI_SIZE(struct kvm_create_guest_memfd, 64);
ABI_SIZE(struct kvm_memory_attributes, 32);
ABI_SIZE(struct kvm_pre_fault_memory, 64);
ABI_SIZE(struct kvm_irq_level, 8);
ABI_SIZE(struct kvm_coalesced_mmio_zone, 16);
ABI_SIZE(struct kvm_coalesced_mmio, 24);
ABI_SIZE(struct kvm_coalesced_mmio_ring, 8);
ABI_SIZE(struct kvm_dirty_log, 16);
ABI_SIZE(struct kvm_clear_dirty_log, 24);
ABI_SIZE(struct kvm_dirty_gfn, 16);
ABI_SIZE(struct kvm_ioeventfd, 64);
ABI_SIZE(struct kvm_irqfd, 32);
ABI_SIZE(struct kvm_irq_routing_irqchip, 8);
ABI_SIZE(struct kvm_irq_routing_msi, 16);
ABI_SIZE(struct kvm_irq_routing_entry, 48);
ABI_SIZE(struct kvm_irq_routing, 8);
ABI_SIZE(struct kvm_msi, 32);
ABI_SIZE(struct kvm_enable_cap, 104);
ABI_SIZE(struct kvm_create_device, 12);
ABI_SIZE(struct kvm_device_attr, 24);
ABI_SIZE(struct kvm_pmu_event_filter, 8);
ABI_SIZE(struct kvm_arm_device_addr, 16);
ABI_SIZE(struct kvm_one_reg, 16);
ABI_SIZE(struct kvm_reg_list, 8);
ABI_SIZE(struct kvm_vcpu_init, 32);
ABI_SIZE(struct kvm_mp_state, 4);
ABI_SIZE(struct kvm_vcpu_events, 64);
ABI_SIZE(struct kvm_signal_mask, 4);
ABI_SIZE(struct kvm_guest_debug, 520);
ABI_SIZE(struct kvm_smccc_filter, 24);
ABI_SIZE(struct kvm_arm_counter_offset, 16);
ABI_SIZE(struct reg_mask_range, 64);
ABI_SIZE(struct kvm_stats_header, 24);
ABI_SIZE(struct kvm_stats_desc, 16 + KVM_STATS_NAME_SIZE);
ABI_OFFSET(struct kvm_stats_desc, offset, 8);
ABI_OFFSET(struct kvm_stats_desc, name, 16);
ABI_SIZE(struct kvm_run, 2352);
ABI_OFFSET(struct kvm_run, immediate_exit, 1);
ABI_OFFSET(struct kvm_run, exit_reason, 8);
ABI_OFFSET(struct kvm_run, mmio.phys_addr, 32);
ABI_OFFSET(struct kvm_run, mmio.data, 40);
ABI_OFFSET(struct kvm_run, mmio.len, 48);
ABI_OFFSET(struct kvm_run, mmio.is_write, 52);
ABI_OFFSET(struct kvm_run, hypercall.flags, 96);
ABI_OFFSET(struct kvm_run, system_event.data, 40);
ABI_OFFSET(struct kvm_run, memory_fault.gpa, 40);
ABI_OFFSET(struct kvm_run, s, 304);
ABI_NUMBER(KVM_SET_USER_MEMORY_REGION2, 0x40A0AE49);
ABI_NUMBER(KVM_CREATE_GUEST_MEMFD, 0xC040AED4);
ABI_NUMBER(KVM_SET_MEMORY_ATTRIBUTES, 0x4020AED2);
ABI_NUMBER(KVM_PRE_FAULT_MEMORY, 0xC040AED5);
ABI_NUMBER(KVM_GET_ONE_REG, 0x4010AEAB);
ABI_NUMBER(KVM_IRQ_LINE_STATUS, 0xC008AE67);
ABI_NUMBER(KVM_SIGNAL_MSI, 0x4020AEA5);
ABI_NUMBER(KVM_GET_STATS_FD, 0xAECE);
ABI_NUMBER(KVM_RESET_DIRTY_RINGS, 0xAEC7);
ABI_NUMBER(KVM_REG_MPIDR_EL1, 0x603000000013C005);
ABI_NUMBER(KVM_REG_ARM_TIMER_CNT, 0x603000000013DF1A);
ABI_NUMBER(KVM_REG_ARM_CORE_PC, 0x6030000000100040);

#endif
