// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_exec.c - what a carried program executes: the machine cannot run arm64 programs, the
 * emulator that runs this one can.
 *
 * An arm64 program becomes `qemu-aarch64 -L ROOT -E LD_PRELOAD=... PROGRAM ...`, a static one
 * `qemu-aarch64 LOADER PROGRAM ...`, as the launcher does it; anything else is the machine's.
 * LD_PRELOAD is not in the environment, so our library is not loaded into what it does not suit.
 */
#include "preload/preload.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS 4096

/* SOFTREALM_CARRIED, in parts. */
static char text[4 * PATH_MAX];
static char preload_variable[PATH_MAX + 16] = "LD_PRELOAD=";
static char *emulator, *root, *loader; /* emulator NULL: this program is not carried */

void exec_start(const char *how)
{
	char *library;

	if (!how || strlen(how) >= sizeof(text))
		return;
	strcpy(text, how);
	root = strchr(text, '\n');
	library = root ? strchr(root + 1, '\n') : NULL;
	loader = library ? strchr(library + 1, '\n') : NULL;
	if (!loader || loader - library > PATH_MAX)
		return;
	*root++ = *library++ = *loader++ = 0;
	strcat(preload_variable, library);
	emulator = text;
	unsetenv("LD_PRELOAD");
}

enum machine { OTHER, DYNAMIC, STATIC };

/* Of the program at `path`: whether it is for arm64. */
static enum machine machine_of(const char *path)
{
	int fd = emulator ? sys(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	enum machine m = OTHER;
	Elf64_Ehdr h;
	Elf64_Phdr p;

	if (fd < 0)
		return OTHER;
	if (sys(pread64, fd, &h, sizeof(h), 0) == sizeof(h) &&
	    !memcmp(h.e_ident, ELFMAG, SELFMAG) && h.e_machine == EM_AARCH64)
		m = STATIC;
	for (unsigned int i = 0; m == STATIC && i < h.e_phnum; i++)
		if (sys(pread64, fd, &p, sizeof(p), h.e_phoff + i * sizeof(p)) == sizeof(p) &&
		    p.p_type == PT_INTERP)
			m = DYNAMIC;
	sys(close, fd);
	return m;
}

static size_t count(char *const argv[])
{
	size_t n = 0;

	while (argv && argv[n])
		n++;
	return n;
}

/* What is executed in the place of `path`; `to` has room for 6 more than argv. */
static const char *carry(char **to, const char *path, char *const argv[])
{
	enum machine m = machine_of(path);

	if (m == OTHER)
		return NULL;
	*to++ = emulator;
	if (m == STATIC) {
		*to++ = loader;
	} else {
		*to++ = "-L";
		*to++ = root;
		*to++ = "-E";
		*to++ = preload_variable;
	}
	*to++ = (char *)path;
	for (size_t i = 1; i <= count(argv); i++)
		*to++ = argv[i];
	*to = NULL;
	return emulator;
}

/* The file that execvp would take; `to` is PATH_MAX long. */
static const char *find(const char *name, char *to)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/'))
		return name;
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs;) {
		size_t len = strcspn(dirs, ":");

		if (len && len + strlen(name) + 2 < PATH_MAX) {
			memcpy(to, dirs, len);
			to[len] = '/';
			strcpy(to + len + 1, name);
			if (!sys(faccessat, AT_FDCWD, to, X_OK))
				return to;
		}
		dirs += len + (dirs[len] == ':');
	}
	return name;
}

static int execute(const char *path, char *const argv[], char *const envp[])
{
	char *to[count(argv) < MAX_ARGUMENTS ? count(argv) + 8 : 1];
	const char *instead = NULL;

	if (emulator && count(argv) < MAX_ARGUMENTS)
		instead = carry(to, path, argv);
	return instead ? REAL(execve)(instead, to, envp) : REAL(execve)(path, argv, envp);
}

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	return execute(path, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execute(path, argv, environ);
}

EXPORT int execvpe(const char *name, char *const argv[], char *const envp[])
{
	char path[PATH_MAX];

	if (emulator && machine_of(find(name, path)) != OTHER)
		return execute(find(name, path), argv, envp);
	return REAL(execvpe)(name, argv, envp);
}

EXPORT int execvp(const char *name, char *const argv[])
{
	return execvpe(name, argv, environ);
}

static char *const *collect(char **to, const char *first, va_list ap)
{
	size_t n = 0;

	for (to[n] = (char *)first; to[n] && n < MAX_ARGUMENTS - 1;)
		to[++n] = va_arg(ap, char *);
	to[n] = NULL;
	return to;
}

EXPORT int execl(const char *path, const char *first, ...)
{
	char *argv[MAX_ARGUMENTS];
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	va_end(ap);
	return execute(path, argv, environ);
}

EXPORT int execlp(const char *name, const char *first, ...)
{
	char *argv[MAX_ARGUMENTS];
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	va_end(ap);
	return execvpe(name, argv, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *argv[MAX_ARGUMENTS], *const *envp;
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	envp = va_arg(ap, char *const *);
	va_end(ap);
	return execute(path, argv, envp);
}

EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
		       const posix_spawn_file_actions_t *restrict actions,
		       const posix_spawnattr_t *restrict attr, char *const argv[restrict],
		       char *const envp[restrict])
{
	char *to[count(argv) < MAX_ARGUMENTS ? count(argv) + 8 : 1];
	const char *instead = NULL;

	if (emulator && count(argv) < MAX_ARGUMENTS)
		instead = carry(to, path, argv);
	return instead ? REAL(posix_spawn)(pid, instead, actions, attr, to, envp)
		       : REAL(posix_spawn)(pid, path, actions, attr, argv, envp);
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict name,
			const posix_spawn_file_actions_t *restrict actions,
			const posix_spawnattr_t *restrict attr, char *const argv[restrict],
			char *const envp[restrict])
{
	char path[PATH_MAX];

	if (emulator && machine_of(find(name, path)) != OTHER)
		return posix_spawn(pid, find(name, path), actions, attr, argv, envp);
	return REAL(posix_spawnp)(pid, name, actions, attr, argv, envp);
}
