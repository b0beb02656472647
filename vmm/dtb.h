/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dtb.h - the device tree that the realm's kernel gets. It is measured, so it depends on nothing
 * but its arguments: no seeds, no time, no host.
 */
#ifndef VMM_DTB_H
#define VMM_DTB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DTB_MAX_SIZE	 0x10000
#define DTB_MAX_BOOTARGS 2047 /* arm64 Linux cuts what is longer */

struct dtb_config {
	unsigned int cpus;
	bool its;
	bool pmu;
	bool uart; /* tell of it: a firmware has no other console */
	uint64_t ram, ram_size;
	uint64_t initrd, initrd_size; /* size 0: none */
	const char *bootargs;
};

/* Build into buf (DTB_MAX_SIZE bytes): the tree's size, or -E2BIG (bootargs too long). */
int dtb_build(const struct dtb_config *c, void *buf);

#endif
