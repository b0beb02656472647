/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.h - what --report-fd gets when the run has ended: one JSON object, one line.
 *
 *	status, how, reason	exit status, its stable word, the sentence for people
 *	until			the text of --until that was printed, if how is "until"
 *	exec			with --exec: the status that the command ended with, or null
 *	seconds			total; console (first byte); milestones: text -> seconds, or null
 *	exits			what KVM_RUN returned, by kind
 *	mmio			accesses by region, "stray" for those that nobody answers
 *	console			bytes written by the realm, and dropped for want of a reader
 *	messages		interrupt messages (MSI-X) of each disk, if it has them
 *	attest			with --attest: file, nonce; bytes and sha256 (as told) of the token,
 *				or error
 *	why			of a run that was ended, or crashed, on a simulated host: why the
 *				realm did not get on (softrealm-inspect(1))
 *	realm			cpus, memory, ipa_bits, abi, sizes and addresses of what was loaded
 *
 * Seconds count from report_start. Fields may be added, never changed.
 */
#ifndef VMM_REPORT_H
#define VMM_REPORT_H

#include <jansson.h>

#include "vmm/attest.h"
#include "vmm/command.h"
#include "vmm/image.h"
#include "vmm/vmm_options.h"
#include "vmm/output.h"
#include "vmm/status.h"
#include "vmm/vcpu.h"
#include "vmm/virtio_pci.h"

struct report {
	uint64_t start; /* monotonic nanoseconds */
	enum vmm_status status;
	/* All may be NULL or 0 if the run ended before they existed. */
	const struct vmm_options *options;
	const struct boot_images *images;
	const struct attest *attest;
	const struct exec *exec;
	const char *attest_unsaved; /* why its token could not be written */
	const struct vcpus *vcpus;
	const struct mmio_map *mmio;
	const struct output_watch *watches;
	unsigned int nwatches;
	const struct virtio_pci *disks;
	unsigned int ndisks;
	const char *met_until; /* the run ended by this text of --until */
	unsigned int ipa_bits;
	json_t *why;	 /* what the simulated host says of a realm that did not end by itself */
	const char *abi; /* the revision that the kernel speaks; NULL: not known yet */
};

void report_start(struct report *r);
/* Write to fd: 0 or -errno. */
int report_write(const struct report *r, int fd);

#endif
