// SPDX-License-Identifier: BSD-3-Clause
/* inproc.c - the in-process form: handles, the caller, signals; memory is inproc_mm.c's. */
#include "backend/inproc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "backend/inproc_mm.h"
#include "backend/inproc_pull.h"
#include "backend/ranks.h"
#include "base/bits.h"
#include "base/schedstat.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

struct handle {
	struct kvm_file *file;
	int given;	       /* in place of it: an ordinary file; 0: none */
	atomic_bool signalled; /* stays with the number: tests reuse none while it is set */
};

struct mapping {
	struct mapping *next;
	void *addr;
	size_t size;
	struct kvm_file *file;
};

struct inproc {
	struct machine *machine;
	struct rmm *rmm;
	struct kvm_host *host;
	struct inproc_mm *mm;
	struct kvm_mm foreign; /* the address space of nobody */
	struct inproc_puller puller;
	uint64_t (*run_delay)(void);

	struct lock lock; /* handles, mappings */
	struct handle handle[INPROC_MAX_FDS];
	struct mapping *mappings;
};

/* ---- handles ---- */

static void let_go(struct kvm_file *f, int given)
{
	if (f)
		kvm_file_put(f);
	if (given)
		close(given);
}

static struct handle *find(struct inproc *p, int fd)
{
	if (fd < INPROC_FIRST_FD || fd >= INPROC_FIRST_FD + INPROC_MAX_FDS)
		return NULL;
	return &p->handle[fd - INPROC_FIRST_FD];
}

static struct kvm_file *get_file(struct inproc *p, int fd)
{
	struct handle *h = find(p, fd);
	struct kvm_file *f = NULL;

	lock_take(&p->lock);
	if (h)
		f = h->file;
	if (f)
		kvm_file_get(f);
	lock_drop(&p->lock);
	return f;
}

/* A file, or a descriptor: takes it over. */
static int install(struct inproc *p, struct kvm_file *f, int given)
{
	int fd = -EMFILE;

	lock_take(&p->lock);
	for (int i = 0; i < INPROC_MAX_FDS; i++) {
		if (p->handle[i].file || p->handle[i].given)
			continue;
		p->handle[i].file = f;
		p->handle[i].given = given;
		atomic_store(&p->handle[i].signalled, false);
		fd = INPROC_FIRST_FD + i;
		break;
	}
	lock_drop(&p->lock);
	if (fd < 0)
		let_go(f, given);
	return fd;
}

int inproc_open(struct inproc *p)
{
	struct kvm_file *f = kvm_open(p->host);

	return f ? install(p, f, 0) : -ENOMEM;
}

int inproc_close(struct inproc *p, int fd)
{
	struct handle *h = find(p, fd);
	struct kvm_file *f = NULL;
	int given = 0;

	lock_take(&p->lock);
	if (h) {
		f = h->file;
		given = h->given;
		h->file = NULL;
		h->given = 0;
	}
	lock_drop(&p->lock);
	if (!f && !given)
		return -EBADF;
	let_go(f, given);
	return 0;
}

struct kvm_file *inproc_file(struct inproc *p, int fd)
{
	struct handle *h = find(p, fd);

	return h ? h->file : NULL;
}

int inproc_given(struct inproc *p, int fd)
{
	const struct handle *h = find(p, fd);

	return h && h->given ? h->given : -1;
}

/* ---- the caller ---- */

struct caller {
	struct kvm_caller base;
	struct inproc *p;
	struct handle *handle;
	struct inproc_copy copy;
	struct kvm_file *looked_up; /* kept open until the call ends */
};

static struct caller *caller_of(struct kvm_caller *c)
{
	return container_of(c, struct caller, base);
}

static int op_read(struct kvm_caller *c, void *dst, uint64_t uaddr, size_t len)
{
	return inproc_mm_copy(dst, uaddr, len, false) == len ? 0 : -EFAULT;
}

static int op_write(struct kvm_caller *c, uint64_t uaddr, const void *src, size_t len)
{
	return inproc_mm_copy((void *)src, uaddr, len, true) == len ? 0 : -EFAULT;
}

static void op_pull_start(struct kvm_caller *base, uint64_t pa, uint64_t uaddr, size_t len)
{
	struct caller *c = caller_of(base);
	void *dst = machine_va(c->p->machine, pa, len);

	c->copy = (struct inproc_copy){c->p->mm, c->p->rmm, dst, uaddr, dst ? len : 0, 0, false};
	inproc_copy_start(&c->p->puller, &c->copy);
}

static ssize_t op_pull_finish(struct kvm_caller *base)
{
	struct caller *c = caller_of(base);

	return (ssize_t)inproc_copy_finish(&c->p->puller, &c->copy);
}

static int op_install(struct kvm_caller *base, struct kvm_file *f)
{
	return install(caller_of(base)->p, f, 0);
}

static int op_give_fd(struct kvm_caller *base, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 1);

	return own < 0 ? -EMFILE : install(caller_of(base)->p, NULL, own);
}

static struct kvm_file *op_lookup(struct kvm_caller *base, int fd)
{
	struct caller *c = caller_of(base);

	kvm_file_put(c->looked_up);
	c->looked_up = get_file(c->p, fd);
	return c->looked_up;
}

static int op_take_fd(struct kvm_caller *base, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return own < 0 ? -EBADF : own;
}

static bool op_interrupted(struct kvm_caller *base)
{
	return atomic_load(&caller_of(base)->handle->signalled);
}

static uint64_t op_run_delay(struct kvm_caller *base)
{
	return caller_of(base)->p->run_delay();
}

static const struct kvm_caller_ops caller_ops = {
	.read = op_read,
	.write = op_write,
	.pull_start = op_pull_start,
	.pull_finish = op_pull_finish,
	.install = op_install,
	.give_fd = op_give_fd,
	.lookup = op_lookup,
	.take_fd = op_take_fd,
	.interrupted = op_interrupted,
	.run_delay = op_run_delay,
};

static int64_t do_ioctl(struct inproc *p, struct kvm_mm *mm, int fd, uint32_t nr, uint64_t arg)
{
	struct caller c = {.base = {.ops = &caller_ops, .mm = mm}, .p = p};
	struct kvm_file *f = get_file(p, fd);
	int64_t ret;

	if (!f)
		return -EBADF;
	c.handle = find(p, fd);
	ret = kvm_ioctl(f, &c.base, nr, arg);
	if (ret == -EINTR)
		atomic_store(&c.handle->signalled, false);
	kvm_file_put(c.looked_up);
	kvm_file_put(f);
	return ret;
}

int64_t inproc_ioctl(struct inproc *p, int fd, uint32_t nr, uint64_t arg)
{
	return do_ioctl(p, inproc_mm_base(p->mm), fd, nr, arg);
}

int64_t inproc_ioctl_foreign(struct inproc *p, int fd, uint32_t nr, uint64_t arg)
{
	return do_ioctl(p, &p->foreign, fd, nr, arg);
}

int inproc_fallocate(struct inproc *p, int fd, int mode, uint64_t offset, uint64_t len)
{
	struct kvm_file *f = get_file(p, fd);
	int ret = -EBADF;

	if (!f)
		return ret;
	ret = kvm_file_kind(f) == KVM_FILE_GMEM ? kvm_gmem_fallocate(f, mode, offset, len)
						: -EOPNOTSUPP;
	kvm_file_put(f);
	return ret;
}

void inproc_signal(struct inproc *p, int fd)
{
	struct kvm_file *f = get_file(p, fd);

	if (!f)
		return;
	atomic_store(&find(p, fd)->signalled, true);
	if (kvm_file_kind(f) == KVM_FILE_VCPU)
		kvm_vcpu_kick(f);
	kvm_file_put(f);
}

/* ---- mappings ---- */

static void *map_vcpu(struct kvm_file *f, size_t size)
{
	const size_t ring = KVM_COALESCED_MMIO_PAGE_OFFSET * GRANULE_SIZE;
	const int prot = PROT_READ | PROT_WRITE;
	char *addr = mmap(NULL, size, prot, MAP_SHARED, kvm_vcpu_memfd(f), 0);

	if (addr == MAP_FAILED || size <= ring)
		return addr;
	if (mmap(addr + ring, GRANULE_SIZE, prot, MAP_SHARED | MAP_FIXED, kvm_vcpu_ring_memfd(f),
		 0) != MAP_FAILED)
		return addr;
	munmap(addr, size);
	return MAP_FAILED;
}

static void *map(struct inproc *p, struct kvm_file *f, size_t size)
{
	struct kvm_gmem_info info;

	if (kvm_file_kind(f) == KVM_FILE_VCPU && size <= KVM_VCPU_MMAP_SIZE)
		return map_vcpu(f, size);
	if (kvm_file_kind(f) != KVM_FILE_GMEM)
		return MAP_FAILED;
	kvm_gmem_info(f, &info);
	if (!(info.flags & GUEST_MEMFD_FLAG_MMAP) || size > info.size)
		return MAP_FAILED;
	return inproc_mm_map(p->mm, info.pa, size);
}

static void *map_dirty_ring(struct kvm_file *f, size_t size)
{
	uint64_t bytes;
	int fd;

	if (kvm_file_kind(f) != KVM_FILE_VCPU)
		return MAP_FAILED;
	fd = kvm_vcpu_dirty_ring_memfd(f, &bytes);
	return size > bytes ? MAP_FAILED
			    : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void *map_file(struct inproc *p, int fd, size_t size, bool dirty_ring)
{
	struct kvm_file *f = get_file(p, fd);
	struct mapping *m = calloc(1, sizeof(*m));

	if (f && m)
		m->addr = dirty_ring ? map_dirty_ring(f, size) : map(p, f, size);
	if (!f || !m || m->addr == MAP_FAILED) {
		if (f)
			kvm_file_put(f);
		free(m);
		return NULL;
	}
	m->file = f;
	m->size = size;
	lock_take(&p->lock);
	m->next = p->mappings;
	p->mappings = m;
	lock_drop(&p->lock);
	return m->addr;
}

void *inproc_mmap(struct inproc *p, int fd, size_t size)
{
	return map_file(p, fd, size, false);
}

void *inproc_mmap_dirty_ring(struct inproc *p, int fd, size_t size)
{
	return map_file(p, fd, size, true);
}

void inproc_munmap(struct inproc *p, void *addr, size_t size)
{
	struct mapping **link, *m;

	lock_take(&p->lock);
	for (link = &p->mappings; *link && (*link)->addr != addr; link = &(*link)->next)
		;
	m = *link;
	if (m)
		*link = m->next;
	lock_drop(&p->lock);
	if (!m)
		return;
	inproc_forget(p, addr, size);
	munmap(addr, size);
	kvm_file_put(m->file);
	free(m);
}

void inproc_forget(struct inproc *p, void *addr, size_t size)
{
	inproc_mm_forget(p->mm, p->host, (uintptr_t)addr, size);
}

/* ---- life ---- */

struct machine *inproc_machine(struct inproc *p)
{
	return p->machine;
}

struct rmm *inproc_rmm(struct inproc *p)
{
	return p->rmm;
}

struct kvm_host *inproc_kvm(struct inproc *p)
{
	return p->host;
}

int inproc_create(const struct inproc_config *cfg, struct inproc **out)
{
	static const struct inproc_config defaults;
	struct machine_config mc = {0};
	struct rmm_config rc = {0};
	struct kvm_config kc = {0};
	struct inproc *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return -ENOMEM;
	if (!cfg)
		cfg = &defaults;
	lock_init(&p->lock, RANK_INPROC, "inproc->lock");
	inproc_puller_init(&p->puller);
	mc.size = mc.client_size = cfg->ram;
	mc.pa_is_va = cfg->pa_is_va;
	mc.cpu = cfg->cpu;
	ret = machine_create(&mc, &p->machine);
	if (ret)
		goto fail;
	rc.machine = kc.machine = p->machine;
	rc.engine = kc.engine = cfg->engine;
	rc.feature_reg0 = cfg->feature_reg0;
	rc.attest = cfg->attest;
	ret = rmm_create(&rc, &p->rmm);
	if (ret)
		goto fail;
	kc.rmm = p->rmm;
	kc.revision = cfg->revision;
	kc.detect = cfg->detect;
	kc.automatic = cfg->automatic;
	kc.rmm_semantics = cfg->rmm;
	kc.cap_rmi = cfg->cap_rmi;
	kc.steal_time = !cfg->no_steal_time;
	p->run_delay = cfg->run_delay ? cfg->run_delay : schedstat_own_delay;
	ret = kvm_host_create(&kc, &p->host);
	if (!ret)
		ret = inproc_mm_create(p->machine, &p->mm);
	if (ret)
		goto fail;
	p->foreign.ops = inproc_mm_base(p->mm)->ops;
	*out = p;
	return 0;
fail:
	inproc_destroy(p);
	return ret;
}

void inproc_destroy(struct inproc *p)
{
	while (p->mappings)
		inproc_munmap(p, p->mappings->addr, p->mappings->size);
	for (int i = 0; i < INPROC_MAX_FDS; i++)
		inproc_close(p, INPROC_FIRST_FD + i);
	if (p->mm)
		inproc_mm_destroy(p->mm);
	kvm_host_destroy(p->host);
	if (p->rmm)
		rmm_destroy(p->rmm);
	if (p->machine)
		machine_destroy(p->machine);
	inproc_puller_destroy(&p->puller);
	lock_destroy(&p->lock);
	free(p);
}
