/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * load.h - what a realm starts with, as a function of the options and the files that they name:
 * the same for who runs it and for who predicts its measurement (`softrealm measure`).
 */
#ifndef VMM_LOAD_H
#define VMM_LOAD_H

#include "vmm/image.h"
#include "vmm/vmm_options.h"

/*
 * Choose the width of the IPA space; load kernel and initrd, build the device tree, place all
 * three. They are populated in the order of struct boot_images. 0 or a positive enum vmm_status,
 * message printed; images_free in any case.
 */
int load_images(const struct vmm_options *o, struct boot_images *b, unsigned int *ipa_bits);

#endif
