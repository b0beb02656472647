/* SPDX-License-Identifier: BSD-3-Clause */
/* diag.h - CBOR in diagnostic notation (RFC 8949 8). */
#ifndef ATTEST_DIAG_H
#define ATTEST_DIAG_H

#include <stdio.h>

#include "attest/cborio.h"

/*
 * Write the next item of in, which steps over it. Text is written as JSON has it, in ASCII.
 * False: it is malformed; what comes before that place is written.
 */
bool diag_item(FILE *f, struct cborio_in *in);

/* The item as a new string; "(malformed)" behind what could be read. NULL: out of memory. */
char *diag_text(struct cborio_in in);

#endif
