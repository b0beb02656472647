// SPDX-License-Identifier: BSD-3-Clause
/*
 * differences.c - in which answers the revisions differ, as data: what the checks want (want_of)
 * and what `--list --diff` prints. One row an answer, one column a revision.
 */
#include <stdio.h>
#include <string.h>

#include "check/check.h"

#define DEAD	  (-EIO) /* the VM is dead */
#define KILLED	  0	 /* KVM_RUN returns 0: KVM_EXIT_INTERNAL_ERROR, the VM is dead */
#define ATTRIBUTE KVM_MEMORY_ATTRIBUTE_PRIVATE

static const struct difference differences[] = {
	/* check, what is asked, v12, v12-6.19, v13, v14, v15, next */
	{"cap-memory-attributes",
	 "MEMORY_ATTRIBUTES (233) on /dev/kvm and a realm VM",
	 {ATTRIBUTE, ATTRIBUTE, ATTRIBUTE, ATTRIBUTE, 0, 0}},
	{"cap-gmem-attributes",
	 "the number of GUEST_MEMFD_MEMORY_ATTRIBUTES (0: none)",
	 {0, 0, 0, 0, 250, 252}},
	{"cap-rmi", "the number of KVM_CAP_ARM_RMI", {247, 247, 248, 249, 251, 253}},
	{"cap-pmu", "ARM_PMU_V3 of a realm VM is the host's", {1, 1, 0, 0, 0, 0}},
	{"vm-types",
	 "the type of a realm, beside the IPA width",
	 {0x100, 0x100, 0x100, 0x40000000, 0x40000000, 0x40000000}},
	{"vm-enable-cap", "ENABLE_CAP of NISV_TO_USER", {0, 0, 0, -EINVAL, -EINVAL, -EINVAL}},
	{"vm-unknown-ioctl",
	 "the number of POPULATE",
	 {0x4020AED7, 0x4020AED7, 0xC020AED7, 0xC020AED7, 0xC020AED7, 0xC020AED7}},
	{"gmem-delegated",
	 "the host touches a private page that was not populated",
	 {0, 0, 0, 0, -EFAULT, -EFAULT}},
	{"gmem-delegated-source",
	 "populate from a page that is delegated already",
	 {-ENXIO, -ENXIO, -ENXIO, -ENXIO, -EFAULT, -EFAULT}},
	{"populate-ordinary-vm",
	 "populate on an ordinary VM",
	 {-EPERM, -EPERM, -ENXIO, -ENXIO, -ENXIO, -ENXIO}},
	{"populate-in-out",
	 "its result: 0 and the structure advanced (1), or the bytes done (0)",
	 {0, 0, 1, 1, 1, 1}},
	{"populate-copy-back",
	 "an error, and the structure cannot be written",
	 {-EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EFAULT}},
	{"populate-wrapping-size",
	 "a size that wraps to an aligned end: pages done",
	 {2, 2, 2, 2, -EINVAL, -EINVAL}},
	{"populate-size-zero", "size 0", {-EINVAL, -EINVAL, -EINVAL, -EINVAL, 0, 0}},
	{"populate-bad-source", "source 0", {-EFAULT, -EFAULT, -EFAULT, -EFAULT, -EINVAL, -EINVAL}},
	{"populate-unaligned-source",
	 "a source that is not page-aligned",
	 {-EINVAL, PAGE, -EINVAL, -EINVAL, -EINVAL, -EINVAL}},
	{"populate-unaligned-early", "... creates the realm (1)", {1, 1, 0, 0, 0, 0}},
	{"populate-twice",
	 "a page that is populated already",
	 {-ENXIO, -EEXIST, -ENXIO, -ENXIO, -ENXIO, -ENXIO}},
	{"populate-dead",
	 "populate after a failed activation",
	 {-ENXIO, -ENXIO, -ENXIO, -ENXIO, -ENXIO, DEAD}},
	{"vcpu-feature-9",
	 "VCPU_INIT feature bit 9 alone",
	 {-EINVAL, 0, 0, -ENOENT, -ENOENT, -EINVAL}},
	{"vcpu-features", "VCPU_INIT feature HAS_EL2_E2H0 alone", {0, 0, 0, 0, 0, -EINVAL}},
	{"reg-absent",
	 "SET_ONE_REG of PMCR_EL0 without a PMU",
	 {-ENOENT, -ENOENT, -ENOENT, -EINVAL, -EINVAL, -EINVAL}},
	{"run-no-irqchip",
	 "a second KVM_RUN without irqchip",
	 {-ENXIO, -ENXIO, -ENXIO, -EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP}},
	{"run-late-irqchip",
	 "KVM_RUN after the missing irqchip was made",
	 {-ENXIO, -ENXIO, -ENXIO, -EINTR, -EINTR, -EINTR}},
	{"run-vgic-not-initialised",
	 "KVM_RUN with a vGIC that is not initialised",
	 {-EBUSY, -EBUSY, -EBUSY, -EBUSY, -ENODEV, -ENODEV}},
	{"run-vgic-again", "... and once more", {DEAD, DEAD, DEAD, DEAD, -ENODEV, -ENODEV}},
	{"run-dead",
	 "KVM_RUN after an activation that failed",
	 {-ENXIO, -ENXIO, -ENXIO, -EINVAL, -EINVAL, DEAD}},
	{"run-code-shared",
	 "KVM_RUN where an instruction abort comes",
	 {-ENXIO, -ENXIO, -ENXIO, -ENXIO, KILLED, KILLED}},
	{"ripas-waits",
	 "KVM_RUN before the attributes match a RIPAS change",
	 {0, 0, 0, 0, 0, -EFAULT}},
	{"rsi-identity",
	 "the highest RSI version",
	 {0x10000, 0x10000, 0x10001, 0x10001, 0x10001, 0x10001}},
	{"complete-ordinary-vm",
	 "PSCI_COMPLETE on an ordinary VM",
	 {-EPERM, -EPERM, -ENXIO, -EINVAL, -EINVAL, -EINVAL}},
	{"complete-pointer",
	 "PSCI_COMPLETE, unreadable argument",
	 {-EFAULT, -EFAULT, -EFAULT, -EINVAL, -EINVAL, -EINVAL}},
	{"complete-forgotten",
	 "KVM_RUN with a CPU_ON pending that was not completed",
	 {-ENXIO, -ENXIO, -ENXIO, 0, 0, 0}},
	{"hypercall-visible", "flags of a forwarded call", {2, 2, 2, 2, 0, 0}},
	{"runnable-by-force",
	 "KVM_RUN of a vCPU that no CPU_ON has switched on",
	 {-ENXIO, -ENXIO, -ENXIO, -EAGAIN, -EAGAIN, -EAGAIN}},
};

#define NUM_DIFFERENCES (sizeof(differences) / sizeof(differences[0]))

int64_t want_of(const char *name)
{
	for (size_t i = 0; i < NUM_DIFFERENCES; i++)
		if (!strcmp(differences[i].name, name))
			return differences[i].want[check_abi];
	FAIL("no row \"%s\" in the table of differences", name);
}

void differences_print(enum abi a, enum abi b)
{
	char left[40], right[40];

	printf("%-26s %-16s %-16s %s\n", "check", abi_sheets[a].name, abi_sheets[b].name,
	       "what is asked");
	for (size_t i = 0; i < NUM_DIFFERENCES; i++) {
		const struct difference *d = &differences[i];

		if (d->want[a] != d->want[b])
			printf("%-26s %-16s %-16s %s\n", d->name,
			       value_text(d->want[a], left, sizeof(left)),
			       value_text(d->want[b], right, sizeof(right)), d->says);
	}
}
