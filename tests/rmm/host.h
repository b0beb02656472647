/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host.h - a host for tests of the RMM: memory, RMI calls, a realm to work on, and an engine that
 * plays the realm from a script.
 *
 * After each RMI call rmm_check must hold, and a refusal must have changed nothing: both are
 * asserted here, for every test.
 */
#ifndef TESTS_RMM_HOST_H
#define TESTS_RMM_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/rmi.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "machine/memory.h"
#include "machine/pe.h"
#include "rmm/rmm.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

#define HOST_RAM (UINT64_C(16) << 20)
#define NUM_AUX	 16

/* ---- the scripted engine ---- */

struct engine {
	unsigned int cpus;
	struct engine_frame frame[ENGINE_MAX_CPUS];
	uint64_t sys[ENGINE_MAX_CPUS][ENGINE_NUM_SYSREGS];
	unsigned int runs, resets, destroyed;
	/* the last tlbi and touch, and how many */
	unsigned int tlbis, touches;
	void (*on_tlbi)(void);
	int tlbi_cpu;
	uint64_t tlbi_ipa, tlbi_size, touch_pa;
};

/* Plays the realm: changes the frame as its instructions would, returns why it stops. */
typedef enum engine_exit (*realm_script)(struct engine *e, unsigned int cpu);

extern struct engine *fake; /* the last one created; NULL: none lives */
extern realm_script script;
extern int fake_create_error;	/* what create fails with; 0: it does not */
extern int fake_io_error;	/* what reset, sysregs_get and _set answer */
extern const void *host_attest; /* the attestation identity of the next host_start, or NULL */

/* ---- the host ---- */

extern const struct engine_ops *host_engine; /* what runs realms; NULL: the scripted engine */

struct host {
	struct machine *m;
	struct rmm *rmm;
	struct pe *pe;
	uint64_t realm_flags;	  /* of the realms to come: RMI_REALM_FLAG_* */
	uint64_t x[RMM_NUM_REGS]; /* answer of the last call */
	result why;
};

/* cmocka fixtures; *state is the struct host. The teardown frees what is left. */
int host_setup(void **state);
int host_teardown(void **state);
void host_start(struct host *h, uint64_t feature_reg0);
void host_stop(struct host *h);

uint64_t host_smc(struct host *h, uint64_t fid, const uint64_t *args, size_t n);
#define RMI(h, NAME, ...)                                                                          \
	host_smc(h, RMI_##NAME, (const uint64_t[]){__VA_ARGS__},                                   \
		 sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
/* The call must give this X0 / break this rule. */
#define EXPECT(x0, h, NAME, ...) assert_int_equal(RMI(h, NAME, __VA_ARGS__), x0)
#define REFUSED(rule, h, NAME, ...)                                                                \
	do {                                                                                       \
		RMI(h, NAME, __VA_ARGS__);                                                         \
		assert_string_equal((h)->why ? (h)->why->name : "OK", #rule);                      \
	} while (0)

uint64_t host_page(struct host *h);    /* an undelegated page */
uint64_t host_granule(struct host *h); /* a delegated one */
void *host_va(struct host *h, uint64_t pa);

/* ---- a realm ---- */

#define REALM_RECS 4

struct realm {
	struct host *h;
	uint64_t rd, rtt_base;
	unsigned int s2sz, tables;
	int start_level;
	unsigned int recs;
	uint64_t rec[REALM_RECS], run[REALM_RECS], aux[REALM_RECS][NUM_AUX];
};

/* Granules for a realm that does not exist yet, and parameters for it (in a page at *pa). */
void realm_prepare(struct realm *r, struct host *h, unsigned int s2sz, int start,
		   unsigned int tables);
struct rmi_realm_params *realm_params(struct realm *r, uint64_t *pa);
/* Default: 48 bits, start level 0, one table. */
void realm_create(struct realm *r, struct host *h);
void realm_create_sized(struct realm *r, struct host *h, unsigned int s2sz, int start,
			unsigned int tables);
void realm_add_rec(struct realm *r, bool runnable, uint64_t pc);
void realm_activate(struct realm *r);
/* Tables for ipa down to level; those that exist already are fine. */
void realm_tables(struct realm *r, uint64_t ipa, int level);
/* A RAM page at ipa: RIPAS and DATA_CREATE_UNKNOWN or DATA_CREATE; its PA. */
uint64_t realm_add_page(struct realm *r, uint64_t ipa);
/* The level 3 entry of ipa, or the one above where there is no table: as the RMM looks at it. */
struct rtt_walk realm_walk(struct realm *r, uint64_t ipa);
/* Everything away again: pages, tables, RECs, the realm; all of it given back. */
void realm_destroy(struct realm *r);

struct rmi_rec_enter *realm_enter_args(struct realm *r, unsigned int rec);
const struct rmi_rec_exit *realm_exit(struct realm *r, unsigned int rec);
/* REC_ENTER that must succeed, and its exit record. */
const struct rmi_rec_exit *realm_run(struct realm *r, unsigned int rec);

#define IPA_B UINT64_C(0x80000000)
#define IPA_U (UINT64_C(1) << 47)

/* ---- steps of scripts ---- */
enum engine_exit script_smc(struct engine *e, unsigned int cpu, uint64_t fid, const uint64_t *args,
			    size_t n);
#define SMC(e, cpu, fid, ...)                                                                      \
	script_smc(e, cpu, fid, (const uint64_t[]){__VA_ARGS__},                                   \
		   sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
enum engine_exit script_sync(struct engine *e, unsigned int cpu, uint64_t esr, uint64_t far,
			     uint64_t ipa);

/* Names of rules seen so far in this process (coverage). */
bool host_rule_seen(const struct rule *r);

#endif
