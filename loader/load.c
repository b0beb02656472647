// SPDX-License-Identifier: BSD-3-Clause
/*
 * load.c - loads a static arm64 program, puts the core under its system calls, and enters it.
 *
 *	loader PROGRAM [ARGUMENT...]
 *
 * The program finds the stack that the kernel would have made: the loader's own, less the loader's
 * name, and the auxiliary vector about the program. Nothing else of the process is touched: the
 * thread register, signals and the program break are as at an exec.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "client/client.h"
#include "loader/loader.h"

#define MAX_HEADERS  32
#define MAX_SECTIONS 512

static struct {
	const char *name;
	int fd;
	uint64_t base; /* added to its addresses */
	Elf64_Ehdr h;
	Elf64_Phdr ph[MAX_HEADERS];
	Elf64_Shdr sh[MAX_SECTIONS];
	unsigned int sections; /* 0: it does not tell */
	bool is_go;
} program;

static void say(const char *text)
{
	sys(write, 2, text, strlen(text));
}

void loader_die(const char *name, const char *why)
{
	say("softrealm: ");
	say(name);
	say(": ");
	say(why);
	say("\n");
	sys(exit_group, 126);
	__builtin_unreachable();
}

static bool read_at(void *to, size_t size, uint64_t offset)
{
	return sys(pread64, program.fd, to, size, offset) == (long)size;
}

static void open_program(const char *name)
{
	const Elf64_Ehdr *h = &program.h;

	program.name = name;
	program.fd = sys(openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (program.fd < 0)
		loader_die(name, "cannot be opened");
	if (!read_at(&program.h, sizeof(*h), 0) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_machine != EM_AARCH64 || (h->e_type != ET_EXEC && h->e_type != ET_DYN) ||
	    !h->e_phnum || h->e_phnum > MAX_HEADERS || h->e_phentsize != sizeof(Elf64_Phdr) ||
	    !read_at(program.ph, h->e_phnum * sizeof(Elf64_Phdr), h->e_phoff))
		loader_die(name, "is no arm64 program that can be carried");
	if (h->e_shnum && h->e_shnum <= MAX_SECTIONS && h->e_shentsize == sizeof(Elf64_Shdr) &&
	    read_at(program.sh, h->e_shnum * sizeof(Elf64_Shdr), h->e_shoff))
		program.sections = h->e_shnum;
}

static void look_at_headers(void)
{
	char note[16];

	for (unsigned int i = 0; i < program.h.e_phnum; i++) {
		if (program.ph[i].p_type == PT_INTERP)
			loader_die(program.name, "is linked dynamically");
		if (program.ph[i].p_type == PT_NOTE &&
		    read_at(note, sizeof(note), program.ph[i].p_offset) &&
		    !memcmp(note + 12, "Go", 3))
			program.is_go = true;
	}
}

static int protection(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static void must(bool ok)
{
	if (!ok)
		loader_die(program.name, "there is no room for it in the address space");
}

/* A program that may lie anywhere: one place for all of it. */
static void choose_base(void)
{
	uint64_t low = ~UINT64_C(0), high = 0;
	long r;

	if (program.h.e_type == ET_EXEC)
		return;
	for (unsigned int i = 0; i < program.h.e_phnum; i++) {
		const Elf64_Phdr *p = &program.ph[i];

		if (p->p_type != PT_LOAD)
			continue;
		low = p->p_vaddr < low ? p->p_vaddr & -PAGE_SIZE : low;
		high = p->p_vaddr + p->p_memsz > high ? p->p_vaddr + p->p_memsz : high;
	}
	r = sys(mmap, NULL, high - low, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		0);
	must(high > low && !sys_failed(r));
	program.base = r - low;
}

/* Writable for now. */
static void map_segment(const Elf64_Phdr *p)
{
	uint64_t start = program.base + p->p_vaddr, page = start & -PAGE_SIZE;
	uint64_t file_end = start + p->p_filesz, end = start + p->p_memsz;
	uint64_t mapped = (file_end + PAGE_SIZE - 1) & -PAGE_SIZE;
	uint64_t all = (end + PAGE_SIZE - 1) & -PAGE_SIZE;
	int how = MAP_PRIVATE | (program.base ? MAP_FIXED : MAP_FIXED_NOREPLACE);
	const int prot = PROT_READ | PROT_WRITE;

	must(p->p_filesz <= p->p_memsz && end >= start);
	if (p->p_filesz)
		must(sys(mmap, page, mapped - page, prot, how, program.fd,
			 p->p_offset & -PAGE_SIZE) == (long)page);
	else
		mapped = page;
	if (all > mapped)
		must(sys(mmap, mapped, all - mapped, prot, how | MAP_ANONYMOUS, -1, 0) ==
		     (long)mapped);
	if (p->p_flags & PF_W)
		memset((void *)file_end, 0, (mapped < end ? mapped : end) - file_end);
}

/* What is not code may look like it; where the program tells what is, only that is changed. */
static void patch_segment(const Elf64_Phdr *p)
{
	uint64_t from = p->p_vaddr, to = p->p_vaddr + p->p_filesz;
	int r = 0;

	if (!program.sections)
		r = loader_patch((uint32_t *)((program.base + from + 3) & -UINT64_C(4)),
				 (uint32_t *)((program.base + to) & -UINT64_C(4)));
	for (unsigned int i = 0; i < program.sections && !r; i++) {
		const Elf64_Shdr *s = &program.sh[i];

		if (!(s->sh_flags & SHF_EXECINSTR) || s->sh_type != SHT_PROGBITS ||
		    s->sh_addr < from || s->sh_addr % 4 || s->sh_size > to - from ||
		    s->sh_addr > to - s->sh_size)
			continue;
		r = loader_patch((uint32_t *)(program.base + s->sh_addr),
				 (uint32_t *)(program.base + s->sh_addr + (s->sh_size & -4ul)));
	}
	must(!r);
}

/*
 * A goroutine's stack is too short for the core: its calls get stacks of their own, which cost
 * nothing until they are used.
 */
static void make_stacks(void)
{
	long r = sys(mmap, NULL, LOADER_STACKS * LOADER_STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(!sys_failed(r));
	loader_stacks = r;
}

static void load(void)
{
	if (program.is_go)
		make_stacks();
	choose_base();
	for (unsigned int i = 0; i < program.h.e_phnum; i++)
		if (program.ph[i].p_type == PT_LOAD)
			map_segment(&program.ph[i]);
	for (unsigned int i = 0; i < program.h.e_phnum; i++)
		if (program.ph[i].p_type == PT_LOAD && (program.ph[i].p_flags & PF_X))
			patch_segment(&program.ph[i]);
	for (unsigned int i = 0; i < program.h.e_phnum; i++) {
		const Elf64_Phdr *p = &program.ph[i];
		uint64_t start = (program.base + p->p_vaddr) & -PAGE_SIZE;
		uint64_t end = program.base + p->p_vaddr + p->p_memsz;

		if (p->p_type == PT_LOAD)
			sys(mprotect, start, ((end + PAGE_SIZE - 1) & -PAGE_SIZE) - start,
			    protection(p->p_flags));
	}
	sys(close, program.fd);
}

/* Where the program's own headers lie in memory. */
static uint64_t headers(void)
{
	for (unsigned int i = 0; i < program.h.e_phnum; i++) {
		const Elf64_Phdr *p = &program.ph[i];

		if (p->p_type == PT_LOAD && p->p_offset <= program.h.e_phoff &&
		    program.h.e_phoff < p->p_offset + p->p_filesz)
			return program.base + p->p_vaddr + (program.h.e_phoff - p->p_offset);
	}
	return 0;
}

static void tell_of_program(Elf64_auxv_t *a, uint64_t name)
{
	for (; a->a_type != AT_NULL; a++) {
		switch (a->a_type) {
		case AT_PHDR:
			a->a_un.a_val = headers();
			break;
		case AT_PHNUM:
			a->a_un.a_val = program.h.e_phnum;
			break;
		case AT_BASE:
			a->a_un.a_val = 0;
			break;
		case AT_ENTRY:
			a->a_un.a_val = program.base + program.h.e_entry;
			break;
		case AT_EXECFN:
			a->a_un.a_val = name;
			break;
		}
	}
}

static const char *variable(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

uint64_t loader_main(uint64_t *stack)
{
	uint64_t argc = stack[0];
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	uint64_t *end;
	char **p = env;

	if (argc < 2)
		loader_die("loader", "usage: loader PROGRAM [ARGUMENT...]");
	open_program(argv[1]);
	look_at_headers();
	client_start(variable(env, WIRE_ENV_SOCKET), variable(env, WIRE_ENV_CARRIED));
	load();
	while (*p)
		p++;
	tell_of_program((Elf64_auxv_t *)(p + 1), (uintptr_t)argv[1]);
	for (end = (uint64_t *)(p + 1); *end != AT_NULL; end += 2)
		;
	/* One word less, at the same place: the stack stays aligned. */
	stack[0] = argc - 1;
	memmove(argv, argv + 1, (char *)(end + 2) - (char *)(argv + 1));
	return program.base + program.h.e_entry;
}
