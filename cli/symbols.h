/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * symbols.h - names for a Linux kernel's addresses, from its System.map or its vmlinux.
 */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

/* NULL: the file is not there, or neither of the two (logged). */
struct symbols *symbols_load(const char *path);
void symbols_free(struct symbols *s);

/*
 * "name+0x10" for an address of code. vbar: what VBAR_EL1 holds (0: not known), which tells by how
 * much the kernel has been moved (KASLR). False: there is no symbol at or below it.
 */
bool symbols_find(const struct symbols *s, uint64_t pc, uint64_t vbar, char *text, size_t size);

#endif
