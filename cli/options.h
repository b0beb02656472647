/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.h - the options that several subcommands take: the launcher's, and run's own.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/option.h"
#include "cli/launcher.h"

/* Their set functions take a struct launch. */
extern const struct option_rows launch_option_rows;

/* What only `softrealm run` takes (run.def). */
struct run_options {
	enum which_kvm { WHICH_AUTO, WHICH_REAL, WHICH_SOFT } kvm;
	uint8_t nonce[64]; /* padded with zeros */
	size_t nonce_len;  /* 0: none was given */
};
extern const struct option_rows run_option_rows;

#endif
