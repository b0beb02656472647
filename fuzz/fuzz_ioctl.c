// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_ioctl.c - ioctls of a hostile VMM, in process, over a hostile realm.
 *
 * Input: a byte that chooses the platform (1 v12 on its own base, 2 SVE and PMU, 4.. the faults on
 * demand below), then operations. The first byte is the low byte of an ioctl's number: then a
 * handle, a mode (enum call_mode), bytes for what the row does not name if the mode has them, and
 * the arguments (client.h); or one of enum client_op. A vCPU that would wait for ever is sent a
 * signal.
 *
 * After each call the RMM's invariants hold. When all is closed nothing is delegated any more, and
 * no descriptor is open.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "abi/v12.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "base/fault.h"
#include "fuzz/client.h"
#include "fuzz/client_ops.h"
#include "fuzz/descriptors.h"
#include "fuzz/seen.h"
#include "fuzz/world.h"
#include "kvm/core/eventfd.h"
#include "kvm/revision/revision.h"
#include "rmm/call.h"
#include "rmm/check.h"

#define RAM_SIZE      (UINT64_C(24) << 20)
#define MAX_RUN_PAGES 8
#define RING_BYTES    4096

static struct client client;

struct process {
	struct world w;
	struct inproc *p;
	const struct kvm_revision *revision;
	int running; /* the handle of the vCPU that is in KVM_RUN, or -1 */
	struct {
		int fd;
		uint8_t *at;
	} run[MAX_RUN_PAGES];
	unsigned int num_runs;
};

static struct process *the_process;

static void check_all(struct process *s)
{
	const char *wrong = s->w.depth ? NULL : rmm_check(inproc_rmm(s->p));

	if (wrong)
		world_fail("invariant broken: %s", wrong);
}

/* ---- waiting ---- */

bool __wrap_pe_wait(struct pe *pe, int fd, int timeout_ms);

/* Nobody else will wake a vCPU: the signal that might come later comes now. */
bool __wrap_pe_wait(struct pe *pe, int fd, int timeout_ms)
{
	inproc_signal(the_process->p, the_process->running);
	return true;
}

static void stop(struct world *w)
{
	inproc_signal(the_process->p, the_process->running);
}

/* ---- calls ---- */

static int take_handle(struct process *s)
{
	return INPROC_FIRST_FD + input_u8(&s->w.in) % 32;
}

static const struct kvm_row *find_row(struct process *s, int fd, uint8_t op, bool other)
{
	struct kvm_file *f = inproc_file(s->p, fd);
	const struct kvm_row *row, *found = NULL;

	for (size_t i = 0; f && (row = kvm_row_at(s->revision, i)) && (other || !found); i++)
		if (row->kind == kvm_file_kind(f) && (row->nr & 0xff) == op)
			found = row;
	return found;
}

static bool is_vcpu(struct process *s, int fd)
{
	struct kvm_file *f = inproc_file(s->p, fd);

	return f && kvm_file_kind(f) == KVM_FILE_VCPU;
}

static void do_ioctl(struct process *s, int fd, uint32_t nr, uint64_t arg, unsigned int mode)
{
	int64_t ret;

	/* One thread is no two: a vCPU in KVM_RUN would be waited for. */
	if (s->w.depth && is_vcpu(s, fd))
		return;
	if (mode & MODE_SIGNAL)
		inproc_signal(s->p, fd);
	if (nr == KVM_RUN && is_vcpu(s, fd))
		s->running = fd;
	ret = mode & MODE_FOREIGN ? inproc_ioctl_foreign(s->p, fd, nr, arg)
				  : inproc_ioctl(s->p, fd, nr, arg);
	if (ret < -4095)
		world_fail("an ioctl answers %lld", (long long)ret);
	check_all(s);
}

/* A number of another revision. */
static const struct kvm_foreign_row *find_foreign(struct process *s, int fd, uint8_t op)
{
	struct kvm_file *f = inproc_file(s->p, fd);

	for (size_t i = 0; f && i < s->revision->num_foreign; i++) {
		const struct kvm_foreign_row *row = &s->revision->foreign[i];

		if (row->kind == kvm_file_kind(f) && (row->nr & 0xff) == op)
			return row;
	}
	return NULL;
}

static void call(struct process *s, uint8_t op)
{
	int fd = take_handle(s);
	unsigned int mode = input_u8(&s->w.in);
	const struct kvm_row *row = find_row(s, fd, op, mode & MODE_OTHER);
	const struct kvm_foreign_row *foreign;
	const uint8_t *fill = NULL;
	size_t fill_len = 0;
	uint64_t arg;

	if (mode & MODE_FILL)
		fill = input_bytes(&s->w.in, &fill_len);
	foreign = mode & MODE_OTHER ? find_foreign(s, fd, op) : NULL;
	if (foreign) {
		do_ioctl(s, fd, foreign->nr, client_address(&client, &s->w.in), mode);
		return;
	}
	if (!row) {
		do_ioctl(s, fd, KVMIO << 8 | op, client_address(&client, &s->w.in), mode);
		return;
	}
	arg = client_argument(&client, &s->w.in, row, fill, fill_len);
	do_ioctl(s, fd, row->nr, arg, mode);
}

/* ---- a VMM that does it right, as far as `conf` says ---- */

/* An argument structure at the start of the client's memory. */
static int64_t good(struct process *s, int fd, uint32_t nr, const void *arg, size_t size)
{
	memcpy(client.mem, arg, size);
	return inproc_ioctl(s->p, fd, nr, (uintptr_t)client.mem);
}

#define GOOD(s, fd, nr, arg) good(s, fd, (uint32_t)(nr), arg, sizeof(*(arg)))

static void set_gic(struct process *s, int gic, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {
		.group = group, .attr = attr, .addr = (uintptr_t)client.mem + 0x100};

	memcpy(client.mem + 0x100, &value, sizeof(value));
	GOOD(s, gic, KVM_SET_DEVICE_ATTR, &a);
}

static void make_gic(struct process *s, int vm, bool init)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	if (GOOD(s, vm, KVM_CREATE_DEVICE, &cd))
		return;
	memcpy(&cd, client.mem, sizeof(cd));
	set_gic(s, cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x08000000);
	set_gic(s, cd.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x080a0000);
	if (init)
		set_gic(s, cd.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

static void make_vcpu(struct process *s, int vm, unsigned int n)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8,
				     .features = {1u << KVM_ARM_VCPU_PSCI_0_2}};
	int fd = inproc_ioctl(s->p, vm, KVM_CREATE_VCPU, n);

	if (fd < 0)
		return;
	if (n)
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	GOOD(s, fd, KVM_ARM_VCPU_INIT, &init);
	if (s->num_runs == MAX_RUN_PAGES)
		return;
	s->run[s->num_runs].fd = fd;
	s->run[s->num_runs].at = inproc_mmap(s->p, fd, KVM_VCPU_MMAP_SIZE);
	s->num_runs += s->run[s->num_runs].at != NULL;
}

static void make_memory(struct process *s, int vm, bool populate)
{
	struct kvm_create_guest_memfd g = {.size = CLIENT_RAM};
	struct kvm_userspace_memory_region2 r = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = CLIENT_RAM_IPA,
		.memory_size = CLIENT_RAM,
		.userspace_addr = (uintptr_t)client.mem + CLIENT_ARGS,
	};
	struct kvm_memory_attributes a = {.address = CLIENT_RAM_IPA,
					  .size = CLIENT_RAM,
					  .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE};
	struct kvm_arm_rmi_populate p = {.base = CLIENT_RAM_IPA,
					 .size = 0x3000,
					 .flags = 1,
					 .source_uaddr = (uintptr_t)client.mem + 0x4000};
	int fd = GOOD(s, vm, KVM_CREATE_GUEST_MEMFD, &g);

	if (fd < 0)
		return;
	r.guest_memfd = fd;
	GOOD(s, vm, KVM_SET_USER_MEMORY_REGION2, &r);
	if (!s->revision->gmem_attributes)
		GOOD(s, vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
	if (populate)
		GOOD(s, vm, s->revision->populate, &p);
}

static void make_vm(struct process *s, unsigned int conf)
{
	struct kvm_enable_cap ring = {.cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL, .args = {RING_BYTES}};
	uint64_t type = conf & VM_ORDINARY ? 0 : s->revision->realm_type | CLIENT_IPA_BITS;
	int sys = inproc_open(s->p);
	int vm = inproc_ioctl(s->p, sys, KVM_CREATE_VM, type);

	if (vm < 0)
		return;
	if (conf & VM_RING)
		GOOD(s, vm, KVM_ENABLE_CAP, &ring);
	for (unsigned int i = 0; i < (conf & VM_VCPUS); i++)
		make_vcpu(s, vm, i);
	if (conf & VM_GIC)
		make_gic(s, vm, conf & VM_GIC_INIT);
	if (conf & VM_MEMORY)
		make_memory(s, vm, conf & VM_POPULATE);
	check_all(s);
}

/* ---- other operations ---- */

static void write_run(struct process *s)
{
	unsigned int n = input_u8(&s->w.in), at = input_u16(&s->w.in) % KVM_VCPU_MMAP_SIZE;
	size_t len;
	const uint8_t *p = input_bytes(&s->w.in, &len);

	if (!s->num_runs)
		return;
	len = MIN(len, KVM_VCPU_MMAP_SIZE - at);
	memcpy(s->run[n % s->num_runs].at + at, p, len);
}

static void write_ring(struct process *s)
{
	int fd = take_handle(s);
	unsigned int at = input_u16(&s->w.in) % RING_BYTES;
	size_t len;
	const uint8_t *p = input_bytes(&s->w.in, &len);
	uint8_t *ring = inproc_mmap_dirty_ring(s->p, fd, RING_BYTES);

	if (!ring)
		return;
	memcpy(ring + at, p, MIN(len, RING_BYTES - at));
	inproc_munmap(s->p, ring, RING_BYTES);
}

static void write_args(struct process *s)
{
	unsigned int at = input_u16(&s->w.in);
	size_t len;
	const uint8_t *p = input_bytes(&s->w.in, &len);

	at %= CLIENT_ARGS_READY;
	memcpy(client.mem + at, p, MIN(len, CLIENT_ARGS_READY - at));
}

static void fallocate_gmem(struct process *s)
{
	int fd = take_handle(s), mode = input_u8(&s->w.in);
	uint64_t offset = client_size(&s->w.in);

	inproc_fallocate(s->p, fd, mode, offset, client_size(&s->w.in));
	check_all(s);
}

/* The client unmaps a part of its memory. */
static void forget(struct process *s)
{
	uint64_t at = input_u8(&s->w.in) * UINT64_C(4096);
	uint64_t size = input_u8(&s->w.in) * UINT64_C(4096);

	at = MIN(at, CLIENT_RAM);
	inproc_forget(s->p, client.mem + CLIENT_ARGS + at, MIN(size, CLIENT_RAM - at));
	check_all(s);
}

static void close_handle(struct process *s, int fd)
{
	/* What is mapped stays open until it is unmapped. */
	if (s->w.depth && fd == s->running)
		return;
	inproc_close(s->p, fd);
	check_all(s);
}

static void unmap_all(struct process *s)
{
	while (s->num_runs)
		inproc_munmap(s->p, s->run[--s->num_runs].at, KVM_VCPU_MMAP_SIZE);
}

static void signal_eventfd(struct process *s)
{
	const uint64_t one = 1;

	if (write(client.eventfd[input_u8(&s->w.in) & 1], &one, sizeof(one)) < 0 && errno != EAGAIN)
		world_fail("an eventfd cannot be written");
}

static void one_op(struct world *w)
{
	struct process *s = container_of(w, struct process, w);
	uint8_t op = input_u8(&w->in);

	switch ((enum client_op)op) {
	case CLIENT_OPEN:
		inproc_open(s->p);
		break;
	case CLIENT_CLOSE:
		close_handle(s, take_handle(s));
		break;
	case CLIENT_MAKE_VM:
		make_vm(s, input_u8(&w->in));
		break;
	case CLIENT_WRITE_RUN:
		write_run(s);
		break;
	case CLIENT_WRITE_RING:
		write_ring(s);
		break;
	case CLIENT_WRITE_ARGS:
		write_args(s);
		break;
	case CLIENT_FALLOCATE:
		fallocate_gmem(s);
		break;
	case CLIENT_FORGET:
		forget(s);
		break;
	case CLIENT_SIGNAL:
		inproc_signal(s->p, take_handle(s));
		break;
	case CLIENT_EVENTFD:
		signal_eventfd(s);
		break;
	default:
		call(s, op);
	}
}

/* ---- */

static const char *const faults[] = {
	"ioctl=KVM_CHECK_EXTENSION:every=2",
	"rmi=RMI_VERSION",
	"rmi=RMI_REALM_CREATE:status=RMI_ERROR_INPUT",
	"rmi=RMI_REALM_ACTIVATE:status=RMI_ERROR_REALM",
	"rmi=RMI_REC_ENTER:status=RMI_ERROR_REALM",
	"rmi=RMI_DATA_CREATE_UNKNOWN:status=RMI_ERROR_INPUT",
};

#define REVISIONS 0xf0

static void start(struct process *s, const uint8_t *data, size_t size, unsigned int platform)
{
	struct inproc_config cfg = {
		.engine = &world_engine,
		.ram = MACHINE_RESERVED + RAM_SIZE,
		.revision = kvm_revision_find(platform & 1 ? "v12-6.19" : "v12"),
	};
	char why[100];

	/* Faults of all kinds at once stand for another revision, without any. */
	if ((platform & REVISIONS) == REVISIONS) {
		cfg.revision = kvm_revisions[(platform & 7) % kvm_num_revisions];
		platform = 0;
	}
	if (platform & 2)
		cfg.feature_reg0 = rmm_default_features(NULL) | RMI_FEATURE0_SVE_EN |
				   FIELD_PUT(RMI_FEATURE0_SVE_VL, 3) | RMI_FEATURE0_PMU_EN |
				   FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6);
	fault_clear();
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if ((platform >> 2 >> i & 1) && fault_add(faults[i], why, sizeof(why)))
			world_fail("%s", why);
	client_reset(&client);
	*s = (struct process){
		.w = {.in = {data, data + size}}, .revision = cfg.revision, .running = -1};
	s->w.pool.ipa_bits = CLIENT_IPA_BITS;
	s->w.meanwhile = one_op;
	s->w.stop = stop;
	if (inproc_create(&cfg, &s->p))
		world_fail("no host");
	s->w.m = inproc_machine(s->p);
	s->w.rmm = inproc_rmm(s->p);
	world_set_current(&s->w);
	the_process = s;
}

static void end(struct process *s)
{
	unmap_all(s);
	for (int i = 0; i < INPROC_MAX_FDS; i++)
		inproc_close(s->p, INPROC_FIRST_FD + i);
	check_all(s);
	if (rmm_delegated_granules(s->w.rmm))
		world_fail("all is closed, and granules are delegated");
	inproc_destroy(s->p);
}

/* The registers that a vCPU has: what ONE_REG calls are made of. */
static void learn_registers(void)
{
	static struct process s;
	struct kvm_reg_list list = {.n = ARRAY_SIZE(client.regs)};

	start(&s, client.mem, 0, 2);
	make_vm(&s, 1);
	if (!GOOD(&s, s.run[0].fd, KVM_GET_REG_LIST, &list)) {
		memcpy(&list, client.mem, sizeof(list));
		client.num_regs = list.n;
		memcpy(client.regs, client.mem + sizeof(list), list.n * sizeof(uint64_t));
	}
	end(&s);
}

/* What the first signal of an eventfd opens, the process keeps. */
static void signal_once(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);

	eventfd_add_one(fd);
	close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	signal_once();
	client_init(&client);
	learn_registers();
	seen_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct process s;
	unsigned int before = count_descriptors();

	if (!size)
		return 0;
	start(&s, data + 1, size - 1, data[0]);
	while (input_left(&s.w.in))
		one_op(&s.w);
	end(&s);
	if (count_descriptors() != before)
		world_fail("descriptors are left open");
	return 0;
}
