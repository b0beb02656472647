// SPDX-License-Identifier: BSD-3-Clause
/* fake_kvm.c - the scripted /dev/kvm. Its descriptors are real memory files, so mmap works. */
#include "fake_kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define POPULATE_INOUT 0xC020AED7

struct fake_kvm fake;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int vcpu_fds[16];
static unsigned int nvcpus;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long nr, void *arg);
int __wrap_ioctl(int fd, unsigned long nr, void *arg);

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.rmi = 1;
	fake.cap = KVM_CAP_ARM_RMI;
	fake.type = KVM_VM_TYPE_ARM_REALM;
	nvcpus = 0;
}

static int new_fd(size_t size)
{
	int fd = memfd_create("fake-kvm", MFD_CLOEXEC);

	if (ftruncate(fd, (off_t)size))
		abort();
	return fd;
}

static int fake_open(void)
{
	if (!fake.missing)
		return new_fd(0);
	errno = ENOENT;
	return -1;
}

int __wrap_open64(const char *path, int flags, ...)
{
	return strcmp(path, "/dev/kvm") ? __real_open64(path, flags, 0600) : fake_open();
}

int __wrap_open(const char *path, int flags, ...)
{
	return strcmp(path, "/dev/kvm") ? __real_open(path, flags, 0600) : fake_open();
}

static unsigned int vcpu_of(int fd)
{
	for (unsigned int i = 0; i < nvcpus; i++)
		if (vcpu_fds[i] == fd)
			return i;
	abort();
}

/* Block as a KVM_RUN that every signal misses: only immediate_exit ends it. */
static int block(struct kvm_run *run)
{
	while (!__atomic_load_n(&run->immediate_exit, __ATOMIC_SEQ_CST))
		usleep(10000);
	run->exit_reason = KVM_EXIT_INTR;
	return -EINTR;
}

static int run_vcpu(int fd)
{
	unsigned int id = vcpu_of(fd);
	struct kvm_run *run =
		mmap(NULL, KVM_VCPU_MMAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const struct fake_step *s = fake.steps[id] ? &fake.steps[id][fake.at[id]] : NULL;
	int ret;

	if (!s || !s->fill) {
		ret = s && s->ret ? s->ret : block(run);
		if (s && s->ret)
			fake.at[id]++;
	} else {
		fake.at[id]++;
		s->fill(run);
		ret = s->ret;
	}
	munmap(run, KVM_VCPU_MMAP_SIZE);
	return ret;
}

static int populate(const struct kvm_arm_rmi_populate *p)
{
	unsigned int i = fake.npopulate++;

	fake.populated[i] = *p;
	return fake.populate[i] ? fake.populate[i] : (int)p->size;
}

static int populate_in_out(struct kvm_arm_rmi_populate *p)
{
	int n;

	if (!p)
		return -EFAULT;
	n = populate(p);
	if (n < 0)
		return n;
	p->base += (unsigned int)n;
	p->source_uaddr += (unsigned int)n;
	p->size -= (unsigned int)n;
	return 0;
}

static int check_extension(unsigned long cap)
{
	if (cap == KVM_CAP_MEMORY_ATTRIBUTES)
		return fake.gmem_attributes ? 0 : KVM_MEMORY_ATTRIBUTE_PRIVATE;
	return cap == fake.cap ? fake.rmi : cap == fake.not_rmi;
}

static int register_access(unsigned long nr, struct kvm_one_reg *reg)
{
	uint64_t *v = (uint64_t *)(uintptr_t)reg->addr;

	if (nr == KVM_GET_ONE_REG)
		*v = reg->id == KVM_REG_ARM_CORE_X(1) ? fake.x1 : 0;
	else if (reg->id == KVM_REG_ARM_CORE_PC)
		fake.pc = *v;
	else if (reg->id == KVM_REG_ARM_CORE_X(0))
		fake.x0 = *v;
	return 0;
}

static const struct {
	unsigned long nr;
	const char *name;
} names[] = {
#define NAME(nr)                                                                                   \
	{                                                                                          \
		nr, #nr                                                                            \
	}
	NAME(KVM_GET_API_VERSION),
	NAME(KVM_CHECK_EXTENSION),
	NAME(KVM_CREATE_VM),
	NAME(KVM_GET_VCPU_MMAP_SIZE),
	NAME(KVM_CREATE_VCPU),
	NAME(KVM_ARM_PREFERRED_TARGET),
	NAME(KVM_ARM_VCPU_INIT),
	NAME(KVM_CREATE_DEVICE),
	NAME(KVM_SET_DEVICE_ATTR),
	NAME(KVM_CREATE_GUEST_MEMFD),
	NAME(KVM_SET_USER_MEMORY_REGION2),
	NAME(KVM_SET_MEMORY_ATTRIBUTES),
	NAME(KVM_ARM_RMI_POPULATE),
	NAME(KVM_ARM_VCPU_RMI_PSCI_COMPLETE),
	NAME(KVM_SET_MP_STATE),
	NAME(KVM_IRQ_LINE),
};

static const char *record(unsigned long nr)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].nr != nr)
			continue;
		if (nr == KVM_CHECK_EXTENSION && fake.ncalls &&
		    fake.calls[fake.ncalls - 1] == names[i].name)
			return names[i].name; /* how many numbers are asked is of no interest */
		if (fake.ncalls < FAKE_MAX_CALLS)
			fake.calls[fake.ncalls++] = names[i].name;
		return names[i].name;
	}
	return "";
}

bool fake_called(const char *name)
{
	for (unsigned int i = 0; i < fake.ncalls; i++)
		if (!strcmp(fake.calls[i], name))
			return true;
	return false;
}

static int answer(int fd, unsigned long nr, void *arg)
{
	switch (nr) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return check_extension((uintptr_t)arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return KVM_VCPU_MMAP_SIZE;
	case KVM_CREATE_VM:
		return ((uintptr_t)arg & ~0xffUL) == fake.type ? new_fd(0) : -EINVAL;
	case KVM_CREATE_VCPU:
		vcpu_fds[nvcpus] = new_fd(KVM_VCPU_MMAP_SIZE);
		return vcpu_fds[nvcpus++];
	case KVM_ARM_VCPU_INIT:
		fake.last_init[vcpu_of(fd)] = ((struct kvm_vcpu_init *)arg)->features[0];
		return 0;
	case KVM_CREATE_DEVICE:
		((struct kvm_create_device *)arg)->fd = (uint32_t)new_fd(0);
		return 0;
	case KVM_CREATE_GUEST_MEMFD:
		return new_fd(((struct kvm_create_guest_memfd *)arg)->size);
	case KVM_SET_MEMORY_ATTRIBUTES:
		fake.attributes = *(struct kvm_memory_attributes *)arg;
		fake.nattributes++;
		return 0;
	case KVM_ARM_RMI_POPULATE:
		return fake.in_out ? -EINVAL : populate(arg);
	case POPULATE_INOUT:
		return fake.in_out ? populate_in_out(arg) : -EINVAL;
	case KVM_ARM_VCPU_RMI_PSCI_COMPLETE:
		fake.completed = *(struct kvm_arm_rmi_psci_complete *)arg;
		fake.ncompleted++;
		return 0;
	case KVM_SET_MP_STATE:
		fake.nrunnable += ((struct kvm_mp_state *)arg)->mp_state == KVM_MP_STATE_RUNNABLE;
		return 0;
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return register_access(nr, arg);
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long nr, void *arg)
{
	const char *name;
	int ret;

	if ((nr >> 8 & 0xff) != KVMIO)
		return __real_ioctl(fd, nr, arg);
	if (nr == KVM_RUN) {
		ret = run_vcpu(fd);
	} else {
		pthread_mutex_lock(&lock);
		name = record(nr);
		ret = fake.fail && !strcmp(fake.fail, name) ? -fake.fail_errno
							    : answer(fd, nr, arg);
		pthread_mutex_unlock(&lock);
	}
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}
