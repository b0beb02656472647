// SPDX-License-Identifier: BSD-3-Clause
/* fake_kvm.c - kvm/kvm.h's functions, as little of a kernel as the transport's tests need. */
#include "tests/preload/fake_kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/mm.h"
#include "base/bits.h"
#include "base/log.h"
#include "kvm/kvm.h"
#include "machine/memory.h"

#define FAKE_COPY_MAX (16 << 20)
#define SHARED_SIZE   (KVM_VCPU_MMAP_SIZE + 4096)

struct kvm_host {
	struct machine *machine;
};

struct kvm_file {
	enum kvm_file_kind kind;
	atomic_uint refs;
	struct kvm_host *host;
	struct kvm_mm *mm;
	/* vCPU */
	int memfd, ring, dirty, kick_fd, watched;
	void *shared;
	uint64_t exits;
	bool mask_set;
	uint64_t mask;
	/* guest_memfd */
	struct kvm_gmem_info gmem;
};

static atomic_int files, invalidations, asked;

/* What memslots name. */
static struct {
	const struct kvm_file *vm; /* NULL: the entry is free */
	uint64_t start, end;
} slots[2048];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static void slots_add(const struct kvm_file *vm, uint64_t start, uint64_t end)
{
	unsigned int i = 0;

	pthread_mutex_lock(&slots_lock);
	while (i < ARRAY_SIZE(slots) && slots[i].vm)
		i++;
	if (i == ARRAY_SIZE(slots))
		abort(); /* more than any client of the tests has */
	slots[i].vm = vm;
	slots[i].start = start;
	slots[i].end = end;
	pthread_mutex_unlock(&slots_lock);
}

static void slots_remove(const struct kvm_file *vm)
{
	pthread_mutex_lock(&slots_lock);
	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++)
		if (slots[i].vm == vm)
			slots[i].vm = NULL;
	pthread_mutex_unlock(&slots_lock);
}

int kvm_host_create(const struct kvm_config *cfg, struct kvm_host **out)
{
	*out = calloc(1, sizeof(**out));
	(*out)->machine = cfg->machine;
	return 0;
}

void kvm_host_destroy(struct kvm_host *h)
{
	free(h);
}

static struct kvm_file *file_new(struct kvm_host *h, enum kvm_file_kind kind, struct kvm_mm *mm)
{
	struct kvm_file *f = calloc(1, sizeof(*f));

	f->kind = kind;
	f->refs = 1;
	f->host = h;
	f->mm = mm;
	f->memfd = f->ring = f->dirty = f->kick_fd = f->watched = -1;
	if (mm)
		mm->ops->get(mm);
	if (kind != KVM_FILE_SYSTEM)
		files++;
	return f;
}

struct kvm_file *kvm_open(struct kvm_host *h)
{
	return file_new(h, KVM_FILE_SYSTEM, NULL);
}

enum kvm_file_kind kvm_file_kind(const struct kvm_file *f)
{
	return f->kind;
}

void kvm_file_get(struct kvm_file *f)
{
	f->refs++;
}

void kvm_file_put(struct kvm_file *f)
{
	if (--f->refs)
		return;
	slots_remove(f);
	if (f->shared)
		munmap(f->shared, SHARED_SIZE);
	if (f->memfd >= 0)
		close(f->memfd);
	if (f->ring >= 0)
		close(f->ring);
	if (f->dirty >= 0)
		close(f->dirty);
	if (f->kick_fd >= 0)
		close(f->kick_fd);
	if (f->gmem.size)
		machine_free(f->host->machine, f->gmem.pa, f->gmem.size / GRANULE_SIZE);
	if (f->mm)
		f->mm->ops->put(f->mm);
	if (f->kind != KVM_FILE_SYSTEM)
		files--;
	free(f);
}

/* ---- calls ---- */

static int make_dirty_ring(void)
{
	int fd = memfd_create("kvm-vcpu", MFD_CLOEXEC);

	if (ftruncate(fd, FAKE_DIRTY_BYTES) || pwrite(fd, FAKE_DIRTY, sizeof(FAKE_DIRTY), 0) < 0)
		abort();
	return fd;
}

static int64_t create_vcpu(struct kvm_file *vm, struct kvm_caller *c, uint64_t id)
{
	struct kvm_file *f = file_new(vm->host, KVM_FILE_VCPU, vm->mm);

	f->memfd = memfd_create("kvm-vcpu", MFD_CLOEXEC);
	f->ring = memfd_create("kvm-vcpu", MFD_CLOEXEC);
	f->dirty = id == FAKE_DIRTY_VCPU ? make_dirty_ring() : -1;
	f->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ftruncate(f->memfd, SHARED_SIZE) || ftruncate(f->ring, GRANULE_SIZE) ||
	    pwrite(f->ring, FAKE_RING, sizeof(FAKE_RING), 0) < 0)
		abort();
	f->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->memfd, 0);
	return c->ops->install(c, f);
}

static int64_t create_gmem(struct kvm_file *vm, struct kvm_caller *c, uint64_t arg)
{
	struct kvm_create_guest_memfd in;
	struct kvm_file *f;
	uint64_t pa = 0;

	if (c->ops->read(c, &in, arg, sizeof(in)))
		return -EFAULT;
	if (in.size % GRANULE_SIZE == 0)
		pa = machine_alloc_client(vm->host->machine, in.size / GRANULE_SIZE, GRANULE_SIZE);
	if (!pa)
		return -EINVAL;
	f = file_new(vm->host, KVM_FILE_GMEM, vm->mm);
	f->gmem.pa = pa;
	f->gmem.size = in.size;
	f->gmem.flags = in.flags;
	f->gmem.has_shared = (in.flags & GUEST_MEMFD_FLAG_INIT_SHARED) != 0;
	return c->ops->install(c, f);
}

static int64_t set_region(struct kvm_file *vm, struct kvm_caller *c, uint64_t arg)
{
	struct kvm_userspace_memory_region in;
	int r;

	if (c->ops->read(c, &in, arg, sizeof(in)))
		return -EFAULT;
	if (!in.memory_size) {
		slots_remove(vm);
		return 0;
	}
	if ((in.memory_size | in.userspace_addr) % GRANULE_SIZE)
		return -EINVAL;
	r = vm->mm->ops->attach(vm->mm, c, in.userspace_addr, in.memory_size);
	if (!r)
		slots_add(vm, in.userspace_addr, in.userspace_addr + in.memory_size);
	return r;
}

static int64_t copy(struct kvm_caller *c, uint64_t arg)
{
	struct fake_copy in;
	int64_t r = -EFAULT;
	void *buf;

	if (c->ops->read(c, &in, arg, sizeof(in)))
		return -EFAULT;
	if (in.len > FAKE_COPY_MAX)
		return -E2BIG;
	buf = malloc(in.len + 1);
	if (!c->ops->read(c, buf, in.src, in.len) && !c->ops->write(c, in.dst, buf, in.len))
		r = in.len;
	free(buf);
	return r;
}

static int64_t pull(struct kvm_file *vm, struct kvm_caller *c, uint64_t arg)
{
	struct machine *ram = vm->host->machine;
	struct fake_copy in;
	uint64_t pa, sum = 0, total = 0;
	ssize_t n = 0;

	if (c->ops->read(c, &in, arg, sizeof(in)))
		return -EFAULT;
	pa = machine_alloc_client(ram, 16, GRANULE_SIZE);
	if (!pa)
		return -ENOMEM;
	while (total < in.len && !c->ops->interrupted(c)) {
		size_t want = in.len - total < 65536 ? in.len - total : 65536;

		c->ops->pull_start(c, pa, in.src + total, want);
		n = c->ops->pull_finish(c);
		for (ssize_t i = 0; i < n; i++)
			sum += *(uint8_t *)machine_va(ram, pa + i, 1);
		total += n;
		if ((size_t)n < want)
			break;
	}
	machine_free(ram, pa, 16);
	if (total && c->ops->write(c, in.dst, &sum, sizeof(sum)))
		return -EFAULT;
	if (!total)
		return c->ops->interrupted(c) ? -EINTR : -EFAULT;
	return total;
}

static int64_t word(struct kvm_file *vm, struct kvm_caller *c, uint32_t nr, uint64_t arg)
{
	struct fake_word w;
	uint64_t pa, *p;

	if (c->ops->read(c, &w, arg, sizeof(w)))
		return -EFAULT;
	pa = vm->mm->ops->lookup(vm->mm, w.addr, nr == FAKE_POKE);
	if (!pa || w.addr % 8)
		return -EFAULT;
	p = machine_va(vm->host->machine, pa + w.addr % GRANULE_SIZE, 8);
	if (nr == FAKE_POKE)
		*p = w.value;
	else
		w.value = nr == FAKE_WHERE ? pa : *p;
	return nr == FAKE_POKE ? 0 : c->ops->write(c, arg, &w, sizeof(w));
}

static int64_t guard(struct kvm_file *vm, struct kvm_caller *c, uint64_t arg)
{
	struct fake_copy g;

	if (c->ops->read(c, &g, arg, sizeof(g)))
		return -EFAULT;
	vm->mm->ops->guard(vm->mm, c, g.src, g.len, g.dst, g.dst != 0);
	return 0;
}

static char said[FAKE_SAID];

static void keep(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static int64_t touches(struct kvm_file *vm, struct kvm_caller *c, uint64_t arg)
{
	if (arg && c->ops->write(c, arg, said, sizeof(said)))
		return -EFAULT;
	return container_of(vm->mm, struct mm, base)->touches;
}

#define MAX_PROTECTED 64
static _Atomic uint64_t protected[MAX_PROTECTED];
static _Atomic uint64_t changes;

bool fake_page_protected(const void *arg, uint64_t pa)
{
	for (int i = 0; i < MAX_PROTECTED; i++)
		if (protected[i] == pa)
			return true;
	return false;
}

uint64_t fake_protection_changes(const void *arg)
{
	return changes;
}

static int64_t protect(struct kvm_file *vm, uint64_t addr, bool set)
{
	uint64_t pa = vm->mm->ops->lookup(vm->mm, addr, false);

	for (int i = 0; i < MAX_PROTECTED && pa; i++) {
		if (protected[i] != (set ? 0 : pa))
			continue;
		protected[i] = set ? pa : 0;
		changes++;
		return 0;
	}
	return -EFAULT;
}

static int64_t signal_fd(struct kvm_caller *c, int fd)
{
	const uint64_t one = 1;
	int got = c->ops->take_fd(c, fd), r = 0;

	if (got < 0)
		return got;
	if (write(got, &one, sizeof(one)) != sizeof(one))
		r = -EINVAL;
	close(got);
	return r;
}

/* One file, however often it is given. */
static int64_t give(struct kvm_caller *c)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	static atomic_int kept = -1;
	int fd, none = -1;

	if (kept < 0) {
		fd = memfd_create("given", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (write(fd, FAKE_GIVEN, sizeof(FAKE_GIVEN)) < 0 || lseek(fd, 0, SEEK_SET) ||
		    fcntl(fd, F_ADD_SEALS, seals))
			abort();
		if (!atomic_compare_exchange_strong(&kept, &none, fd))
			close(fd);
	}
	return c->ops->give_fd(c, kept);
}

static int64_t vm_ioctl(struct kvm_file *vm, struct kvm_caller *c, uint32_t nr, uint64_t arg)
{
	struct kvm_file *f;

	if (c->mm != vm->mm)
		return -EIO;
	switch (nr) {
	case (uint32_t)KVM_CREATE_VCPU:
		return create_vcpu(vm, c, arg);
	case (uint32_t)KVM_CREATE_GUEST_MEMFD:
		return create_gmem(vm, c, arg);
	case (uint32_t)KVM_SET_USER_MEMORY_REGION:
		return set_region(vm, c, arg);
	case (uint32_t)FAKE_COPY:
		return copy(c, arg);
	case (uint32_t)FAKE_PULL:
		return pull(vm, c, arg);
	case (uint32_t)FAKE_PEEK:
	case (uint32_t)FAKE_POKE:
	case (uint32_t)FAKE_WHERE:
		return word(vm, c, nr, arg);
	case (uint32_t)FAKE_GUARD:
		log_redirect(keep);
		return guard(vm, c, arg);
	case (uint32_t)FAKE_TOUCHES:
		return touches(vm, c, arg);
	case (uint32_t)FAKE_PROTECT:
	case (uint32_t)FAKE_UNPROTECT:
		return protect(vm, arg, nr == FAKE_PROTECT);
	case (uint32_t)FAKE_SIGNAL:
		return signal_fd(c, arg);
	case (uint32_t)FAKE_KIND:
		f = c->ops->lookup(c, arg);
		return f ? (int64_t)f->kind : -EBADF;
	case (uint32_t)FAKE_GIVE:
		return give(c);
	case (uint32_t)FAKE_DIE:
		_exit(3);
	}
	return -EINVAL;
}

static int64_t run(struct kvm_file *f, struct kvm_caller *c)
{
	struct kvm_run *run = f->shared;
	struct pollfd pfd[2] = {{f->kick_fd, POLLIN, 0}, {f->watched, POLLIN, 0}};
	bool immediate = *(volatile uint8_t *)&run->immediate_exit;
	uint64_t junk, delay;

	for (;;) {
		if (read(f->kick_fd, &junk, sizeof(junk)) < 0 && errno != EAGAIN)
			abort();
		if (immediate || c->ops->interrupted(c))
			break;
		if (run->request_interrupt_window == FAKE_RUN_EXIT) {
			run->exit_reason = KVM_EXIT_MMIO;
			run->mmio.phys_addr = ++f->exits;
			delay = c->ops->run_delay(c);
			memcpy(run->mmio.data, &delay, sizeof(delay));
			return 0;
		}
		if (run->request_interrupt_window == FAKE_RUN_WRITE) {
			run->request_interrupt_window = 0;
			if (c->ops->write(c, run->cr8, &f->exits, sizeof(f->exits)))
				return -EFAULT;
		}
		poll(pfd, 2, -1);
	}
	if (run->request_interrupt_window == FAKE_RUN_PROTECT && protect(f, run->cr8, true))
		return -EFAULT;
	run->exit_reason = KVM_EXIT_INTR;
	return -EINTR;
}

static int64_t set_mask(struct kvm_file *f, struct kvm_caller *c, uint64_t arg)
{
	uint32_t len;

	f->mask_set = false;
	if (!arg)
		return 0;
	if (c->ops->read(c, &len, arg, sizeof(len)))
		return -EFAULT;
	if (len != 8)
		return -EINVAL;
	if (c->ops->read(c, &f->mask, arg + 4, 8))
		return -EFAULT;
	f->mask_set = true;
	return 0;
}

static int64_t system_ioctl(struct kvm_file *f, struct kvm_caller *c, uint32_t nr, uint64_t arg)
{
	switch (nr) {
	case (uint32_t)KVM_CREATE_VM:
		return c->ops->install(c, file_new(f->host, KVM_FILE_VM, c->mm));
	case (uint32_t)KVM_CHECK_EXTENSION:
		return arg;
	case (uint32_t)FAKE_FILES:
		return files;
	case (uint32_t)FAKE_INVALIDATIONS:
		return invalidations;
	case (uint32_t)FAKE_ASKED:
		return asked;
	case (uint32_t)FAKE_PAGES:
		return machine_allocated(f->host->machine);
	}
	return -EINVAL;
}

int kvm_vcpu_dirty_ring_memfd(struct kvm_file *f, uint64_t *bytes)
{
	*bytes = f->dirty < 0 ? 0 : FAKE_DIRTY_BYTES;
	return f->dirty;
}

int64_t kvm_ioctl(struct kvm_file *f, struct kvm_caller *c, uint32_t nr, uint64_t arg)
{
	if (f->kind == KVM_FILE_SYSTEM)
		return system_ioctl(f, c, nr, arg);
	if (f->kind == KVM_FILE_VM)
		return vm_ioctl(f, c, nr, arg);
	if (f->kind == KVM_FILE_VCPU && nr == (uint32_t)KVM_RUN)
		return run(f, c);
	if (f->kind == KVM_FILE_VCPU && nr == (uint32_t)KVM_SET_SIGNAL_MASK)
		return set_mask(f, c, arg);
	return -EINVAL;
}

int kvm_vcpu_memfd(struct kvm_file *f)
{
	return f->memfd;
}

int kvm_vcpu_ring_memfd(struct kvm_file *f)
{
	return f->ring;
}

void *kvm_vcpu_control_page(struct kvm_file *f)
{
	return (char *)f->shared + KVM_VCPU_MMAP_SIZE;
}

void kvm_vcpu_kick(struct kvm_file *f)
{
	const uint64_t one = 1;

	if (write(f->kick_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

void kvm_vcpu_watch(struct kvm_file *f, int fd)
{
	f->watched = fd;
}

bool kvm_vcpu_signal_mask(struct kvm_file *f, uint64_t *mask)
{
	*mask = f->mask;
	return f->mask_set;
}

void kvm_gmem_info(struct kvm_file *f, struct kvm_gmem_info *info)
{
	*info = f->gmem;
}

int kvm_gmem_fallocate(struct kvm_file *f, int mode, uint64_t offset, uint64_t len)
{
	if (mode != 3 || offset > f->gmem.size || len > f->gmem.size - offset ||
	    (offset | len) % GRANULE_SIZE)
		return -EOPNOTSUPP;
	machine_punch(f->host->machine, f->gmem.pa + offset, len / GRANULE_SIZE);
	return 0;
}

void kvm_mm_invalidate(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size)
{
	invalidations++;
}

bool kvm_mm_uses(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size)
{
	bool uses = false;

	asked++;
	pthread_mutex_lock(&slots_lock);
	for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++)
		uses |= slots[i].vm && slots[i].vm->mm == mm && slots[i].start < uaddr + size &&
			uaddr < slots[i].end;
	pthread_mutex_unlock(&slots_lock);
	return uses;
}
