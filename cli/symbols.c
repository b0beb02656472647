// SPDX-License-Identifier: BSD-3-Clause
/* symbols.c - reads code symbols and sorts them by address. */
#include "cli/symbols.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"

#define FILE_MAX (UINT64_C(4) << 30)
#define FAR	 (UINT64_C(1) << 20) /* no function is this long */

struct symbol {
	uint64_t addr;
	char *name;
};

struct symbols {
	struct symbol *all;
	size_t num, room;
	uint64_t vectors; /* where VBAR_EL1 points when the kernel has not been moved */
};

static int add(struct symbols *s, uint64_t addr, const char *name)
{
	if (array_reserve(&s->all, &s->room, s->num + 1, sizeof(*s->all)))
		return -ENOMEM;
	s->all[s->num] = (struct symbol){addr, strdup(name)};
	if (!s->all[s->num].name)
		return -ENOMEM;
	if (!strcmp(name, "vectors"))
		s->vectors = addr;
	s->num++;
	return 0;
}

/* "ffff800080010000 T _text", one a line. Mapping symbols ("$x") are nobody's names. */
static int read_map(struct symbols *s, FILE *f)
{
	char line[1024], type, name[512];
	uint64_t addr;
	int r = 0;

	while (!r && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 " %c %511s", &addr, &type, name) != 3)
			return -EINVAL;
		if (strchr("tTwW", type) && *name != '$')
			r = add(s, addr, name);
	}
	return ferror(f) ? -EIO : r;
}

/* ---- vmlinux ---- */

static void *read_part(FILE *f, uint64_t offset, uint64_t size)
{
	char *p = offset < FILE_MAX && size && size < FILE_MAX ? malloc(size + 1) : NULL;

	if (p && (fseeko(f, (off_t)offset, SEEK_SET) || fread(p, 1, size, f) != size)) {
		free(p);
		return NULL;
	}
	if (p)
		p[size] = '\0';
	return p;
}

static int add_table(struct symbols *s, const Elf64_Sym *sym, size_t n, const char *names,
		     size_t names_size)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		if (ELF64_ST_TYPE(sym[i].st_info) <= STT_FUNC &&
		    ELF64_ST_TYPE(sym[i].st_info) != STT_OBJECT && sym[i].st_shndx != SHN_UNDEF &&
		    sym[i].st_name < names_size && names[sym[i].st_name] &&
		    names[sym[i].st_name] != '$')
			r = add(s, sym[i].st_value, names + sym[i].st_name);
	return r;
}

static int read_elf(struct symbols *s, FILE *f, const Elf64_Ehdr *h)
{
	Elf64_Shdr *sections = read_part(f, h->e_shoff, (uint64_t)h->e_shnum * sizeof(*sections));
	int r = -ENOENT;

	for (size_t i = 0; sections && i < h->e_shnum; i++) {
		const Elf64_Shdr *table = &sections[i], *text;
		Elf64_Sym *sym;
		char *names;

		if (table->sh_type != SHT_SYMTAB || table->sh_link >= h->e_shnum)
			continue;
		text = &sections[table->sh_link];
		sym = read_part(f, table->sh_offset, table->sh_size);
		names = read_part(f, text->sh_offset, text->sh_size);
		r = sym && names
			    ? add_table(s, sym, table->sh_size / sizeof(*sym), names, text->sh_size)
			    : -EINVAL;
		free(sym);
		free(names);
		break;
	}
	free(sections);
	return r;
}

/* ---- both ---- */

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int read_file(struct symbols *s, FILE *f)
{
	Elf64_Ehdr h;
	size_t n = fread(&h, 1, sizeof(h), f);
	int r;

	if (n == sizeof(h) && !memcmp(h.e_ident, ELFMAG, SELFMAG)) {
		if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB ||
		    h.e_shentsize != sizeof(Elf64_Shdr))
			return -EINVAL;
		r = read_elf(s, f, &h);
	} else {
		rewind(f);
		r = read_map(s, f);
	}
	return r || s->num ? r : -EINVAL;
}

struct symbols *symbols_load(const char *path)
{
	FILE *f = fopen(path, "re");
	struct symbols *s = f ? calloc(1, sizeof(*s)) : NULL;
	int r = s ? read_file(s, f) : f ? -ENOMEM : -errno;

	if (f)
		fclose(f);
	if (!r) {
		qsort(s->all, s->num, sizeof(*s->all), by_address);
		return s;
	}
	if (r == -EINVAL)
		log_error("--symbols %s: neither a System.map nor an ELF file", path);
	else if (r == -ENOENT && f)
		log_error("--symbols %s: it has no symbols (stripped)", path);
	else
		log_errno(-r, "--symbols %s", path);
	symbols_free(s);
	return NULL;
}

void symbols_free(struct symbols *s)
{
	for (size_t i = 0; s && i < s->num; i++)
		free(s->all[i].name);
	if (s)
		free(s->all);
	free(s);
}

bool symbols_find(const struct symbols *s, uint64_t pc, uint64_t vbar, char *text, size_t size)
{
	uint64_t moved = s->vectors && vbar ? vbar - s->vectors : 0, at = pc - moved;
	size_t low = 0, high = s->num;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->all[mid].addr <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || at - s->all[low - 1].addr >= FAR)
		return false;
	snprintf(text, size, "%s+0x%" PRIx64, s->all[low - 1].name, at - s->all[low - 1].addr);
	return true;
}
