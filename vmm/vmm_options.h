/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmm_options.h - what the user asked for. options.def describes every option; this program and
 * whoever wraps it (`softrealm run`, `softrealm measure`) read the same rows.
 */
#ifndef VMM_VMM_OPTIONS_H
#define VMM_VMM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

#define VMM_MAX_DISKS	   16
#define VMM_MAX_MILESTONES 16
#define VMM_MAX_UNTILS	   8
#define VMM_MAX_CONSOLES   4
#define VMM_MAX_FORWARDS   16
#define VMM_MAX_SHARES	   4
#define VMM_SHARE_NAME	   36 /* characters */

/* A port of this machine that leads to one of the realm's. */
struct vmm_forward {
	bool udp;
	char addr[16]; /* where it listens, IPv4 */
	unsigned int host, guest;
};

struct vmm_disk {
	char *path; /* owned */
	bool readonly, qcow2;
	bool served; /* by another process, which listens at the path */
};

/* A folder that the realm mounts by a name. */
struct vmm_share {
	char *path; /* owned */
	char name[VMM_SHARE_NAME + 1];
	bool readonly;
	bool served; /* by another process, which listens at the path */
};

struct vmm_options {
	const char *kernel;   /* or */
	const char *firmware; /* one of them is given after options_parse */
	const char *initrd;   /* or NULL */
	const char *append;   /* never NULL */
	const char *dtb_dump;
	const char *until[VMM_MAX_UNTILS]; /* any of them ends the run well */
	unsigned int nuntils;
	const char *fail_on[VMM_MAX_UNTILS]; /* any of them ends the run badly */
	unsigned int nfail_ons;
	const char *exec; /* a command for the realm, or NULL */
	/* Where hvc0, hvc1 ... end: a file, "unix:PATH", "pty", or "-", hvc0 alone */
	const char *consoles[VMM_MAX_CONSOLES];
	unsigned int nconsoles;
	const char *attest, *attest_nonce;
	const char *milestones[VMM_MAX_MILESTONES];
	unsigned int nmilestones;
	struct vmm_disk disks[VMM_MAX_DISKS];
	unsigned int ndisks;
	struct vmm_share shares[VMM_MAX_SHARES];
	unsigned int nshares;
	bool net_passt; /* we start passt; else the cable leads to net_path, or is not there */
	const char *net_path;
	struct vmm_forward forwards[VMM_MAX_FORWARDS];
	unsigned int nforwards;
	const char *vsock; /* the path of its socket, or NULL */
	uint64_t memory;   /* bytes, page multiple */
	unsigned int cpus;
	unsigned int ipa_bits;
	unsigned int sve_vq;  /* longest vectors, in units of 128 bits; 0: no SVE */
	unsigned int timeout; /* seconds; 0: none */
	int report_fd;	      /* -1: none */
	bool measure, psci_user, quiet, earlycon;
	bool pmu;
	bool its; /* --irqchip gicv3-its */
	bool rng;
};

/* Their set functions take a struct vmm_options. */
extern const struct option_rows vmm_option_rows;
/* What the help says after the options: keys and exit statuses. */
#define VMM_OPTIONS_MORE                                                                           \
	"On a terminal Ctrl-a x ends the realm, Ctrl-a h shows the keys.\n\n"                      \
	"Exit status: 0 powered off (or --until's text was printed), 1 host error,\n"              \
	"2 usage, 3 unusable input, 4 no realms here, 5 call refused, 6 reset,\n"                  \
	"7 realm crashed or stuck, 8 engine lost, 9 ended from the keyboard,\n"                    \
	"10 powered off without --until's text, 11 no token, 12 the token is refused,\n"           \
	"13 ended before the command of --exec, 14 a text of --fail-on was printed,\n"             \
	"124 timeout, 128+N killed by signal N; with --exec else the command's own.\n"

void options_init(struct vmm_options *o);
/* After all rows: does it make sense together? 0, or -EINVAL after a message. */
int options_check(const struct vmm_options *o);
/*
 * Fill *o. Returns 0: go on; 1: done (help or version was printed); -EINVAL: the command line is
 * wrong and a message says how. Strings stay the caller's (argv), but for paths of disks and
 * folders.
 */
int options_parse(struct vmm_options *o, int argc, char **argv);
void options_free(struct vmm_options *o);

/* Another process is to map the realm's shared pages. */
bool options_ram_file(const struct vmm_options *o);

#endif
