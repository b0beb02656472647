// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_rmm.c - the kernel and an RMM that refuses: every call of it that can fail does, once. The
 * kernel answers with an errno, takes back what it began, and nothing is left at the end.
 */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include "base/fault.h"
#include "machine/pe.h"

result __real_rmm_smc(struct rmm *rmm, struct pe *pe, uint64_t regs[RMM_NUM_REGS]);
result __wrap_rmm_smc(struct rmm *rmm, struct pe *pe, uint64_t regs[RMM_NUM_REGS]);

/* Refuse the n-th call of a kind with this X0; 0: none. */
static uint64_t refuse_fid, refuse_x0;
static unsigned int refuse_nth, calls_of_kind;
/* Change what a REC_ENTER that succeeded tells. */
static void (*tamper)(struct rmi_rec_exit *x);
static struct fx *tampered;

void (*fx_smc_hook)(uint64_t fid);

result __wrap_rmm_smc(struct rmm *rmm, struct pe *pe, uint64_t regs[RMM_NUM_REGS])
{
	uint64_t fid = regs[0], run = regs[2];
	result why;

	if (fx_smc_hook)
		fx_smc_hook(fid);
	if (fid == refuse_fid && ++calls_of_kind == refuse_nth) {
		regs[0] = refuse_x0;
		return OK;
	}
	why = __real_rmm_smc(rmm, pe, regs);
	if (fid == RMI_REC_ENTER && tamper && !regs[0]) {
		struct rmi_rec_run *r = machine_va(inproc_machine(tampered->p), run, sizeof(*r));

		tamper(&r->exit);
	}
	return why;
}

static void refuse(uint64_t fid, unsigned int nth, uint64_t x0)
{
	refuse_fid = fid;
	refuse_nth = nth;
	refuse_x0 = x0;
	calls_of_kind = 0;
}

static int setup(void **state)
{
	refuse(0, 0, 0);
	tamper = NULL;
	fx_setup(state);
	tampered = *state;
	return 0;
}

static int teardown(void **state)
{
	refuse(0, 0, 0);
	tamper = NULL;
	return fx_teardown(state);
}

/* A realm's life with faults of every kind, as far as it goes: the first errno, or 0. */
static int64_t live(struct fx *f)
{
	int64_t ret;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 2);
	fx_create_gic(f, true);
	fx_memory(f);
	ret = fx_populate(f, CODE, PAGE, f->source, 1);
	if (ret < 0)
		return ret;
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	do {
		ret = fx_run(f, 0);
	} while (!ret && f->run[0]->exit_reason == KVM_EXIT_MMIO);
	return ret;
}

static const struct toy_insn life[] = {
	{T_STR, 1, DATA, 8},
	{T_STR, 1, SHARED | DATA, 8},
	{T_LDR, 1, SHARED | UART, 4},
	{T_MOV, 0, RSI_IPA_STATE_SET},
	{T_MOV, 1, DATA},
	{T_MOV, 2, DATA + 0x1000},
	{T_MOV, 3, RSI_RIPAS_EMPTY},
	{T_SMC},
	{T_MOV, 0, PSCI_SYSTEM_OFF},
	{T_SMC},
};

/* Calls whose refusal costs no granule. */
static const uint64_t refusable[] = {
	RMI_GRANULE_DELEGATE, RMI_REALM_CREATE,	       RMI_REC_AUX_COUNT,  RMI_DATA_CREATE,
	RMI_RTT_CREATE,	      RMI_REC_CREATE,	       RMI_RTT_INIT_RIPAS, RMI_REALM_ACTIVATE,
	RMI_REC_ENTER,	      RMI_RTT_MAP_UNPROTECTED,
};

static void any_refused_call_leaves_nothing_behind(void **state)
{
	struct fx *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusable); i++) {
		for (unsigned int nth = 1; nth < 60; nth++) {
			int64_t ret;

			fx_restart(f, NULL);
			toy_load(0, CODE, life, ARRAY_SIZE(life));
			refuse(refusable[i], nth, RMI_ERROR_INPUT);
			ret = live(f);
			if (calls_of_kind < nth) { /* it ran to its RIPAS exit as ever */
				assert_int_equal(ret, -EFAULT);
				break;
			}
			assert_true(ret == 0 || ret == -ENXIO || ret == -ENOMEM || ret == -EFAULT);
			refuse(0, 0, 0);
		}
	}
}

static void refusals_have_their_rules(void **state)
{
	struct fx *f = *state;

	refuse(RMI_REALM_CREATE, 1, RMI_ERROR_INPUT);
	assert_int_equal(live(f), -ENXIO);
	assert_string_equal(fx_last_rule(), "kvm_realm_create_failed");
	/* The state is still NONE: once more. */
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
	refuse(RMI_REALM_ACTIVATE, 1, RMI_ERROR_INPUT);
	REFUSED(ENXIO, kvm_realm_activate_failed, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
	fx_restart(f, NULL);
	toy_load(0, CODE, life, ARRAY_SIZE(life));
	refuse(RMI_DATA_CREATE_UNKNOWN, 1, RMI_ERROR_INPUT);
	assert_int_equal(live(f), -ENXIO);
	assert_string_equal(fx_last_rule(), "kvm_rmi_failed");
	refuse(RMI_REC_ENTER, 1, RMI_ERROR_INPUT);
	REFUSED(ENXIO, kvm_run_rmi_failed, f->vcpu[0], KVM_RUN, 0);
	refuse(0, 0, 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* both passed: the realm goes on */
	assert_int_equal(f->run[0]->exit_reason, KVM_EXIT_MMIO);
}

static void no_page_for_a_table_is_enomem(void **state)
{
	struct fx *f = *state;

	refuse(RMI_GRANULE_DELEGATE, 11, RMI_ERROR_INPUT); /* the first table of the first page */
	assert_int_equal(live(f), -ENOMEM);
}

static void exit_reason_77(struct rmi_rec_exit *x)
{
	x->exit_reason = 77;
}

static void exit_brk(struct rmi_rec_exit *x)
{
	x->exit_reason = RMI_EXIT_SYNC;
	x->esr = UINT64_C(0x3c) << 26;
}

static void exit_ripas_in_the_shared_half(struct rmi_rec_exit *x)
{
	x->exit_reason = RMI_EXIT_RIPAS_CHANGE;
	x->ripas_base = SHARED - PAGE;
	x->ripas_top = SHARED + PAGE;
}

static void run_gives(struct fx *f, int64_t want, const char *rule)
{
	assert_int_equal(fx_run(f, 0), want);
	assert_string_equal(fx_last_rule(), rule);
}

static void unknown_exits_are_errors_not_hangs(void **state)
{
	struct fx *f = *state;

	/* Every entry ends by a load that exits; the exit is then tampered with. */
	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, SHARED | UART, 4});
	fx_realm(f, 1);
	tamper = exit_reason_77;
	run_gives(f, 0, "OK");
	assert_int_equal(f->run[0]->exit_reason, KVM_EXIT_INTERNAL_ERROR);
	tamper = exit_brk;
	run_gives(f, -ENXIO, "kvm_run_unhandled_exit");
	tamper = exit_ripas_in_the_shared_half;
	run_gives(f, -EINVAL, "kvm_run_ripas_range");
	tamper = NULL;
	run_gives(f, 0, "OK");
	assert_int_equal(f->run[0]->exit_reason, KVM_EXIT_MMIO);
}

static void faults_on_demand_reach_every_layer(void **state)
{
	struct fx *f = *state;
	char err[128];

	assert_int_equal(fault_add("populate:nth=2:partial=1", err, sizeof(err)), 0);
	assert_int_equal(fault_add("ioctl=KVM_RUN:nth=1:errno=EINTR", err, sizeof(err)), 0);
	toy_load(0, CODE, life, ARRAY_SIZE(life));
	fx_realm(f, 1);
	assert_int_equal(fx_populate(f, RAM + PAGE, 3 * PAGE, f->source, 0), PAGE);
	REFUSED(EINTR, kvm_fault, f->vcpu[0], KVM_RUN, 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fault_clear();
}

/* The page that cannot be undelegated is nobody's any more: the next VM has good ones. */
static void a_granule_that_stays_delegated_is_never_given_out_again(void **state)
{
	struct fx *f = *state;
	char err[128];

	toy_load(0, CODE, life, ARRAY_SIZE(life));
	fx_realm(f, 1);
	assert_int_equal(fx_populate(f, RAM + PAGE, 7 * PAGE, f->source, 0), 7 * PAGE);
	assert_int_equal(fault_add("rmi=GRANULE_UNDELEGATE:nth=3", err, sizeof(err)), 0);
	f->leaked = 1;
	fx_close(f, &f->gmem);
	fault_clear();
	fx_create_gmem(f, RAM_SIZE, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, NULL, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, f->gmem, 0), 0);
	assert_int_equal(fx_populate(f, RAM, 8 * PAGE, f->source, 0), 8 * PAGE);
}

static void a_running_vcpu_keeps_device_creation_out(void **state)
{
	struct fx *f = *state;
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct fx_thread t;

	PROGRAM(0, CODE, {T_HALT});
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	fx_wait_until(fx_engine_ran, NULL);
	REFUSED(EBUSY, kvm_vcpu_busy, f->vm, KVM_CREATE_DEVICE, &cd);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_rmm(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(any_refused_call_leaves_nothing_behind),
		TEST(refusals_have_their_rules),
		TEST(no_page_for_a_table_is_enomem),
		TEST(unknown_exits_are_errors_not_hangs),
		TEST(faults_on_demand_reach_every_layer),
		TEST(a_granule_that_stays_delegated_is_never_given_out_again),
		TEST(a_running_vcpu_keeps_device_creation_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
