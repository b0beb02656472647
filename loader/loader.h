/* SPDX-License-Identifier: BSD-3-Clause */
/* loader.h - inside the loader of static arm64 programs. */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#define LOADER_STACKS	  512
#define LOADER_STACK_SIZE (1 << 17)

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* load.c: from the kernel's stack to the program's entry. */
uint64_t loader_main(uint64_t *stack);

/* Ends the process with a message. */
__attribute__((noreturn)) void loader_die(const char *program, const char *why);

/*
 * patch.c: replace the system calls in [start, end), which is mapped writable. 0; -ENOMEM: no room
 * near it for stubs.
 */
int loader_patch(uint32_t *start, uint32_t *end);

/* svc.c: regs[0..15] are x0..x15 of a system call; its result or -errno. */
long loader_call(const uint64_t *regs);
/* By number: 1 if loader_call is to see it. */
extern const uint8_t loader_table[512];

/*
 * Where calls run that are to leave the program's stack alone: LOADER_STACKS of LOADER_STACK_SIZE
 * bytes; 0: on the program's. One that a call uses is marked in loader_stack_used.
 */
extern uint64_t loader_stacks;
extern uint8_t loader_stack_used[];

/* start.S */
extern const uint32_t loader_near[], loader_near_dispatch[], loader_near_end[];
extern const uint32_t loader_stub[], loader_stub_end[];
#endif

#endif
