/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * consoles.h - the console device of a run: which ports it has, and where each of them ends. Port 0
 * is hvc0; then come the further consoles, the port that attests and the one that runs a command,
 * each if it is asked for.
 */
#ifndef VMM_CONSOLES_H
#define VMM_CONSOLES_H

#include "vmm/attest.h"
#include "vmm/console.h"
#include "vmm/devices.h"
#include "vmm/early.h"
#include "vmm/endpoint.h"
#include "vmm/command.h"
#include "vmm/vmm_options.h"

struct consoles {
	const struct vmm_options *o;
	struct console dev;
	struct virtio_pci pci;
	struct endpoint ends[VMM_MAX_CONSOLES]; /* ENDPOINT_NONE: the standard streams */
	struct early early;			/* before hvc0 */
	struct attest attest;
	struct exec exec;
	char tail[4096]; /* hvc0's last bytes, for those who do not see it */
	size_t ntail;	 /* ever put there */
};

/* Open the files, sockets and terminals. 0 or a positive enum vmm_status, message printed. */
int consoles_open(struct consoles *c, const struct vmm_options *o);
/* Create the device and plug it. Likewise. */
int consoles_create(struct consoles *c, const struct guest_memory *mem, struct devices *d);
/*
 * Output functions of console.h: what is written to hvc0, and to the UART. The latter is no log
 * whose beginning could be missing.
 */
void consoles_output(void *consoles, const void *data, size_t len);
void consoles_uart(void *consoles, const void *data, size_t len);
/* No vCPU writes any more: what was held back of hvc0 is written out. */
void consoles_finish(struct consoles *c);
/* Is hvc0's input our standard input? */
bool consoles_read_stdin(const struct consoles *c);
/*
 * Give the device what was typed elsewhere and had no room: true if that should be tried again
 * soon. *any: something waits for hvc0.
 */
bool consoles_give(struct consoles *c, bool *any);
/* hvc0's last lines, if nobody saw them, on standard error. */
void consoles_show_tail(const struct consoles *c);
/* At the end of the run, in any case; and when no vCPU can use the device any more. */
void consoles_close(struct consoles *c);
void consoles_destroy(struct consoles *c);

#endif
