// SPDX-License-Identifier: BSD-3-Clause
/* limits.c - raises the limit on file descriptors, and says when that is not enough. */
#include "cli/limits.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/log.h"
#include "kvm/platform.h"

/*
 * In each of a run's processes at most: an engine's start needs 40 in the process that becomes it,
 * and 9 more for each vCPU. Both were counted, and a few are to spare.
 */
#define NEED	     42
#define NEED_PER_CPU 10

void limits_raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

unsigned int limits_max_cpus(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_max >= NEED + NEED_PER_CPU * PLATFORM_MAX_VCPUS)
		return PLATFORM_MAX_VCPUS;
	return r.rlim_max < NEED ? 0 : (r.rlim_max - NEED) / NEED_PER_CPU;
}

int limits_check_files(unsigned int cpus, unsigned int disks)
{
	unsigned int need = NEED + NEED_PER_CPU * cpus + disks;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_max >= need)
		return 0;
	log_error("too few file descriptors: a run with %u vCPU%s needs %u, the hard limit is %llu "
		  "(ulimit -Hn)",
		  cpus, cpus == 1 ? "" : "s", need, (unsigned long long)r.rlim_max);
	return -EMFILE;
}
