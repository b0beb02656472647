/* SPDX-License-Identifier: BSD-3-Clause */
/* seeds.h - an input with a name, and how it is written down. */
#ifndef FUZZ_SEEDS_H
#define FUZZ_SEEDS_H

#include <stddef.h>
#include <stdint.h>

struct seed {
	const char *target, *name;
	const uint8_t *data;
	size_t size;
};

#define SEED(target, name, ...)                                                                    \
	{                                                                                          \
		target, name, (const uint8_t[]){__VA_ARGS__},                                      \
			sizeof((const uint8_t[]){__VA_ARGS__})                                     \
	}

extern const struct seed gdb_seeds[], ioctl_seeds[], its_seeds[], vmm_seeds[];
extern const size_t gdb_num_seeds, ioctl_num_seeds, its_num_seeds, vmm_num_seeds;

#endif
