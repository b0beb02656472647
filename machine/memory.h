/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.h - the simulated physical memory: two sparse memfds, and who may hand out their pages.
 *
 * PA space: [MACHINE_RAM_BASE, + size) is the private area, [.. + size, .. + client_size) the
 * clients'. Each is a file of its own. What lies in the private one no client can map, however it
 * misbehaves: RMM granules, private pages, engine windows. The clients' file holds memslots, the
 * pages that populate reads, and guest_memfds that user space may map; every client gets it, to
 * read and write.
 *
 * The first MACHINE_RESERVED bytes of the private area are never handed out: QEMU writes its device
 * tree at the base, and each engine has its window there (machine_window_take). All else is given
 * out as extents of whole pages. Nothing is charged until it is touched. All addresses are PAs, all
 * counts 4 KiB pages. Thread-safe unless said otherwise.
 *
 * A page's content is "known zero" while its file has a hole there; machine_page_is_hole is exact
 * in that direction (true means zero; false means nothing).
 */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRANULE_SHIFT	     12
#define GRANULE_SIZE	     UINT64_C(4096)
#define MACHINE_RAM_BASE     UINT64_C(0x40000000)
#define MACHINE_RESERVED     UINT64_C(0x04000000)  /* 64 MiB */
#define MACHINE_DEFAULT_SIZE UINT64_C(0x900000000) /* 36 GiB: two realms of 16, and tables */

#define MACHINE_MAX_SIZE (UINT64_C(1) << 46) /* PAs stay below 2^47 */

struct machine;

/* What the machine's CPUs have beyond the least; whoever stands on it asks machine_cpu. */
#define MACHINE_CPU_SVE	 1u /* vectors of each length up to 2048 bits */
#define MACHINE_CPU_PMU	 2u /* performance counters: cycles, software increments */
#define MACHINE_CPU_LPA2 4u /* 52-bit IPAs (FEAT_LPA2); there is no physical memory up there */

struct machine_config {
	uint64_t size; /* bytes of the private area, the reserved part included; 0: both areas
			* have MACHINE_DEFAULT_SIZE */
	uint64_t client_size; /* of the clients'; 0: there is none */
	bool pa_is_va;	      /* map the memory so that host address == PA (conformance suites) */
	unsigned int cpu;     /* MACHINE_CPU_* */
};

/* 0, or -ENOMEM (no memfd or address space), -EINVAL (a size: page multiples up to half of
 * MACHINE_MAX_SIZE), -EEXIST (pa_is_va: range in use). */
int machine_create(const struct machine_config *cfg, struct machine **out);
void machine_destroy(struct machine *m);

/* The clients' file (-1: none), the machine's own; its offset 0 is the PA machine_client_base. */
int machine_client_memfd(const struct machine *m);
uint64_t machine_client_base(const struct machine *m);

/* All files, as they follow each other from MACHINE_RAM_BASE on; returns how many. For engines. */
#define MACHINE_MAX_FILES 2
struct machine_file {
	int fd; /* owned by the machine */
	uint64_t size;
};
unsigned int machine_files(const struct machine *m, struct machine_file files[MACHINE_MAX_FILES]);

uint64_t machine_size(const struct machine *m);	   /* bytes of RAM in all */
unsigned int machine_cpu(const struct machine *m); /* MACHINE_CPU_* */
static inline uint64_t machine_pa_to_offset(uint64_t pa)
{
	return pa - MACHINE_RAM_BASE;
}

/* True if [pa, pa + len) is RAM that may be delegated: inside, and past the reserved part. */
bool machine_is_ram(const struct machine *m, uint64_t pa, uint64_t len);

/* Host address of pa; NULL unless [pa, pa + len) is inside the RAM (the reserved part too). */
void *machine_va(const struct machine *m, uint64_t pa, size_t len);

/*
 * Give out `pages` contiguous pages, aligned to `align` bytes (power of two, >= 4096), reading
 * as zero. Returns the PA, or 0 when there is no room. Extents above 2 MiB are best aligned to
 * 2 MiB. machine_free gives back a whole extent, or any page range of it: the memory is released
 * (a hole again). machine_alloc takes from the private area.
 */
uint64_t machine_alloc(struct machine *m, uint64_t pages, uint64_t align);
uint64_t machine_alloc_client(struct machine *m, uint64_t pages, uint64_t align);
void machine_free(struct machine *m, uint64_t pa, uint64_t pages);
/* A page that its owner cannot give back (it stays delegated): machine_free leaves it out, and it
 * is given out no more. To be said of a page that is given out. */
void machine_leak(struct machine *m, uint64_t pa);
/* Pages given out now, leaked ones too: 0 again when everything was returned (leak tests). */
uint64_t machine_allocated(const struct machine *m);

/* Release the content of [pa, pa + pages): reads as zero, hole afterwards. */
void machine_punch(struct machine *m, uint64_t pa, uint64_t pages);
bool machine_page_is_hole(const struct machine *m, uint64_t pa);

/*
 * Hidden pages: no host process ever reads or writes them (a guest_memfd that cannot be mapped), so
 * what the RMM wiped there stays zero without a look. To be said of an extent fresh from
 * machine_alloc; machine_free ends it.
 */
void machine_hide(struct machine *m, uint64_t pa, uint64_t pages);
bool machine_page_is_hidden(const struct machine *m, uint64_t pa);

/*
 * One window of MACHINE_WINDOW_SIZE bytes in the reserved part for an engine; content zero.
 * Returns its PA or 0 when all are taken.
 */
#define MACHINE_WINDOW_SIZE UINT64_C(0x200000)
uint64_t machine_window_take(struct machine *m);
void machine_window_give(struct machine *m, uint64_t pa);

#endif
