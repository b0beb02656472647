// SPDX-License-Identifier: BSD-3-Clause
/*
 * seeds.c - the seeds of the fuzzers of RMM and wire: for each state or rule that random bytes do
 * not find soon, the shortest input that reaches it; and writes all seeds to files. They are part
 * of the committed corpora, written anew when the input format changes.
 *
 *	fuzz_seeds DIRECTORY	writes DIRECTORY/TARGET/NAME
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "fuzz/seeds.h"
#include "fuzz/wire_ops.h"
#include "fuzz/world.h"
#include "wire/wire.h"

#define RMI(name, ...) SEED("rmi", name, 0, __VA_ARGS__)
#define RSI(name, ...) SEED("rsi", name, 0, __VA_ARGS__)

/* Bytes of arguments. Function identifiers appear as their low byte. */
#define RAM(n)	  (REGION_RAM_PAGE << 4 | (n))
#define UPPER(n)  (REGION_UPPER_PAGE << 4 | (n))
#define ODD_IPA	  (REGION_UNALIGNED << 4 | 1)
#define PAGE	  200 /* a loose one */
#define SIZE_65	  0xe1
#define SIZE_4096 0xe5
#define VMID_256  0xe3
#define MINUS_3	  0xec

#define DELEGATE(page)		 0x51, page
#define DATA_CREATE(...)	 0x53, __VA_ARGS__
#define DATA_CREATE_UNKNOWN(...) 0x54, __VA_ARGS__
#define DATA_DESTROY(...)	 0x55, __VA_ARGS__
#define REALM_CREATE(rd)	 0x58, rd, REALM_PARAMS_PAGE
#define REC_CREATE(rd, rec)	 0x5a, rd, rec, REC_PARAMS_PAGE
#define REC_DESTROY(rec)	 0x5b, rec
#define REC_ENTER(rec, run)	 0x5c, rec, run
#define RTT_CREATE(...)		 0x5d, __VA_ARGS__
#define RTT_DESTROY(...)	 0x5e, __VA_ARGS__
#define RTT_MAP(...)		 0x5f, __VA_ARGS__
#define RTT_UNMAP(...)		 0x62, __VA_ARGS__
#define PSCI_COMPLETE(...)	 0x64, __VA_ARGS__
#define RTT_FOLD(...)		 0x66, __VA_ARGS__
#define SET_RIPAS(...)		 0x69, __VA_ARGS__

#define REALM(slot, recs)		 OP_MAKE_REALM, slot, (recs) << 4
#define RUNNING_REALM(slot, recs)	 OP_MAKE_REALM, slot, (recs) << 4 | CONF_ACTIVE
#define RD(slot)			 ((slot)*SLOT_PAGES)
#define REC(slot, n)			 ((slot)*SLOT_PAGES + SLOT_REC + (n))
#define ENTER(slot, n)			 OP_ENTER, (n)*WORLD_SLOTS + (slot), 0
#define REALM_PARAM(slot, field, v)	 OP_REALM_PARAMS, REALM_PARAMS_PAGE, slot, 0, field, v
#define REC_PARAM(slot, index, field, v) OP_REC_PARAMS, REC_PARAMS_PAGE, slot, index, field, v
/* Bits 63:48, 47:32, 15:0 of the first list register, the rest empty. */
#define ENTER_LR(hi, mid, lo)                                                                      \
	OP_ENTER, 0, 0x20, (hi)&0xff, (hi) >> 8, (mid)&0xff, (mid) >> 8, (lo)&0xff, (lo) >> 8

#define CPU_ON(cpu)	   STEP_PSCI64 + 3, cpu, RAM(0), 0
#define AFFINITY_INFO(cpu) STEP_PSCI64 + 4, cpu, 0
#define IPA_STATE_SET(...) 0x97, __VA_ARGS__

static const struct seed seeds[] = {
	/* ---- data ---- */
	RMI("data-unaligned", REALM(0, 0), DELEGATE(PAGE), DATA_CREATE_UNKNOWN(0, PAGE, ODD_IPA)),
	RMI("data-none", REALM(0, 0), OP_MAKE_TABLES, 0, RAM(0), 3, DATA_DESTROY(0, RAM(0))),
	RMI("data-src", REALM(0, 0), DELEGATE(PAGE), DATA_CREATE(0, PAGE, RAM(0), 0, 0)),
	RMI("data-measured", REALM(0, 0), OP_MAKE_TABLES, 0, RAM(0), 3, DELEGATE(PAGE),
	    DATA_CREATE(0, PAGE, RAM(0), PAGE + 1, 1), DATA_DESTROY(0, RAM(0))),
	/* ---- realms ---- */
	RMI("realm-bps", REALM_PARAM(0, 3, 0), REALM_CREATE(0)),
	RMI("realm-wps", REALM_PARAM(0, 4, 0), REALM_CREATE(0)),
	RMI("realm-lpa2", REALM_PARAM(0, 1, 1), 0, REALM_CREATE(0)),
	SEED("rmi", "realm-52-no-lpa2", 16, REALM_PARAM(0, 1, 0), 0, REALM_CREATE(0)),
	SEED("rmi", "realm-level-minus-1", 16, OP_MAKE_REALM, 0, 0, OP_MAKE_TABLES, 0, RAM(0), 3,
	     OP_MAKE_PAGE, 0, RAM(3)),
	SEED("rmi", "realm-52-level-0", 16, OP_MAKE_REALM, 0, 1, OP_MAKE_PAGE, 0, RAM(3)),
	RMI("realm-sve", REALM_PARAM(0, 1, 2), 0, REALM_CREATE(0)),
	RMI("realm-pmu", REALM_PARAM(0, 1, 4), 0, REALM_CREATE(0)),
	SEED("rmi", "realm-sve-too-long", 1, REALM_PARAM(0, 1, 2), 4, REALM_CREATE(0)),
	SEED("rmi", "realm-sve-pmu", 1, DELEGATE(0), DELEGATE(16), REALM_PARAM(0, 1, 6), 3,
	     REALM_CREATE(0)),
	RMI("realm-start-level", REALM_PARAM(0, 8, 7), REALM_CREATE(0)),
	RMI("realm-num-start", REALM_PARAM(0, 9, 3), REALM_CREATE(0)),
	RMI("realm-rtt-align", OP_REALM_PARAMS, REALM_PARAMS_PAGE, 0, 4, 7, 0, 17, REALM_CREATE(0)),
	RMI("realm-rd-is-rtt", REALM_PARAM(0, 0, 0), REALM_CREATE(SLOT_TABLES)),
	RMI("realm-vmid-range", REALM_PARAM(0, 6, VMID_256), REALM_CREATE(0)),
	RMI("realm-vmid-used", REALM(0, 0), DELEGATE(RD(1)), DELEGATE(RD(1) + SLOT_TABLES),
	    REALM_PARAM(1, 6, 0), REALM_CREATE(RD(1))),
	RMI("realm-hash", REALM_PARAM(0, 5, 2), REALM_CREATE(0)),
	SEED("rmi", "realm-no-sha512", 2, REALM_PARAM(0, 5, 1), REALM_CREATE(0)),
	RMI("realms-of-all-sizes", REALM(0, 0), OP_MAKE_REALM, 1, 1, OP_MAKE_TABLES, 1, RAM(0), 3,
	    OP_MAKE_PAGE, 0, RAM(3)),
	RMI("realm-16-tables", OP_MAKE_REALM, 0, 4, OP_MAKE_PAGE, 0, RAM(0)),
	RMI("realm-16-tables-level-1", OP_MAKE_REALM, 0, 5, OP_MAKE_PAGE, 0, RAM(0)),
	/* ---- RECs ---- */
	RMI("rec-mpidr", REALM(0, 0), OP_DELEGATE_RANGE, SLOT_AUX, 16, DELEGATE(SLOT_REC),
	    REC_PARAM(0, 0, 2, 0x10), REC_CREATE(0, SLOT_REC)),
	RMI("rec-order", REALM(0, 0), OP_DELEGATE_RANGE, SLOT_AUX, 16, DELEGATE(SLOT_REC),
	    REC_PARAM(0, 0, 2, 1), REC_CREATE(0, SLOT_REC)),
	RMI("rec-num-aux", REALM(0, 0), OP_DELEGATE_RANGE, SLOT_AUX, 16, DELEGATE(SLOT_REC),
	    REC_PARAM(0, 0, 3, 15), REC_CREATE(0, SLOT_REC)),
	RMI("rec-num-aux-max", REALM(0, 0), REC_PARAM(0, 0, 3, 17), REC_CREATE(0, SLOT_REC)),
	RMI("rec-aux-twice", REALM(0, 0), OP_DELEGATE_RANGE, SLOT_AUX, 16, DELEGATE(SLOT_REC),
	    REC_PARAM(0, 0, 4, 1), SLOT_AUX, REC_CREATE(0, SLOT_REC)),
	RMI("recs-too-many", REALM(0, 0), OP_MANY_RECS, 0, 33),
	RMI("rec-beyond-engine", REALM(0, 0), OP_MANY_RECS, 0, 18, 0x57, 0,
	    REC_ENTER(0xe9, (uint8_t)(MANY_RECS_PAGE + 17 * 17)), (MANY_RECS_PAGE + 17 * 17) >> 8,
	    PAGE),
	RMI("rec-not-runnable", REALM(0, 0), OP_DELEGATE_RANGE, SLOT_AUX, 16, DELEGATE(SLOT_REC),
	    REC_PARAM(0, 0, 1, 0), REC_CREATE(0, SLOT_REC), 0x57, 0, ENTER(0, 0)),
	/* ---- REC_ENTER ---- */
	RMI("enter-hcr", RUNNING_REALM(0, 1), OP_ENTER, 0, 0x40, 1, 0, 0, 0),
	RMI("enter-lr-hw", RUNNING_REALM(0, 1), ENTER_LR(0x6000, 0, 40)),
	RMI("enter-lr-pintid", RUNNING_REALM(0, 1), ENTER_LR(0x4000, 1, 40)),
	RMI("enter-lr-reserved", RUNNING_REALM(0, 1), ENTER_LR(0x4100, 0, 40)),
	RMI("enter-lr-priority", RUNNING_REALM(0, 1), ENTER_LR(0x4001, 0, 40)),
	RMI("enter-lr-vintid", RUNNING_REALM(0, 1), ENTER_LR(0x4000, 0, 1021)),
	RMI("enter-lr-twice", RUNNING_REALM(0, 1), ENTER_LR(0x4000, 0, 40), 0, 0x40, 0, 0, 40, 0),
	RMI("enter-running", RUNNING_REALM(0, 2), ENTER(0, 0), STEP_HOST,
	    REC_ENTER(REC(0, 0), PAGE)),
	RMI("enter-run-lost", RUNNING_REALM(0, 1), ENTER(0, 0), STEP_HOST, DELEGATE(SLOT_RUN)),
	RMI("enter-both", RUNNING_REALM(0, 2), ENTER(0, 0), STEP_HOST, ENTER(0, 1),
	    STEP_SMCCC_VERSION, STEP_IRQ, STEP_IRQ),
	RMI("destroy-running", RUNNING_REALM(0, 1), ENTER(0, 0), STEP_HOST, REC_DESTROY(REC(0, 0))),
	/* ---- PSCI_COMPLETE ---- */
	RMI("psci-same", RUNNING_REALM(0, 1), PSCI_COMPLETE(REC(0, 0), REC(0, 0), 0)),
	RMI("psci-running", RUNNING_REALM(0, 2), ENTER(0, 0), STEP_HOST,
	    PSCI_COMPLETE(REC(0, 0), REC(0, 1), 0)),
	RMI("psci-all", RUNNING_REALM(0, 3), REALM(1, 1), ENTER(0, 0), CPU_ON(1),
	    PSCI_COMPLETE(REC(0, 0), REC(0, 1), MINUS_3), PSCI_COMPLETE(REC(0, 0), REC(0, 1), 1),
	    PSCI_COMPLETE(REC(0, 0), REC(0, 2), 0), PSCI_COMPLETE(REC(0, 0), REC(1, 0), 0),
	    ENTER(0, 0), PSCI_COMPLETE(REC(0, 0), REC(0, 1), 0),
	    PSCI_COMPLETE(REC(0, 0), REC(0, 1), 0), ENTER(0, 0), AFFINITY_INFO(1),
	    PSCI_COMPLETE(REC(0, 0), REC(0, 1), MINUS_3), PSCI_COMPLETE(REC(0, 0), REC(0, 1), 0)),
	RMI("psci-off-on", RUNNING_REALM(0, 2), ENTER(0, 1), STEP_PSCI32 + 2, ENTER(0, 1),
	    ENTER(0, 0), CPU_ON(1), PSCI_COMPLETE(REC(0, 0), REC(0, 1), 0), ENTER(0, 1), STEP_IRQ),
	RMI("psci-off-denied", RUNNING_REALM(0, 2), ENTER(0, 1), STEP_PSCI32 + 2, ENTER(0, 0),
	    CPU_ON(1), PSCI_COMPLETE(REC(0, 0), REC(0, 1), MINUS_3), ENTER(0, 0), STEP_IRQ),
	RMI("psci-system-off", RUNNING_REALM(0, 2), ENTER(0, 0), STEP_PSCI32 + 8, ENTER(0, 1)),
	/* ---- RTTs ---- */
	RMI("ns-desc", REALM(0, 0), RTT_MAP(0, UPPER(0), 3, PAGE, 0x80)),
	RMI("ns-unaligned", REALM(0, 0), RTT_MAP(0, UPPER(1), 2, PAGE, 0x3f)),
	RMI("ns-unmap-none", REALM(0, 0), OP_MAKE_TABLES, 0, UPPER(0), 3,
	    RTT_UNMAP(0, UPPER(0), 3)),
	RMI("ns-map-unmap", REALM(0, 0), OP_MAKE_TABLES, 0, UPPER(0), 3,
	    RTT_MAP(0, UPPER(0), 3, PAGE, 0x1f), RTT_MAP(0, UPPER(0), 3, PAGE, 0x1f),
	    DELEGATE(PAGE), RTT_UNMAP(0, UPPER(0), 3)),
	RMI("ns-block", REALM(0, 0), OP_MAKE_TABLES, 0, UPPER(0), 2,
	    RTT_MAP(0, UPPER(0), 2, 0xe9, BLOCK_PAGE & 0xff, BLOCK_PAGE >> 8, 0x1f),
	    OP_DELEGATE_RANGE, 0xe9, BLOCK_PAGE & 0xff, BLOCK_PAGE >> 8, 3, DELEGATE(PAGE),
	    RTT_CREATE(0, PAGE, UPPER(0), 3), OP_UNDELEGATE_RANGE, 0xe9, BLOCK_PAGE & 0xff,
	    BLOCK_PAGE >> 8, 3),
	RMI("fold", REALM(0, 0), OP_FILL_TABLE, 0, RAM(0), RTT_FOLD(0, RAM(0), 3),
	    DATA_DESTROY(0, RAM(1)), OP_MAKE_TABLES, 0, RAM(0), 3, DATA_DESTROY(0, RAM(1)),
	    RTT_DESTROY(0, RAM(0), 3), RTT_FOLD(0, RAM(0), 3)),
	RMI("fold-ns", REALM(0, 0), OP_FILL_NS_TABLE, 0, UPPER(0), RTT_FOLD(0, UPPER(0), 3),
	    RTT_UNMAP(0, UPPER(0), 2)),
	RMI("fold-ns-hidden", REALM(0, 0), OP_FILL_NS_TABLE, 0, UPPER(0), OP_DELEGATE_RANGE, 0xe9,
	    BLOCK_PAGE & 0xff, BLOCK_PAGE >> 8, 2, RTT_FOLD(0, UPPER(0), 3)),
	RMI("fold-empty", REALM(0, 0), OP_MAKE_TABLES, 0, RAM(0), 3, RTT_FOLD(0, RAM(0), 3)),
	/* ---- RIPAS ---- */
	RMI("ripas-owner", RUNNING_REALM(0, 1), REALM(1, 0),
	    SET_RIPAS(RD(1), REC(0, 0), RAM(0), RAM(1))),
	RMI("ripas-running", RUNNING_REALM(0, 1), ENTER(0, 0), STEP_HOST,
	    SET_RIPAS(0, REC(0, 0), RAM(0), RAM(1))),
	RMI("ripas-set", REALM(0, 1), OP_MAKE_PAGE, 0, RAM(0), 0x57, 0, ENTER(0, 0),
	    IPA_STATE_SET(RAM(0), RAM(2), 0, 1), SET_RIPAS(0, REC(0, 0), RAM(0), RAM(3)),
	    SET_RIPAS(0, REC(0, 0), RAM(1), RAM(2)), SET_RIPAS(0, REC(0, 0), RAM(0), ODD_IPA),
	    SET_RIPAS(0, REC(0, 0), RAM(0), RAM(2)), ENTER(0, 0), STEP_IRQ),
	RMI("unknown", OP_RAW_SMC, 0x60, 1, 0, 0xc4, 0, 0, 0, 0),
	/* ---- platforms ---- */
	SEED("rmi", "no-identity", 4, RUNNING_REALM(0, 1), ENTER(0, 0), 0x94, 1, 2, 3, 4, 5, 6, 7,
	     8),
	SEED("rmi", "fault-on-demand", 8, 0x65, 0, 0x65, 0),

	/* ---- RSI ---- */
	RSI("attest-unaligned", 3, 0, 0x95, ODD_IPA, 0, 1),
	RSI("attest-offset", 3, 0, 0x95, RAM(0), SIZE_4096, 1),
	RSI("attest-size", 3, 0, 0x95, RAM(0), 1, SIZE_4096),
	RSI("attest-bound", 3, 0, 0x95, UPPER(0), 0, 1),
	RSI("attest-state", 3, 0, 0x95, RAM(0), 0, 1),
	RSI("attest-token", 3, 0, 0x94, 1, 2, 3, 4, 5, 6, 7, 8, 0x95, RAM(0), 0, SIZE_4096, 0x95,
	    RAM(0), 0, SIZE_4096),
	RSI("attest-kick", 3, 0, 0x94, 1, 2, 3, 4, 5, 6, 7, 8, STEP_HOST, OP_KICK, 0x95, RAM(0), 0,
	    1, 3, 0x40, 0x95, RAM(0), 8, 64),
	RSI("host-call-unaligned", 3, 0, 0x99, REGION_RAW << 4, 0x10, 0, 0, 0x40, 0, 0, 0, 0),
	RSI("host-call", 3, 0, 0x99, RAM(0), 3, 0, STEP_IRQ),
	RSI("host-call-page-gone", 3, 0, 0x99, RAM(0), 0x80, DATA_DESTROY(0, RAM(0)), 3, 0,
	    STEP_IRQ),
	RSI("extend-size", 3, 0, 0x93, 1, SIZE_65, 0, 0, 0, 0, 0, 0, 0, 0),
	RSI("extend-read", 3, 0, 0x93, 1, 64, 1, 2, 3, 4, 5, 6, 7, 8, 0x92, 1),
	RSI("ripas-unaligned", 3, 0, IPA_STATE_SET(ODD_IPA, RAM(1), 0, 0)),
	RSI("ripas-bound", 3, 0, IPA_STATE_SET(UPPER(0), UPPER(1), 0, 0)),
	RSI("ripas-get", 3, 0, 0x98, RAM(0), RAM(4), 0x98, RAM(2), RAM(4)),
	RSI("config", 3, 0, 0x96, RAM(0), 0x96, RAM(5), 3, 0, STEP_IRQ),
	RSI("mmio", 3, 0, STEP_LOAD, 0x0b, 5, UPPER(1), 3, 1, STEP_STORE, 2, 6, UPPER(1), 3, 2,
	    STEP_IRQ),
	RSI("mmio-xzr", 3, 0, STEP_LOAD, 0x0b, 31, UPPER(1), 3, 1, STEP_IRQ),
	RSI("mmio-sign", 3, 0, STEP_LOAD, 0x04, 5, UPPER(1), 3, 0x81 & 0x1f, STEP_IRQ),
	RSI("aborts", 3, 0, STEP_FETCH, RAM(0), 7, 0, STEP_FETCH, UPPER(0), 7, 0, STEP_ABORT,
	    REGION_BELOW_END << 4, 4, 0, STEP_ABORT, REGION_1G << 4 | 3, 7, 0, STEP_ABORT, RAM(5),
	    7, 0, 3, 0, STEP_IRQ),
	RSI("ns-revealed", 0x80, DELEGATE(LOOSE_PAGE + 20), 3, 0, STEP_ABORT, UPPER(0), 7, 0, 0x80,
	    0x52, LOOSE_PAGE + 20, 3, 0, STEP_ABORT, UPPER(0), 7, 0, STEP_IRQ),
	RSI("sea", 3, 0, STEP_LOAD, 0x0b, 5, UPPER(1), 3, 2, STEP_IRQ),
	RSI("engine-breaks", 3, 0, STEP_BREAK, STEP_HVC, 0, 0, STEP_LOST, 3, 0, STEP_IRQ),
	RSI("serror", 3, 0, STEP_SERROR, 0xff, 0xff, 0xff, 0xff),
	RSI("traps", 3, 0, STEP_HVC, 1, 0, STEP_SYSREG, 0x25, 0, STEP_SYSREG, 0x25, 0x14,
	    STEP_GIC_WRITE, 0x43, 0),
	RSI("wfit", 3, 0x0c, STEP_WFX, 0x43, 0),
	/* ---- the backend's clients ---- */
	/* SYNC: an area, movable (kind modulo 7; bit 3: how much follows), none of it moved. */
	SEED("wire", "place-none", WIRE_OP_MAKE_VM, WIRE_OP_MEMORY, 0, 1, WIRE_AREA_SHARED + 7, 0,
	     0, 0, 0, 0, 0, 0, 0),
};

static int write_seed(const char *dir, const struct seed *s)
{
	char path[4096];
	FILE *f;
	int ret;

	mkdir(dir, 0777);
	snprintf(path, sizeof(path), "%s/%s", dir, s->target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", dir, s->target, s->name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		return -1;
	}
	ret = fwrite(s->data, 1, s->size, f) == s->size ? 0 : -1;
	if (fclose(f) || ret) {
		perror(path);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int ret = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: fuzz_seeds DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
		ret |= write_seed(argv[1], &seeds[i]);
	for (size_t i = 0; i < gdb_num_seeds; i++)
		ret |= write_seed(argv[1], &gdb_seeds[i]);
	for (size_t i = 0; i < ioctl_num_seeds; i++)
		ret |= write_seed(argv[1], &ioctl_seeds[i]);
	for (size_t i = 0; i < its_num_seeds; i++)
		ret |= write_seed(argv[1], &its_seeds[i]);
	for (size_t i = 0; i < vmm_num_seeds; i++)
		ret |= write_seed(argv[1], &vmm_seeds[i]);
	return ret ? 1 : 0;
}
