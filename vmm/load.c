// SPDX-License-Identifier: BSD-3-Clause
/* load.c - what a realm starts with, as a function of the options and the files that they name. */
#include "vmm/load.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/dtb.h"
#include "vmm/layout.h"
#include "vmm/passt.h"
#include "vmm/status.h"

/*
 * The pool of bounce buffers, in slabs of 2 KiB. The kernel's own has a thousandth of the memory:
 * too little for more than a console, and with pages of 16 KiB even for that, whose receive buffers
 * are pages. Sharing it with the host costs at each boot, so it is no larger than it has to be.
 * Whatever devices there are it is the same: they change nothing that is measured.
 */
#define SLAB	   2048u
#define MOST_SLABS 4096u

static unsigned int bounce_slabs(const struct vmm_options *o)
{
	uint64_t own = o->memory / 1024 / SLAB;

	if (own >= MOST_SLABS || strstr(o->append, "swiotlb="))
		return 0;
	return (unsigned int)MIN(o->memory / 64 / SLAB, MOST_SLABS);
}

/* One bit more than RAM needs: the top bit is the shared alias. */
static int choose_ipa_bits(const struct vmm_options *o, unsigned int *ipa_bits)
{
	uint64_t end = LAYOUT_RAM + o->memory;
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(end - 1) + 1;

	if (bits < LAYOUT_MIN_IPA_BITS + 1)
		bits = LAYOUT_MIN_IPA_BITS + 1;
	*ipa_bits = o->ipa_bits ? o->ipa_bits : bits;
	if (end <= layout_alias_bit(*ipa_bits))
		return 0;
	log_error("--ipa-bits %u leaves %llu MiB for memory, --memory asks for %llu MiB", *ipa_bits,
		  (unsigned long long)(layout_alias_bit(*ipa_bits) - LAYOUT_RAM) >> 20,
		  (unsigned long long)o->memory >> 20);
	return VMM_USAGE;
}

static void make_bootargs(const struct vmm_options *o, unsigned int ipa_bits, char *buf,
			  size_t size)
{
	size_t n = 0;

	if (o->earlycon)
		n += (size_t)snprintf(
			buf, size, "earlycon=uart,mmio,%#llx ",
			(unsigned long long)(LAYOUT_UART | layout_alias_bit(ipa_bits)));
	n += (size_t)snprintf(buf + n, size - n, "console=hvc0");
	if (bounce_slabs(o))
		n += (size_t)snprintf(buf + n, size - n, " swiotlb=%u", bounce_slabs(o));
	if (o->net_passt)
		n += (size_t)snprintf(buf + n, size - n, " softrealm.net=" PASST_CONFIG);
	if (*o->append)
		snprintf(buf + n, size - n, " %s", o->append);
}

int load_images(const struct vmm_options *o, struct boot_images *b, unsigned int *ipa_bits)
{
	static uint8_t dtb[DTB_MAX_SIZE];
	char bootargs[DTB_MAX_BOOTARGS + 2] = "";
	struct dtb_config cfg = {.cpus = o->cpus,
				 .pmu = o->pmu,
				 .its = o->its,
				 .uart = o->firmware != NULL,
				 .ram = LAYOUT_RAM,
				 .ram_size = o->memory,
				 .bootargs = bootargs};
	int size, ret = choose_ipa_bits(o, ipa_bits);

	if (ret)
		return ret;
	if (o->firmware ? images_load_firmware(b, o->firmware, LAYOUT_RAM, o->memory)
			: images_load(b, o->kernel, o->initrd, LAYOUT_RAM, o->memory))
		return VMM_INPUT;
	cfg.initrd = b->initrd.addr;
	cfg.initrd_size = b->initrd.size;
	make_bootargs(o, *ipa_bits, bootargs, sizeof(bootargs));
	size = dtb_build(&cfg, dtb);
	if (size < 0) {
		log_error("--append is too long: the kernel takes %d characters", DTB_MAX_BOOTARGS);
		return VMM_USAGE;
	}
	if (!images_set_dtb(b, dtb, (uint64_t)size))
		return 0;
	log_error("out of memory");
	return VMM_HOST;
}
