/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image.h - reads the files that are loaded into the realm and decides where they go:
 * kernel or firmware at the start of RAM, then the device tree (2 MiB reserved), then the initrd.
 */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include <stdint.h>

#include "vmm/vmm_options.h"

/* One piece of the initial contents. The data is page-aligned and zero up to a page's end. */
struct image {
	const char *name; /* "kernel" or "firmware", "device tree", "initrd" */
	uint8_t *data;	  /* NULL: absent */
	uint64_t size;	  /* bytes of the file; of a packed kernel: of the Image in it */
	uint64_t mapped;  /* bytes mapped at data: size rounded up to pages */
	uint64_t addr;	  /* IPA, page-aligned */
};

struct boot_images {
	/* kernel: where the realm starts; a firmware is in its place */
	struct image kernel, dtb, initrd;
	uint64_t kernel_size; /* what the kernel occupies when it runs, BSS included */
	uint64_t ram, ram_size;
};

/* The arm64 Image header, as far as it is needed (Documentation/arch/arm64/booting.rst). */
struct arm64_image {
	uint64_t text_offset;
	uint64_t image_size;
};

/* 0 or -EINVAL: *why tells what is wrong with the file. */
int image_parse(const void *data, uint64_t size, struct arm64_image *out, const char **why);

/*
 * Read both files, unpack the kernel (vmm/unpack.h) and place everything. 0 or -errno, message
 * printed; images_free in any case.
 */
int images_load(struct boot_images *b, const char *kernel, const char *initrd, uint64_t ram,
		uint64_t ram_size);

/* The same for a firmware, at the start of RAM. */
int images_load_firmware(struct boot_images *b, const char *path, uint64_t ram, uint64_t ram_size);

/* Give the place that images_load reserved to a device tree (copied). 0 or -errno. */
int images_set_dtb(struct boot_images *b, const void *dtb, uint64_t size);
void images_free(struct boot_images *b);

#endif
