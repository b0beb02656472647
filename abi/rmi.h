/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmi.h - the host's interface of the RMM, 1.0 (DEN0137 1.0-rel0): function identifiers, status
 * codes, structures. Chapter B3 (commands), B4.4 (types).
 */
#ifndef ABI_RMI_H
#define ABI_RMI_H

#include <stddef.h>
#include <stdint.h>

#define RMI_ABI_VERSION UINT64_C(0x10000)

#define RMI_FID_BASE		  0xC4000150
#define RMI_VERSION		  0xC4000150
#define RMI_GRANULE_DELEGATE	  0xC4000151
#define RMI_GRANULE_UNDELEGATE	  0xC4000152
#define RMI_DATA_CREATE		  0xC4000153
#define RMI_DATA_CREATE_UNKNOWN	  0xC4000154
#define RMI_DATA_DESTROY	  0xC4000155
#define RMI_REALM_ACTIVATE	  0xC4000157
#define RMI_REALM_CREATE	  0xC4000158
#define RMI_REALM_DESTROY	  0xC4000159
#define RMI_REC_CREATE		  0xC400015A
#define RMI_REC_DESTROY		  0xC400015B
#define RMI_REC_ENTER		  0xC400015C
#define RMI_RTT_CREATE		  0xC400015D
#define RMI_RTT_DESTROY		  0xC400015E
#define RMI_RTT_MAP_UNPROTECTED	  0xC400015F
#define RMI_RTT_READ_ENTRY	  0xC4000161
#define RMI_RTT_UNMAP_UNPROTECTED 0xC4000162
#define RMI_PSCI_COMPLETE	  0xC4000164
#define RMI_FEATURES		  0xC4000165
#define RMI_RTT_FOLD		  0xC4000166
#define RMI_REC_AUX_COUNT	  0xC4000167
#define RMI_RTT_INIT_RIPAS	  0xC4000168
#define RMI_RTT_SET_RIPAS	  0xC4000169
#define RMI_FID_LAST		  0xC4000169

/* X0 of an answer: status | index << 8 */
enum { RMI_SUCCESS, RMI_ERROR_INPUT, RMI_ERROR_REALM, RMI_ERROR_REC, RMI_ERROR_RTT };
#define RMI_STATUS(x0)	  ((unsigned int)((x0)&0xff))
#define RMI_INDEX(x0)	  ((unsigned int)(((x0) >> 8) & 0xff))
#define SMC_NOT_SUPPORTED (~UINT64_C(0))

/* feature register 0 */
#define RMI_FEATURE0_S2SZ	    UINT64_C(0xff)
#define RMI_FEATURE0_LPA2	    (UINT64_C(1) << 8)
#define RMI_FEATURE0_SVE_EN	    (UINT64_C(1) << 9)
#define RMI_FEATURE0_SVE_VL	    (UINT64_C(0xf) << 10)  /* VL/128 - 1 */
#define RMI_FEATURE0_NUM_BPS	    (UINT64_C(0x3f) << 14) /* number minus one */
#define RMI_FEATURE0_NUM_WPS	    (UINT64_C(0x3f) << 20) /* number minus one */
#define RMI_FEATURE0_PMU_EN	    (UINT64_C(1) << 26)
#define RMI_FEATURE0_PMU_NUM_CTRS   (UINT64_C(0x1f) << 27)
#define RMI_FEATURE0_HASH_SHA_256   (UINT64_C(1) << 32)
#define RMI_FEATURE0_HASH_SHA_512   (UINT64_C(1) << 33)
#define RMI_FEATURE0_GICV3_NUM_LRS  (UINT64_C(0xf) << 34) /* number minus one */
#define RMI_FEATURE0_MAX_RECS_ORDER (UINT64_C(0xf) << 38) /* 2^n - 1 RECs */

enum { RMI_HASH_SHA_256, RMI_HASH_SHA_512 };
enum { RMI_RIPAS_EMPTY, RMI_RIPAS_RAM, RMI_RIPAS_DESTROYED };
enum { RMI_RTTE_UNASSIGNED, RMI_RTTE_ASSIGNED, RMI_RTTE_TABLE };

#define RMI_DATA_FLAG_MEASURE (UINT64_C(1) << 0)

#define RMI_REALM_FLAG_LPA2 (UINT64_C(1) << 0)
#define RMI_REALM_FLAG_SVE  (UINT64_C(1) << 1)
#define RMI_REALM_FLAG_PMU  (UINT64_C(1) << 2)

/*
 * Ours, in a reserved field of RmiRealmParams: which RMM the realm and its verifier see. RMI is 1.0
 * whatever it is. 0 is RMM 1.0; what each bit changes is not measured itself.
 */
#define RMI_SEMANTICS_2_0	       (UINT64_C(1) << 0) /* token profile, RSI, RsiRealmConfig */
#define RMI_SEMANTICS_RIPAS_UNMEASURED (UINT64_C(1) << 1) /* RTT_INIT_RIPAS is not in the RIM */
#define RMI_SEMANTICS_AFFINITY_INFO    (UINT64_C(1) << 2) /* PSCI_AFFINITY_INFO does not exit */
#define RMI_SEMANTICS_REM_PADDED       (UINT64_C(1) << 3) /* REMs as the text has it */

struct rmi_realm_params {
	uint64_t flags;
	uint8_t s2sz;
	uint8_t pad0[7];
	uint8_t sve_vl;
	uint8_t pad1[7];
	uint8_t num_bps; /* minus one */
	uint8_t pad2[7];
	uint8_t num_wps; /* minus one */
	uint8_t pad3[7];
	uint8_t pmu_num_ctrs;
	uint8_t pad4[7];
	uint8_t hash_algo;
	uint8_t pad5[0x400 - 0x31];
	uint8_t rpv[64];
	uint8_t pad6[0x800 - 0x440];
	uint16_t vmid;
	uint8_t pad7[6];
	uint64_t rtt_base;
	int64_t rtt_level_start;
	uint32_t rtt_num_start;
	uint8_t pad8[0xff8 - 0x81c];
	uint64_t semantics; /* RMI_SEMANTICS_*; reserved in the specification */
};

#define RMI_REC_FLAG_RUNNABLE (UINT64_C(1) << 0)
#define RMI_MAX_REC_AUX	      16

struct rmi_rec_params {
	uint64_t flags;
	uint8_t pad0[0x100 - 0x8];
	uint64_t mpidr;
	uint8_t pad1[0x200 - 0x108];
	uint64_t pc;
	uint8_t pad2[0x300 - 0x208];
	uint64_t gprs[8];
	uint8_t pad3[0x800 - 0x340];
	uint64_t num_aux;
	uint64_t aux[RMI_MAX_REC_AUX];
	uint8_t pad4[0x1000 - 0x888];
};

#define RMI_ENTER_EMUL_MMIO    (UINT64_C(1) << 0)
#define RMI_ENTER_INJECT_SEA   (UINT64_C(1) << 1)
#define RMI_ENTER_TRAP_WFI     (UINT64_C(1) << 2)
#define RMI_ENTER_TRAP_WFE     (UINT64_C(1) << 3)
#define RMI_ENTER_RIPAS_REJECT (UINT64_C(1) << 4)
#define RMI_NUM_GPRS	       31
#define RMI_NUM_LRS	       16

enum {
	RMI_EXIT_SYNC,
	RMI_EXIT_IRQ,
	RMI_EXIT_FIQ,
	RMI_EXIT_PSCI,
	RMI_EXIT_RIPAS_CHANGE,
	RMI_EXIT_HOST_CALL,
	RMI_EXIT_SERROR,
};

struct rmi_rec_enter {
	uint64_t flags;
	uint8_t pad0[0x200 - 0x8];
	uint64_t gprs[RMI_NUM_GPRS];
	uint8_t pad1[0x300 - 0x2f8];
	uint64_t gicv3_hcr;
	uint64_t gicv3_lrs[RMI_NUM_LRS];
	uint8_t pad2[0x800 - 0x388];
};

struct rmi_rec_exit {
	uint64_t exit_reason; /* u8 in the specification, the rest zero */
	uint8_t pad0[0x100 - 0x8];
	uint64_t esr;
	uint64_t far;
	uint64_t hpfar;
	uint8_t pad1[0x200 - 0x118];
	uint64_t gprs[RMI_NUM_GPRS];
	uint8_t pad2[0x300 - 0x2f8];
	uint64_t gicv3_hcr;
	uint64_t gicv3_lrs[RMI_NUM_LRS];
	uint64_t gicv3_misr;
	uint64_t gicv3_vmcr;
	uint8_t pad3[0x400 - 0x398];
	uint64_t cntp_ctl;
	uint64_t cntp_cval;
	uint64_t cntv_ctl;
	uint64_t cntv_cval;
	uint8_t pad4[0x500 - 0x420];
	uint64_t ripas_base;
	uint64_t ripas_top;
	uint8_t ripas_value;
	uint8_t pad5[0x600 - 0x511];
	uint16_t imm;
	uint8_t pad6[0x700 - 0x602];
	uint8_t pmu_ovf_status;
	uint8_t pad7[0x800 - 0x701];
};

struct rmi_rec_run {
	struct rmi_rec_enter enter;
	struct rmi_rec_exit exit;
};

#define RMI_SIZE(type, size)	 _Static_assert(sizeof(type) == (size), #type)
#define RMI_AT(type, field, off) _Static_assert(offsetof(type, field) == (off), #type "." #field)
RMI_SIZE(struct rmi_realm_params, 4096);
RMI_AT(struct rmi_realm_params, s2sz, 0x8);
RMI_AT(struct rmi_realm_params, sve_vl, 0x10);
RMI_AT(struct rmi_realm_params, num_bps, 0x18);
RMI_AT(struct rmi_realm_params, num_wps, 0x20);
RMI_AT(struct rmi_realm_params, pmu_num_ctrs, 0x28);
RMI_AT(struct rmi_realm_params, hash_algo, 0x30);
RMI_AT(struct rmi_realm_params, rpv, 0x400);
RMI_AT(struct rmi_realm_params, vmid, 0x800);
RMI_AT(struct rmi_realm_params, rtt_base, 0x808);
RMI_AT(struct rmi_realm_params, rtt_level_start, 0x810);
RMI_AT(struct rmi_realm_params, rtt_num_start, 0x818);
RMI_AT(struct rmi_realm_params, semantics, 0xff8);
RMI_SIZE(struct rmi_rec_params, 4096);
RMI_AT(struct rmi_rec_params, mpidr, 0x100);
RMI_AT(struct rmi_rec_params, pc, 0x200);
RMI_AT(struct rmi_rec_params, gprs, 0x300);
RMI_AT(struct rmi_rec_params, num_aux, 0x800);
RMI_AT(struct rmi_rec_params, aux, 0x808);
RMI_SIZE(struct rmi_rec_enter, 2048);
RMI_AT(struct rmi_rec_enter, gprs, 0x200);
RMI_AT(struct rmi_rec_enter, gicv3_hcr, 0x300);
RMI_AT(struct rmi_rec_enter, gicv3_lrs, 0x308);
RMI_SIZE(struct rmi_rec_exit, 2048);
RMI_AT(struct rmi_rec_exit, esr, 0x100);
RMI_AT(struct rmi_rec_exit, hpfar, 0x110);
RMI_AT(struct rmi_rec_exit, gprs, 0x200);
RMI_AT(struct rmi_rec_exit, gicv3_hcr, 0x300);
RMI_AT(struct rmi_rec_exit, gicv3_lrs, 0x308);
RMI_AT(struct rmi_rec_exit, gicv3_misr, 0x388);
RMI_AT(struct rmi_rec_exit, gicv3_vmcr, 0x390);
RMI_AT(struct rmi_rec_exit, cntp_ctl, 0x400);
RMI_AT(struct rmi_rec_exit, cntv_cval, 0x418);
RMI_AT(struct rmi_rec_exit, ripas_base, 0x500);
RMI_AT(struct rmi_rec_exit, ripas_value, 0x510);
RMI_AT(struct rmi_rec_exit, imm, 0x600);
RMI_AT(struct rmi_rec_exit, pmu_ovf_status, 0x700);
RMI_SIZE(struct rmi_rec_run, 4096);

#endif
