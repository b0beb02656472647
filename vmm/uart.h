/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uart.h - the transmit half of an 8250, for earlycon and small payloads: what is written to the
 * data register is printed, the line status says that it is ready for more. It has no input and
 * no interrupt, and each byte costs two exits: the console is virtio's.
 */
#ifndef VMM_UART_H
#define VMM_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uart {
	void (*output)(void *arg, const void *data, size_t len);
	void *arg;
	_Atomic uint8_t lcr;
};

/* An mmio_handler; arg is the struct uart. Bytes go to its output. */
void uart_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write);

#endif
