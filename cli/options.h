/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options.h - the options that `softrealm exec` and `softrealm run` share, in one table.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include "cli/launcher.h"

/*
 * Is argv[0] one of the options, with its value ("--name VALUE", "--name=VALUE")? Then it is
 * stored in l. Returns how many arguments it takes: 0 none of ours, -EINVAL: a value is missing or
 * wrong (logged).
 */
int launch_options_take(struct launch *l, char **argv);
void launch_options_help(FILE *f);

#endif
