// SPDX-License-Identifier: BSD-3-Clause
/* carry.c - what a carried program executes: for whom it is, and how the emulator is told. */
#include "client/carry.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "client/parts.h"
#include "client/files.h"

#define DESCRIPTORS "/proc/self/fd/"

static struct client_carry *const told = &client.carry;

/* Cuts the line off and returns what follows it; NULL: it is the last one. */
static char *next_part(char *part)
{
	char *end = part ? memchr(part, '\n', strlen(part)) : NULL;

	if (!end)
		return NULL;
	*end = 0;
	return end + 1;
}

void carry_start(const char *carried)
{
	static const char preload[] = "LD_PRELOAD=";
	char *library;

	if (!carried || strlen(carried) >= sizeof(told->text))
		return;
	memcpy(told->text, carried, strlen(carried) + 1);
	told->root = next_part(told->text);
	library = next_part(told->root);
	told->loader = next_part(library);
	if (!told->loader || strlen(library) >= PATH_MAX)
		return;
	memcpy(told->preload, preload, sizeof(preload));
	memcpy(told->preload + sizeof(preload) - 1, library, strlen(library) + 1);
	told->emulator = told->text;
}

bool carry_is_on(void)
{
	return told->emulator;
}

/* ---- what is executed ---- */

/* The emulator opens paths only: a file below a descriptor gets a name through /proc. */
static bool name_below(struct carry *e, int dir, const char *path)
{
	size_t n = strlen(DESCRIPTORS);
	int flags = sys(fcntl, dir, F_GETFD);

	if (flags < 0)
		return false;
	if (flags & FD_CLOEXEC) {
		e->kept = sys(fcntl, dir, F_DUPFD, 3);
		if (e->kept < 0)
			return false;
		dir = e->kept;
	}
	memcpy(e->name, DESCRIPTORS, n);
	n += put_number(e->name + n, dir);
	e->name[n] = *path ? '/' : 0;
	if (n + 1 + strlen(path) >= sizeof(e->name))
		return false;
	if (*path)
		memcpy(e->name + n + 1, path, strlen(path) + 1);
	return true;
}

static bool name_file(struct carry *e, int dir, const char *path, int flags)
{
	char copy[PATH_MAX];

	if (!path_copy(copy, path))
		return false;
	if (*copy != '/' && (dir != AT_FDCWD || !*copy))
		return (*copy || flags & AT_EMPTY_PATH) && name_below(e, dir, copy);
	memcpy(e->name, copy, strlen(copy) + 1);
	return true;
}

static bool has_interpreter(int fd, const Elf64_Ehdr *h)
{
	Elf64_Phdr p;

	for (unsigned int i = 0; i < h->e_phnum; i++)
		if (sys(pread64, fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)) == sizeof(p) &&
		    p.p_type == PT_INTERP)
			return true;
	return false;
}

/* An arm64 program that may be executed: the emulator itself would not ask for the permission. */
static bool is_for_emulator(struct carry *e, int flags)
{
	int how = O_RDONLY | O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
	int fd = sys(faccessat, AT_FDCWD, e->name, X_OK) ? -1 : sys(openat, AT_FDCWD, e->name, how);
	Elf64_Ehdr h;
	bool is;

	if (fd < 0)
		return false;
	is = sys(pread64, fd, &h, sizeof(h), 0) == sizeof(h) &&
	     !memcmp(h.e_ident, ELFMAG, SELFMAG) && h.e_machine == EM_AARCH64;
	e->is_static = is && !has_interpreter(fd, &h);
	sys(close, fd);
	return is;
}

/* False: there are too many, or the list cannot be read. */
static bool count_arguments(struct carry *e)
{
	for (e->argc = 0; e->argv; e->argc++) {
		const char *at = (const char *)&e->argv[e->argc];

		if ((!e->argc || (uintptr_t)at % PAGE_SIZE < sizeof(char *)) &&
		    sys(faccessat, AT_FDCWD, at, 0) == -EFAULT)
			return false;
		if (!e->argv[e->argc])
			break;
		if (e->argc == CARRY_MAX_ARGUMENTS)
			return false;
	}
	return true;
}

bool carry_begin(struct carry *e, int dir, const char *path, char *const argv[], int flags)
{
	e->argv = argv;
	e->kept = -1;
	if (!told->emulator || (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) ||
	    !count_arguments(e))
		return false;
	if (name_file(e, dir, path, flags)) {
		e->by_emulator = is_for_emulator(e, flags);
		return true;
	}
	carry_failed(e);
	return false;
}

static char **put_emulator(const struct carry *e, char **to)
{
	*to++ = told->emulator;
	if (e->is_static) {
		*to++ = told->loader;
	} else {
		*to++ = "-L";
		*to++ = told->root;
		*to++ = "-E";
		*to++ = told->preload;
	}
	return to;
}

const char *carry_fill(const struct carry *e, char **to)
{
	if (e->by_emulator)
		to = put_emulator(e, to);
	if (e->by_emulator || e->argc)
		*to++ = e->by_emulator ? (char *)e->name : e->argv[0];
	for (size_t i = 1; i < e->argc; i++)
		*to++ = e->argv[i];
	*to = NULL;
	return e->by_emulator ? told->emulator : e->name;
}

void carry_failed(struct carry *e)
{
	if (e->kept >= 0)
		sys(close, e->kept);
	e->kept = -1;
}
