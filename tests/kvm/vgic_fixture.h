/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vgic_fixture.h - a vGIC with a fake VM around it: vCPUs that do not run, a caller whose user
 * addresses are this process's own, and a model of the CPU interface that acknowledges and ends
 * interrupts in list registers as a guest does.
 */
#ifndef TESTS_KVM_VGIC_FIXTURE_H
#define TESTS_KVM_VGIC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/kvm.h"
#include "kvm/irq/vgic.h"

#define NUM_LRS	       4
#define DIST	       UINT64_C(0x08000000)
#define REDIST	       UINT64_C(0x080a0000)
#define REDIST_OF(cpu) (REDIST + (cpu)*UINT64_C(0x20000))
#define SGI_OF(cpu)    (REDIST_OF(cpu) + 0x10000)
#define NR_IRQS	       128
#define MEM	       UINT64_C(0x40000000) /* guest memory, all of it shared */
#define MEM_SIZE       UINT64_C(0x400000)
#define SPURIOUS       1023

struct fix {
	struct vgic *v;
	unsigned int num_vcpus;
	uint8_t *mem; /* NULL until the guest has memory: fix_memory */
	bool running; /* lock_vcpus fails */
	int locks;    /* lock_vcpus without unlock_vcpus */
	atomic_uint kicks[VGIC_MAX_VCPUS];
};

/* A vCPU in the guest. */
struct guest {
	struct fix *f;
	unsigned int cpu;
	uint64_t lr[NUM_LRS];
	uint64_t hcr;
	unsigned int eoicount;
};

extern struct kvm_caller fix_caller;

/* A vGIC as CREATE_DEVICE leaves it. */
void fix_create(struct fix *f, unsigned int num_vcpus);
/* As a VMM leaves it: NR_IRQS interrupts, addresses, CTRL_INIT, and the first KVM_RUN. */
void fix_boot(struct fix *f, unsigned int num_vcpus);
/* The same, and the distributor and every interrupt of the test enabled as Linux would. */
void fix_boot_enabled(struct fix *f, unsigned int num_vcpus);
void fix_destroy(struct fix *f);
void fix_memory(struct fix *f);

/* The errno that the attribute call fails with, positive; 0: it works. */
int fix_set(struct fix *f, uint32_t group, uint64_t attr, const void *val);
int fix_get(struct fix *f, uint32_t group, uint64_t attr, void *val);
int fix_has(struct fix *f, uint32_t group, uint64_t attr);
int fix_set64(struct fix *f, uint32_t group, uint64_t attr, uint64_t val);
int fix_set32(struct fix *f, uint32_t group, uint64_t attr, uint32_t val);

/* MMIO by vCPU 0; the access must be the GIC's. */
uint64_t fix_read(struct fix *f, uint64_t ipa, unsigned int len);
void fix_write(struct fix *f, uint64_t ipa, unsigned int len, uint64_t val);
#define R32(f, ipa)	 fix_read(f, ipa, 4)
#define W32(f, ipa, val) fix_write(f, ipa, 4, val)

/* Bit, byte and two-bit fields of an SPI in the distributor. */
void spi_bit(struct fix *f, uint64_t reg, unsigned int intid);
void spi_edge(struct fix *f, unsigned int intid);
void spi_priority(struct fix *f, unsigned int intid, uint8_t priority);
void spi_route(struct fix *f, unsigned int intid, uint64_t mpidr);

void guest_enter(struct guest *g, struct fix *f, unsigned int cpu);
void guest_exit(struct guest *g);
/* ICC_IAR1: the pending interrupt of highest priority, or SPURIOUS. */
unsigned int guest_ack(struct guest *g);
/* ICC_EOIR1, EOImode 0. True: it raised the maintenance interrupt. */
bool guest_eoi(struct guest *g, unsigned int intid);
/* Enter, acknowledge, end, exit: what a vCPU that runs once takes, or SPURIOUS. */
unsigned int guest_take(struct fix *f, unsigned int cpu);
unsigned int guest_lrs_used(const struct guest *g);

#endif
