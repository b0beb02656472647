// SPDX-License-Identifier: BSD-3-Clause
/* irq.c - KVM_IRQ_LINE. */
#include "vmm/irq.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi/kvm.h"
#include "vmm/end.h"

#define FIRST_SPI 32

void irq_set(struct irq_line *irq, bool level)
{
	struct kvm_irq_level l = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (FIRST_SPI + irq->spi),
		.level = level,
	};
	int err;

	if (irq->level == level)
		return;
	irq->level = level;
	if (irq->vm_fd < 0 || ioctl(irq->vm_fd, KVM_IRQ_LINE, &l) >= 0)
		return;
	err = errno;
	end_run(err == EIO ? VMM_ENGINE_LOST : VMM_REFUSED, "KVM_IRQ_LINE failed: %s",
		strerror(err));
}
