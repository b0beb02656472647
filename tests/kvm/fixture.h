/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture.h - a VMM in a few calls, in process, for the tests of kvm/.
 *
 * After each test everything is closed and nothing may be left: no delegated granule, no page,
 * no engine. What was called and refused is recorded over all tests (rules reached).
 */
#ifndef TESTS_KVM_FIXTURE_H
#define TESTS_KVM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "abi/v12.h"
#include "abi/rmi.h"
#include "abi/rsi.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "base/rule.h"
#include "kvm/revision/revision.h"
#include "machine/memory.h"
#include "rmm/rmm.h"
#include "tests/kvm/toy.h"

#define PAGE	 UINT64_C(4096)
#define RAM	 UINT64_C(0x80000000) /* base of slot 0 */
#define RAM_SIZE UINT64_C(0x400000)
#define CODE	 RAM /* where vCPU 0 starts */
#define IPA_BITS 33
#define SHARED	 BIT(IPA_BITS - 1) /* the bit of the shared alias */
#define DIST	 UINT64_C(0x08000000)
#define REDIST	 UINT64_C(0x080a0000)
#define UART	 UINT64_C(0x09000000) /* no slot there */
#define DATA	 (RAM + 0x200000)     /* private, not populated */

struct fx {
	struct inproc *p;
	const struct kvm_revision *rev;
	uint64_t allocated; /* pages in use at the start */
	uint64_t leaked;    /* granules that a test has made impossible to give back */
	int sys, vm, gic, gmem;
	int vcpu[16];
	struct kvm_run *run[16];
	struct kvm_dirty_gfn *ring[16]; /* fx_map_ring */
	size_t ring_bytes;
	uint8_t *ram;	 /* user memory of slot 0 (the shared alias) */
	uint8_t *source; /* pages to populate from: not attached */
};

/* cmocka fixtures: a host, /dev/kvm opened; fx_teardown checks for leaks. */
int fx_setup(void **state);
int fx_teardown(void **state);
/* Another host in place of the one there is. */
void fx_restart(struct fx *f, const struct inproc_config *cfg);

int64_t fx_ioctl(struct fx *f, int fd, uint32_t nr, const void *arg);
#define CALL(fd, nr, arg)	  fx_ioctl(f, fd, (uint32_t)(nr), (const void *)(uintptr_t)(arg))
/* The call's result. */
#define GIVES(value, fd, nr, arg) assert_int_equal(CALL(fd, nr, arg), value)
/* The call is refused with this errno by this rule. */
#define REFUSED(err, rule, fd, nr, arg)                                                            \
	do {                                                                                       \
		assert_int_equal(CALL(fd, nr, arg), -(err));                                       \
		assert_string_equal(fx_last_rule(), #rule);                                        \
	} while (0)
const char *fx_last_rule(void); /* of this thread's last KVM call; "OK" */
bool fx_last_probe(void);	/* it only asked */
const char *fx_last_note(void); /* what its caller should know; "OK" */

/* ---- steps of a VMM; each asserts that it works ---- */
void fx_create_vm(struct fx *f, uint64_t type);
#define REALM_TYPE (f->rev->realm_type | IPA_BITS)
void fx_create_vcpus(struct fx *f, unsigned int n); /* created and initialised, PSCI_0_2 */
void fx_init_vcpu(struct fx *f, unsigned int n, uint32_t features);
void fx_create_gic(struct fx *f, bool init);
void fx_create_gmem(struct fx *f, uint64_t size, uint64_t flags);
/* A slot; uaddr 0 and gmem -1: without. The call's result. */
int64_t fx_set_slot(struct fx *f, uint32_t id, uint32_t flags, uint64_t gpa, uint64_t size,
		    const void *uaddr, int gmem, uint64_t offset);
/* Where attributes are the guest_memfd's: of f->gmem, at the offset of gpa in slot 0. */
int64_t fx_set_private(struct fx *f, uint64_t gpa, uint64_t size, bool private);
/* In every revision: the bytes done, or -errno. */
int64_t fx_populate(struct fx *f, uint64_t gpa, uint64_t size, const void *source, uint32_t flags);
void fx_memory(struct fx *f); /* slot 0: RAM with guest_memfd, private; f->ram, f->source */
/* All of the above for a realm with n vCPUs; the code page is populated. */
void fx_realm(struct fx *f, unsigned int n);

int64_t fx_set_reg(struct fx *f, unsigned int vcpu, uint64_t id, uint64_t val);
uint64_t fx_get_reg(struct fx *f, unsigned int vcpu, uint64_t id);
int64_t fx_run(struct fx *f, unsigned int vcpu);
/* The vCPU's dirty ring, mapped until the end. */
struct kvm_dirty_gfn *fx_map_ring(struct fx *f, unsigned int vcpu, size_t bytes);
void fx_set_mp_state(struct fx *f, unsigned int vcpu, uint32_t state);
/* Close a file of the fixture and forget it. */
void fx_close(struct fx *f, int *fd);

/* vCPU `vcpu` runs on a thread of its own until it is asked for the result. */
struct fx_thread {
	struct fx *f;
	unsigned int vcpu;
	pthread_t thread;
	int64_t ret;
};
void fx_start(struct fx_thread *t, struct fx *f, unsigned int vcpu);
int64_t fx_join(struct fx_thread *t);
/* Until the engine has run n times more, or the condition holds. */
void fx_wait_until(bool (*holds)(void *arg), void *arg);

#define PROGRAM(slot, at, ...)                                                                     \
	do {                                                                                       \
		static const struct toy_insn code_[] = {__VA_ARGS__};                              \
		toy_load(slot, at, code_, ARRAY_SIZE(code_));                                      \
	} while (0)

#define SMC0(fid)                                                                                  \
	{T_MOV, 0, fid},                                                                           \
	{                                                                                          \
		T_SMC                                                                              \
	}
#define SYSTEM_OFF SMC0(PSCI_SYSTEM_OFF)

/* The last KVM_RUN left for this reason. */
void fx_assert_exit(struct fx *f, unsigned int vcpu, uint32_t reason);
/* KVM_RUN ends by the realm's PSCI SYSTEM_OFF. */
void fx_assert_off(struct fx *f, unsigned int vcpu);
/* For fx_wait_until: the engine has run. */
bool fx_engine_ran(void *arg);

/* ---- what was observed ---- */
#define FX_MAX_CALLS 4096
struct fx_rmi {
	const char *name;
	uint64_t args[5];
	uint64_t x0;
};
extern struct fx_rmi fx_rmi_log[FX_MAX_CALLS];
extern unsigned int fx_rmi_calls; /* since fx_rmi_clear */
void fx_rmi_clear(void);
/* Called before each RMI command that the kernel layer gives. NULL: none. */
extern void (*fx_smc_hook)(uint64_t fid);
bool fx_rule_seen(const struct rule *r);
/* Exits of a kind since the fixture's start. */
unsigned int fx_exits(const char *name, bool to_user);

#endif
