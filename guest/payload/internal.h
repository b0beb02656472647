/* SPDX-License-Identifier: BSD-3-Clause */
/* internal.h - what the payload's files know of each other. */
#ifndef GUEST_PAYLOAD_INTERNAL_H
#define GUEST_PAYLOAD_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/bare/bare.h"
#include "guest/payload/payload.h"

/* No symbol is reached through a table of addresses, which would need relocation. */
#pragma GCC visibility push(hidden)

#define MAX_CPUS 64 /* start.S has a stack for each */

/* Affinity fields of a CPU's number, as KVM and the RMM give them: 16 to a cluster. */
static inline uint64_t cpu_aff0(unsigned int cpu)
{
	return cpu % 16;
}

static inline uint64_t cpu_aff1(unsigned int cpu)
{
	return cpu / 16;
}
#define PAGE 4096

#define read_sysreg(reg)                                                                           \
	({                                                                                         \
		uint64_t val_;                                                                     \
		__asm__ volatile("mrs %0, " #reg : "=r"(val_));                                    \
		val_;                                                                              \
	})
#define write_sysreg(reg, val) __asm__ volatile("msr " #reg ", %x0" : : "rZ"((uint64_t)(val)))
#define isb()		       __asm__ volatile("isb" : : : "memory")
#define dsb()		       __asm__ volatile("dsb sy" : : : "memory")

/* start.S */
extern char secondary_start[];
/* Wait for an interrupt, and take it; interrupts are masked before and after. */
void wait_for_interrupt(void);
void take_interrupts(void); /* those that are pending now */

/* main.c */
extern struct payload_params params; /* addresses with the alias bit, once it is known */
extern uint64_t alias;		     /* the shared alias's bit; 0: not in a realm */
void payload_main(uint64_t commands, uint64_t uart, uint64_t ticks);
_Noreturn void fail(const char *what, uint64_t number);

/* print.c */
void print_hex(uint64_t n, unsigned int digits);
/* "payload: NAME N" */
void print_result(const char *name, uint64_t n);

/* rsi.c; also PSCI */
uint64_t smc_call(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);
void rsi_init(void); /* finds the alias */
void rsi_test(void);
void rsi_hostcall_test(void);
void attest_test(void); /* attest.c */
void rsi_set_ripas(uint64_t base, uint64_t top, uint64_t ripas);

/* convert.c */
void convert_test(void);

/* interrupt.c */
struct interrupts {
	uint64_t virt, phys, sgi; /* taken so far */
	uint64_t other;
	uint64_t virt_end, phys_end;	   /* a timer that has fired so often is stopped */
	uint64_t virt_period, phys_period; /* counter ticks */
};
extern struct interrupts interrupts[MAX_CPUS];
void interrupts_init_distributor(void);
void interrupts_init_cpu(unsigned int cpu);
void interrupt_handler(void); /* called by start.S */
void sgi_send(unsigned int cpu);
/* Run one or both timers until each has fired `ticks` times; busy: compute meanwhile. */
void timers_run(unsigned int cpu, uint64_t virt_ticks, uint64_t phys_ticks, bool busy);

/* smp.c */
void smp_test(void);
void secondary_main(unsigned int cpu); /* called by start.S; ends with CPU_OFF */

#pragma GCC visibility pop

#endif
