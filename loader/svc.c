// SPDX-License-Identifier: BSD-3-Clause
/* svc.c - system calls of a static program that may be about realms. */
#include <fcntl.h>
#include <signal.h>

#include "client/client.h"
#include "client/carry.h"
#include "client/files.h"
#include "loader/loader.h"

const uint8_t loader_table[512] = {
	[SYS_openat] = 1,	[SYS_faccessat] = 1, [SYS_faccessat2] = 1,  [SYS_newfstatat] = 1,
	[SYS_fstat] = 1,	[SYS_statx] = 1,     [SYS_ioctl] = 1,	    [SYS_fallocate] = 1,
	[SYS_mmap] = 1,		[SYS_munmap] = 1,    [SYS_mprotect] = 1,    [SYS_mremap] = 1,
	[SYS_madvise] = 1,	[SYS_close] = 1,     [SYS_close_range] = 1, [SYS_dup3] = 1,
	[SYS_rt_sigaction] = 1, [SYS_execve] = 1,    [SYS_execveat] = 1,
};

uint64_t loader_stacks;
uint8_t loader_stack_used[LOADER_STACKS];

static const char *pointer(uint64_t x)
{
	return (const char *)(uintptr_t)x;
}

static long kernel(const uint64_t *x)
{
	return raw_call(x[8], x[0], x[1], x[2], x[3], x[4], x[5]);
}

/* True: *r is the answer to a call about a file. */
static bool about_file(const uint64_t *x, long *r)
{
	switch (x[8]) {
	case SYS_openat:
		if (!files_open(x[0], pointer(x[1]), x[2], r))
			*r = files_opened(kernel(x), x[0], pointer(x[1]), x[2]);
		return true;
	case SYS_faccessat:
	case SYS_faccessat2:
		return files_access(x[0], pointer(x[1]), x[2], r);
	case SYS_newfstatat:
		return files_stat(x[0], pointer(x[1]), (void *)pointer(x[2]), x[3], r);
	case SYS_fstat:
		return files_fstat(x[0], (void *)pointer(x[1]), r);
	case SYS_statx:
		return files_statx(x[0], pointer(x[1]), x[2], (void *)pointer(x[4]), r);
	}
	return false;
}

static bool about_descriptor(const uint64_t *x, long *r)
{
	switch (x[8]) {
	case SYS_ioctl:
		return call_ioctl(x[0], x[1], x[2], r);
	case SYS_fallocate:
		return call_fallocate(x[0], x[1], x[2], x[3], r);
	case SYS_close:
		*r = 0;
		return call_close(x[0]);
	case SYS_close_range:
		*r = call_close_range(x[0], x[1], x[2]);
		return true;
	case SYS_dup3:
		*r = call_replace(x[0], x[1]);
		return *r != 0;
	}
	return false;
}

static bool about_memory(const uint64_t *x, long *r)
{
	switch (x[8]) {
	case SYS_mmap:
		*r = call_mmap(x[0], x[1], x[2], x[3], x[4], x[5]);
		return true;
	case SYS_munmap:
		*r = call_munmap(x[0], x[1]);
		return true;
	case SYS_mprotect:
		*r = call_mprotect(x[0], x[1], x[2]);
		return true;
	case SYS_mremap:
		*r = call_mremap(x[0], x[1], x[2], x[3], x[4]);
		return true;
	case SYS_madvise:
		*r = call_madvise(x[0], x[1], x[2]);
		return true;
	}
	return false;
}

/* The program's handler of SIGSEGV stands behind ours once memory was moved. */
static bool about_faults(const uint64_t *x, long *r)
{
	const struct segv_action *new = (const void *)pointer(x[1]);
	struct segv_action *old = (void *)pointer(x[2]), was;

	if (x[8] != SYS_rt_sigaction || x[0] != SIGSEGV || x[3] != sizeof(sigmask_t) ||
	    (new && !user_readable(new)) || (old && !user_writable(old, sizeof(*old))))
		return false;
	if (!segv_action(new, &was))
		return false;
	if (old)
		*old = was;
	*r = 0;
	return true;
}

static bool about_exec(const uint64_t *x, long *r)
{
	bool at = x[8] == SYS_execveat;
	struct carry e;

	if ((!at && x[8] != SYS_execve) ||
	    !carry_begin(&e, at ? (int)x[0] : AT_FDCWD, pointer(x[at]),
			 (char *const *)pointer(x[1 + at]), at ? (int)x[4] : 0))
		return false;
	char *to[e.argc + CARRY_MORE];

	*r = sys(execve, carry_fill(&e, to), to, x[2 + at]);
	carry_failed(&e);
	return true;
}

long loader_call(const uint64_t *x)
{
	long r;

	if (about_file(x, &r) || about_descriptor(x, &r) || about_memory(x, &r) ||
	    about_faults(x, &r) || about_exec(x, &r))
		return r;
	return kernel(x);
}
