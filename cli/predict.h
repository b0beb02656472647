/* SPDX-License-Identifier: BSD-3-Clause */
/* predict.h - the RIM that `softrealm run` with these options would get. */
#ifndef CLI_PREDICT_H
#define CLI_PREDICT_H

#include <stdbool.h>

/*
 * argv as of cmd_run (options that have no influence are accepted). Prints the RIM in hexadecimal,
 * or with explain the ledger. An exit status.
 */
int predict_run(int argc, char **argv, bool explain);

#endif
