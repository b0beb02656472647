// SPDX-License-Identifier: BSD-3-Clause
/* carrier.c - preloads the interposer of the architecture that the command is made for. */
#include "cli/carrier.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/files.h"
#include "wire/wire.h"

#define DEFAULT_SYSROOT "/usr/aarch64-linux-gnu"

/* The file that execvp would take. */
static bool find_program(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/'))
		return (size_t)snprintf(path, size, "%s", name) < size;
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs;) {
		int len = strcspn(dirs, ":");

		snprintf(path, size, "%.*s/%s", len, dirs, name);
		if (len && !access(path, X_OK))
			return true;
		dirs += len + (dirs[len] == ':');
	}
	return false;
}

static bool is_foreign_arm64(const char *name, char *path, size_t size)
{
	Elf64_Ehdr h = {0};
	ssize_t n = 0;
	int fd;

#ifdef __aarch64__
	return false;
#endif
	if (!find_program(name, path, size))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, &h, sizeof(h));
		close(fd);
	}
	return n == sizeof(h) && !memcmp(h.e_ident, ELFMAG, SELFMAG) && h.e_machine == EM_AARCH64;
}

/* qemu-aarch64 -L ROOT -E LD_PRELOAD=... PROGRAM ARGS: only the program itself is interposed. */
static char **carry(char **argv, const char *program, const char *library, const char *sysroot)
{
	const char *qemu = getenv("SOFTREALM_QEMU_USER");
	size_t n = 0, i = 0;
	char **out, *env = NULL;

	while (argv[n])
		n++;
	out = calloc(n + 8, sizeof(*out));
	if (!out || asprintf(&env, "LD_PRELOAD=%s", library) < 0)
		return NULL;
	out[i++] = (char *)(qemu ? qemu : "qemu-aarch64");
	out[i++] = "-L";
	out[i++] = (char *)(sysroot ? sysroot : DEFAULT_SYSROOT);
	out[i++] = "-E";
	out[i++] = env;
	out[i++] = strdup(program);
	memcpy(out + i, argv + 1, n * sizeof(*out));
	setenv(WIRE_ENV_CARRIED, "1", 1);
	return out;
}

static char **preload(char **argv, const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *list;

	if (!others || !*others)
		setenv("LD_PRELOAD", library, 1);
	else if (asprintf(&list, "%s:%s", library, others) >= 0)
		setenv("LD_PRELOAD", list, 1);
	return argv;
}

char **carrier_prepare(char **argv, const char *socket, const char *sysroot)
{
	char program[PATH_MAX], library[PATH_MAX];
	bool foreign = is_foreign_arm64(argv[0], program, sizeof(program));

	if (files_preload(foreign ? "libsoftrealm-preload-aarch64.so" : "libsoftrealm-preload.so",
			  library, sizeof(library)))
		return NULL;
	setenv(WIRE_ENV_SOCKET, socket, 1);
	return foreign ? carry(argv, program, library, sysroot) : preload(argv, library);
}
