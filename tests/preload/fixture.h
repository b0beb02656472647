/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture.h - tests that run as a client: preloaded, with a fake backend behind /dev/kvm.
 */
#ifndef TESTS_PRELOAD_FIXTURE_H
#define TESTS_PRELOAD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

#include <cmocka.h>

#include "tests/preload/fake_kvm.h"

/*
 * What main() does: start a fake backend, run this program again as its client, and see both end
 * well. The arguments are the paths of fake_backend and of the interposer. In the client `run` is
 * called; with more arguments (fixture_spawn) `role` is, instead.
 */
int fixture_main(int argc, char **argv, int (*run)(void), int (*role)(int argc, char **argv));

/* This program again, as a client with a role: its process id. With own_backend it gets a backend
 * to itself, which it may let die. */
pid_t fixture_spawn(bool own_backend, const char *role, const char *arg);
/* Wait for it: the wait status. */
int fixture_wait(pid_t pid);

int open_kvm(void);
int open_vm(void);
int open_vcpu(int vm, struct kvm_run **run);
/* ioctl: the result or -errno. */
int64_t call(int fd, unsigned long nr, uint64_t arg);

/* Wait until the backend has as many files; fails after some seconds. */
void expect_files(int kvm, int64_t n);

int add_slot(int vm, void *addr, uint64_t size);
/* What a realm reads at addr: 0 or -errno. */
int64_t peek(int vm, void *addr, uint64_t *value);
int64_t poke(int vm, void *addr, uint64_t value);

void expect_realm_sees(int vm, void *addr, uint64_t value);
void expect_realm_faults(int vm, void *addr);
/* Both see what either writes. */
void expect_shared(int vm, uint64_t *p);
/* The page's physical address. */
uint64_t where(int vm, void *addr);
int64_t pages_used(void);

#endif
