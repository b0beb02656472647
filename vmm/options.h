/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.h - what the user asked for. One table describes every option; help, the parser and
 * whoever wraps this program (`softrealm run`) read it.
 */
#ifndef VMM_OPTIONS_H
#define VMM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VMM_MAX_DISKS	   16
#define VMM_MAX_MILESTONES 16

struct vmm_disk {
	char *path; /* owned */
	bool readonly;
};

struct vmm_options {
	const char *kernel; /* never NULL after options_parse */
	const char *initrd; /* or NULL */
	const char *append; /* never NULL */
	const char *dtb_dump;
	const char *until;
	const char *attest, *attest_nonce;
	const char *milestones[VMM_MAX_MILESTONES];
	unsigned int nmilestones;
	struct vmm_disk disks[VMM_MAX_DISKS];
	unsigned int ndisks;
	uint64_t memory; /* bytes, page multiple */
	unsigned int cpus;
	unsigned int ipa_bits;
	unsigned int timeout; /* seconds; 0: none */
	int report_fd;	      /* -1: none */
	bool measure, psci_user, quiet, earlycon;
};

struct vmm_option {
	const char *name; /* long name, without dashes */
	char letter;	  /* or 0 */
	const char *arg;  /* name of the argument in the help, NULL: takes none */
	const char *help; /* NULL: internal, not shown */
	int (*set)(struct vmm_options *o, const char *arg); /* 0 or -EINVAL, message printed */
};

extern const struct vmm_option vmm_options_table[];
extern const unsigned int vmm_options_count;

/*
 * Fill *o. Returns 0: go on; 1: done (help or version was printed); -EINVAL: the command line is
 * wrong and a message says how. Strings stay the caller's (argv), except disks' paths.
 */
int options_parse(struct vmm_options *o, int argc, char **argv);
void options_free(struct vmm_options *o);
void options_help(FILE *f);

#endif
