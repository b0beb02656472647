/* SPDX-License-Identifier: BSD-3-Clause */
/* commands.h - what each packet of the debugger asks for. */
#ifndef DEBUG_COMMANDS_H
#define DEBUG_COMMANDS_H

#include "debug/session.h"

/* The answer, which is empty for what is not known; false: none is due. `data` ends with a NUL that
 * is not counted, and may hold others. */
bool commands_answer(struct session *s, const char *data, size_t len, struct answer *a);

#endif
