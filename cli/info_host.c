// SPDX-License-Identifier: BSD-3-Clause
/*
 * info_host.c - the machine that softrealm runs on: its size and limits, and which of the programs
 * that softrealm starts, or that are used with it, are there.
 */
#include "cli/info_host.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "cli/kernels.h"
#include "cli/limits.h"

static const struct {
	const char *program, *variable; /* that names another one; or NULL */
	const char *for_what, *package;
	bool required;
	bool foreign; /* of no use where programs of arm64 run by themselves */
} programs[] = {
	{"qemu-system-aarch64", "SOFTREALM_QEMU", "runs realms", "qemu-system-arm", true, false},
	{"qemu-aarch64", "SOFTREALM_QEMU_USER", "arm64 VMMs (exec)", "qemu-user", false, true},
	{"passt", NULL, "--net", "passt", false, false},
	{"gdb-multiarch", NULL, "--gdb", "gdb-multiarch", false, false},
	{"apt-get", NULL, "kernel fetch, demo", "apt", false, false},
	{"dpkg-deb", NULL, "kernel fetch, demo", "dpkg", false, false},
	{"xz", NULL, "kernel fetch, demo", "xz-utils", false, false},
};

static bool find(const char *name, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && !access(path, X_OK);
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; *dirs;) {
		int len = (int)strcspn(dirs, ":");

		if (len && snprintf(path, PATH_MAX, "%.*s/%s", len, dirs, name) < PATH_MAX &&
		    !access(path, X_OK))
			return true;
		dirs += len + (dirs[len] == ':');
	}
	return false;
}

/* The first line of what it says of itself; "": nothing. The shell has the path in a variable. */
static void ask_version(const char *path, char *line, size_t size)
{
	FILE *from;

	line[0] = 0;
	setenv("SOFTREALM_INFO_PROGRAM", path, 1);
	from = popen("exec \"$SOFTREALM_INFO_PROGRAM\" --version 2>/dev/null </dev/null", "re");
	unsetenv("SOFTREALM_INFO_PROGRAM");
	if (from && !fgets(line, (int)size, from))
		line[0] = 0;
	if (from)
		pclose(from);
	line[strcspn(line, "\n")] = 0;
}

static json_t *program(size_t i)
{
	const char *named = programs[i].variable ? getenv(programs[i].variable) : NULL;
	const char *name = named && *named ? named : programs[i].program;
	char path[PATH_MAX], version[128];
	bool there = find(name, path);
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:s?}", "program", name, "needed_for",
			      programs[i].for_what, "package", programs[i].package, "required",
			      programs[i].required, "path", there ? path : NULL);

	if (there && programs[i].required) {
		ask_version(path, version, sizeof(version));
		if (*version)
			json_object_set_new(o, "version", json_string(version));
	}
	return o;
}

static json_t *all_programs(const char *machine)
{
	json_t *all = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!programs[i].foreign || strcmp(machine, "aarch64"))
			json_array_append_new(all, program(i));
	return all;
}

static json_t *kernels(void)
{
	struct fetched_kernel *list = NULL;
	json_t *all = json_array();
	int n = kernels_list(&list);

	for (int i = 0; i < n; i++)
		json_array_append_new(all, json_string(list[i].name));
	free(list);
	return all;
}

static void add_memory(json_t *o)
{
	unsigned long long kib;
	char line[128];
	FILE *from = fopen("/proc/meminfo", "re");

	while (from && fgets(line, sizeof(line), from)) {
		if (sscanf(line, "MemTotal: %llu", &kib) == 1)
			json_object_set_new(o, "memory", json_integer((json_int_t)kib << 10));
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			json_object_set_new(o, "memory_available",
					    json_integer((json_int_t)kib << 10));
	}
	if (from)
		fclose(from);
}

static void add_limits(json_t *o)
{
	struct rlimit r;
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		json_object_set_new(o, "cpus", json_integer(CPU_COUNT(&set)));
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	json_object_set_new(o, "descriptors", json_integer((json_int_t)r.rlim_cur));
	json_object_set_new(o, "descriptors_limit", json_integer((json_int_t)r.rlim_max));
	json_object_set_new(o, "vcpus", json_integer(limits_max_cpus()));
}

json_t *info_host(void)
{
	json_t *o = json_object();
	struct utsname u;

	if (uname(&u))
		strcpy(u.machine, "unknown");
	else
		json_object_set_new(o, "kernel", json_string(u.release));
	json_object_set_new(o, "machine", json_string(u.machine));
	add_memory(o);
	add_limits(o);
	json_object_set_new(o, "programs", all_programs(u.machine));
	json_object_set_new(o, "kernels", kernels());
	return o;
}
