/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ram.h - the shared half of the realm's RAM: ordinary memory of this process that backs the
 * shared alias of every RAM address. (The private half is the guest_memfd, which is never mapped.)
 *
 * Every address and length that comes from the guest goes through memory_at.
 */
#ifndef VMM_RAM_H
#define VMM_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_memory {
	uint8_t *host;	    /* the mapping, for its whole life at the same place */
	uint64_t base;	    /* IPA */
	uint64_t size;	    /* bytes */
	uint64_t alias_bit; /* masked from every address that the guest gives */
	int fd;		    /* its file, for other processes; or -1 */
};

/* With `file` it is one that other processes can map. 0 or -errno, message printed. */
int memory_create(struct guest_memory *m, uint64_t base, uint64_t size, uint64_t alias_bit,
		  bool file);
void memory_destroy(struct guest_memory *m);

/*
 * Where [addr, addr + len) lies, or NULL if any of it is not RAM. The guest can write there at
 * any moment: what is checked must be copied first.
 */
void *memory_at(const struct guest_memory *m, uint64_t addr, uint64_t len);

/* Clip a range to RAM: returns the size left (0: none), moves *addr up if needed. */
uint64_t memory_clip(const struct guest_memory *m, uint64_t *addr, uint64_t size);

/* Give the shared pages of a page-aligned RAM range back to the host; they read as zero after. */
int memory_discard(struct guest_memory *m, uint64_t addr, uint64_t size);

#endif
