// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_exits.c - what leaves a realm: MMIO, memory faults, RIPAS changes, host calls, system
 * events.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/check.h"

#define DEV_GPA		 UINT64_C(0x0a000000)
#define DEV_IPA		 (SHARED_BIT | DEV_GPA)
#define PRIVATE		 KVM_MEMORY_EXIT_FLAG_PRIVATE
#define EXCEPTION_EC(v)	 ((unsigned int)((v) >> 26) & 0x3f)
#define EXCEPTION_FSC(v) ((unsigned int)(v)&0x3f)

static void want_mmio(struct realm *r, bool is_write, unsigned int len)
{
	struct kvm_run *run = r->run[0];

	WANT(realm_run(r, 0), 0);
	WANT(run->exit_reason, KVM_EXIT_MMIO);
	WANT(run->mmio.phys_addr, DEV_GPA);
	WANT(run->mmio.is_write, is_write);
	WANT(run->mmio.len, len);
}

static void want_read(unsigned int width, unsigned int len, uint64_t data, uint64_t reg)
{
	const struct script_op script[] = {{SCRIPT_READ, {DEV_IPA, width}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	want_mmio(&r, false, len);
	memcpy(r.run[0]->mmio.data, &data, 8);
	WANT(realm_report(&r, 0), reg);
}

static void mmio_read(void)
{
	const uint64_t d = 0x8899aabbccddeeff;

	want_read(SCRIPT_U8, 1, d, 0xff);
	want_read(SCRIPT_U16, 2, d, 0xeeff);
	want_read(SCRIPT_U32, 4, d, 0xccddeeff);
	want_read(SCRIPT_U64, 8, d, d);
}

static void mmio_read_signed(void)
{
	const uint64_t d = 0x8899aabbccddeeff;

	want_read(SCRIPT_S8, 1, d, 0xffffffffffffffff);
	want_read(SCRIPT_S16, 2, d, 0xffffffffffffeeff);
	want_read(SCRIPT_S32, 4, d, 0xffffffffccddeeff);
	want_read(SCRIPT_S8W, 1, d, 0x00000000ffffffff);
	want_read(SCRIPT_S8, 1, 0x7f, 0x7f);
}

static void want_write(unsigned int width, unsigned int len, uint64_t val)
{
	const struct script_op script[] = {{SCRIPT_WRITE, {DEV_IPA, width, 0x8899aabbccddeeff}},
					   {SCRIPT_END, {0}}};
	uint64_t got = 0;
	struct realm r;

	REALM_NEW(&r, 1, script);
	want_mmio(&r, true, len);
	memcpy(&got, r.run[0]->mmio.data, len);
	WANT(got, val);
}

static void mmio_write(void)
{
	want_write(SCRIPT_U8, 1, 0xff);
	want_write(SCRIPT_U16, 2, 0xeeff);
	want_write(SCRIPT_U32, 4, 0xccddeeff);
	want_write(SCRIPT_U64, 8, 0x8899aabbccddeeff);
}

static void mmio_repeats(void)
{
	static const struct script_op script[] = {
		{SCRIPT_REPORT, {1}}, {SCRIPT_REPORT, {2}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 1);
	r.run[0]->exit_reason = KVM_EXIT_UNKNOWN;
	WANT(realm_report(&r, 0), 1);
	WANT(realm_report(&r, 0), 2);
}

/* The script's access ends in a synchronous external Data Abort inside the realm. */
static void want_external_abort(struct realm *r)
{
	uint64_t v = realm_report(r, 0);

	WANT(v >> 56, SCRIPT_EXCEPTION >> 56);
	WANT(EXCEPTION_EC(v), 0x25);
	WANT(EXCEPTION_FSC(v), 0x10);
}

static void mmio_no_syndrome(void)
{
	static const struct script_op script[] = {{SCRIPT_READ, {DEV_IPA, SCRIPT_PAIR}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	want_external_abort(&r);
}

static void want_fault(struct realm *r, uint64_t gpa, uint64_t size, uint64_t flags)
{
	struct kvm_run *run = r->run[0];

	WANT(realm_run(r, 0), -EFAULT);
	WANT(run->exit_reason, KVM_EXIT_MEMORY_FAULT);
	WANT(run->memory_fault.gpa, gpa);
	WANT(run->memory_fault.size, size);
	WANT(run->memory_fault.flags, flags);
}

static void fault_private(void)
{
	static const struct script_op script[] = {{SCRIPT_READ, {FREE_IPA + 8, SCRIPT_U64}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	realm_convertible();
	REALM_NEW(&r, 1, script);
	WANT(realm_attr(&r, FREE_IPA, PAGE, 0), 0);
	want_fault(&r, FREE_IPA, PAGE, PRIVATE);
	want_fault(&r, FREE_IPA, PAGE, PRIVATE);
	WANT(realm_attr(&r, FREE_IPA, PAGE, KVM_MEMORY_ATTRIBUTE_PRIVATE), 0);
	WANT(realm_report(&r, 0), 0);
}

static void private_zero(void)
{
	static const struct script_op script[] = {{SCRIPT_READ, {FREE_IPA, SCRIPT_U64}},
						  {SCRIPT_WRITE, {FREE_IPA, SCRIPT_U64, 42}},
						  {SCRIPT_READ, {FREE_IPA, SCRIPT_U64}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	memset(r.mem, 0xff, RAM_SIZE);
	WANT(realm_report(&r, 0), 0);
	WANT(realm_report(&r, 0), 42);
}

static void private_outside(void)
{
	static const struct script_op script[] = {{SCRIPT_READ, {0x10000000, SCRIPT_U64}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	want_external_abort(&r);
}

static void shared_alias(void)
{
	static const struct script_op script[] = {
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_WRITE, {SHARED_BIT | (FREE_IPA + 8), SCRIPT_U64, 0x1234}},
		{SCRIPT_REPORT, {1}},
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_END, {0}}};
	volatile uint64_t *p;
	struct realm r;

	REALM_NEW(&r, 1, script);
	p = (volatile uint64_t *)(r.mem + (FREE_IPA - RAM_BASE));
	p[0] = 0xabcdef;
	WANT(realm_report(&r, 0), 0xabcdef);
	WANT(realm_report(&r, 0), 1);
	WANT(p[1], 0x1234);
	p[0] = 5;
	WANT(realm_report(&r, 0), 5);
}

static void shared_moved(void)
{
	static const struct script_op script[] = {
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_END, {0}}};
	struct realm r;
	uint64_t *p;

	REALM_NEW(&r, 1, script);
	p = (uint64_t *)(r.mem + (FREE_IPA - RAM_BASE));
	*p = 11;
	WANT(realm_report(&r, 0), 11);
	WANT_TRUE(mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
		       0) == p);
	*p = 22;
	WANT(realm_report(&r, 0), 22);
}

/* Another process maps the file, stores a value at its begin, copies the second one to the third.
 */
static void other_process(int fd, uint64_t value)
{
	pid_t pid = fork();
	uint64_t *p;
	int status;

	if (pid == 0) {
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			_exit(1);
		p[0] = value;
		p[2] = p[1];
		_exit(0);
	}
	WANT(waitpid(pid, &status, 0), pid);
	WANT(status, 0);
}

static void shared_file(void)
{
	static const struct script_op script[] = {
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_WRITE, {SHARED_BIT | (FREE_IPA + 8), SCRIPT_U64, 0x1234}},
		{SCRIPT_REPORT, {1}},
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_READ, {SHARED_BIT | FREE_IPA, SCRIPT_U64}},
		{SCRIPT_END, {0}}};
	int fd = memfd_create("check", MFD_CLOEXEC);
	struct realm r;
	uint64_t *p;

	WANT(ftruncate(fd, PAGE), 0);
	REALM_NEW(&r, 1, script);
	p = (uint64_t *)(r.mem + (FREE_IPA - RAM_BASE));
	WANT_TRUE(mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == p);
	other_process(fd, 11);
	WANT(realm_report(&r, 0), 11);
	WANT(realm_report(&r, 0), 1);
	other_process(fd, 22);
	WANT(realm_report(&r, 0), 22);
	WANT(p[0], 22);
	WANT(p[2], 0x1234);
	WANT(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), 0);
	WANT(realm_report(&r, 0), 0);
}

static void punch_hole(void)
{
	static const struct script_op script[] = {{SCRIPT_READ, {DATA_IPA, SCRIPT_U64}},
						  {SCRIPT_READ, {DATA_IPA, SCRIPT_U64}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 0);
	WANT(fallocate(r.gmem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, DATA_IPA - RAM_BASE,
		       PAGE),
	     0);
	realm_want_blocks(&r, 0);
}

static void ripas(uint64_t base, uint64_t top, uint64_t state, uint64_t flags)
{
	const struct script_op script[] = {
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, base, top, state, RSI_CHANGE_DESTROYED}},
		{SCRIPT_SMC, {RSI_IPA_STATE_GET, base, top}},
		{SCRIPT_END, {0}}};
	struct realm r;

	realm_convertible();
	REALM_NEW(&r, 1, script);
	want_fault(&r, base, top - base, flags);
	WANT(realm_attr(&r, base, top - base, flags), 0);
	WANT(realm_report(&r, 0), RSI_SUCCESS);
	WANT(realm_report(&r, 0), top);
	WANT(realm_report(&r, 0), RSI_ACCEPT);
	WANT(realm_report(&r, 0), 0);
	WANT(realm_report(&r, 0), RSI_SUCCESS);
	WANT(realm_report(&r, 0), top);
	WANT(realm_report(&r, 0), state);
}

static void ripas_empty(void)
{
	ripas(FREE_IPA, FREE_IPA + 4 * PAGE, RSI_RIPAS_EMPTY, 0);
}

static void ripas_ram(void)
{
	ripas(FREE_IPA, FREE_IPA + 4 * PAGE, RSI_RIPAS_RAM, PRIVATE);
}

static void ripas_upper(void)
{
	static const struct script_op script[] = {
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, SHARED_BIT, SHARED_BIT + PAGE, RSI_RIPAS_RAM}},
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, FREE_IPA, FREE_IPA + PAGE, RSI_RIPAS_DESTROYED}},
		{SCRIPT_SMC, {RSI_IPA_STATE_SET, FREE_IPA, FREE_IPA, RSI_RIPAS_RAM}},
		{SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	for (int i = 0; i < 3; i++) {
		WANT(realm_report(&r, 0), RSI_ERROR_INPUT);
		for (int j = 0; j < 3; j++)
			realm_report(&r, 0);
	}
}

static void host_call(void)
{
	static const struct script_op script[] = {
		{SCRIPT_WRITE, {DATA_IPA + 8, SCRIPT_U64, 0xc6001234}},
		{SCRIPT_SMC, {RSI_HOST_CALL, DATA_IPA}},
		{SCRIPT_READ, {DATA_IPA + 8, SCRIPT_U64}},
		{SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), RSI_SUCCESS);
	for (int j = 0; j < 3; j++)
		realm_report(&r, 0);
	WANT(realm_report(&r, 0), -1);
}

static void rsi_identity(void)
{
	static const struct script_op script[] = {{SCRIPT_SMC, {RSI_VERSION, RSI_ABI_VERSION}},
						  {SCRIPT_SMC, {RSI_REALM_CONFIG, DATA_IPA}},
						  {SCRIPT_READ, {DATA_IPA, SCRIPT_U64}},
						  {SCRIPT_READ, {DATA_IPA + 8, SCRIPT_U64}},
						  {SCRIPT_SMC, {0xC4000042, 1, 2, 3}},
						  {SCRIPT_MPIDR, {0}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), RSI_SUCCESS);
	WANT(realm_report(&r, 0), RSI_ABI_VERSION);
	WANT(realm_report(&r, 0), want_of("rsi-identity"));
	WANT(realm_report(&r, 0), 0);
	WANT(realm_report(&r, 0), RSI_SUCCESS);
	for (int j = 0; j < 3; j++)
		realm_report(&r, 0);
	WANT(realm_report(&r, 0), IPA_BITS);
	WANT(realm_report(&r, 0), 0); /* SHA-256 */
	WANT(realm_report(&r, 0), -1);
	for (int j = 0; j < 3; j++)
		WANT(realm_report(&r, 0), 0);
	WANT(realm_report(&r, 0), 0x80000000);
}

static void hvc(void)
{
	static const struct script_op script[] = {{SCRIPT_HVC, {0}}, {SCRIPT_END, {0}}};
	struct realm r;
	uint64_t v;

	REALM_NEW(&r, 1, script);
	v = realm_report(&r, 0);
	WANT(v >> 56, SCRIPT_EXCEPTION >> 56);
	WANT(EXCEPTION_EC(v), 0);
}

static void system_event(uint64_t fid, uint32_t type)
{
	const struct script_op script[] = {{SCRIPT_SMC, {fid}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 2, script);
	WANT(realm_run(&r, 0), 0);
	WANT(r.run[0]->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	WANT(r.run[0]->system_event.type, type);
	realm_want_blocks(&r, 0);
	realm_want_blocks(&r, 1);
}

static void system_off(void)
{
	system_event(PSCI_SYSTEM_OFF, KVM_SYSTEM_EVENT_SHUTDOWN);
}

static void system_reset(void)
{
	system_event(PSCI_SYSTEM_RESET, KVM_SYSTEM_EVENT_RESET);
}

static void shutdown_exit(void)
{
	static const struct script_op script[] = {{SCRIPT_SMC, {PSCI_SYSTEM_OFF}},
						  {SCRIPT_END, {0}}};
	struct kvm_mp_state s = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_run(&r, 0), 0);
	WANT(r.run[0]->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	WANT(call(r.vcpu[0], KVM_SET_MP_STATE, &s), 0);
	WANT(realm_run(&r, 0), 0);
	WANT(r.run[0]->exit_reason, KVM_EXIT_SHUTDOWN);
}

static const struct check checks[] = {
	{"mmio-read", "reads of 1, 2, 4, 8 bytes: address without the shared bit, zero-extended",
	 mmio_read},
	{"mmio-read-signed", "sign-extending reads are extended for the realm", mmio_read_signed},
	{"mmio-write", "writes of 1, 2, 4, 8 bytes carry the value", mmio_write},
	{"mmio-repeats", "exit_reason overwritten before KVM_RUN: the access repeats",
	 mmio_repeats},
	{"mmio-no-syndrome", "an access without a syndrome is an external abort in the realm",
	 mmio_no_syndrome},
	{"fault-private", "a private page without the attribute: MEMORY_FAULT, PRIVATE, until set",
	 fault_private},
	{"private-zero", "a private page that was not populated reads as zero", private_zero},
	{"private-outside", "a private access outside the slots: external abort, no exit",
	 private_outside},
	{"shared-alias", "the shared alias of a slot is the slot's user memory", shared_alias},
	{"shared-file",
	 "user memory that other processes share: a file's stores and holes are seen by all",
	 shared_file},
	{"shared-moved", "memory mapped anew over the slot's range is what the realm then sees",
	 shared_moved},
	{"punch-hole", "a page punched out under the realm: faults for ever, a signal ends it",
	 punch_hole},
	{"ripas-empty", "RIPAS to EMPTY: MEMORY_FAULT over the range, done on the next run",
	 ripas_empty},
	{"ripas-ram", "RIPAS to RAM: MEMORY_FAULT with PRIVATE, done on the next run", ripas_ram},
	{"ripas-refused", "RIPAS of the upper half, to DESTROYED, of nothing: RSI_ERROR_INPUT",
	 ripas_upper},
	{"host-call", "an unknown hypercall by RSI_HOST_CALL is answered -1, no exit", host_call},
	{"rsi-identity",
	 "RSI version 1.0 (v13: 1.1 too), the configuration, -1 for other SMCs, MPIDR",
	 rsi_identity},
	{"hvc", "HVC is an undefined instruction", hvc},
	{"system-off", "SYSTEM_OFF: a system event, then every vCPU blocks", system_off},
	{"system-reset", "SYSTEM_RESET: a system event, then every vCPU blocks", system_reset},
	{"shutdown", "a vCPU made runnable after SYSTEM_OFF: KVM_EXIT_SHUTDOWN", shutdown_exit},
};

const struct check_group check_exits = {"exits", checks, sizeof(checks) / sizeof(checks[0])};
