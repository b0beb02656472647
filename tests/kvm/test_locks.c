// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_locks.c - things that happen at the same time, each made to happen: who waits for whom, and
 * what is seen half-done.
 */
#include <sched.h>

#include "kvm/core/vm.h"
#include "kvm/vcpu/vcpu.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

static struct fx *fx;
static struct kvm_vm *vm;
static atomic_uint rmi_calls, refused;
static atomic_bool done;

static void *forget_ram(void *arg)
{
	inproc_forget(fx->p, fx->ram, RAM_SIZE);
	atomic_store(&done, true);
	return NULL;
}

static atomic_bool held, let_go;

static void *hold_mmu_lock(void *arg)
{
	lock_take(&vm->mmu_lock);
	atomic_store(&held, true);
	while (!atomic_load(&let_go))
		sched_yield();
	lock_drop(&vm->mmu_lock);
	return NULL;
}

/* The RMM is slow to unmap one VM's memory: others are made and ended meanwhile. */
static void an_unmapping_does_not_hold_up_other_vms(void **state)
{
	struct fx *f = *state;
	pthread_t t, holder;
	int other;

	fx = f;
	fx_realm(f, 1);
	vm = inproc_file(f->p, f->vm)->vm;
	atomic_store(&done, false);
	atomic_store(&let_go, false);
	assert_int_equal(pthread_create(&holder, NULL, hold_mmu_lock, NULL), 0);
	while (!atomic_load(&held))
		sched_yield();
	assert_int_equal(pthread_create(&t, NULL, forget_ram, NULL), 0);
	while (!atomic_load(&vm->mmu_lock.waiters))
		sched_yield();
	other = (int)CALL(f->sys, KVM_CREATE_VM, REALM_TYPE);
	assert_true(other >= 0);
	fx_close(f, &other);
	assert_false(atomic_load(&done));
	atomic_store(&let_go, true);
	pthread_join(holder, NULL);
	pthread_join(t, NULL);
}

static unsigned int destroyed_when_taken;

static void *take_mmu_lock(void *arg)
{
	lock_take(&vm->mmu_lock);
	destroyed_when_taken = atomic_load(&rmi_calls);
	lock_drop(&vm->mmu_lock);
	return NULL;
}

static pthread_t waiter;

/* With the tenth page somebody begins to wait for the lock. */
static void count_destroys(uint64_t fid)
{
	if (fid != RMI_DATA_DESTROY || atomic_fetch_add(&rmi_calls, 1) != 10)
		return;
	pthread_create(&waiter, NULL, take_mmu_lock, NULL);
	while (!atomic_load(&vm->mmu_lock.waiters))
		sched_yield();
}

static void a_long_unmapping_lets_others_in_between(void **state)
{
	const uint64_t size = 256 * PAGE;
	struct fx *f = *state;

	fx_realm(f, 1);
	vm = inproc_file(f->p, f->vm)->vm;
	assert_int_equal(fx_populate(f, DATA, size, f->source, 0), size);
	atomic_store(&rmi_calls, 0);
	fx_smc_hook = count_destroys;
	assert_int_equal(fx_set_private(f, DATA, size, false), 0);
	fx_smc_hook = NULL;
	pthread_join(waiter, NULL);
	assert_int_equal(atomic_load(&rmi_calls), 256);
	assert_in_range(destroyed_when_taken, 11, 250);
}

/* Memory goes away while the RD is being made. */
static void forget_at_realm_create(uint64_t fid)
{
	if (fid == RMI_REALM_CREATE)
		inproc_forget(fx->p, fx->ram, RAM_SIZE);
	else if (fid == RMI_RTT_UNMAP_UNPROTECTED || fid == RMI_RTT_FOLD)
		atomic_fetch_add(&refused, 1);
}

static void a_realm_that_is_not_made_yet_is_not_walked(void **state)
{
	struct fx *f = *state;

	fx = f;
	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_memory(f);
	atomic_store(&refused, 0);
	fx_smc_hook = forget_at_realm_create;
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
	fx_smc_hook = NULL;
	assert_int_equal(atomic_load(&refused), 0);
}

/* An address space that changes at each look. */
static const struct kvm_mm_ops *real_ops;
static atomic_uint looks;

static uint64_t look_and_change(struct kvm_mm *mm, uint64_t uaddr, bool write)
{
	uint64_t pa = real_ops->lookup(mm, uaddr, write);

	atomic_fetch_add(&looks, 1);
	kvm_mm_invalidate(vm->host, mm, PAGE, PAGE);
	return pa;
}

static bool looked_often(void *arg)
{
	return atomic_load(&looks) > 2000;
}

static void a_fault_that_never_settles_is_ended_by_a_signal(void **state)
{
	struct fx *f = *state;
	struct kvm_mm_ops ops;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | DATA, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	vm = inproc_file(f->p, f->vm)->vm;
	real_ops = vm->mm->ops;
	ops = *real_ops;
	ops.lookup = look_and_change;
	vm->mm->ops = &ops;
	atomic_store(&looks, 0);
	fx_start(&t, f, 0);
	fx_wait_until(looked_often, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	vm->mm->ops = real_ops;
	fx_assert_off(f, 0);
}

/* The run page is memory of the host, which its owner can write: an exit means what it meant. */
static void an_exit_is_read_once(void **state)
{
	struct fx *f = *state;
	struct rmi_rec_exit *x;

	PROGRAM(0, CODE, {T_MOV, 0, RSI_IPA_STATE_SET}, {T_MOV, 1, DATA}, {T_MOV, 2, DATA + 0x2000},
		{T_MOV, 3, RSI_RIPAS_EMPTY}, {T_MOV, 4, RSI_CHANGE_DESTROYED}, {T_SMC},
		{T_CHECK, 0, RSI_SUCCESS}, {T_CHECK, 1, DATA + 0x2000}, SYSTEM_OFF);
	fx_realm(f, 1);
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	x = &inproc_file(f->p, f->vcpu[0])->vcpu->rec.run->exit;
	assert_int_equal(x->ripas_top, DATA + 0x2000);
	x->ripas_top = DATA + PAGE;
	fx_assert_off(f, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_locks(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_unmapping_does_not_hold_up_other_vms),
		TEST(a_long_unmapping_lets_others_in_between),
		TEST(a_realm_that_is_not_made_yet_is_not_walked),
		TEST(a_fault_that_never_settles_is_ended_by_a_signal),
		TEST(an_exit_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
