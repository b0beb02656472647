/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * check.h - the conformance suite's frame: what a check is, what it may want, what it starts from.
 *
 * A check is one rule of the ABI. It runs in a process of its own (so that a crash, a hang or a
 * dead realm harms no other), uses nothing but open, ioctl, mmap and signals, and ends by
 * returning (ok), by a WANT that is not met (not ok), or by skip().
 *
 * Expectations that differ between revisions are columns of a table (differences.c, want_of). A
 * later revision is a further value of enum abi, its number sheet in abi_sheets[], and a column.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/realm.h"
#include "abi/rsi.h"
#include "check/script.h"

/* Oldest first: `since` compares. */
enum abi { ABI_V12, ABI_V12_6_19, ABI_V13, ABI_V14, ABI_V15, ABI_NEXT, NUM_ABIS };

struct abi_sheet {
	const char *name;
	int cap;	     /* KVM_CAP_ARM_RMI */
	int gmem_cap;	     /* KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES; 0: there is none */
	unsigned long realm; /* VM type bits */
	unsigned long other; /* another revision's VM type: refused */
	uint32_t populate, other_populate;
};
extern const struct abi_sheet abi_sheets[NUM_ABIS];

/* An answer in which revisions differ. */
struct difference {
	const char *name, *says;
	int64_t want[NUM_ABIS];
};

struct check {
	const char *name; /* "populate-reserved" */
	const char *says; /* the rule, as a sentence */
	void (*run)(void);
};

struct check_group {
	const char *name;
	const struct check *checks;
	unsigned int count;
};

extern const struct check_group check_caps, check_vm, check_memory, check_populate, check_vcpu,
	check_onereg, check_run, check_exits, check_psci, check_vgic, check_signals, check_life,
	check_revisions;

/* The column that this run compares with. */
extern enum abi check_abi;
const struct abi_sheet *check_sheet(void);

/* ---- wanting; none of these returns when not met ---- */
void check_want(const char *file, int line, const char *what, int64_t got, int64_t want);
void check_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void check_skip(const char *why) __attribute__((noreturn));

#define WANT(expr, value) check_want(__FILE__, __LINE__, #expr, (int64_t)(expr), (int64_t)(value))
#define WANT_TRUE(expr)	  check_want(__FILE__, __LINE__, #expr, !!(expr), 1)
#define FAIL(...)	  check_fail(__FILE__, __LINE__, __VA_ARGS__)
/* The answer of this row of differences.c in the column that this run compares with. */
int64_t want_of(const char *name);
static inline bool since(enum abi abi)
{
	return check_abi >= abi;
}
/* For checks of what only these have. */
void only_since(enum abi abi);
void only_before(enum abi abi);

/* ---- differences.c, check_report.c ---- */
void differences_print(enum abi a, enum abi b);
/* "-EINVAL", "4096", "0x1000": what a number means. */
const char *value_text(int64_t v, char *buf, size_t size);

enum verdict { VERDICT_OK, VERDICT_SKIP, VERDICT_FAIL, VERDICT_KNOWN };
/* 0, or -1 with a message: the file cannot be read, or not be written. */
int report_expect(const char *path);
int report_junit(const char *path);
int report_end(void);
/* The verdict as it counts: a failure that is known is no failure. */
enum verdict report_check(unsigned int n, const struct check *c, enum verdict v, const char *text);

/* ioctl(2): the result, or -errno. */
int64_t call(int fd, unsigned long nr, const void *arg);
int64_t call_n(int fd, unsigned long nr, unsigned long arg);
#define BAD_POINTER	((const void *)8)
#define SET_ATTRIBUTES2 _IOWR(KVMIO, 0xd2, struct kvm_memory_attributes2)

/* ---- a realm to start from ---- */
#define RAM_BASE    UINT64_C(0x80000000)
#define RAM_SIZE    UINT64_C(0x400000)
#define IPA_BITS    33
#define SHARED_BIT  (UINT64_C(1) << (IPA_BITS - 1))
#define CODE_IPA    RAM_BASE
#define SCRIPT_IPA  (RAM_BASE + 0x1000)	  /* vCPU 0's script: one page */
#define SCRIPT2_IPA (RAM_BASE + 0x2000)	  /* another */
#define DATA_IPA    (RAM_BASE + 0x3000)	  /* populated, zero */
#define FREE_IPA    (RAM_BASE + 0x100000) /* private, not populated */
#define PAGE	    4096
#define MAX_VCPUS   4

struct realm {
	int kvm, vm, vgic, gmem;
	unsigned int vcpus;
	int vcpu[MAX_VCPUS];
	struct kvm_run *run[MAX_VCPUS];
	uint8_t *mem; /* the slot's userspace_addr: RAM_SIZE bytes */
};

/* In order; each may be left out or done by hand to reach the state that a check is about. */
void realm_open(struct realm *r);		   /* /dev/kvm, CREATE_VM */
void realm_vcpus(struct realm *r, unsigned int n); /* create, init (POWER_OFF but for 0) */
void realm_vcpu_create(struct realm *r);	   /* one more, not initialised */
int64_t realm_vcpu_init(struct realm *r, unsigned int i, uint32_t features);
void realm_vgic(struct realm *r);	 /* create, addresses, INIT */
void realm_vgic_create(struct realm *r); /* without INIT */
void realm_memory(struct realm *r);	 /* gmem, slot 0, attribute PRIVATE */
/* Before realm_memory: its pages will be made shared. Where attributes are the guest_memfd's, one
 * that is private for life cannot; then `mem` is its own mapping. */
void realm_convertible(void);
void realm_code(struct realm *r, const struct script_op *script, unsigned int ops);
void realm_script2(struct realm *r, const struct script_op *script, unsigned int ops);
/* All of it: n vCPUs, the script in place, ready for the first KVM_RUN. */
void realm_new(struct realm *r, unsigned int n, const struct script_op *script, unsigned int ops);
#define REALM_NEW(r, n, script) realm_new(r, n, script, sizeof(script) / sizeof((script)[0]))

int64_t realm_slot(struct realm *r, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
		   const void *uaddr, int gmem, uint64_t gmem_offset);
/* A slot 1 that makes the activation fail: a guest_memfd in the upper half. */
void realm_slot_in_the_way(struct realm *r);
int64_t realm_attr(struct realm *r, uint64_t gpa, uint64_t size, uint64_t attr);
/* In every revision: the bytes done, or -errno. */
int64_t realm_populate(struct realm *r, uint64_t gpa, uint64_t size, const void *src,
		       uint32_t flags);
int realm_gmem(struct realm *r, uint64_t size, uint64_t flags); /* fd or -errno */
int64_t realm_get(struct realm *r, unsigned int vcpu, uint64_t id, uint64_t *val);
int64_t realm_set(struct realm *r, unsigned int vcpu, uint64_t id, uint64_t val);
/* KVM_RUN; a realm that does not come back within seconds fails the check. */
int64_t realm_run(struct realm *r, unsigned int vcpu);
/* KVM_RUN that must block: a signal ends it. Wants EINTR and KVM_EXIT_INTR. */
void realm_want_blocks(struct realm *r, unsigned int vcpu);
/* Run until the next report and return it; answers nothing else. */
uint64_t realm_report(struct realm *r, unsigned int vcpu);
/* True in state NEW or later: ID_AA64DFR0 is frozen. Only before the first KVM_RUN. */
bool realm_created(struct realm *r);

/* A zeroed page-aligned buffer. */
void *pages(size_t n);

#endif
