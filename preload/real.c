// SPDX-License-Identifier: BSD-3-Clause
/* real.c - begins: finds the functions that the hooks stand before, and the backend's name. */
#include "preload/preload.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "client/carry.h"

/* By the first version that the C library gave it: also programs bring one that is older than the
 * one that this library was linked with. */
#ifdef __x86_64__
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#else
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif

static struct real real;
static bool resolved;

static void resolve(void)
{
	if (__atomic_load_n(&resolved, __ATOMIC_ACQUIRE))
		return;
#define RESOLVE(name, type, ...) real.name##_ = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);
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

/* The environment is read once, too: not beside a VMM that changes it. */
__attribute__((constructor)) static void start(void)
{
	real_functions();
	client_start(getenv(WIRE_ENV_SOCKET), getenv(WIRE_ENV_CARRIED));
	if (carry_is_on())
		unsetenv("LD_PRELOAD");
}
