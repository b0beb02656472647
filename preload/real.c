// SPDX-License-Identifier: BSD-3-Clause
/* real.c - finds the functions that the hooks stand before. */
#include "preload/real.h"

#include <dlfcn.h>
#include <stdbool.h>

/* By the first version that the C library gave it: also programs bring one that is older than the
 * one that this library was linked with. */
#ifdef __x86_64__
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#else
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

static struct real real;
static bool resolved;

__attribute__((constructor)) static void resolve(void)
{
	if (__atomic_load_n(&resolved, __ATOMIC_ACQUIRE))
		return;
#define RESOLVE(name, type, ...) real.name##_ = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);
	REAL_FUNCTIONS(RESOLVE)
#undef RESOLVE
	__atomic_store_n(&resolved, true, __ATOMIC_RELEASE);
}

const struct real *real_functions(void)
{
	if (!__atomic_load_n(&resolved, __ATOMIC_ACQUIRE))
		resolve();
	return &real;
}
