// SPDX-License-Identifier: BSD-3-Clause
/* check_memory.c - memslots, guest_memfd and memory attributes of a realm. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/check.h"

#define MB UINT64_C(0x100000)

static void slot_flags(void)
{
	struct realm r;
	void *p = pages(256);
	int g;

	realm_open(&r);
	g = realm_gmem(&r, MB, 0);
	WANT(realm_slot(&r, 0, KVM_MEM_READONLY, RAM_BASE, MB, p, g, 0), -EINVAL);
	WANT(realm_slot(&r, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM_BASE, MB, p, g, 0), -EINVAL);
	WANT(realm_slot(&r, 0, 1 << 5, RAM_BASE, MB, p, -1, 0), -EINVAL);
	WANT(realm_slot(&r, 0, KVM_MEM_READONLY, RAM_BASE, MB, p, -1, 0), 0);
}

static void slot_gmem_offset(void)
{
	struct realm r;
	void *p = pages(512);
	int g;

	realm_open(&r);
	g = realm_gmem(&r, MB, 0);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB, p, g, -(uint64_t)PAGE), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB, p, g, PAGE), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB, p, g, 1), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB, p, g, 0), 0);
}

static void slot_change(void)
{
	struct realm r;

	realm_open(&r);
	realm_memory(&r);
	WANT(realm_slot(&r, 0, 0, RAM_BASE + MB, RAM_SIZE, r.mem, r.gmem, 0), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, RAM_SIZE, r.mem, r.gmem, 0), -EINVAL);
	WANT(realm_slot(&r, 0, 0, 0, 0, NULL, -1, 0), 0);
	WANT(realm_slot(&r, 0, 0, 0, 0, NULL, -1, 0), -EINVAL);
}

static void slot_overlap(void)
{
	struct realm r;

	realm_open(&r);
	realm_memory(&r);
	WANT(realm_slot(&r, 1, 0, RAM_BASE + MB, MB, pages(256), -1, 0), -EEXIST);
}

static void slot_place(void)
{
	struct realm r;
	void *p = pages(256);

	realm_open(&r);
	WANT(realm_slot(&r, 0, 0, (SHARED_BIT << 1) - MB + PAGE, MB, p, -1, 0), -EFAULT);
	WANT(realm_slot(&r, 0, 0, SHARED_BIT << 1, MB, p, -1, 0), -EFAULT);
	WANT(realm_slot(&r, 0, 0, SHARED_BIT + RAM_BASE / 2, MB, p, -1, 0), 0);
	WANT(realm_slot(&r, 1, 0, RAM_BASE, MB, NULL, -1, 0), 0);
}

static void slot_unaligned(void)
{
	struct realm r;
	uint8_t *p = pages(256);

	realm_open(&r);
	WANT(realm_slot(&r, 0, 0, RAM_BASE + 1, MB, p, -1, 0), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB + 1, p, -1, 0), -EINVAL);
	WANT(realm_slot(&r, 0, 0, RAM_BASE, MB, p + 1, -1, 0), -EINVAL);
	WANT(realm_slot(&r, 40000, 0, RAM_BASE, MB, p, -1, 0), -EINVAL);
	WANT(call(r.vm, KVM_SET_USER_MEMORY_REGION2, BAD_POINTER), -EFAULT);
	WANT(call(r.vm, KVM_SET_USER_MEMORY_REGION, BAD_POINTER), -EFAULT);
}

static void gmem_flags(void)
{
	struct realm r;

	realm_open(&r);
	for (uint64_t flags = 0; flags < 4; flags++)
		WANT_TRUE(realm_gmem(&r, MB, flags) >= 0);
	WANT(realm_gmem(&r, MB, 4), -EINVAL);
	WANT(realm_gmem(&r, 0, 0), -EINVAL);
	WANT(realm_gmem(&r, MB + 1, 0), -EINVAL);
	WANT(call(r.vm, KVM_CREATE_GUEST_MEMFD, BAD_POINTER), -EFAULT);
}

static void gmem_mmap(void)
{
	struct realm r;

	realm_open(&r);
	WANT_TRUE(mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_SHARED, realm_gmem(&r, MB, 0), 0) ==
		  MAP_FAILED);
	WANT(errno, ENODEV);
}

static sigjmp_buf bus;

static void on_sigbus(int sig)
{
	siglongjmp(bus, sig);
}

/* The signal that touching p ends with, or 0. */
static int touch(volatile uint8_t *p)
{
	struct sigaction sa = {.sa_handler = on_sigbus};
	int sig;

	sigaction(SIGBUS, &sa, NULL);
	sig = sigsetjmp(bus, 1);
	if (!sig)
		p[0] = p[0];
	return sig;
}

static uint8_t *gmem_map(int fd)
{
	uint8_t *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		FAIL("mmap of a guest_memfd with the MMAP flag failed");
	return p;
}

static void gmem_touch(void)
{
	struct realm r;

	realm_open(&r);
	WANT(touch(gmem_map(realm_gmem(&r, MB, GUEST_MEMFD_FLAG_MMAP))), SIGBUS);
	WANT(touch(gmem_map(
		     realm_gmem(&r, MB, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED))),
	     0);
}

/* A realm whose slot 0 is backed by a guest_memfd that is mapped at *p. */
static void realm_mapped(struct realm *r, uint8_t **p)
{
	int g;

	realm_open(r);
	realm_vcpus(r, 1);
	g = realm_gmem(r, MB, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	WANT_TRUE(g >= 0);
	*p = gmem_map(g);
	r->gmem = g;
	WANT(realm_slot(r, 0, 0, RAM_BASE, MB, pages(256), g, 0), 0);
	WANT(realm_attr(r, RAM_BASE, MB, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
}

static void gmem_delegated(void)
{
	uint8_t *p, byte = 1;
	struct realm r;
	int fd[2];

	realm_mapped(&r, &p);
	WANT(touch(p), want_of("gmem-delegated") ? SIGBUS : 0);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
	WANT(touch(p), SIGBUS);
	WANT(touch(p + PAGE), want_of("gmem-delegated") ? SIGBUS : 0);
	WANT(pipe(fd), 0);
	WANT(write(fd[1], p, 1), -1);
	WANT(errno, EFAULT);
	WANT(write(fd[1], &byte, 1), 1);
	WANT(read(fd[0], p, 1), -1);
	WANT(errno, EFAULT);
}

static void gmem_delegated_source(void)
{
	struct realm r;
	uint8_t *p;

	realm_mapped(&r, &p);
	WANT(realm_populate(&r, RAM_BASE, PAGE, pages(1), 0), PAGE);
	WANT(realm_populate(&r, RAM_BASE + PAGE, PAGE, p, 0), want_of("gmem-delegated-source"));
	WANT(realm_populate(&r, RAM_BASE + PAGE, PAGE, p + 2 * PAGE, 0),
	     since(ABI_V15) ? -EFAULT : PAGE);
}

static void attr_arguments(void)
{
	struct kvm_memory_attributes a = {.address = RAM_BASE, .size = MB, .flags = 1};
	struct realm r;

	realm_open(&r);
	r.gmem = realm_gmem(&r, MB, GUEST_MEMFD_FLAG_MMAP);
	WANT(realm_attr(&r, RAM_BASE, MB, 1), -EINVAL);
	WANT(realm_attr(&r, RAM_BASE, MB, KVM_MEMORY_ATTRIBUTE_PRIVATE | 1), -EINVAL);
	WANT(realm_attr(&r, RAM_BASE + 1, MB, 0), -EINVAL);
	WANT(realm_attr(&r, RAM_BASE, MB + 1, 0), -EINVAL);
	WANT(realm_attr(&r, RAM_BASE, 0, 0), -EINVAL);
	WANT(realm_attr(&r, -(uint64_t)PAGE, 2 * PAGE, 0), -EINVAL);
	if (since(ABI_V15))
		return;
	WANT(call(r.vm, KVM_SET_MEMORY_ATTRIBUTES, &a), -EINVAL);
	WANT(call(r.vm, KVM_SET_MEMORY_ATTRIBUTES, BAD_POINTER), -EFAULT);
}

static void attr_beyond_ipa(void)
{
	struct realm r;

	only_before(ABI_V15);
	realm_open(&r);
	WANT(realm_attr(&r, UINT64_C(1) << 50, MB, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
}

static void attr_ordinary_vm(void)
{
	struct realm r;

	realm_open(&r);
	r.vm = call_n(r.kvm, KVM_CREATE_VM, 0);
	r.gmem = realm_gmem(&r, MB, GUEST_MEMFD_FLAG_MMAP);
	WANT(realm_attr(&r, RAM_BASE, MB, KVM_MEMORY_ATTRIBUTE_PRIVATE), -EINVAL);
}

static const struct check checks[] = {
	{"slot-flags",
	 "a gmem slot refuses READONLY and LOG_DIRTY_PAGES; a plain one may be READONLY",
	 slot_flags},
	{"slot-gmem-offset", "gmem offset: aligned, inside the file, no overflow",
	 slot_gmem_offset},
	{"slot-change", "a gmem slot cannot be changed, only deleted; once", slot_change},
	{"slot-overlap", "overlapping slots are EEXIST", slot_overlap},
	{"slot-place", "beyond the IPA width EFAULT; upper half and userspace_addr 0 accepted",
	 slot_place},
	{"slot-arguments", "unaligned address, size, userspace_addr and a slot id too high: EINVAL",
	 slot_unaligned},
	{"gmem-flags", "guest_memfd flags 0 to 3, size page-aligned and not 0", gmem_flags},
	{"gmem-mmap", "without the MMAP flag mmap is ENODEV", gmem_mmap},
	{"gmem-touch", "MMAP without INIT_SHARED: every touch is SIGBUS; with both there are pages",
	 gmem_touch},
	{"gmem-delegated",
	 "a delegated page (v15: any private one): SIGBUS, EFAULT from read(2), write(2)",
	 gmem_delegated},
	{"gmem-delegated-source",
	 "populate from a page that is delegated already: ENXIO (v15: EFAULT)",
	 gmem_delegated_source},
	{"attr-arguments", "attributes: unknown bits, unaligned, size 0, wrap, flags: EINVAL",
	 attr_arguments},
	{"attr-beyond-ipa", "attributes beyond the IPA width are accepted", attr_beyond_ipa},
	{"attr-ordinary-vm", "an ordinary VM refuses memory attributes: EINVAL", attr_ordinary_vm},
};

const struct check_group check_memory = {"memory", checks, sizeof(checks) / sizeof(checks[0])};
