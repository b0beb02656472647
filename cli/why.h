/* SPDX-License-Identifier: BSD-3-Clause */
/* why.h - prints the backend's diagnosis (backend/diagnosis.h) for people. */
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/symbols.h"

/* Each line begins with prefix. symbols: or NULL; log: with the end of the kernel's log. */
void why_print(FILE *f, const json_t *why, const char *prefix, const struct symbols *symbols,
	       bool log);

#endif
