// SPDX-License-Identifier: BSD-3-Clause
/* realm.c - builds a realm VM by the calls of the realm ABI, and converts its memory. */
#include "vmm/realm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/progress.h"
#include "vmm/status.h"

/* POPULATE's progress travels as an int: stay far below 2 GiB a call. */
#define POPULATE_CHUNK (UINT64_C(64) << 20)
#define RAM_SLOT       0
#define NR_IRQS	       (32 + LAYOUT_SPIS)
#define PSCI_CALLS     0x20

/* EIO is how a platform says that it is gone; everything else is a refusal. */
static int refused(const char *what, int err)
{
	if (err == EIO) {
		log_error("%s: the platform is gone (%s)", what, strerror(err));
		return VMM_ENGINE_LOST;
	}
	log_error("%s was refused: %s", what, strerror(err));
	return VMM_REFUSED;
}

static int call(const char *name, int fd, unsigned long nr, const void *arg)
{
	return ioctl(fd, nr, arg) < 0 ? refused(name, errno) : 0;
}
#define CALL(fd, nr, arg) call(#nr, fd, nr, arg)

static int set_attr(int fd, const char *name, uint32_t group, uint64_t attr, const void *value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)value};

	return call(name, fd, KVM_SET_DEVICE_ATTR, &a);
}

static int open_kvm(struct realm *r)
{
	int version;

	r->sys_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (r->sys_fd < 0) {
		log_error("cannot open /dev/kvm: %s%s", strerror(errno),
			  errno == ENOENT ? " (no KVM here: run it under `softrealm exec --`)"
					  : "");
		return VMM_NO_REALM;
	}
	version = ioctl(r->sys_fd, KVM_GET_API_VERSION, 0);
	if (version < 0)
		return refused("KVM_GET_API_VERSION", errno);
	if (version != KVM_API_VERSION) {
		log_error("/dev/kvm speaks version %d of KVM's API, not %d", version,
			  KVM_API_VERSION);
		return VMM_NO_REALM;
	}
	return 0;
}

static int create_vm(struct realm *r)
{
	r->vm_fd = abi_create_vm(r->sys_fd, r->cfg.ipa_bits, &r->abi);
	if (r->vm_fd >= 0)
		return 0;
	if (r->vm_fd == -EOPNOTSUPP)
		log_error("this /dev/kvm has no realms (no number of KVM_CAP_ARM_RMI answers)");
	else if (r->vm_fd == -EINVAL)
		log_error("KVM cannot create a realm with %u IPA bits (too wide for this platform, "
			  "or not a revision of the realm ABI that is known)",
			  r->cfg.ipa_bits);
	else
		return refused("KVM_CREATE_VM for a realm", -r->vm_fd);
	return VMM_NO_REALM;
}

/* Both halves of PSCI's range of calls: the 32-bit and the 64-bit convention. */
static int filter_psci(struct realm *r)
{
	static const uint32_t bases[] = {0x84000000, 0xc4000000};
	int ret = 0;

	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(bases); i++) {
		struct kvm_smccc_filter f = {.base = bases[i],
					     .nr_functions = PSCI_CALLS,
					     .action = KVM_SMCCC_FILTER_FWD_TO_USER};

		ret = set_attr(r->vm_fd, "the SMCCC filter", KVM_ARM_VM_SMCCC_CTRL,
			       KVM_ARM_VM_SMCCC_FILTER, &f);
	}
	return ret;
}

/* Every length up to the longest, as the CPU must have them; then they are fixed. */
static int choose_vectors(const struct realm *r, int vcpu_fd)
{
	uint64_t lengths[8] = {MASK(r->cfg.sve_vq - 1, 0)};
	struct kvm_one_reg reg = {.id = KVM_REG_ARM64_SVE_VLS, .addr = (uintptr_t)lengths};
	int what = KVM_ARM_VCPU_SVE;
	int ret = call("KVM_SET_ONE_REG (the SVE vector lengths)", vcpu_fd, KVM_SET_ONE_REG, &reg);

	return ret ? ret : CALL(vcpu_fd, KVM_ARM_VCPU_FINALIZE, &what);
}

/* KVM_ARM_VCPU_INIT would only say EINVAL. */
static int check_cpu(const struct realm *r)
{
	if (r->cfg.sve_vq && ioctl(r->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) <= 0)
		log_error("--sve: the platform has no SVE for realms (softrealm: --platform-cpu "
			  "sve)");
	else if (r->cfg.pmu && ioctl(r->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3) <= 0)
		log_error("--pmu: the platform has no PMU for realms (softrealm: --platform-cpu "
			  "pmu, and --abi v12)");
	else
		return 0;
	return VMM_NO_REALM;
}

static int create_vcpu(struct realm *r, unsigned int id)
{
	struct kvm_vcpu_init init = {0};
	void *run;
	int ret;

	r->vcpu_fds[id] = ioctl(r->vm_fd, KVM_CREATE_VCPU, (unsigned long)id);
	if (r->vcpu_fds[id] < 0)
		return refused("KVM_CREATE_VCPU", errno);
	ret = CALL(r->vm_fd, KVM_ARM_PREFERRED_TARGET, &init);
	if (ret)
		return ret;
	init.features[0] |= BIT(KVM_ARM_VCPU_PSCI_0_2);
	if (id)
		init.features[0] |= BIT(KVM_ARM_VCPU_POWER_OFF);
	if (r->cfg.sve_vq)
		init.features[0] |= BIT(KVM_ARM_VCPU_SVE);
	if (r->cfg.pmu)
		init.features[0] |= BIT(KVM_ARM_VCPU_PMU_V3);
	ret = CALL(r->vcpu_fds[id], KVM_ARM_VCPU_INIT, &init);
	if (!ret && r->cfg.sve_vq)
		ret = choose_vectors(r, r->vcpu_fds[id]);
	if (ret)
		return ret;
	run = mmap(NULL, r->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, r->vcpu_fds[id], 0);
	if (run == MAP_FAILED)
		return refused("mapping a vCPU", errno);
	r->runs[id] = run;
	return 0;
}

/* In order of their ids: a vCPU's REC index must equal the number of RECs before it. */
static int create_vcpus(struct realm *r)
{
	int size = ioctl(r->sys_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	int ret = 0;

	if (size < (int)sizeof(struct kvm_run))
		return refused("KVM_GET_VCPU_MMAP_SIZE", size < 0 ? errno : EINVAL);
	r->run_size = (uint64_t)size;
	for (unsigned int i = 0; !ret && i < r->cfg.cpus; i++)
		ret = create_vcpu(r, i);
	return ret;
}

static int create_gic(struct realm *r)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = LAYOUT_GICD, redist = LAYOUT_GICR;
	uint32_t irqs = NR_IRQS;
	int ret = CALL(r->vm_fd, KVM_CREATE_DEVICE, &dev);

	if (ret)
		return ret;
	r->gic_fd = (int)dev.fd;
	ret = set_attr(r->gic_fd, "the GIC's distributor address", KVM_DEV_ARM_VGIC_GRP_ADDR,
		       KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
	if (!ret)
		ret = set_attr(r->gic_fd, "the GIC's redistributor address",
			       KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
	if (!ret)
		ret = set_attr(r->gic_fd, "the GIC's number of interrupts",
			       KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs);
	if (!ret)
		ret = set_attr(r->gic_fd, "the GIC's initialisation", KVM_DEV_ARM_VGIC_GRP_CTRL,
			       KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	return ret;
}

/* KVM wants the GIC to be there first. */
static int create_pmus(struct realm *r)
{
	uint32_t irq = LAYOUT_PMU_PPI;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < r->cfg.cpus; i++) {
		ret = set_attr(r->vcpu_fds[i], "the PMU's interrupt", KVM_ARM_VCPU_PMU_V3_CTRL,
			       KVM_ARM_VCPU_PMU_V3_IRQ, &irq);
		if (!ret)
			ret = set_attr(r->vcpu_fds[i], "the PMU's initialisation",
				       KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, NULL);
	}
	return ret;
}

static int create_its(struct realm *r)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_ARM_VGIC_ITS};
	uint64_t base = LAYOUT_ITS;
	int ret = CALL(r->vm_fd, KVM_CREATE_DEVICE, &dev);

	if (ret) {
		log_error("without an ITS: --irqchip gicv3");
		return ret;
	}
	r->its_fd = (int)dev.fd;
	ret = set_attr(r->its_fd, "the ITS's address", KVM_DEV_ARM_VGIC_GRP_ADDR,
		       KVM_VGIC_ITS_ADDR_TYPE, &base);
	if (!ret)
		ret = set_attr(r->its_fd, "the ITS's initialisation", KVM_DEV_ARM_VGIC_GRP_CTRL,
			       KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	return ret;
}

static int set_attributes(struct realm *r, uint64_t addr, uint64_t size, bool private)
{
	struct kvm_memory_attributes a = {.address = addr,
					  .size = size,
					  .attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0};

	if (!r->abi.vm_attributes) /* a guest_memfd that is private for life */
		return 0;
	return ioctl(r->vm_fd, KVM_SET_MEMORY_ATTRIBUTES, &a) < 0 ? -errno : 0;
}

static int create_memory(struct realm *r)
{
	struct kvm_create_guest_memfd gmem = {.size = r->cfg.ram_size};
	struct kvm_userspace_memory_region2 slot = {.slot = RAM_SLOT,
						    .flags = KVM_MEM_GUEST_MEMFD,
						    .guest_phys_addr = r->cfg.ram,
						    .memory_size = r->cfg.ram_size};
	int ret;

	if (memory_create(&r->mem, r->cfg.ram, r->cfg.ram_size, layout_alias_bit(r->cfg.ipa_bits),
			  r->cfg.ram_file))
		return VMM_HOST;
	r->gmem_fd = ioctl(r->vm_fd, KVM_CREATE_GUEST_MEMFD, &gmem);
	if (r->gmem_fd < 0)
		return refused("KVM_CREATE_GUEST_MEMFD", errno);
	slot.userspace_addr = (uintptr_t)r->mem.host;
	slot.guest_memfd = (uint32_t)r->gmem_fd;
	ret = CALL(r->vm_fd, KVM_SET_USER_MEMORY_REGION2, &slot);
	if (ret)
		return ret;
	ret = set_attributes(r, r->cfg.ram, r->cfg.ram_size, true);
	return ret ? refused("KVM_SET_MEMORY_ATTRIBUTES", -ret) : 0;
}

int realm_create(struct realm *r, const struct realm_config *cfg)
{
	int ret;

	*r = (struct realm){.cfg = *cfg,
			    .sys_fd = -1,
			    .vm_fd = -1,
			    .gic_fd = -1,
			    .its_fd = -1,
			    .gmem_fd = -1,
			    .mem.fd = -1};
	for (unsigned int i = 0; i < LAYOUT_MAX_CPUS; i++)
		r->vcpu_fds[i] = -1;
	ret = open_kvm(r);
	if (!ret)
		ret = create_vm(r);
	if (!ret)
		ret = check_cpu(r);
	if (!ret && cfg->psci_user)
		ret = filter_psci(r);
	if (!ret)
		ret = create_vcpus(r);
	if (!ret)
		ret = create_gic(r);
	if (!ret && cfg->pmu)
		ret = create_pmus(r);
	if (!ret && cfg->its)
		ret = create_its(r);
	if (!ret)
		ret = create_memory(r);
	return ret;
}

/* The bytes done, or -errno: by the result (v12), or by what has been advanced. */
static int64_t populate(const struct realm *r, struct kvm_arm_rmi_populate *p)
{
	uint64_t asked = p->size;
	int n = ioctl(r->vm_fd, r->abi.populate, p);

	if (n < 0)
		return -errno;
	return r->abi.in_out ? (int64_t)(asked - p->size) : n;
}

/* Less than asked is no error, nothing is one. */
static int populate_all(struct realm *r, const struct image *im, bool measure)
{
	uint64_t done = 0;
	int64_t n;

	while (done < im->mapped) {
		uint64_t size = MIN(im->mapped - done, POPULATE_CHUNK);
		struct kvm_arm_rmi_populate p = {
			.base = im->addr + done,
			.size = size,
			.source_uaddr = (uintptr_t)im->data + done,
			.flags = measure ? KVM_ARM_RMI_POPULATE_FLAGS_MEASURE : 0,
		};

		n = populate(r, &p);
		if (n == -EINTR || n == -EAGAIN)
			continue;
		if (n <= 0 || (uint64_t)n > size) {
			char what[80];

			progress_end();
			snprintf(what, sizeof(what), "KVM_ARM_RMI_POPULATE (%s, at %#llx)",
				 im->name, (unsigned long long)(im->addr + done));
			return refused(what, n < 0 ? (int)-n : EPROTO);
		}
		done += (uint64_t)n;
		progress_show(done, im->mapped);
	}
	return 0;
}

int realm_populate(struct realm *r, const struct image *im, bool measure)
{
	int ret;

	progress_start(im->name);
	ret = populate_all(r, im, measure);
	progress_end();
	return ret;
}

int realm_set_reg(int vcpu_fd, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	return ioctl(vcpu_fd, KVM_SET_ONE_REG, &reg) < 0 ? -errno : 0;
}

int realm_get_reg(int vcpu_fd, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return ioctl(vcpu_fd, KVM_GET_ONE_REG, &reg) < 0 ? -errno : 0;
}

int realm_set_entry(struct realm *r, uint64_t pc, uint64_t dtb)
{
	const struct {
		uint64_t id, value;
	} regs[] = {
		{KVM_REG_ARM_CORE_PC, pc},  {KVM_REG_ARM_CORE_X(0), dtb},
		{KVM_REG_ARM_CORE_X(1), 0}, {KVM_REG_ARM_CORE_X(2), 0},
		{KVM_REG_ARM_CORE_X(3), 0},
	};
	int ret = 0;

	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(regs); i++)
		ret = realm_set_reg(r->vcpu_fds[0], regs[i].id, regs[i].value);
	return ret ? refused("KVM_SET_ONE_REG", -ret) : 0;
}

int realm_convert(struct realm *r, uint64_t addr, uint64_t size, bool to_private)
{
	int ret;

	size = memory_clip(&r->mem, &addr, size);
	if (!size)
		return 0;
	ret = set_attributes(r, addr, size, to_private);
	if (ret)
		return ret;
	/* Dropping the stale side saves memory only: a host that cannot do it is no failure. */
	if (to_private)
		memory_discard(&r->mem, addr, size);
	else
		fallocate(r->gmem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)(addr - r->mem.base), (off_t)size);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void realm_destroy(struct realm *r)
{
	for (unsigned int i = 0; i < r->cfg.cpus; i++) {
		if (r->runs[i])
			munmap(r->runs[i], r->run_size);
		r->runs[i] = NULL;
		close_fd(&r->vcpu_fds[i]);
	}
	close_fd(&r->its_fd);
	close_fd(&r->gic_fd);
	close_fd(&r->vm_fd);
	close_fd(&r->gmem_fd);
	close_fd(&r->sys_fd);
	memory_destroy(&r->mem);
}
