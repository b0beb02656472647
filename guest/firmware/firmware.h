/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * firmware.h - a small firmware for realms: what a realm's firmware has to do, and no more.
 *
 * The file is a flat image that runs from the start of RAM at EL1 with the MMU off, X0 the address
 * of the device tree: where kvmtool starts firmware, and `softrealm run --firmware`. It makes the
 * realm's memory RAM, finds the first virtio disk on the PCI bus, and starts the arm64 Image in
 * the first partition of its MBR, with the second one as initrd. It says on the UART:
 *
 *	firmware: begin
 *	firmware: memory 0x40000000 to 0x60000000
 *	firmware: disk in slot N, N sectors
 *	firmware: kernel N sectors, initrd N sectors
 *	firmware: start
 *
 * or "firmware: FAIL what" and PSCI SYSTEM_RESET.
 */
#ifndef GUEST_FIRMWARE_H
#define GUEST_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/bare/bare.h"

/* No symbol is reached through a table of addresses, which would need relocation. */
#pragma GCC visibility push(hidden)

#define PAGE   4096u
#define SECTOR 512u
#define MIB    UINT64_C(0x100000)

/* start.S */
_Noreturn void start_kernel(uint64_t dtb, uint64_t entry);

/* main.c */
extern uint64_t alias; /* the bit of the shared alias; 0: not in a realm */
_Noreturn void fail(const char *what);
_Noreturn void bad_exception(uint64_t esr, uint64_t elr, uint64_t far);
void firmware_main(uint64_t dtb);
/* Its pages belong to the host, at the alias; or to the realm again. Contents are lost. */
void memory_share(void *p, size_t size, bool shared);

/* print.c */
extern uint64_t uart; /* with the alias bit; 0: says nothing */
void print_hex(uint64_t n);

/* fdt.c */
/*
 * A property of the node below the root whose property `key` holds `value` as one of its strings:
 * its bytes, or NULL.
 */
const uint8_t *fdt_find(const void *fdt, const char *key, const char *value, const char *name,
			uint32_t *len);
uint64_t fdt_cells(const uint8_t *p); /* two of them */
/* Copy the tree to `to`, with the initrd's place under /chosen: its size. */
uint32_t fdt_with_initrd(void *to, const void *fdt, uint64_t start, uint64_t end);

/* disk.c */
/* Find the first disk on the bus; `window` is where its registers may lie. Its sectors. */
uint64_t disk_open(uint64_t ecam, uint64_t window);
void disk_read(uint64_t sector, void *to, uint64_t sectors);
void disk_close(void);

#pragma GCC visibility pop

#endif
