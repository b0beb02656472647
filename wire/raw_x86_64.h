/* SPDX-License-Identifier: BSD-3-Clause */
/* raw_x86_64.h - one system call on x86-64 (raw.h). */
#ifndef WIRE_RAW_X86_64_H
#define WIRE_RAW_X86_64_H

static inline long raw_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

#endif
