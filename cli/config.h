/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config.h - a file with defaults and named profiles for the options of run, exec, check, host and
 * measure (softrealm-config(5)).
 *
 * The file is the one of --config, else of SOFTREALM_CONFIG, else the first that there is of
 * XDG_CONFIG_HOME/softrealm/config and XDG_CONFIG_DIRS' softrealm/config. It is read whole and
 * checked whole, whatever command asks: a key that no command knows is an error.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "cli/commands.h"

/*
 * Give the options of the command's section to p, and then those of the profile (--profile, else
 * SOFTREALM_PROFILE); what the command line says comes after that. Nothing happens for a command
 * that has no --profile. 0, or -EINVAL after a message that names file and line.
 */
int config_apply(const struct command *c, struct option_parser *p, int argc, char **argv);

/* Which file would be read: its path, or NULL if there is none. */
const char *config_path(void);

#endif
