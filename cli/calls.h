/* SPDX-License-Identifier: BSD-3-Clause */
/* calls.h - the RIM of a realm that any VMM builds, from a list of its calls. */
#ifndef CLI_CALLS_H
#define CLI_CALLS_H

#include "backend/backend.h"

/*
 * file is the list (softrealm-measure(1)); "-": standard input. Prints the RIM in hexadecimal or
 * base64, or with explain the ledger. An exit status.
 */
int calls_run(const char *file, const struct backend_options *host, bool explain, bool base64);

#endif
