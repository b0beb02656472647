// SPDX-License-Identifier: BSD-3-Clause
/* uart.c - the two registers of an 8250 that printing needs, the others read as zero. */
#include "vmm/uart.h"

#include <string.h>

#define UART_THR	0 /* transmit (write) */
#define UART_IIR	2 /* interrupt identification */
#define UART_IIR_NO_INT 0x01
#define UART_LCR	3
#define UART_LCR_DLAB	0x80 /* the data register is the divisor's while this is set */
#define UART_LSR	5
#define UART_LSR_READY	0x60 /* transmitter and holding register empty */

void uart_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write)
{
	struct uart *u = arg;
	uint8_t *p = data;

	if (write) {
		if (offset == UART_LCR)
			u->lcr = *p;
		else if (offset == UART_THR && !(u->lcr & UART_LCR_DLAB))
			u->output(u->arg, p, 1);
		return;
	}
	memset(data, 0, len);
	if (offset == UART_IIR)
		*p = UART_IIR_NO_INT;
	else if (offset == UART_LCR)
		*p = u->lcr;
	else if (offset == UART_LSR)
		*p = UART_LSR_READY;
}
