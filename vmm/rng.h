/* SPDX-License-Identifier: BSD-3-Clause */
/* rng.h - a virtio entropy device that hands out the host's random bytes. */
#ifndef VMM_RNG_H
#define VMM_RNG_H

#include "vmm/virtio.h"

struct rng {
	struct virtio_device dev;
};

void rng_init(struct rng *r, const struct guest_memory *mem);

#endif
