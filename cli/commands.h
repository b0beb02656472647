/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands.h - the subcommands of softrealm. argv[0] is the subcommand's name; the result is the
 * exit status.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int cmd_check(int argc, char **argv);
int cmd_endorse(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_measure(int argc, char **argv);
int cmd_platform(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_token(int argc, char **argv);

#endif
