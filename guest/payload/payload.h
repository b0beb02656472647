/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * payload.h - the bare-metal realm of the tests: what it can be told to do, and what it prints.
 *
 * The file is an arm64 Image, position independent, run at EL1 with the MMU off from any 2 MiB
 * boundary of protected memory; image_size covers all that it uses. Nothing else of the realm's
 * memory is touched. It prints lines through byte stores to the UART's first register, at the
 * shared alias; each test that has passed is one line:
 *
 *	payload: begin
 *	payload: rsi 1.0 ipa 33 hash 0       (RSI version, IPA width, hash algorithm)
 *	payload: rim HEX                     (RSI_MEASUREMENT_READ of index 0)
 *	payload: vtimer N                    (interrupts counted)
 *	payload: ptimer N
 *	payload: load N                      (both timers at once while the CPU computes)
 *	payload: cpus N                      (CPUs found, each of which took N ticks and an SGI)
 *	payload: hostcall X                  (what came back in the first register)
 *	payload: convert N                   (private -> shared -> private, new code each time)
 *	payload: rem N HEX                   (after N bytes have extended REM N, 1 to 4)
 *	payload: token HEX                   (over a challenge of N bytes N, N from 0 to 63)
 *	payload: idle                        (then WFI for ever)
 *	payload: done                        (then PSCI SYSTEM_OFF)
 *
 * or "payload: FAIL what (number)" and PSCI SYSTEM_RESET.
 *
 * What to do comes from X1 at the entry (commands), X2 (UART), X3 (ticks), each of which, when it
 * is zero, is taken from the parameters in the image: a test may patch them there.
 */
#ifndef GUEST_PAYLOAD_H
#define GUEST_PAYLOAD_H

#define PAYLOAD_RSI	 0x01
#define PAYLOAD_VTIMER	 0x02
#define PAYLOAD_PTIMER	 0x04
#define PAYLOAD_LOAD	 0x08
#define PAYLOAD_SMP	 0x10
#define PAYLOAD_HOSTCALL 0x20
#define PAYLOAD_CONVERT	 0x40
#define PAYLOAD_IDLE	 0x80
#define PAYLOAD_ATTEST	 0x100
#define PAYLOAD_ALL	 0x7f /* what the image says as built */

#define PAYLOAD_PARAMS	     0x40 /* their offset in the image */
#define PAYLOAD_HOSTCALL_IMM 0x5a
#define PAYLOAD_HOSTCALL_X1  0x1122334455667788 /* X0 is an SMCCC identifier that nobody has */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct payload_params {
	uint64_t commands;
	uint64_t ticks;		   /* of each timer test */
	uint64_t uart, gicd, gicr; /* without the alias bit */
};
#endif
#endif
