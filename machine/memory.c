// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory.c - the files behind the simulated physical memory, and the allocator of its pages.
 *
 * One bit a page says whether the page is given out, in both areas. The bitmap is the only state:
 * an extent has no header, so any part of it may be freed. `next` is the lowest page of an area
 * that may be free.
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
#include "base/lock.h"
#include "machine/pe.h"
#include "machine/shared.h"

#define WORD_BITS 64

/* The first window's place holds the device tree that QEMU writes at the base of RAM. */
#define FIRST_WINDOW 1
#define NUM_WINDOWS  (MACHINE_RESERVED / MACHINE_WINDOW_SIZE)
_Static_assert(NUM_WINDOWS <= WORD_BITS, "one word of windows");

enum { AREA_PRIVATE, AREA_CLIENT, NUM_AREAS };

struct area {
	int memfd;	     /* -1: there is no such area */
	uint64_t first, end; /* pages */
	uint64_t next;
};

enum { RANK_MEMORY = LOCK_RANKS_MACHINE + 1 };

struct machine {
	struct area area[NUM_AREAS];
	uint8_t *map; /* both, as they lie in the address space */
	uint64_t size;
	uint64_t pages;
	unsigned int cpu; /* MACHINE_CPU_* */

	struct lock lock; /* all below, and `next` of the areas */
	uint64_t *used;	  /* one bit a page */
	uint64_t *leaked; /* the same; they stay used */
	bool any_leaked;
	uint64_t allocated;
	uint64_t windows; /* taken */

	struct lock expect_lock; /* expect, and held while it runs */
	void (*expect)(struct machine *m, unsigned int cpus);

	atomic_uchar *hidden; /* one byte a page; read without the lock */

	struct shared *shared;
};

/* ---- life ---- */

static int machine_open_memfd(const char *name, uint64_t size)
{
	int fd = fd_above_std(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));

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

static bool area_open(struct machine *m, unsigned int n, const char *name, uint64_t size)
{
	struct area *a = &m->area[n];

	a->first = a->next = n ? m->area[n - 1].end : 0;
	a->end = a->first + (size >> GRANULE_SHIFT);
	a->memfd = size ? machine_open_memfd(name, size) : -1;
	return !size || a->memfd >= 0;
}

#define HUGEST (UINT64_C(1) << 30)

/* Aligned as huge pages of any size are, which may be mapped over parts of it; as PAs are, too. */
static void *machine_reserve(uint64_t size, bool pa_is_va)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	uintptr_t from = MACHINE_RAM_BASE, at;
	void *p;

	if (pa_is_va)
		return mmap((void *)from, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
	p = mmap(NULL, size + HUGEST, PROT_NONE, flags, -1, 0);
	if (p == MAP_FAILED)
		return p;
	from = (uintptr_t)p;
	at = ALIGN_UP(from, HUGEST);
	if (at > from)
		munmap((void *)from, at - from);
	munmap((void *)(at + size), from + HUGEST - at);
	return (void *)at;
}

static int machine_map(struct machine *m, bool pa_is_va)
{
	uint8_t *p = machine_reserve(m->size, pa_is_va);

	if (p == MAP_FAILED)
		return errno == EEXIST ? -EEXIST : -ENOMEM;
	m->map = p;
	for (const struct area *a = m->area; a < m->area + NUM_AREAS; a++) {
		uint64_t at = a->first << GRANULE_SHIFT, size = (a->end << GRANULE_SHIFT) - at;

		if (size && mmap(p + at, size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_NORESERVE | MAP_FIXED, a->memfd, 0) == MAP_FAILED)
			return -ENOMEM;
	}
	return 0;
}

static bool size_is_good(const struct machine_config *cfg)
{
	return IS_ALIGNED(cfg->size | cfg->client_size, GRANULE_SIZE) &&
	       cfg->size > MACHINE_RESERVED && cfg->size <= MACHINE_MAX_SIZE / 2 &&
	       cfg->client_size <= MACHINE_MAX_SIZE / 2;
}

int machine_create(const struct machine_config *cfg, struct machine **out)
{
	const struct machine_config standard = {
		.size = MACHINE_DEFAULT_SIZE, .client_size = MACHINE_DEFAULT_SIZE, .cpu = cfg->cpu};
	struct machine *m;
	size_t words;
	int ret = -ENOMEM;

	if (!cfg->size)
		cfg = &standard;
	if (!size_is_good(cfg))
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->size = cfg->size + cfg->client_size;
	m->pages = m->size >> GRANULE_SHIFT;
	m->cpu = cfg->cpu;
	m->windows = BIT(FIRST_WINDOW) - 1;
	lock_init(&m->lock, RANK_MEMORY, "machine->lock");
	lock_init(&m->expect_lock, LOCK_RANKS_ENGINE, "machine->expect_lock");

	words = (m->pages + WORD_BITS - 1) / WORD_BITS;
	m->used = calloc(words, sizeof(*m->used));
	m->leaked = calloc(words, sizeof(*m->leaked));
	m->hidden = calloc(m->pages, sizeof(*m->hidden));
	m->shared = shared_create();
	m->area[AREA_PRIVATE].memfd = m->area[AREA_CLIENT].memfd = -1;
	if (area_open(m, AREA_PRIVATE, "softrealm-ram", cfg->size) &&
	    area_open(m, AREA_CLIENT, "softrealm-client-ram", cfg->client_size) && m->used &&
	    m->leaked && m->hidden && m->shared)
		ret = machine_map(m, cfg->pa_is_va);
	m->area[AREA_PRIVATE].next = MACHINE_RESERVED >> GRANULE_SHIFT;
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
	for (unsigned int i = 0; i < NUM_AREAS; i++)
		if (m->area[i].memfd >= 0)
			close(m->area[i].memfd);
	free(m->used);
	free(m->leaked);
	free(m->hidden);
	shared_destroy(m->shared);
	lock_destroy(&m->lock);
	lock_destroy(&m->expect_lock);
	free(m);
}

int machine_client_memfd(const struct machine *m)
{
	return m->area[AREA_CLIENT].memfd;
}

uint64_t machine_client_base(const struct machine *m)
{
	return MACHINE_RAM_BASE + (m->area[AREA_CLIENT].first << GRANULE_SHIFT);
}

unsigned int machine_files(const struct machine *m, struct machine_file files[MACHINE_MAX_FILES])
{
	unsigned int n = 0;

	for (const struct area *a = m->area; a < m->area + NUM_AREAS; a++)
		if (a->memfd >= 0)
			files[n++] = (struct machine_file){a->memfd, (a->end - a->first)
									     << GRANULE_SHIFT};
	return n;
}

struct shared *machine_shared(const struct machine *m)
{
	return m->shared;
}

uint64_t machine_size(const struct machine *m)
{
	return m->size;
}

unsigned int machine_cpu(const struct machine *m)
{
	return m->cpu;
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

/* Start of `pages` free pages of the area, aligned to `align` bytes; a->end if there is no room. */
static uint64_t area_find_room(const struct machine *m, const struct area *a, uint64_t pages,
			       uint64_t align)
{
	uint64_t page = a->next, end;

	for (;;) {
		page = bits_find(m->used, page, a->end, false);
		page = pa_to_page(ALIGN_UP(page_to_pa(page), align));
		if (page >= a->end || pages > a->end - page)
			return a->end;
		end = bits_find(m->used, page, page + pages, true);
		if (end == page + pages)
			return page;
		page = end;
	}
}

static uint64_t area_alloc(struct machine *m, struct area *a, uint64_t pages, uint64_t align)
{
	uint64_t page, pa = 0;

	if (!pages || align < GRANULE_SIZE || (align & (align - 1)) || align > m->size)
		return 0;
	lock_take(&m->lock);
	page = area_find_room(m, a, pages, align);
	if (page < a->end) {
		bits_put(m->used, page, page + pages, true);
		m->allocated += pages;
		if (page == a->next)
			a->next = page + pages;
		pa = page_to_pa(page);
	}
	lock_drop(&m->lock);
	return pa;
}

uint64_t machine_alloc(struct machine *m, uint64_t pages, uint64_t align)
{
	return area_alloc(m, &m->area[AREA_PRIVATE], pages, align);
}

uint64_t machine_alloc_client(struct machine *m, uint64_t pages, uint64_t align)
{
	return area_alloc(m, &m->area[AREA_CLIENT], pages, align);
}

static struct area *area_of(struct machine *m, uint64_t page)
{
	return &m->area[page < m->area[AREA_CLIENT].first ? AREA_PRIVATE : AREA_CLIENT];
}

static off_t area_offset(const struct area *a, uint64_t page)
{
	return (off_t)((page - a->first) << GRANULE_SHIFT);
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
	struct area *a = area_of(m, page);

	machine_punch(m, pa, pages);
	/* An extent is hidden as a whole: most are not, and need no walk. */
	if (machine_page_is_hidden(m, pa))
		machine_set_hidden(m, pa, pages, false);
	lock_take(&m->lock);
	if (bits_find(m->used, page, page + pages, false) != page + pages)
		abort(); /* freed twice, or never given out: the books are wrong */
	bits_put(m->used, page, page + pages, false);
	m->allocated -= pages;
	a->next = MIN(a->next, page);
	lock_drop(&m->lock);
}

/* First page in [from, to) that is leaked, or is not; `to` if there is none. */
static uint64_t machine_find_leaked(struct machine *m, uint64_t from, uint64_t to, bool want)
{
	lock_take(&m->lock);
	if (m->any_leaked)
		from = bits_find(m->leaked, from, to, want);
	else if (want)
		from = to;
	lock_drop(&m->lock);
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

	lock_take(&m->lock);
	bits_put(m->leaked, page, page + 1, true);
	m->any_leaked = true;
	lock_drop(&m->lock);
}

uint64_t machine_allocated(const struct machine *m)
{
	struct machine *w = (struct machine *)m;
	uint64_t n;

	lock_take(&w->lock);
	n = m->allocated;
	lock_drop(&w->lock);
	return n;
}

/* ---- holes ---- */

void machine_punch(struct machine *m, uint64_t pa, uint64_t pages)
{
	uint64_t page = pa_to_page(pa);
	const struct area *a = area_of(m, page);

	if (!machine_contains(m, pa, pages << GRANULE_SHIFT) || pages > a->end - page)
		abort();
	if (fallocate(a->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, area_offset(a, page),
		      pages << GRANULE_SHIFT))
		abort(); /* a memfd always can */
}

bool machine_page_is_hole(const struct machine *m, uint64_t pa)
{
	const struct area *a = area_of((struct machine *)m, pa_to_page(pa));
	off_t off = area_offset(a, pa_to_page(pa)), data;

	if (shared_holds(m->shared, pa))
		return false; /* another file lies there */
	data = lseek(a->memfd, off, SEEK_DATA);
	/* ENXIO: no data up to the end. mincore would not do: it calls swapped pages absent. */
	return data < 0 ? errno == ENXIO : data >= off + (off_t)GRANULE_SIZE;
}

/* ---- windows of engines ---- */

uint64_t machine_window_take(struct machine *m)
{
	uint64_t pa = 0;
	int n;

	lock_take(&m->lock);
	n = ~m->windows ? __builtin_ctzll(~m->windows) : WORD_BITS;
	if ((uint64_t)n < NUM_WINDOWS) {
		m->windows |= BIT(n);
		pa = MACHINE_RAM_BASE + n * MACHINE_WINDOW_SIZE;
	}
	lock_drop(&m->lock);
	return pa;
}

void machine_window_give(struct machine *m, uint64_t pa)
{
	machine_punch(m, pa, MACHINE_WINDOW_SIZE >> GRANULE_SHIFT);
	lock_take(&m->lock);
	m->windows &= ~BIT(machine_pa_to_offset(pa) / MACHINE_WINDOW_SIZE);
	lock_drop(&m->lock);
}

/* ---- the hint of pe.h ---- */

void machine_set_expect_hook(struct machine *m, void (*hook)(struct machine *m, unsigned int cpus))
{
	lock_take(&m->expect_lock);
	m->expect = hook;
	lock_drop(&m->expect_lock);
}

void machine_expect_cpus(struct machine *m, unsigned int cpus)
{
	lock_take(&m->expect_lock);
	if (m->expect)
		m->expect(m, cpus);
	lock_drop(&m->expect_lock);
}
