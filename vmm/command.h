/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command.h - a command that the realm's init runs for us (--exec), over the console port
 * "org.softrealm.exec".
 *
 * We send the command, ended by a zero byte. The realm answers in frames: a byte for the kind, four
 * for the length (little endian), the data: "o" and "e" what the command writes to its standard
 * output and error, "x" its end, one byte, the status as a shell has it.
 *
 *	RUNNING --frame x--> DONE	--anything else than a frame--> FAILED
 *
 * Changed by the port's output only, under the console's lock; read after the run.
 */
#ifndef VMM_COMMAND_H
#define VMM_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#define EXEC_PORT "org.softrealm.exec"

struct exec {
	enum { EXEC_RUNNING, EXEC_DONE, EXEC_FAILED } state;
	uint8_t head[5];
	size_t nhead;
	uint32_t left; /* of the frame's data */
	uint8_t status;
};

/* What the realm writes to the port (an output function of console.h). Ends the run at the end. */
void exec_take(void *exec, const void *data, size_t len);

#endif
