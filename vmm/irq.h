/* SPDX-License-Identifier: BSD-3-Clause */
/* irq.h - a level-triggered interrupt line into the in-kernel GIC. */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct irq_line {
	int vm_fd; /* -1: nobody listens (tests read level) */
	uint32_t spi;
	bool level;
};

/* The caller serialises calls for one line. KVM is only told of changes. */
void irq_set(struct irq_line *irq, bool level);

#endif
