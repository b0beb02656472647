/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rsi.h - one call of the realm (RSI or PSCI) under way, its handlers, and the rows.
 */
#ifndef RMM_RSI_H
#define RMM_RSI_H

#include "base/trace.h"
#include "rmm/entry.h"

/* What a call leads to, if the handler returns OK. */
enum rsi_then {
	RSI_THEN_ANSWER, /* X0 = 0, X1.. = out; the realm runs on */
	RSI_THEN_EXIT,	 /* e->exit is filled; X0.. are written when the realm is entered again */
	RSI_THEN_ANSWER_AND_EXIT,
	RSI_THEN_RETRY, /* e->exit is filled; the realm will make the same call again */
};

struct rsi_call {
	struct rec_entry *e;
	uint64_t x[11];	 /* X0..X10 of the realm, x[0] the decoded FID */
	uint64_t out[9]; /* out[1..8] */
	enum rsi_then then;
	uint64_t start; /* for the trace */
};

#define RSI_MAX_ARGS 10

/* A row: identifiers (fid64 0: none), name, handler, arguments X1.. and answers X1... */
struct rsi_row {
	uint32_t fid, fid64;
	const char *name;
	result (*handler)(struct rsi_call *c);
	unsigned int nargs, nouts;
	const char *args[RSI_MAX_ARGS];
};

extern const struct rsi_row rsi_rows[];
extern const size_t rsi_num_rows;
extern const struct rsi_row psci_rows[];
extern const size_t psci_num_rows;

#define RSI_ARGS(...) sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)

result rsi_version(struct rsi_call *c);
result rsi_features(struct rsi_call *c);
result rsi_realm_config(struct rsi_call *c);
result rsi_measurement_read(struct rsi_call *c);
result rsi_measurement_extend(struct rsi_call *c);
result rsi_attestation_token_init(struct rsi_call *c);
result rsi_attestation_token_continue(struct rsi_call *c);
result rsi_ipa_state_set(struct rsi_call *c);
result rsi_ipa_state_get(struct rsi_call *c);
result rsi_host_call(struct rsi_call *c);

/* ---- a page of the realm, as the argument of a call (rsi_page.c); RD locked ---- */
enum rsi_page_state {
	RSI_PAGE_OK,
	RSI_PAGE_EMPTY,	 /* RIPAS EMPTY */
	RSI_PAGE_ABSENT, /* the host can make it present: a Data Abort exit */
};

struct rsi_page {
	void *va; /* of ipa itself, which may be inside the page */
	uint64_t pa;
	int level; /* reached */
};

enum rsi_page_state rsi_page_find(struct rec_entry *e, uint64_t ipa, struct rsi_page *p);
/* The RMM wrote into the page, which may hold code that the CPU has translated. */
void rsi_page_written(struct rec_entry *e, const struct rsi_page *p);
/* Fill e->exit with the Data Abort that the realm would take at the page. */
void rsi_page_exit(struct rec_entry *e, uint64_t ipa, const struct rsi_page *p);

/*
 * Find the page or end the call: OK with c->then unchanged and the page; OK with RSI_THEN_RETRY;
 * or rsi_page_empty.
 */
result rsi_page_arg(struct rsi_call *c, uint64_t ipa, struct rsi_page *p);

#endif
