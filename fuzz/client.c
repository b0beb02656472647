// SPDX-License-Identifier: BSD-3-Clause
/* client.c - memory and argument values of a hostile VMM. */
#include "fuzz/client.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/v12.h"
#include "backend/inproc.h"
#include "base/bits.h"
#include "fuzz/args.h"

#define PAGE UINT64_C(0x1000)

static void map(uint8_t *at, size_t size, int prot)
{
	if (mmap(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) ==
	    MAP_FAILED)
		abort();
}

void client_init(struct client *c)
{
	c->mem = mmap(NULL, CLIENT_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		      0);
	c->eventfd[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->eventfd[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->file = memfd_create("fuzz", MFD_CLOEXEC);
	if (c->mem == MAP_FAILED || c->eventfd[1] < 0 || c->file < 0)
		abort();
}

void client_reset(struct client *c)
{
	map(c->mem, CLIENT_SIZE, PROT_NONE);
	map(c->mem, CLIENT_ARGS_READY, PROT_READ | PROT_WRITE);
	map(c->mem + CLIENT_ARGS, CLIENT_RAM_READY, PROT_READ | PROT_WRITE);
	map(c->mem + CLIENT_READ_ONLY, PAGE, PROT_READ);
}

uint64_t client_address(struct client *c, struct input *in)
{
	uint64_t mem = (uintptr_t)c->mem;
	unsigned int b = input_u8(in);

	if (b < 0x10)
		return mem + b * PAGE;
	if (b < 0xf0)
		return mem + CLIENT_ARGS + (b - 0x10) * PAGE;
	switch (b) {
	case 0xf0:
		return 0;
	case 0xf1: /* nothing is there */
		return mem + CLIENT_ARGS + CLIENT_RAM;
	case 0xf2: /* begins well */
		return mem + CLIENT_ARGS + CLIENT_RAM_READY - 4;
	case 0xf3:
		return mem + CLIENT_READ_ONLY;
	case 0xf4:
		return mem + 1;
	case 0xf5:
		return ~UINT64_C(0) << 48;
	case 0xf6:
		return BIT(47) - PAGE;
	case 0xf7: /* room for a header only */
		return mem + CLIENT_ARGS_READY - 8;
	default:
		return mem + CLIENT_ARGS + input_u8(in) * UINT64_C(0x10000) % CLIENT_RAM;
	}
}

static uint64_t client_ipa(struct input *in)
{
	unsigned int b = input_u8(in), n = b & 0xf;

	switch (b >> 4) {
	case 0:
		return CLIENT_RAM_IPA + n * PAGE;
	case 1:
		return CLIENT_RAM_IPA + n * 0x200000;
	case 2: /* the shared alias */
		return (CLIENT_RAM_IPA + n * PAGE) | BIT(CLIENT_IPA_BITS - 1);
	case 3:
		return 0x08000000 + n * 0x10000;
	case 4:
		return 0x080a0000 + n * 0x20000;
	case 5:
		return n * PAGE;
	case 6:
		return BIT(CLIENT_IPA_BITS) - n * PAGE;
	case 7:
		return BIT(CLIENT_IPA_BITS - 1) - n * PAGE;
	case 8:
		return CLIENT_RAM_IPA + n * 8;
	case 9:
		return n * UINT64_C(0x40000000);
	case 10:
		return -(n * PAGE);
	case 11:
		return 0x09000000 + n * 4;
	default:
		return input_u64(in);
	}
}

uint64_t client_size(struct input *in)
{
	static const uint64_t odd[] = {1,	0x1001,	 0x200000, 0x400000,	 0x800000, BIT(30),
				       BIT(43), BIT(44), -PAGE,	   -UINT64_C(1), BIT(63),  BIT(32)};
	unsigned int b = input_u8(in);

	return b < 0xe0 ? b * PAGE : odd[b % ARRAY_SIZE(odd)];
}

static int descriptor(struct client *c, struct input *in)
{
	unsigned int b = input_u8(in);

	switch (b) {
	case 0xe0:
	case 0xe1:
		return c->eventfd[b & 1];
	case 0xe2:
		return c->file;
	case 0xe3:
		return -1;
	default:
		return INPROC_FIRST_FD + b % 32;
	}
}

static uint64_t register_id(struct client *c, struct input *in)
{
	unsigned int n = input_u16(in);

	return n < c->num_regs ? c->regs[n] : n >= 0xff00 ? input_u64(in) : 0;
}

/* A GIC register's attribute: affinity, then the offset or encoding. */
static uint64_t device_attr(struct input *in)
{
	unsigned int b = input_u8(in);

	if (b < 0xf0)
		return b;
	return (uint64_t)input_u8(in) << 32 | input_u16(in);
}

static uint64_t vm_type(struct input *in)
{
	unsigned int b = input_u8(in);

	switch (b & 3) {
	case 0:
		return KVM_VM_TYPE_ARM_REALM | CLIENT_IPA_BITS;
	case 1:
		return KVM_VM_TYPE_ARM_REALM | b >> 2;
	case 2:
		return b >> 2;
	default:
		return input_u32(in);
	}
}

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/* ---- kinds of arguments ---- */

enum client_kind {
	KIND_SMALL,
	KIND_IPA,
	KIND_SIZE,
	KIND_USER_ADDRESS,
	KIND_DESCRIPTOR,
	KIND_REGISTER,
	KIND_DEVICE_ATTR,
	KIND_WORD, /* 32 bits of any kind */
	KIND_HALF_WORD,
	KIND_VM_TYPE,
};

/* The same name can be an address of the guest, or of the caller. */
static bool is_guest_address(const char *name, uint32_t nr)
{
	if (is(name, "guest_phys_addr") || is(name, "base") || is(name, "address"))
		return true;
	return is(name, "addr") &&
	       (nr == KVM_IOEVENTFD || nr == KVM_REGISTER_COALESCED_MMIO ||
		nr == KVM_UNREGISTER_COALESCED_MMIO || nr == KVM_ARM_SET_DEVICE_ADDR);
}

static enum client_kind kind_of(const struct kvm_arg *a, uint32_t nr)
{
	static const struct {
		const char *name;
		enum client_kind kind;
	} names[] = {
		{"addr", KIND_USER_ADDRESS},
		{"userspace_addr", KIND_USER_ADDRESS},
		{"source_uaddr", KIND_USER_ADDRESS},
		{"dirty_bitmap", KIND_USER_ADDRESS},
		{"mp_state", KIND_USER_ADDRESS},
		{"init", KIND_USER_ADDRESS},
		{"events", KIND_USER_ADDRESS},
		{"size", KIND_SIZE},
		{"memory_size", KIND_SIZE},
		{"fd", KIND_DESCRIPTOR},
		{"resamplefd", KIND_DESCRIPTOR},
		{"guest_memfd", KIND_DESCRIPTOR},
		{"attr", KIND_DEVICE_ATTR},
		{"irq", KIND_WORD},
		{"cap", KIND_HALF_WORD},
	};

	if (is_guest_address(a->name, nr))
		return KIND_IPA;
	if (is(a->name, "id") && a->size == sizeof(uint64_t))
		return KIND_REGISTER;
	/* A field mp_state is one; a bare one is where the structure lies. */
	if (is(a->name, "mp_state") && a->size)
		return KIND_SMALL;
	if (nr == KVM_CREATE_VM)
		return KIND_VM_TYPE;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is(a->name, names[i].name))
			return names[i].kind;
	return KIND_SMALL;
}

static uint64_t take(struct client *c, struct input *in, enum client_kind kind)
{
	const struct arg_pool none = {0};

	switch (kind) {
	case KIND_IPA:
		return client_ipa(in);
	case KIND_SIZE:
		return client_size(in);
	case KIND_USER_ADDRESS:
		return client_address(c, in);
	case KIND_DESCRIPTOR:
		return descriptor(c, in);
	case KIND_REGISTER:
		return register_id(c, in);
	case KIND_DEVICE_ATTR:
		return device_attr(in);
	case KIND_WORD:
		return input_u32(in);
	case KIND_HALF_WORD:
		return input_u16(in);
	case KIND_VM_TYPE:
		return vm_type(in);
	case KIND_SMALL:
		break;
	}
	return arg_take(in, &none, ARG_SMALL);
}

static unsigned int width(enum client_kind kind)
{
	return kind == KIND_WORD ? 4 : kind == KIND_REGISTER || kind == KIND_HALF_WORD ? 2 : 1;
}

unsigned int client_argument_width(const struct kvm_row *row)
{
	unsigned int n = row->args[0].size ? 1 : 0; /* where the structure lies */

	for (const struct kvm_arg *a = row->args; a->name; a++)
		n += width(kind_of(a, row->nr));
	return n;
}

/* A slot's memory is moved: never let it reach beyond what is ours to give away. */
static void tame_slot(struct client *c, uint32_t nr, uint8_t *p)
{
	struct kvm_userspace_memory_region r;
	uint64_t mem = (uintptr_t)c->mem;

	if (nr != KVM_SET_USER_MEMORY_REGION && nr != (uint32_t)KVM_SET_USER_MEMORY_REGION2)
		return;
	memcpy(&r, p, sizeof(r));
	if (r.memory_size >> 12 >= BIT(31)) /* never attached */
		return;
	if (r.userspace_addr >= mem && r.memory_size <= CLIENT_SIZE &&
	    r.userspace_addr - mem <= CLIENT_SIZE - r.memory_size)
		return;
	if (r.userspace_addr < BIT(47) - PAGE && r.memory_size)
		r.userspace_addr = BIT(47) - PAGE;
	memcpy(p, &r, sizeof(r));
}

uint64_t client_argument(struct client *c, struct input *in, const struct kvm_row *row,
			 const uint8_t *fill, size_t fill_len)
{
	uint8_t arg[CLIENT_MAX_ARG] = {0};
	uint64_t at, v;

	if (!row->args[0].size)
		return take(c, in, kind_of(&row->args[0], row->nr));
	at = client_address(c, in);
	if (fill_len)
		memcpy(arg, fill, MIN(fill_len, sizeof(arg)));
	for (const struct kvm_arg *a = row->args; a->name; a++) {
		v = take(c, in, kind_of(a, row->nr));
		memcpy(arg + a->offset, &v, MIN(a->size, sizeof(v)));
	}
	tame_slot(c, row->nr, arg);
	/* Elsewhere memory may be moved, protected, delegated. */
	if (at - (uintptr_t)c->mem < CLIENT_ARGS_READY)
		memcpy((void *)(uintptr_t)at, arg,
		       MIN(sizeof(arg), CLIENT_ARGS_READY - (at - (uintptr_t)c->mem)));
	return at;
}
