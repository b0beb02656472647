// SPDX-License-Identifier: BSD-3-Clause
/*
 * predict.c - the RIM that `softrealm run` with these options would get.
 *
 * Images, device tree and addresses come from the VMM's own code (vmm/load.h); what is repeated
 * here is how it creates the realm: one gmem slot for all of RAM, the images populated in order,
 * vCPU 0 entered at the kernel with the device tree in x0.
 */
#include "cli/predict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "attest/predict.h"
#include "base/log.h"
#include "cli/commands.h"
#include "kvm/platform.h"
#include "machine/memory.h"
#include "vmm/layout.h"
#include "vmm/load.h"

static bool is_in(const struct image *im, uint64_t addr)
{
	return im->data && addr >= im->addr && addr - im->addr < im->mapped;
}

/* arg: the images. */
static void print_entry(void *arg, const struct ledger_entry *what)
{
	const struct boot_images *b = arg;
	struct ledger_entry e = *what;

	if (e.cause == LEDGER_DATA_CREATE)
		e.content = is_in(&b->kernel, e.addr)	? LEDGER_KERNEL
			    : is_in(&b->dtb, e.addr)	? LEDGER_DEVICE_TREE
			    : is_in(&b->initrd, e.addr) ? LEDGER_INITRD
							: LEDGER_UNNAMED;
	ledger_write(stdout, &e);
}

static int populate(struct predict *pr, const struct image *im, bool measure)
{
	return im->data ? predict_populate(pr, im->addr, im->data, im->mapped, measure) : 0;
}

static int activate(struct predict *pr, const struct boot_images *b)
{
	/* The first one; the others are not runnable. */
	static struct rmi_rec_params rec = {.flags = RMI_REC_FLAG_RUNNABLE};
	struct predict_slot ram = {.base = b->ram, .size = b->ram_size, .gmem = true};

	rec.pc = b->kernel.addr;
	rec.gprs[0] = b->dtb.addr;
	return predict_activate(pr, &rec, 1, &ram, 1);
}

static int predict(const struct vmm_options *o, const struct boot_images *b, unsigned int ipa_bits,
		   const struct backend_options *host, bool explain, bool base64)
{
	static struct rmi_realm_params p = {.num_bps = PLATFORM_BREAKPOINTS - 1,
					    .num_wps = PLATFORM_WATCHPOINTS - 1};
	char text[HEX_SIZE(MEASURE_SIZE)];
	uint8_t rim[MEASURE_SIZE];
	struct predict *pr;
	size_t len;
	int err;

	p.s2sz = (uint8_t)ipa_bits;
	if (o->sve_vq) {
		p.flags |= RMI_REALM_FLAG_SVE;
		p.sve_vl = (uint8_t)(o->sve_vq - 1);
	}
	if ((host->cpu & MACHINE_CPU_LPA2) && kvm_revision_lpa2(host->revision))
		p.flags |= RMI_REALM_FLAG_LPA2;
	if (o->pmu) {
		p.flags |= RMI_REALM_FLAG_PMU;
		p.pmu_num_ctrs = PLATFORM_PMU_COUNTERS;
	}
	p.hash_algo = host->realm.hash_algo;
	p.semantics = kvm_rmm_semantics(host->revision, host->rmm);
	err = predict_create(&p, explain ? print_entry : NULL, (void *)b, &pr);
	if (err)
		return err;
	err = populate(pr, &b->kernel, o->measure);
	if (!err)
		err = populate(pr, &b->dtb, o->measure);
	if (!err)
		err = populate(pr, &b->initrd, o->measure);
	if (!err)
		err = activate(pr, b);
	predict_rim(pr, rim);
	predict_free(pr);
	if (err || explain)
		return err;
	len = measure_hash_len((enum measure_hash)p.hash_algo);
	puts(base64 ? base64_encode(BASE64, rim, len, text) : hex_encode(rim, len, text));
	fprintf(stderr, "softrealm: the RIM of RMM %s (ABI %s)\n", ledger_rmm_name(p.semantics),
		kvm_revision_name(host->revision));
	return 0;
}

int predict_run(const struct vmm_options *o, const struct backend_options *host, bool explain,
		bool base64)
{
	struct boot_images images = {0};
	unsigned int ipa_bits;
	int err = load_images(o, &images, &ipa_bits);

	if (!err) {
		err = predict(o, &images, ipa_bits, host, explain, base64);
		if (err)
			log_errno(-err, "KVM cannot create such a realm");
	}
	images_free(&images);
	return err ? EXIT_USAGE : EXIT_GOOD;
}
