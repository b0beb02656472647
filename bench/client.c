// SPDX-License-Identifier: BSD-3-Clause
/* client.c - a benchmark that is a VMM: its start under softrealm, its realm, its wants. */
#include "bench/client.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define INSIDE "--inside"

/* ---- what check/check_realm.c wants of its frame ---- */

enum abi check_abi = ABI_V12;

const struct abi_sheet *check_sheet(void)
{
	static const struct abi_sheet v12 = {
		.name = "v12", .cap = 247, .realm = 0x100, .populate = 0x4020AED7};

	return &v12;
}

void check_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void check_want(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	if (got != want)
		check_fail(file, line, "%s: got %lld, want %lld", what, (long long)got,
			   (long long)want);
}

/* ---- the start ---- */

/* BUILD/bench/this -> BUILD/cli/softrealm */
static void find_softrealm(char *path, size_t size, const char *self)
{
	const char *given = getenv("SOFTREALM_COMMAND");
	int dir = strrchr(self, '/') - self;

	snprintf(path, size, "%.*s/../cli/softrealm", dir, self);
	if (given && *given)
		snprintf(path, size, "%s", given);
}

void client_enter(char **argv)
{
	char self[PATH_MAX] = "", softrealm[PATH_MAX + 32];

	if (argv[1] && !strcmp(argv[1], INSIDE))
		return;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		FAIL("/proc/self/exe: %s", strerror(errno));
	find_softrealm(softrealm, sizeof(softrealm), self);
	execl(softrealm, "softrealm", "exec", "--", self, INSIDE, NULL);
	FAIL("%s: %s", softrealm, strerror(errno));
}

/* ---- its realm ---- */

void client_realm(struct realm *r, unsigned int vcpus, const uint32_t *code, size_t size,
		  uint64_t arg)
{
	void *page = pages(1);

	memcpy(page, code, size);
	realm_open(r);
	realm_vcpus(r, vcpus);
	realm_vgic(r);
	realm_memory(r);
	WANT(realm_populate(r, CODE_IPA, PAGE, page, KVM_ARM_RMI_POPULATE_FLAGS_MEASURE), PAGE);
	munmap(page, PAGE);
	WANT(realm_set(r, 0, KVM_REG_ARM_CORE_PC, CODE_IPA), 0);
	WANT(realm_set(r, 0, KVM_REG_ARM_CORE_X(0), arg), 0);
}

void client_realm_close(struct realm *r)
{
	long size = call_n(r->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	for (unsigned int i = 0; i < r->vcpus; i++) {
		munmap(r->run[i], size);
		close(r->vcpu[i]);
	}
	close(r->vgic);
	close(r->gmem);
	close(r->vm);
	close(r->kvm);
	munmap(r->mem, RAM_SIZE);
}

/* ---- figures ---- */

uint64_t client_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t client_percentile(uint64_t *values, size_t n, unsigned int percent)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[(n - 1) * percent / 100];
}
