// SPDX-License-Identifier: BSD-3-Clause
/* cpu_use.c - what the processes of a backend have used of the CPUs, as /proc tells it. */
#include "cli/cpu_use.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"

struct process {
	long pid, parent;
	double seconds;
	bool below; /* the backend's descendant */
};

/* The name, in parentheses, may hold anything, parentheses too. */
static bool read_process(long pid, struct process *p)
{
	char path[32], text[1024], *rest;
	unsigned long user, system;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest, ") %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &p->parent, &user, &system) != 3)
		return false;
	p->pid = pid;
	p->seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	p->below = false;
	return true;
}

static struct process *read_all(size_t *n)
{
	DIR *dir = opendir("/proc");
	struct process *all = NULL;
	struct dirent *d;
	size_t room = 0;

	*n = 0;
	while (dir && (d = readdir(dir))) {
		long pid = strtol(d->d_name, NULL, 10);

		if (pid > 0 && !array_reserve(&all, &room, *n + 1, sizeof(*all)))
			*n += read_process(pid, &all[*n]);
	}
	if (dir)
		closedir(dir);
	return all;
}

/* In rounds: a child may stand before its parent. */
static void mark_below(struct process *all, size_t n, long top)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; !all[i].below && k < n; k++)
				if (all[i].parent == top ||
				    (all[k].below && all[k].pid == all[i].parent))
					more = all[i].below = true;
	}
}

static bool is_vmm(const json_t *vms, long pid)
{
	const json_t *vm;
	size_t i;

	json_array_foreach(vms, i, vm)
	{
		if (json_integer_value(json_object_get(vm, "process")) == pid)
			return true;
	}
	return false;
}

bool cpu_use_read(long backend, const json_t *vms, struct cpu_use *u)
{
	struct timespec now;
	struct process *all;
	bool found = false;
	size_t n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*u = (struct cpu_use){.clock = (double)now.tv_sec + (double)now.tv_nsec / 1e9};
	all = read_all(&n);
	mark_below(all, n, backend);
	for (size_t i = 0; i < n; i++) {
		if (all[i].pid == backend) {
			u->backend = all[i].seconds;
			found = true;
		} else if (all[i].below) {
			u->engines += all[i].seconds;
		} else if (is_vmm(vms, all[i].pid)) {
			u->vmms += all[i].seconds;
		}
	}
	free(all);
	return found;
}
