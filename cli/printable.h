/* SPDX-License-Identifier: BSD-3-Clause */
/* printable.h - text from strangers on a terminal. */
#ifndef CLI_PRINTABLE_H
#define CLI_PRINTABLE_H

#include <stdio.h>

/*
 * Print UTF-8 text so that it can neither move the cursor nor change the order in which letters
 * are read: control characters (C0, DEL, C1), line separators and bidirectional controls become
 * \u{1b}. A backslash becomes \\, so that nobody can write what looks like one of these.
 */
void print_text(FILE *f, const char *utf8);

#endif
