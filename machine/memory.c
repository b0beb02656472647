// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory.c - the memfd behind the simulated physical memory, and the allocator of its pages.
 *
 * One bit a page says whether the page is given out. The bitmap is the only state: an extent has
 * no header, so any part of it may be freed. `next` is the lowest page that may be free.
 */
#include "machine/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "machine/pe.h"

#define WORD_BITS 64

/* The first window's place holds the device tree that QEMU writes at the base of RAM. */
#define FIRST_WINDOW 1
#define NUM_WINDOWS  (MACHINE_RESERVED / MACHINE_WINDOW_SIZE)
_Static_assert(NUM_WINDOWS <= WORD_BITS, "one word of windows");

struct machine {
	int memfd;
	uint8_t *map;
	uint64_t size;

	pthread_mutex_t lock; /* all below */
	uint64_t *used;	      /* one bit a page */
	uint64_t *leaked;     /* the same; they stay used */
	bool any_leaked;
	uint64_t pages;
	uint64_t next;
	uint64_t allocated;
	uint64_t windows; /* taken */

	pthread_mutex_t expect_lock; /* expect, and held while it runs */
	void (*expect)(struct machine *m, unsigned int cpus);

	atomic_uchar *hidden; /* one byte a page; read without the lock */
};

/* ---- life ---- */

static int machine_open_memfd(uint64_t size)
{
	int fd = fd_above_std(memfd_create("softrealm-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	if (fd < 0)
		return -1;
	/* Clients get this descriptor: none of them may shrink it under the others. */
	if (ftruncate(fd, size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int machine_map(struct machine *m, bool pa_is_va)
{
	void *want = pa_is_va ? (void *)(uintptr_t)MACHINE_RAM_BASE : NULL;
	int flags = MAP_SHARED | MAP_NORESERVE | (pa_is_va ? MAP_FIXED_NOREPLACE : 0);
	void *p = mmap(want, m->size, PROT_READ | PROT_WRITE, flags, m->memfd, 0);

	if (p == MAP_FAILED)
		return errno == EEXIST ? -EEXIST : -ENOMEM;
	m->map = p;
	return 0;
}

int machine_create(const struct machine_config *cfg, struct machine **out)
{
	uint64_t size = cfg->size ? cfg->size : MACHINE_DEFAULT_SIZE;
	struct machine *m;
	size_t words;
	int ret = -ENOMEM;

	if (!IS_ALIGNED(size, GRANULE_SIZE) || size <= MACHINE_RESERVED || size > MACHINE_MAX_SIZE)
		return -EINVAL;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->size = size;
	m->pages = size >> GRANULE_SHIFT;
	m->next = MACHINE_RESERVED >> GRANULE_SHIFT;
	m->windows = BIT(FIRST_WINDOW) - 1;
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->expect_lock, NULL);

	words = (m->pages + WORD_BITS - 1) / WORD_BITS;
	m->used = calloc(words, sizeof(*m->used));
	m->leaked = calloc(words, sizeof(*m->leaked));
	m->hidden = calloc(m->pages, sizeof(*m->hidden));
	m->memfd = machine_open_memfd(size);
	if (m->used && m->leaked && m->hidden && m->memfd >= 0)
		ret = machine_map(m, cfg->pa_is_va);
	if (ret) {
		machine_destroy(m);
		return ret;
	}
	*out = m;
	return 0;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	if (m->map)
		munmap(m->map, m->size);
	if (m->memfd >= 0)
		close(m->memfd);
	free(m->used);
	free(m->leaked);
	free(m->hidden);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->expect_lock);
	free(m);
}

int machine_memfd(const struct machine *m)
{
	return m->memfd;
}

uint64_t machine_size(const struct machine *m)
{
	return m->size;
}

/* ---- addresses ---- */

static bool machine_contains(const struct machine *m, uint64_t pa, uint64_t len)
{
	return pa >= MACHINE_RAM_BASE && pa - MACHINE_RAM_BASE <= m->size &&
	       len <= m->size - (pa - MACHINE_RAM_BASE);
}

bool machine_is_ram(const struct machine *m, uint64_t pa, uint64_t len)
{
	return machine_contains(m, pa, len) && pa >= MACHINE_RAM_BASE + MACHINE_RESERVED;
}

void *machine_va(const struct machine *m, uint64_t pa, size_t len)
{
	return machine_contains(m, pa, len) ? m->map + machine_pa_to_offset(pa) : NULL;
}

static uint64_t page_to_pa(uint64_t page)
{
	return MACHINE_RAM_BASE + (page << GRANULE_SHIFT);
}

static uint64_t pa_to_page(uint64_t pa)
{
	return machine_pa_to_offset(pa) >> GRANULE_SHIFT;
}

/* ---- the allocator ---- */

/* First page in [from, to) whose bit is `want`; `to` if there is none. */
static uint64_t bits_find(const uint64_t *bits, uint64_t from, uint64_t to, bool want)
{
	while (from < to) {
		uint64_t word = bits[from / WORD_BITS];
		uint64_t hit = (want ? word : ~word) & (~UINT64_C(0) << from % WORD_BITS);

		if (hit) {
			from = ALIGN_DOWN(from, WORD_BITS) + __builtin_ctzll(hit);
			return MIN(from, to);
		}
		from = ALIGN_DOWN(from, WORD_BITS) + WORD_BITS;
	}
	return to;
}

static void bits_put(uint64_t *bits, uint64_t from, uint64_t to, bool set)
{
	while (from < to) {
		uint64_t n = MIN(to - from, WORD_BITS - from % WORD_BITS);
		uint64_t mask = (~UINT64_C(0) >> (WORD_BITS - n)) << from % WORD_BITS;

		if (set)
			bits[from / WORD_BITS] |= mask;
		else
			bits[from / WORD_BITS] &= ~mask;
		from += n;
	}
}

/* Start of `pages` free pages aligned to `align` bytes; m->pages when there is no room. */
static uint64_t machine_find_room(const struct machine *m, uint64_t pages, uint64_t align)
{
	uint64_t page = m->next, end;

	for (;;) {
		page = bits_find(m->used, page, m->pages, false);
		page = pa_to_page(ALIGN_UP(page_to_pa(page), align));
		if (page >= m->pages || pages > m->pages - page)
			return m->pages;
		end = bits_find(m->used, page, page + pages, true);
		if (end == page + pages)
			return page;
		page = end;
	}
}

uint64_t machine_alloc(struct machine *m, uint64_t pages, uint64_t align)
{
	uint64_t page, pa = 0;

	if (!pages || align < GRANULE_SIZE || (align & (align - 1)) || align > m->size)
		return 0;
	pthread_mutex_lock(&m->lock);
	page = machine_find_room(m, pages, align);
	if (page < m->pages) {
		bits_put(m->used, page, page + pages, true);
		m->allocated += pages;
		if (page == m->next)
			m->next = page + pages;
		pa = page_to_pa(page);
	}
	pthread_mutex_unlock(&m->lock);
	return pa;
}

static void machine_set_hidden(struct machine *m, uint64_t pa, uint64_t pages, bool hidden)
{
	uint64_t page = pa_to_page(pa);

	for (uint64_t i = 0; i < pages; i++)
		atomic_store_explicit(&m->hidden[page + i], hidden, memory_order_relaxed);
}

void machine_hide(struct machine *m, uint64_t pa, uint64_t pages)
{
	machine_set_hidden(m, pa, pages, true);
}

bool machine_page_is_hidden(const struct machine *m, uint64_t pa)
{
	return atomic_load_explicit(&m->hidden[pa_to_page(pa)], memory_order_relaxed);
}

static void machine_free_live(struct machine *m, uint64_t pa, uint64_t pages)
{
	uint64_t page = pa_to_page(pa);

	machine_punch(m, pa, pages);
	/* An extent is hidden as a whole: most are not, and need no walk. */
	if (machine_page_is_hidden(m, pa))
		machine_set_hidden(m, pa, pages, false);
	pthread_mutex_lock(&m->lock);
	if (bits_find(m->used, page, page + pages, false) != page + pages)
		abort(); /* freed twice, or never given out: the books are wrong */
	bits_put(m->used, page, page + pages, false);
	m->allocated -= pages;
	m->next = MIN(m->next, page);
	pthread_mutex_unlock(&m->lock);
}

/* First page in [from, to) that is leaked, or is not; `to` if there is none. */
static uint64_t machine_find_leaked(struct machine *m, uint64_t from, uint64_t to, bool want)
{
	pthread_mutex_lock(&m->lock);
	if (m->any_leaked)
		from = bits_find(m->leaked, from, to, want);
	else if (want)
		from = to;
	pthread_mutex_unlock(&m->lock);
	return from;
}

void machine_free(struct machine *m, uint64_t pa, uint64_t pages)
{
	uint64_t page = pa_to_page(pa), end = page + pages;

	while (page < end) {
		uint64_t live = machine_find_leaked(m, page, end, false);
		uint64_t to = machine_find_leaked(m, live, end, true);

		if (live < to)
			machine_free_live(m, page_to_pa(live), to - live);
		page = to;
	}
}

void machine_leak(struct machine *m, uint64_t pa)
{
	uint64_t page = pa_to_page(pa);

	pthread_mutex_lock(&m->lock);
	bits_put(m->leaked, page, page + 1, true);
	m->any_leaked = true;
	pthread_mutex_unlock(&m->lock);
}

uint64_t machine_allocated(const struct machine *m)
{
	struct machine *w = (struct machine *)m;
	uint64_t n;

	pthread_mutex_lock(&w->lock);
	n = m->allocated;
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* ---- holes ---- */

void machine_punch(struct machine *m, uint64_t pa, uint64_t pages)
{
	if (!machine_contains(m, pa, pages << GRANULE_SHIFT))
		abort();
	if (fallocate(m->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      machine_pa_to_offset(pa), pages << GRANULE_SHIFT))
		abort(); /* a memfd always can */
}

bool machine_page_is_hole(const struct machine *m, uint64_t pa)
{
	off_t off = machine_pa_to_offset(pa);
	off_t data = lseek(m->memfd, off, SEEK_DATA);

	/* ENXIO: no data up to the end. mincore would not do: it calls swapped pages absent. */
	return data < 0 ? errno == ENXIO : data >= off + (off_t)GRANULE_SIZE;
}

/* ---- windows of engines ---- */

uint64_t machine_window_take(struct machine *m)
{
	uint64_t pa = 0;
	int n;

	pthread_mutex_lock(&m->lock);
	n = ~m->windows ? __builtin_ctzll(~m->windows) : WORD_BITS;
	if ((uint64_t)n < NUM_WINDOWS) {
		m->windows |= BIT(n);
		pa = MACHINE_RAM_BASE + n * MACHINE_WINDOW_SIZE;
	}
	pthread_mutex_unlock(&m->lock);
	return pa;
}

void machine_window_give(struct machine *m, uint64_t pa)
{
	machine_punch(m, pa, MACHINE_WINDOW_SIZE >> GRANULE_SHIFT);
	pthread_mutex_lock(&m->lock);
	m->windows &= ~BIT(machine_pa_to_offset(pa) / MACHINE_WINDOW_SIZE);
	pthread_mutex_unlock(&m->lock);
}

/* ---- the hint of pe.h ---- */

void machine_set_expect_hook(struct machine *m, void (*hook)(struct machine *m, unsigned int cpus))
{
	pthread_mutex_lock(&m->expect_lock);
	m->expect = hook;
	pthread_mutex_unlock(&m->expect_lock);
}

void machine_expect_cpus(struct machine *m, unsigned int cpus)
{
	pthread_mutex_lock(&m->expect_lock);
	if (m->expect)
		m->expect(m, cpus);
	pthread_mutex_unlock(&m->expect_lock);
}
