// SPDX-License-Identifier: BSD-3-Clause
/* fixture.c - the VMM of the tests of kvm/. */
#include "tests/kvm/fixture.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/trace.h"
#include "rmm/check.h"
#include "tests/answers.h"

/* ---- observation ---- */

#define MAX_RULES 512
#define MAX_EXITS 32

static pthread_mutex_t observer_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct rule *seen[MAX_RULES];
static struct {
	const char *name;
	bool to_user;
	unsigned int count;
} exits[MAX_EXITS];
struct fx_rmi fx_rmi_log[FX_MAX_CALLS];
unsigned int fx_rmi_calls;
static _Thread_local const char *last_rule;
static __thread const char *last_note = "OK";
static __thread bool last_probe;

static void note_rule(const struct rule *r)
{
	for (int i = 0; i < MAX_RULES; i++) {
		if (seen[i] == r)
			return;
		if (!seen[i]) {
			seen[i] = r;
			return;
		}
	}
}

bool fx_rule_seen(const struct rule *r)
{
	for (int i = 0; i < MAX_RULES && seen[i]; i++)
		if (seen[i] == r)
			return true;
	return false;
}

static void note_rmi(const struct trace_call *c)
{
	struct fx_rmi *r;

	if (fx_rmi_calls == FX_MAX_CALLS)
		return;
	r = &fx_rmi_log[fx_rmi_calls++];
	*r = (struct fx_rmi){.name = c->name, .x0 = (uint64_t)c->ret};
	for (unsigned int i = 0; i < c->nargs && i < ARRAY_SIZE(r->args); i++)
		r->args[i] = c->args[i];
}

static unsigned int revision_index(const char *name)
{
	unsigned int i = 0;

	while (name && strcmp(kvm_revision_name(kvm_revisions[i]), name))
		i++;
	return i;
}

static void on_call(void *arg, const struct trace_call *c)
{
	answers_hold(c, revision_index(c->abi));
	pthread_mutex_lock(&observer_lock);
	if (c->why)
		note_rule(c->why);
	if (c->note)
		note_rule(c->note);
	if (c->layer == TRACE_RMI)
		note_rmi(c);
	pthread_mutex_unlock(&observer_lock);
	if (c->layer != TRACE_KVM)
		return;
	last_rule = c->why ? c->why->name : "OK";
	last_note = c->note ? c->note->name : "OK";
	last_probe = c->probe;
}

static void on_event(void *arg, const struct trace_event *e)
{
	if (e->kind != TRACE_EXIT)
		return;
	pthread_mutex_lock(&observer_lock);
	for (int i = 0; i < MAX_EXITS; i++) {
		if (exits[i].name &&
		    (strcmp(exits[i].name, e->name) || exits[i].to_user != (e->to_user != 0)))
			continue;
		exits[i].name = e->name;
		exits[i].to_user = e->to_user;
		exits[i].count++;
		break;
	}
	pthread_mutex_unlock(&observer_lock);
}

unsigned int fx_exits(const char *name, bool to_user)
{
	unsigned int n = 0;

	pthread_mutex_lock(&observer_lock);
	for (int i = 0; i < MAX_EXITS && exits[i].name; i++)
		if (!strcmp(exits[i].name, name) && exits[i].to_user == to_user)
			n = exits[i].count;
	pthread_mutex_unlock(&observer_lock);
	return n;
}

void fx_rmi_clear(void)
{
	fx_rmi_calls = 0;
}

const char *fx_last_rule(void)
{
	return last_rule;
}

bool fx_last_probe(void)
{
	return last_probe;
}

const char *fx_last_note(void)
{
	return last_note;
}

/* ---- life ---- */

static const struct inproc_config default_config = {
	.engine = &engine_toy,
	.ram = MACHINE_RESERVED + (UINT64_C(256) << 20),
};

static void start(struct fx *f, const struct inproc_config *cfg)
{
	static const struct trace_observer observer = {.call = on_call, .event = on_event};

	trace_observe(&observer);
	memset(exits, 0, sizeof(exits));
	fx_rmi_clear();
	toy_reset();
	memset(f, 0, sizeof(*f));
	f->rev = cfg->revision ? cfg->revision : &kvm_revision_v12;
	assert_int_equal(inproc_create(cfg, &f->p), 0);
	f->allocated = machine_allocated(inproc_machine(f->p));
	f->vm = f->gic = f->gmem = -1;
	for (int i = 0; i < 16; i++)
		f->vcpu[i] = -1;
	f->sys = inproc_open(f->p);
	assert_true(f->sys >= INPROC_FIRST_FD);
}

/* Close all, the guest_memfd last but one, the VM's own descriptor first. */
static void stop(struct fx *f)
{
	const char *wrong;

	for (int i = 0; i < 16; i++)
		if (f->run[i])
			inproc_munmap(f->p, f->run[i], KVM_VCPU_MMAP_SIZE);
	for (int i = 0; i < 16; i++)
		if (f->ring[i])
			inproc_munmap(f->p, f->ring[i], f->ring_bytes);
	for (int fd = INPROC_FIRST_FD; fd < INPROC_FIRST_FD + INPROC_MAX_FDS; fd++)
		inproc_close(f->p, fd);
	wrong = rmm_check(inproc_rmm(f->p));
	if (wrong)
		fail_msg("the RMM's invariants: %s", wrong);
	assert_int_equal(rmm_delegated_granules(inproc_rmm(f->p)), f->leaked);
	assert_int_equal(atomic_load(&toy_engines), 0);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
	if (f->ram)
		inproc_forget(f->p, f->ram, RAM_SIZE);
	assert_int_equal(machine_allocated(inproc_machine(f->p)), f->allocated + f->leaked);
	if (f->ram)
		munmap(f->ram, RAM_SIZE);
	if (f->source)
		munmap(f->source, RAM_SIZE);
	inproc_destroy(f->p);
}

int fx_setup(void **state)
{
	struct fx *f = calloc(1, sizeof(*f));

	start(f, &default_config);
	*state = f;
	return 0;
}

int fx_teardown(void **state)
{
	stop(*state);
	free(*state);
	return 0;
}

void fx_restart(struct fx *f, const struct inproc_config *cfg)
{
	struct inproc_config c = cfg ? *cfg : default_config;

	if (!c.ram)
		c.ram = default_config.ram;
	stop(f);
	start(f, &c);
}

/* ---- a VMM ---- */

int64_t fx_ioctl(struct fx *f, int fd, uint32_t nr, const void *arg)
{
	return inproc_ioctl(f->p, fd, nr, (uintptr_t)arg);
}

void fx_create_vm(struct fx *f, uint64_t type)
{
	f->vm = (int)CALL(f->sys, KVM_CREATE_VM, type);
	assert_true(f->vm >= 0);
}

void fx_init_vcpu(struct fx *f, unsigned int n, uint32_t features)
{
	struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8, .features = {features}};

	GIVES(0, f->vcpu[n], KVM_ARM_VCPU_INIT, &init);
}

void fx_create_vcpus(struct fx *f, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		f->vcpu[i] = (int)CALL(f->vm, KVM_CREATE_VCPU, i);
		assert_true(f->vcpu[i] >= 0);
		f->run[i] = inproc_mmap(f->p, f->vcpu[i], KVM_VCPU_MMAP_SIZE);
		assert_non_null(f->run[i]);
		fx_init_vcpu(f, i,
			     1u << KVM_ARM_VCPU_PSCI_0_2 | (i ? 1u << KVM_ARM_VCPU_POWER_OFF : 0));
	}
}

static void set_gic(struct fx *f, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&value};

	GIVES(0, f->gic, KVM_SET_DEVICE_ATTR, &a);
}

void fx_create_gic(struct fx *f, bool init)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	GIVES(0, f->vm, KVM_CREATE_DEVICE, &cd);
	f->gic = (int)cd.fd;
	set_gic(f, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST);
	set_gic(f, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, REDIST);
	if (init)
		set_gic(f, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

void fx_create_gmem(struct fx *f, uint64_t size, uint64_t flags)
{
	struct kvm_create_guest_memfd g = {.size = size, .flags = flags};

	f->gmem = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
	assert_true(f->gmem >= 0);
}

int64_t fx_set_slot(struct fx *f, uint32_t id, uint32_t flags, uint64_t gpa, uint64_t size,
		    const void *uaddr, int gmem, uint64_t offset)
{
	struct kvm_userspace_memory_region2 r = {
		.slot = id,
		.flags = flags | (gmem >= 0 ? (uint32_t)KVM_MEM_GUEST_MEMFD : 0),
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)uaddr,
		.guest_memfd = (uint32_t)gmem,
		.guest_memfd_offset = offset,
	};

	return CALL(f->vm, KVM_SET_USER_MEMORY_REGION2, &r);
}

#define SET_ATTRIBUTES2 0xC080AED2 /* abi/v15.h, which abi/v12.h keeps out */

int64_t fx_set_private(struct fx *f, uint64_t gpa, uint64_t size, bool private)
{
	uint64_t attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	struct kvm_memory_attributes a = {.address = gpa, .size = size, .attributes = attributes};
	struct kvm_memory_attributes2 a2 = {
		.offset = gpa - RAM, .size = size, .attributes = attributes};

	return f->rev->gmem_attributes ? CALL(f->gmem, SET_ATTRIBUTES2, &a2)
				       : CALL(f->vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
}

int64_t fx_populate(struct fx *f, uint64_t gpa, uint64_t size, const void *source, uint32_t flags)
{
	struct kvm_arm_rmi_populate p = {
		.base = gpa, .size = size, .source_uaddr = (uintptr_t)source, .flags = flags};

	int64_t ret = CALL(f->vm, f->rev->populate, &p);

	return ret || !f->rev->populate_in_out ? ret : (int64_t)(p.base - gpa);
}

static uint8_t *anonymous(uint64_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

void fx_memory(struct fx *f)
{
	f->ram = anonymous(RAM_SIZE);
	f->source = anonymous(RAM_SIZE);
	fx_create_gmem(f, RAM_SIZE, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, f->gmem, 0), 0);
	assert_int_equal(fx_set_private(f, RAM, RAM_SIZE, true), 0);
}

void fx_realm(struct fx *f, unsigned int n)
{
	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, n);
	fx_create_gic(f, true);
	fx_memory(f);
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
}

int64_t fx_set_reg(struct fx *f, unsigned int vcpu, uint64_t id, uint64_t val)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)&val};

	return CALL(f->vcpu[vcpu], KVM_SET_ONE_REG, &r);
}

uint64_t fx_get_reg(struct fx *f, unsigned int vcpu, uint64_t id)
{
	uint64_t val[8] = {0};
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)val};

	GIVES(0, f->vcpu[vcpu], KVM_GET_ONE_REG, &r);
	return val[0];
}

int64_t fx_run(struct fx *f, unsigned int vcpu)
{
	return CALL(f->vcpu[vcpu], KVM_RUN, 0);
}

void fx_set_mp_state(struct fx *f, unsigned int vcpu, uint32_t state)
{
	struct kvm_mp_state s = {.mp_state = state};

	GIVES(0, f->vcpu[vcpu], KVM_SET_MP_STATE, &s);
}

void fx_close(struct fx *f, int *fd)
{
	assert_int_equal(inproc_close(f->p, *fd), 0);
	*fd = -1;
}

/* ---- threads ---- */

static void *run_thread(void *arg)
{
	struct fx_thread *t = arg;

	t->ret = fx_run(t->f, t->vcpu);
	return NULL;
}

void fx_start(struct fx_thread *t, struct fx *f, unsigned int vcpu)
{
	*t = (struct fx_thread){.f = f, .vcpu = vcpu};
	assert_int_equal(pthread_create(&t->thread, NULL, run_thread, t), 0);
}

int64_t fx_join(struct fx_thread *t)
{
	pthread_join(t->thread, NULL);
	return t->ret;
}

void fx_wait_until(bool (*holds)(void *arg), void *arg)
{
	while (!holds(arg))
		sched_yield();
}

bool fx_engine_ran(void *arg)
{
	return atomic_load(&toy_runs) > 0;
}

struct kvm_dirty_gfn *fx_map_ring(struct fx *f, unsigned int vcpu, size_t bytes)
{
	f->ring[vcpu] = inproc_mmap_dirty_ring(f->p, f->vcpu[vcpu], bytes);
	f->ring_bytes = bytes;
	assert_non_null(f->ring[vcpu]);
	return f->ring[vcpu];
}

void fx_assert_exit(struct fx *f, unsigned int vcpu, uint32_t reason)
{
	assert_int_equal(f->run[vcpu]->exit_reason, reason);
}

void fx_assert_off(struct fx *f, unsigned int vcpu)
{
	GIVES(0, f->vcpu[vcpu], KVM_RUN, 0);
	fx_assert_exit(f, vcpu, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[vcpu]->system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN);
	assert_int_equal(f->run[vcpu]->system_event.ndata, 1);
	assert_int_equal(f->run[vcpu]->system_event.data[0], 0);
}
