// SPDX-License-Identifier: BSD-3-Clause
/* check_realm.c - the realm that checks start from, built step by step through the ABI. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "check/check.h"

#include "check_guest.h" /* guest.S, assembled: one page */

#define DIST_ADDR   UINT64_C(0x08000000)
#define REDIST_ADDR UINT64_C(0x080a0000)

int64_t call(int fd, unsigned long nr, const void *arg)
{
	int r = ioctl(fd, nr, arg);

	return r < 0 ? -errno : r;
}

int64_t call_n(int fd, unsigned long nr, unsigned long arg)
{
	int r = ioctl(fd, nr, arg);

	return r < 0 ? -errno : r;
}

void *pages(size_t n)
{
	void *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		FAIL("mmap: %s", strerror(errno));
	return p;
}

void realm_open(struct realm *r)
{
	memset(r, -1, sizeof(*r));
	r->vcpus = 0;
	r->mem = NULL;
	r->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (r->kvm < 0)
		FAIL("open(/dev/kvm): %s", strerror(errno));
	r->vm = call_n(r->kvm, KVM_CREATE_VM, check_sheet()->realm | IPA_BITS);
	if (r->vm < 0)
		FAIL("KVM_CREATE_VM(realm): %s", strerror(-r->vm));
}

void realm_vcpu_create(struct realm *r)
{
	unsigned int i = r->vcpus;
	long size = call_n(r->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	r->vcpu[i] = call_n(r->vm, KVM_CREATE_VCPU, i);
	if (r->vcpu[i] < 0)
		FAIL("KVM_CREATE_VCPU(%u): %s", i, strerror(-r->vcpu[i]));
	r->run[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->vcpu[i], 0);
	if (r->run[i] == MAP_FAILED)
		FAIL("mmap(vcpu): %s", strerror(errno));
	r->vcpus++;
}

int64_t realm_vcpu_init(struct realm *r, unsigned int i, uint32_t features)
{
	struct kvm_vcpu_init init = {};

	WANT(call(r->vm, KVM_ARM_PREFERRED_TARGET, &init), 0);
	init.features[0] = features;
	return call(r->vcpu[i], KVM_ARM_VCPU_INIT, &init);
}

void realm_vcpus(struct realm *r, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		realm_vcpu_create(r);
		WANT(realm_vcpu_init(r, r->vcpus - 1,
				     1U << KVM_ARM_VCPU_PSCI_0_2 |
					     (i ? 1U << KVM_ARM_VCPU_POWER_OFF : 0)),
		     0);
	}
}

static int64_t vgic_set(struct realm *r, uint32_t group, uint64_t attr, uint64_t *val)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)val};

	return call(r->vgic, KVM_SET_DEVICE_ATTR, &a);
}

void realm_vgic_create(struct realm *r)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = DIST_ADDR, redist = REDIST_ADDR;

	WANT(call(r->vm, KVM_CREATE_DEVICE, &dev), 0);
	r->vgic = dev.fd;
	WANT(vgic_set(r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist), 0);
	WANT(vgic_set(r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist), 0);
}

void realm_vgic(struct realm *r)
{
	realm_vgic_create(r);
	WANT(vgic_set(r, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0);
}

int realm_gmem(struct realm *r, uint64_t size, uint64_t flags)
{
	struct kvm_create_guest_memfd g = {.size = size, .flags = flags};

	return call(r->vm, KVM_CREATE_GUEST_MEMFD, &g);
}

int64_t realm_slot(struct realm *r, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
		   const void *uaddr, int gmem, uint64_t gmem_offset)
{
	struct kvm_userspace_memory_region2 m = {
		.slot = slot,
		.flags = flags | (gmem >= 0 ? KVM_MEM_GUEST_MEMFD : 0),
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)uaddr,
		.guest_memfd = gmem >= 0 ? gmem : 0,
		.guest_memfd_offset = gmem_offset,
	};

	return call(r->vm, KVM_SET_USER_MEMORY_REGION2, &m);
}

int64_t realm_attr(struct realm *r, uint64_t gpa, uint64_t size, uint64_t attr)
{
	struct kvm_memory_attributes a = {.address = gpa, .size = size, .attributes = attr};
	struct kvm_memory_attributes2 a2 = {
		.offset = gpa - RAM_BASE, .size = size, .attributes = attr};

	return since(ABI_V15) ? call(r->gmem, SET_ATTRIBUTES2, &a2)
			      : call(r->vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
}

int64_t realm_populate(struct realm *r, uint64_t gpa, uint64_t size, const void *src,
		       uint32_t flags)
{
	struct kvm_arm_rmi_populate p = {
		.base = gpa, .size = size, .source_uaddr = (uintptr_t)src, .flags = flags};

	int64_t ret = call(r->vm, check_sheet()->populate, &p);

	return ret || !since(ABI_V13) ? ret : (int64_t)(p.base - gpa);
}

static bool convertible;

void realm_convertible(void)
{
	convertible = true;
}

void realm_memory(struct realm *r)
{
	bool in_place = convertible && since(ABI_V15);

	r->gmem = realm_gmem(r, RAM_SIZE, in_place ? GUEST_MEMFD_FLAG_MMAP : 0);
	if (r->gmem < 0)
		FAIL("KVM_CREATE_GUEST_MEMFD: %s", strerror(-r->gmem));
	r->mem = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | (in_place ? 0 : MAP_ANONYMOUS), in_place ? r->gmem : -1, 0);
	if (r->mem == MAP_FAILED)
		FAIL("mmap: %s", strerror(errno));
	WANT(realm_slot(r, 0, 0, RAM_BASE, RAM_SIZE, r->mem, r->gmem, 0), 0);
	WANT(realm_attr(r, RAM_BASE, RAM_SIZE, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
}

static void realm_script(struct realm *r, uint64_t ipa, const struct script_op *script,
			 unsigned int ops)
{
	uint8_t *p = pages(1);

	memcpy(p, script, ops * sizeof(*script));
	WANT(realm_populate(r, ipa, PAGE, p, KVM_ARM_RMI_POPULATE_FLAGS_MEASURE), PAGE);
}

void realm_code(struct realm *r, const struct script_op *script, unsigned int ops)
{
	uint8_t *code = pages(1);

	memcpy(code, check_guest, PAGE);
	WANT(realm_populate(r, CODE_IPA, PAGE, code, 1), PAGE);
	realm_script(r, SCRIPT_IPA, script, ops);
	WANT(realm_populate(r, DATA_IPA, PAGE, pages(1), 0), PAGE);
	WANT(realm_set(r, 0, KVM_REG_ARM_CORE_PC, CODE_IPA), 0);
	WANT(realm_set(r, 0, KVM_REG_ARM_CORE_X(0), SCRIPT_IPA), 0);
}

void realm_script2(struct realm *r, const struct script_op *script, unsigned int ops)
{
	realm_script(r, SCRIPT2_IPA, script, ops);
}

void realm_new(struct realm *r, unsigned int n, const struct script_op *script, unsigned int ops)
{
	realm_open(r);
	realm_vcpus(r, n);
	realm_vgic(r);
	realm_memory(r);
	realm_code(r, script, ops);
}

int64_t realm_get(struct realm *r, unsigned int vcpu, uint64_t id, uint64_t *val)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)val};

	return call(r->vcpu[vcpu], KVM_GET_ONE_REG, &reg);
}

int64_t realm_set(struct realm *r, unsigned int vcpu, uint64_t id, uint64_t val)
{
	uint64_t buf[64] = {val}; /* as large as the largest register */
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)buf};

	return call(r->vcpu[vcpu], KVM_SET_ONE_REG, &reg);
}

int64_t realm_run(struct realm *r, unsigned int vcpu)
{
	return call_n(r->vcpu[vcpu], KVM_RUN, 0);
}

static void on_signal(int sig)
{
	(void)sig;
}

void realm_want_blocks(struct realm *r, unsigned int vcpu)
{
	struct sigaction sa = {.sa_handler = on_signal}, old;
	/* It repeats: a first signal that comes before KVM_RUN must not be the last. */
	struct itimerval on = {{0, 50000}, {0, 50000}}, off = {};

	sigaction(SIGALRM, &sa, &old);
	setitimer(ITIMER_REAL, &on, NULL);
	WANT(realm_run(r, vcpu), -EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	WANT(r->run[vcpu]->exit_reason, KVM_EXIT_INTR);
}

uint64_t realm_report(struct realm *r, unsigned int vcpu)
{
	struct kvm_run *run = r->run[vcpu];
	uint64_t val;

	WANT(realm_run(r, vcpu), 0);
	WANT(run->exit_reason, KVM_EXIT_MMIO);
	WANT(run->mmio.phys_addr, SCRIPT_REPORT_GPA);
	WANT(run->mmio.is_write, 1);
	WANT(run->mmio.len, 8);
	memcpy(&val, run->mmio.data, 8);
	return val;
}

bool realm_created(struct realm *r)
{
	uint64_t val;

	WANT(realm_get(r, 0, KVM_REG_ID_AA64DFR0_EL1, &val), 0);
	/* WRPs, bits 23:20, may be lowered until the RD exists. */
	return realm_set(r, 0, KVM_REG_ID_AA64DFR0_EL1, val - (UINT64_C(1) << 20)) == -EBUSY;
}

void realm_slot_in_the_way(struct realm *r)
{
	const uint64_t size = 0x100000;

	WANT(realm_slot(r, 1, 0, SHARED_BIT + 16 * size, size, pages(size / PAGE),
			realm_gmem(r, size, 0), 0),
	     0);
}
