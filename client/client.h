/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client.h - the client core, which lives in the VMM's process and talks to the backend: what hooks
 * call (preload/, loader/). files.h and carry.h are about files and about what is executed.
 *
 * It knows no C library but for memcpy and its like: no errno, no heap, no thread-local state,
 * tables of fixed size (state.h), system calls of its own (wire/raw.h), so that no cancellation
 * point and no other interposer is between; every signal is blocked while it talks to the backend,
 * so that no handler finds a half-done conversation. Functions return a result or -errno.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "wire/raw.h"
#include "wire/wire.h"

#define PAGE_SIZE 4096ul

/* A system call: the result, or -errno. */
#define sys(nr, ...) raw(nr, ##__VA_ARGS__)
static inline bool sys_failed(long r)
{
	return r < 0 && r >= -4095;
}

typedef uint64_t sigmask_t; /* the kernel's sigset_t */

/* ---- addresses that the VMM passes: any value (sys.c) ---- */
/* The aligned 8 bytes around p can be read, so can the rest of their page. */
bool user_readable(const void *p);
/* `size` bytes, at least 8 and at most a page, can be written. They may have been changed. */
bool user_writable(void *p, size_t size);

/*
 * When the program begins, with no other thread: the name of the backend's socket (NULL: there is
 * none), and SOFTREALM_CARRIED (NULL: no emulator carries this program).
 */
void client_start(const char *name, const char *carried);
bool client_enabled(void); /* the launcher has named a backend */
bool client_carried(void); /* an emulator runs this program */

/* ---- system calls of the VMM (syscalls.c): the result or -errno ---- */
long call_mmap(uint64_t addr, uint64_t size, int prot, int flags, int fd, uint64_t offset);
long call_munmap(uint64_t addr, uint64_t size);
long call_mprotect(uint64_t addr, uint64_t size, int prot);
long call_mremap(uint64_t from, uint64_t old_size, uint64_t size, int flags, uint64_t fixed);
long call_madvise(uint64_t addr, uint64_t size, int advice);
long call_close_range(unsigned int first, unsigned int last, int flags);
/* True: the call is ours, and *r its result. False: it is for the kernel. */
bool call_ioctl(int fd, uint32_t nr, uint64_t arg, long *r);
bool call_fallocate(int fd, int mode, int64_t offset, int64_t len, long *r);
/* read(2) of fd has answered r: what it answers. */
long call_read_done(int fd, long r);
bool call_write(int fd); /* nothing is written, and the answer is EINVAL */
bool call_close(int fd); /* nothing is closed, and nothing need be */
/* Before dup2(from, to): 0, or -EBUSY. */
long call_replace(int from, int to);

/* The kernel's struct sigaction. */
struct segv_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	sigmask_t mask;
};
/* sigaction(2) of SIGSEGV for the VMM; false: our handler is not there, nothing was done. */
bool segv_action(const struct segv_action *new, struct segv_action *old);

#endif
