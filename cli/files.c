// SPDX-License-Identifier: BSD-3-Clause
/* files.c - finds the parts of softrealm. */
#include "cli/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The folder of this very program. */
static int own_folder(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n <= 0) {
		log_errno(errno, "/proc/self/exe: softrealm needs a mounted /proc");
		return -ENOENT;
	}
	path[n] = 0;
	slash = strrchr(path, '/');
	if (slash)
		*slash = 0;
	return 0;
}

/* The first of the folders, seen from this program's, that has the file. So a tree that was
 * installed somewhere else works as well. */
static int find(const char *const *folders, const char *name, char *path, size_t size)
{
	char own[PATH_MAX];

	if (own_folder(own, sizeof(own)))
		return -ENOENT;
	for (; *folders; folders++) {
		snprintf(path, size, "%s/%s/%s", own, *folders, name);
		if (!access(path, R_OK))
			return 0;
	}
	log_error("%s is missing: is softrealm installed completely?", name);
	return -ENOENT;
}

int files_preload(const char *name, char *path, size_t size)
{
	static const char *const folders[] = {"../preload", "../loader", SOFTREALM_LIBDIR, NULL};
	const char *env = getenv("SOFTREALM_PRELOAD_DIR");

	if (env && (size_t)snprintf(path, size, "%s/%s", env, name) < size && !access(path, R_OK))
		return 0;
	return find(folders, name, path, size);
}

int files_check(char *path, size_t size)
{
	static const char *const folders[] = {"../check", SOFTREALM_LIBEXECDIR, NULL};

	return find(folders, "softrealm-check", path, size);
}

int files_script(const char *name, char *path, size_t size)
{
	static const char *const folders[] = {"../demo", SOFTREALM_LIBEXECDIR, NULL};

	return find(folders, name, path, size);
}

int files_init(char *path, size_t size)
{
	static const char *const folders[] = {"../guest/init", SOFTREALM_LIBEXECDIR, NULL};

	return find(folders, "init", path, size);
}

int files_vmm(char *path, size_t size)
{
	static const char *const folders[] = {"../vmm", SOFTREALM_LIBEXECDIR, NULL};
	const char *env = getenv("SOFTREALM_VMM");

	if (!env)
		return find(folders, "softrealm-vmm", path, size);
	if ((size_t)snprintf(path, size, "%s", env) < size && !access(path, X_OK))
		return 0;
	log_error("SOFTREALM_VMM: %s cannot be executed", env);
	return -ENOENT;
}
