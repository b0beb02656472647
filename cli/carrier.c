// SPDX-License-Identifier: BSD-3-Clause
/* carrier.c - preloads the interposer of the architecture that the command is made for. */
#include "cli/carrier.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
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

/* ---- what the command is ---- */

static bool has_interpreter(int fd, const Elf64_Ehdr *h)
{
	Elf64_Phdr p;

	for (unsigned int i = 0; i < h->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)) != sizeof(p))
			return true; /* the kernel will have something to say */
		if (p.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static void warn_unseen(const char *command, const char *why)
{
	log_warn("%s is %s: softrealm cannot reach it, it sees the machine's own /dev/kvm, if any",
		 command, why);
}

static void look_at(struct carrier *c, const char *command)
{
	int fd = open(c->program, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr h = {0};
	struct stat st;

	if (fd < 0)
		return;
	if (pread(fd, &h, sizeof(h), 0) == sizeof(h) && !memcmp(h.e_ident, ELFMAG, SELFMAG) &&
	    h.e_ident[EI_CLASS] == ELFCLASS64) {
#ifndef __aarch64__
		c->foreign = h.e_machine == EM_AARCH64;
#endif
		if (!has_interpreter(fd, &h) && h.e_machine == EM_AARCH64)
			c->is_static = true;
		else if (!has_interpreter(fd, &h))
			warn_unseen(command, "statically linked");
	}
	if (!fstat(fd, &st) && (((st.st_mode & S_ISUID) && st.st_uid != geteuid()) ||
				((st.st_mode & S_ISGID) && st.st_gid != getegid())))
		warn_unseen(command, "a set-user-ID or set-group-ID program");
	close(fd);
}

/* ---- a path that LD_PRELOAD can hold ---- */

/* The dynamic linker splits at the first ones and expands "$"; qemu-aarch64 splits at ",". */
static bool is_plain(const char *path)
{
	return !strpbrk(path, " \t\n:;,$");
}

/* A name of the file that is plain whatever its path is, and that ends with this process. */
static int hold(struct carrier *c)
{
	int fd = open(c->preload, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		int err = errno;

		log_errno(err, "%s", c->preload);
		return -err;
	}
	c->held = fd;
	snprintf(c->preload, sizeof(c->preload), "/proc/%d/fd/%d", getpid(), fd);
	return 0;
}

/* An arm64 program needs the loader, or may start one that does. */
static int find_parts(struct carrier *c)
{
	const char *qemu = getenv("SOFTREALM_QEMU_USER");
	int r = files_preload("softrealm-loader-aarch64", c->loader, sizeof(c->loader));

	if (!c->foreign)
		return r ? r
			 : files_preload("libsoftrealm-preload.so", c->preload, sizeof(c->preload));
	if (!find_program(qemu ? qemu : "qemu-aarch64", c->emulator, sizeof(c->emulator))) {
		log_error("qemu-aarch64 is missing: it runs arm64 programs (package qemu-user)");
		return -ENOENT;
	}
	return r ? r
		 : files_preload("libsoftrealm-preload-aarch64.so", c->preload, sizeof(c->preload));
}

int carrier_open(struct carrier *c, const char *command)
{
	int r;

	*c = (struct carrier){0};
	if (find_program(command, c->program, sizeof(c->program)))
		look_at(c, command);
	if (!c->foreign && !c->is_static)
		r = files_preload("libsoftrealm-preload.so", c->preload, sizeof(c->preload));
	else
		r = find_parts(c);
	return r || is_plain(c->preload) ? r : hold(c);
}

void carrier_close(struct carrier *c)
{
	if (c->held)
		close(c->held);
	c->held = 0;
}

/* ---- in the child ---- */

/* For what the program executes in its turn (preload/hook_exec.c). */
static int tell_how(const struct carrier *c, const char *sysroot)
{
	char *how;

	if (asprintf(&how, "%s\n%s\n%s\n%s", c->emulator, sysroot, c->preload, c->loader) < 0)
		return -ENOMEM;
	return setenv(WIRE_ENV_CARRIED, how, 1);
}

/*
 * qemu-aarch64 -L ROOT -E LD_PRELOAD=... PROGRAM ARGS: only the program itself is interposed. A
 * static one: [qemu-aarch64] LOADER PROGRAM ARGS.
 */
static char **carry(const struct carrier *c, char **argv, const char *sysroot)
{
	size_t n = 0, i = 0;
	char **out, *env = NULL;

	if (c->foreign && !sysroot)
		sysroot = DEFAULT_SYSROOT;

	while (argv[n])
		n++;
	out = calloc(n + 8, sizeof(*out));
	if (!out || asprintf(&env, "LD_PRELOAD=%s", c->preload) < 0)
		return NULL;
	if (c->foreign)
		out[i++] = (char *)c->emulator;
	if (c->is_static) {
		out[i++] = (char *)c->loader;
	} else {
		out[i++] = "-L";
		out[i++] = (char *)sysroot;
		out[i++] = "-E";
		out[i++] = env;
	}
	out[i++] = (char *)c->program;
	memcpy(out + i, argv + 1, n * sizeof(*out));
	if (c->foreign && tell_how(c, sysroot))
		return NULL;
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

char **carrier_prepare(const struct carrier *c, char **argv, const char *socket,
		       const char *sysroot)
{
	setenv(WIRE_ENV_SOCKET, socket, 1);
	unsetenv(WIRE_ENV_CARRIED);
	return c->foreign || c->is_static ? carry(c, argv, sysroot) : preload(argv, c->preload);
}
