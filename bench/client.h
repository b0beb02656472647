/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h - what benchmarks share that are VMMs: they run under `softrealm exec` and use the ABI
 * and nothing else, with the realm of check/check_realm.c.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "check/check.h"

/* Returns in a process that has a /dev/kvm with realms: this program, started again by the
 * softrealm of the same build (SOFTREALM_COMMAND: by another). */
void client_enter(char **argv);

/* A realm whose first vCPU will run this code with x0 = arg, MMU off. */
void client_realm(struct realm *r, unsigned int vcpus, const uint32_t *code, size_t size,
		  uint64_t arg);
/* Close everything of it. */
void client_realm_close(struct realm *r);

uint64_t client_now_ns(void);
/* Sorts. */
uint64_t client_percentile(uint64_t *values, size_t n, unsigned int percent);

#endif
