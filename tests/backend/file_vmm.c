// SPDX-License-Identifier: BSD-3-Clause
/*
 * file_vmm.c - a VMM whose ordinary VM has a file as memory, for shared_file.py: its guest talks
 * through the file with that of another one.
 *
 *	file_vmm FILE first	writes 41 into the file, and prints what the other answers
 *	file_vmm FILE second	waits for a number there, answers with one more, and prints it
 *
 * "runs" is printed as soon as the guest runs.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"

#define CODE   UINT64_C(0x80000000)
#define SHARED UINT64_C(0x90000000)
#define UART   UINT64_C(0x09000000)
#define SIZE   0x200000
#define X(n)   (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 2 * (n))

#define STR_X0_X20    0xf9000280u /* the device */
#define STR_X1_X20    0xf9000281u
#define STR_X0_X21    0xf90002a0u /* the file */
#define LDR_X1_X21    0xf94002a1u
#define STR_X2_X21_8  0xf90006a2u
#define LDR_X1_X21_8  0xf94006a1u
#define ADD_X2_X1_1   0x91000422u
#define CBZ_X1_BACK_1 0xb4ffffe1u
#define HANG	      0x14000000u

static const uint32_t first[] = {STR_X0_X20,	STR_X0_X21, LDR_X1_X21_8,
				 CBZ_X1_BACK_1, STR_X1_X20, HANG};
static const uint32_t second[] = {STR_X0_X20,	LDR_X1_X21, CBZ_X1_BACK_1, ADD_X2_X1_1,
				  STR_X2_X21_8, STR_X1_X20, HANG};

static int call(int fd, unsigned long nr, void *arg, const char *what)
{
	int r = ioctl(fd, nr, arg);

	if (r < 0)
		err(1, "%s", what);
	return r;
}
#define CALL(fd, nr, arg) call(fd, nr, (void *)(uintptr_t)(arg), #nr)

static void add_slot(int vm, uint32_t slot, uint64_t gpa, void *memory)
{
	struct kvm_userspace_memory_region2 r = {.slot = slot,
						 .guest_phys_addr = gpa,
						 .memory_size = SIZE,
						 .userspace_addr = (uintptr_t)memory};

	CALL(vm, KVM_SET_USER_MEMORY_REGION2, &r);
}

static void set_reg(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)&value};

	CALL(vcpu, KVM_SET_ONE_REG, &r);
}

/* What the guest stores to the device next. */
static uint64_t next_store(int vcpu, const struct kvm_run *run)
{
	uint64_t value;

	CALL(vcpu, KVM_RUN, 0);
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != UART)
		errx(1, "exit %u", run->exit_reason);
	memcpy(&value, run->mmio.data, sizeof(value));
	return value;
}

static void *map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		err(1, "%s", path);
	return p; /* and the file stays open, for softrealm to find */
}

int main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu;
	bool is_first = argc == 3 && !strcmp(argv[2], "first");
	struct kvm_vcpu_init init = {.features = {1u << KVM_ARM_VCPU_PSCI_0_2}};
	struct kvm_run *run;
	uint32_t *code;

	if (argc != 3)
		errx(2, "usage: file_vmm FILE first|second");
	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = CALL(kvm, KVM_CREATE_VM, 0);
	vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	code = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED || code == MAP_FAILED)
		err(1, "mmap");
	memcpy(code, is_first ? first : second, is_first ? sizeof(first) : sizeof(second));
	add_slot(vm, 0, CODE, code);
	add_slot(vm, 1, SHARED, map_file(argv[1]));
	init.target = KVM_ARM_TARGET_GENERIC_V8;
	CALL(vcpu, KVM_ARM_VCPU_INIT, &init);
	set_reg(vcpu, X(0), 41);
	set_reg(vcpu, X(20), UART);
	set_reg(vcpu, X(21), SHARED);
	set_reg(vcpu, KVM_REG_ARM_CORE_PC, CODE);
	next_store(vcpu, run);
	puts("runs");
	fflush(stdout);
	printf("%llu\n", (unsigned long long)next_store(vcpu, run));
	return 0;
}
