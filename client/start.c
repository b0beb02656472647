// SPDX-License-Identifier: BSD-3-Clause
/* start.c - the program begins: what the launcher has said, and who gets its SIGSEGV. */
#include "client/carry.h"
#include "client/parts.h"

void client_start(const char *name, const char *carried)
{
	client_set(link_start(name), carried);
	carry_start(carried);
	segv_start(segv_handler);
	reset_start();
}
