// SPDX-License-Identifier: BSD-3-Clause
/* abi.c - which revision of the realm ABI a kernel speaks. */
#include "vmm/abi.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "abi/realm.h"
#include "base/bits.h"

#define CAP_FILE       "/sys/module/kvm/parameters/kvm_cap_arm_rmi"
#define KIND_REALM     0x100	  /* v12, v13 */
#define TYPE_REALM     0x40000000 /* v14 and later */
#define POPULATE_OUT   _IOW(KVMIO, 0xd7, struct kvm_arm_rmi_populate)
#define POPULATE_INOUT _IOWR(KVMIO, 0xd7, struct kvm_arm_rmi_populate)

struct known {
	const char *name;
	unsigned long cap, type;
};

static const struct known known[] = {
#define REVISION(name, cap, gmem_cap, type, populate) {name, cap, type},
#include "abi/revisions.def"
#undef REVISION
};

/* 1, 0, or -errno: a platform that is gone must not look as one without realms. */
static int has_cap(int fd, unsigned long cap)
{
	int ret = ioctl(fd, KVM_CHECK_EXTENSION, cap);

	return ret < 0 ? -errno : ret > 0;
}

/* Vendor kernels move the number, and say so here. 0: they do not. */
static unsigned long own_number(void)
{
	FILE *f = fopen(CAP_FILE, "re");
	unsigned long n = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Ask the VM for what has two forms. An argument that cannot be read is EFAULT only where the
 * number is known. */
static void ask(int vm_fd, const struct known *k, struct realm_abi *abi)
{
	bool in_out = ioctl(vm_fd, POPULATE_INOUT, NULL) < 0 && errno == EFAULT;

	*abi = (struct realm_abi){
		.name = k->name,
		.type = k->type,
		.populate = in_out ? POPULATE_INOUT : POPULATE_OUT,
		.in_out = in_out,
		.vm_attributes =
			k->type == KIND_REALM || has_cap(vm_fd, KVM_CAP_MEMORY_ATTRIBUTES) > 0,
		.psci_ioctl = k->type == KIND_REALM,
	};
	if (k->type == KIND_REALM)
		abi->name = in_out ? "v13" : "v12";
	else if (abi->vm_attributes)
		abi->name = "v14";
}

static int try(int sys_fd, unsigned int ipa_bits, const struct known *k, struct realm_abi *abi)
{
	int fd = ioctl(sys_fd, KVM_CREATE_VM, k->type | ipa_bits);

	if (fd < 0)
		return -errno;
	ask(fd, k, abi);
	return fd;
}

int abi_create_vm(int sys_fd, unsigned int ipa_bits, struct realm_abi *abi)
{
	struct known own[] = {{"v14", own_number(), TYPE_REALM}, {"v13", 0, KIND_REALM}};
	int has = 0, fd = -EOPNOTSUPP;

	for (size_t i = ARRAY_SIZE(known); fd < 0 && has >= 0 && i--;) {
		has = has_cap(sys_fd, known[i].cap);
		if (has > 0)
			fd = try(sys_fd, ipa_bits, &known[i], abi);
	}
	if (has < 0 || fd >= 0 || !own[0].cap)
		return has < 0 ? has : fd;
	has = has_cap(sys_fd, own[0].cap);
	if (has <= 0)
		return has ?: fd;
	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(own); i++)
		fd = try(sys_fd, ipa_bits, &own[i], abi);
	return fd;
}
