// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_exec.c - what a carried program executes (client/carry.h).
 *
 * LD_PRELOAD is not in the environment, so our library is not loaded into what it does not suit.
 */
#include "preload/preload.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/carry.h"

static int execute_at(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	struct carry e;
	int err;

	if (!carry_begin(&e, dir, path, argv, flags))
		return sys_return(sys(execveat, dir, path, argv, envp, flags));
	char *to[e.argc + CARRY_MORE];

	REAL(execve)(carry_fill(&e, to), to, envp);
	err = errno;
	carry_failed(&e);
	errno = err;
	return -1;
}

static int execute(const char *path, char *const argv[], char *const envp[])
{
	return carry_is_on() ? execute_at(AT_FDCWD, path, argv, envp, 0)
			     : REAL(execve)(path, argv, envp);
}

static bool emulator_runs(const char *path)
{
	struct carry e = {.kept = -1};
	bool does = carry_begin(&e, AT_FDCWD, path, NULL, 0) && e.by_emulator;

	carry_failed(&e);
	return does;
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

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	return execute(path, argv, envp);
}

EXPORT int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
	return execute_at(dir, path, argv, envp, flags);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	return carry_is_on() ? execute_at(fd, "", argv, envp, AT_EMPTY_PATH)
			     : REAL(fexecve)(fd, argv, envp);
}

EXPORT int execv(const char *path, char *const argv[])
{
	return execute(path, argv, environ);
}

EXPORT int execvpe(const char *name, char *const argv[], char *const envp[])
{
	char path[PATH_MAX];

	if (emulator_runs(find(name, path)))
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

	for (to[n] = (char *)first; to[n] && n < CARRY_MAX_ARGUMENTS - 1;)
		to[++n] = va_arg(ap, char *);
	to[n] = NULL;
	return to;
}

EXPORT int execl(const char *path, const char *first, ...)
{
	char *argv[CARRY_MAX_ARGUMENTS];
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	va_end(ap);
	return execute(path, argv, environ);
}

EXPORT int execlp(const char *name, const char *first, ...)
{
	char *argv[CARRY_MAX_ARGUMENTS];
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	va_end(ap);
	return execvpe(name, argv, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *argv[CARRY_MAX_ARGUMENTS], *const *envp;
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
	struct carry e;
	int r;

	if (!carry_begin(&e, AT_FDCWD, path, argv, 0))
		return REAL(posix_spawn)(pid, path, actions, attr, argv, envp);
	char *to[e.argc + CARRY_MORE];

	r = REAL(posix_spawn)(pid, carry_fill(&e, to), actions, attr, to, envp);
	carry_failed(&e);
	return r;
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict name,
			const posix_spawn_file_actions_t *restrict actions,
			const posix_spawnattr_t *restrict attr, char *const argv[restrict],
			char *const envp[restrict])
{
	char path[PATH_MAX];

	if (emulator_runs(find(name, path)))
		return posix_spawn(pid, find(name, path), actions, attr, argv, envp);
	return REAL(posix_spawnp)(pid, name, actions, attr, argv, envp);
}
