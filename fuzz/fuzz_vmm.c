// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_vmm.c - what the VMM reads that others wrote: files, options, and a hostile guest's
 * accesses to its devices.
 *
 * The first byte chooses what the rest is given to (fuzz/vmm_ops.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "base/bits.h"
#include "fuzz/input.h"
#include "fuzz/seen.h"
#include "fuzz/vmm_fuse.h"
#include "fuzz/vmm_ops.h"
#include "vmm/attest.h"
#include "vmm/blk.h"
#include "vmm/console.h"
#include "vmm/image.h"
#include "vmm/listen.h"
#include "vmm/mmio.h"
#include "vmm/net.h"
#include "vmm/vmm_options.h"
#include "vmm/rng.h"
#include "vmm/virtio_pci.h"
#include "vmm/vsock.h"

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* A file with these bytes; its name in path. */
static int make_file(const uint8_t *data, size_t size, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file");
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* ---- files ---- */

static void check_place(const struct boot_images *b, uint64_t start, uint64_t size, uint64_t *at)
{
	if (!size)
		return;
	check(IS_ALIGNED(start, LAYOUT_PAGE), "an image lies at an odd address");
	check(start >= *at, "images overlap");
	check(size <= b->ram_size && start - b->ram <= b->ram_size - size,
	      "an image is not in RAM");
	*at = start + size;
}

static void check_images(const struct boot_images *b)
{
	uint64_t at = b->ram;

	check_place(b, b->kernel.addr, MAX(b->kernel_size, b->kernel.mapped), &at);
	check_place(b, b->dtb.addr, LAYOUT_2M, &at);
	check_place(b, b->initrd.addr, b->initrd.mapped, &at);
}

static void try_files(struct input *in)
{
	uint64_t memory = (input_u8(in) + 1) * LAYOUT_2M;
	size_t kernel_size = input_u16(in);
	char kernel[32], initrd[32];
	struct boot_images b;
	int k, i;

	kernel_size = MIN(kernel_size, input_left(in));
	k = make_file(in->at, kernel_size, kernel);
	in->at += kernel_size;
	i = make_file(in->at, input_left(in), initrd);
	if (!images_load(&b, kernel, input_left(in) ? initrd : NULL, LAYOUT_RAM, memory))
		check_images(&b);
	images_free(&b);
	close(k);
	close(i);
}

#define MAX_ARGS 32

static void try_options(struct input *in)
{
	char *argv[MAX_ARGS + 1], *text = malloc(input_left(in) + 1), *p = text;
	size_t size = input_left(in);
	struct vmm_options o;
	int argc = 0;

	check(text != NULL, "no memory");
	memcpy(text, in->at, size);
	text[size] = '\0';
	argv[argc++] = (char *)"fuzz";
	for (; p < text + size && argc < MAX_ARGS; p += strlen(p) + 1)
		argv[argc++] = p;
	argv[argc] = NULL;
	if (!options_parse(&o, argc, argv))
		check(o.kernel && o.append && o.cpus >= 1 && o.cpus <= LAYOUT_MAX_CPUS &&
			      IS_ALIGNED(o.memory, LAYOUT_PAGE) &&
			      (!o.ipa_bits || (o.ipa_bits >= LAYOUT_MIN_IPA_BITS &&
					       o.ipa_bits <= LAYOUT_MAX_IPA_BITS)),
		      "options are accepted that are none");
	options_free(&o);
	free(text);
}

static void try_attest(struct input *in)
{
	struct attest *a = malloc(sizeof(*a)); /* the sanitizer sees its end */
	const uint8_t *p;
	size_t n;

	check(a && !attest_init(a, NULL), "no nonce");
	while (input_left(in)) {
		p = input_bytes(in, &n);
		attest_take(a, p, n);
	}
	check(a->state != ATTEST_DONE || (a->have == a->length && !attest_error(a)), "odd token");
	free(a);
}

/* ---- devices ---- */

#define RAM_SIZE  UINT64_C(0x40000)
#define ALIAS	  BIT(32)
#define DISK_SIZE 0x2000
#define GUARD	  UINT64_C(0x10000)
#define SLOTS	  VMM_SLOTS

struct rig {
	struct input in;
	struct guest_memory mem;
	struct pci_host host;
	struct mmio_map map;
	struct console con;
	struct blk disk[2];
	struct rng rng;
	struct net net;
	int peer; /* of the network; -1: gone */
	struct vsock vsock;
	int server, caller; /* who listens for the realm's streams, and one stream; -1: none */
	struct virtio_pci vp[SLOTS];
	int fd[2];
	uint8_t *guarded;
};

static const uint8_t disk_content[DISK_SIZE] = {'s', 'o', 'f', 't'};

/* Reads all of it, so that a sanitizer, or the guard, sees what is not RAM. */
static void output(void *arg, const void *data, size_t len)
{
	const volatile uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		(void)p[i];
}

/* RAM between guard pages: whatever is behind it is nobody's. */
static void make_ram(struct rig *r)
{
	uint8_t *p =
		mmap(NULL, RAM_SIZE + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED && !mprotect(p + GUARD, RAM_SIZE, PROT_READ | PROT_WRITE), "no RAM");
	r->guarded = p;
	r->mem = (struct guest_memory){p + GUARD, LAYOUT_RAM, RAM_SIZE, ALIAS, .fd = -1};
}

static struct virtio_device *device(struct rig *r, unsigned int n)
{
	struct virtio_device *devs[SLOTS] = {&r->con.dev, &r->disk[0].dev, &r->disk[1].dev,
					     &r->rng.dev, &r->net.dev,	   &r->vsock.dev};

	return devs[n % SLOTS];
}

static void net_down(struct net *n, const char *why)
{
	check(n->peer.fd < 0, "a network is down and has a peer");
}

static void make_net(struct rig *r)
{
	int fds[2];

	check(!io_init() && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), "no peer");
	r->peer = fds[0];
	net_init(&r->net, &r->mem, fds[1], net_down);
}

/* The peer reads what has come, says something or goes, and the main thread sees to it. */
static void frame(struct rig *r)
{
	static uint8_t drain[65536];
	size_t n;
	const uint8_t *p = input_bytes(&r->in, &n);

	while (r->peer >= 0 && recv(r->peer, drain, sizeof(drain), MSG_DONTWAIT) > 0)
		;
	if (r->peer >= 0 && n) {
		send(r->peer, p, n, MSG_NOSIGNAL);
	} else if (r->peer >= 0) {
		close(r->peer);
		r->peer = -1;
	}
	io_dispatch();
}

/* Each process has its own. */
static const char *vsock_path(const char *more)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/fuzz-vsock-%d%s", (int)getpid(), more);
	return path;
}

static void make_vsock(struct rig *r)
{
	static char path[64];

	strcpy(path, vsock_path("_1"));
	unlink(path);
	r->server = listen_at(path);
	strcpy(path, vsock_path(""));
	check(r->server >= 0 && !vsock_init(&r->vsock, &r->mem, path), "no socket device");
	r->caller = -1;
}

/* Somebody calls, or one whom the realm has called speaks, or goes. */
static void stream(struct rig *r)
{
	static uint8_t drain[65536];
	size_t n;
	const uint8_t *p = input_bytes(&r->in, &n);

	if (r->caller < 0)
		r->caller = accept4(r->server, NULL, NULL, SOCK_NONBLOCK);
	if (r->caller < 0)
		r->caller = connect_to(vsock_path(""));
	while (r->caller >= 0 && n % 2 && recv(r->caller, drain, sizeof(drain), MSG_DONTWAIT) > 0)
		;
	if (r->caller >= 0 && n) {
		send(r->caller, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	} else if (r->caller >= 0) {
		close(r->caller);
		r->caller = -1;
	}
	io_dispatch();
}

static void check_vsock(const struct vsock *v)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		const struct vsock_stream *s = &v->streams[i];

		used += s->state != VSOCK_FREE;
		check(s->got - s->handed <= VSOCK_WINDOW, "more is kept than the window");
		check(s->state != VSOCK_FREE || s->peer.fd < 0, "a free stream has a socket");
	}
	check(used == v->used && v->nstrays <= VSOCK_STRAYS, "streams are miscounted");
}

static uint64_t bar(unsigned int slot)
{
	return LAYOUT_PCI_WINDOW + slot * VIRTIO_PCI_BAR_SIZE;
}

static void write_mmio(struct rig *r, uint64_t addr, uint64_t v, unsigned int len)
{
	mmio_access(&r->map, addr, &v, len, true);
}

static void rig_start(struct rig *r)
{
	char path[32];

	make_ram(r);
	check(!console_init(&r->con, &r->mem, output, NULL), "no console");
	console_add_port(&r->con, ATTEST_PORT, output, NULL);
	console_finish(&r->con, 80, 25);
	for (int i = 0; i < 2; i++) {
		r->fd[i] = make_file(disk_content, DISK_SIZE, path);
		check(!blk_init(&r->disk[i], &r->mem, path, i == 1, false, i, 0), "no disk");
	}
	rng_init(&r->rng, &r->mem);
	make_net(r);
	make_vsock(r);
	pci_host_init(&r->host);
	mmio_add(&r->map, "ECAM", LAYOUT_ECAM, LAYOUT_ECAM_SIZE, pci_ecam_access, &r->host);
	mmio_add(&r->map, "PCI", LAYOUT_PCI_WINDOW, LAYOUT_PCI_WINDOW_SIZE, pci_window_access,
		 &r->host);
	for (unsigned int i = 0; i < SLOTS; i++) {
		virtio_pci_plug(&r->vp[i], device(r, i), &r->host, i, -1, true);
		write_mmio(r, LAYOUT_ECAM + (i << 15) + PCI_BASE_ADDRESS_0, bar(i), 4);
		write_mmio(r, LAYOUT_ECAM + (i << 15) + PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	}
}

static void rig_end(struct rig *r)
{
	uint8_t now[DISK_SIZE + 1];

	check(pread(r->fd[1], now, sizeof(now), 0) == DISK_SIZE &&
		      !memcmp(now, disk_content, DISK_SIZE),
	      "a read-only disk has changed");
	check(pread(r->fd[0], now, sizeof(now), 0) == DISK_SIZE, "a disk has grown");
	for (int i = 0; i < 2; i++) {
		blk_destroy(&r->disk[i]);
		close(r->fd[i]);
	}
	net_destroy(&r->net);
	if (r->peer >= 0)
		close(r->peer);
	if (r->caller >= 0)
		close(r->caller);
	check_vsock(&r->vsock);
	close(r->server);
	unlink(vsock_path("_1"));
	vsock_destroy(&r->vsock);
	console_destroy(&r->con);
	munmap(r->guarded, RAM_SIZE + 2 * GUARD);
}

/* Ring n: descriptors, available and used ring at fixed places, data behind them. */
#define RING_SPACE 0x1000u
#define RING_SIZE  8u
#define AVAIL_AT   0x100
#define USED_AT	   0x200
#define DATA_AT	   0x300

static uint64_t ring(unsigned int slot, unsigned int queue)
{
	return LAYOUT_RAM + (slot * 8 + queue % 8) * RING_SPACE;
}

static void common(struct rig *r, unsigned int slot, unsigned int field, uint64_t v,
		   unsigned int len)
{
	write_mmio(r, bar(slot) + VIRTIO_PCI_COMMON + field, v, len);
}

#define COMMON(r, slot, field, v)                                                                  \
	common(r, slot, offsetof(struct virtio_pci_common_cfg, field), v,                          \
	       sizeof(((struct virtio_pci_common_cfg *)0)->field))

static void start_device(struct rig *r, unsigned int slot, uint32_t without)
{
	struct virtio_device *dev = device(r, slot);

	COMMON(r, slot, device_status, 0);
	COMMON(r, slot, device_status, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	for (unsigned int i = 0; i < 2; i++) {
		COMMON(r, slot, guest_feature_select, i);
		COMMON(r, slot, guest_feature, (dev->offered & ~(uint64_t)without) >> (32 * i));
	}
	COMMON(r, slot, device_status, dev->status | VIRTIO_CONFIG_S_FEATURES_OK);
	for (unsigned int q = 0; q < dev->nqueues; q++) {
		COMMON(r, slot, queue_select, q);
		COMMON(r, slot, queue_size, RING_SIZE);
		COMMON(r, slot, queue_desc_lo, ring(slot, q));
		COMMON(r, slot, queue_desc_hi, ALIAS >> 32);
		COMMON(r, slot, queue_avail_lo, ring(slot, q) + AVAIL_AT);
		COMMON(r, slot, queue_used_lo, ring(slot, q) + USED_AT);
		COMMON(r, slot, queue_enable, 1);
	}
	COMMON(r, slot, device_status, dev->status | VIRTIO_CONFIG_S_DRIVER_OK);
}

/* Where a descriptor points: usually into the ring's data. */
static uint64_t take_address(struct input *in, uint64_t ring_at)
{
	uint8_t b = input_u8(in);

	switch (b & 0xc0) {
	case 0:
		return ring_at + DATA_AT + b * 16;
	case 0x40:
		return LAYOUT_RAM + RAM_SIZE - (b & 0x3f) * 16;
	case 0x80:
		return (ring_at + (b & 0x3f) * 16) | ALIAS;
	default:
		return input_u64(in);
	}
}

static void write_desc(struct rig *r, unsigned int slot, unsigned int queue)
{
	uint64_t at = ring(slot, queue);
	/* Indirect tables lie behind the ring's own. */
	unsigned int i = input_u8(&r->in) % 32, flags;
	struct vring_desc *d = memory_at(&r->mem, at + i * sizeof(*d), sizeof(*d));

	d->addr = take_address(&r->in, at);
	flags = input_u8(&r->in);
	d->flags = flags & 7;
	d->next = flags & 0x80 ? input_u16(&r->in) : (i + 1) % 32;
	d->len = input_u8(&r->in);
	if (d->len == 0xff)
		d->len = input_u32(&r->in);
	else if (d->len >= 0x80)
		d->len = (d->len & 0x7f) * 512;
}

static void offer(struct rig *r, unsigned int slot, unsigned int queue)
{
	struct vring_avail *a = memory_at(&r->mem, ring(slot, queue) + AVAIL_AT, sizeof(*a) + 16);
	unsigned int b = input_u8(&r->in);

	a->ring[a->idx % RING_SIZE] = b & 0xf;
	a->idx += 1 + (b & 0x80 ? input_u8(&r->in) : 0);
	write_mmio(r, bar(slot) + VIRTIO_PCI_NOTIFY_AT + 4 * queue, 0, 2);
}

static void write_ram(struct rig *r)
{
	uint64_t at = input_u16(&r->in);
	size_t n;
	const uint8_t *p = input_bytes(&r->in, &n);

	memcpy(r->mem.host + at, p, n);
}

static void any_access(struct rig *r, uint64_t base, uint64_t offset)
{
	unsigned int b = input_u8(&r->in), len = 1u << (b & 3);
	uint64_t v = b & 8 ? input_u64(&r->in) : input_u8(&r->in);
	uint8_t *data = malloc(len); /* exactly: the sanitizer sees its end */

	check(data != NULL, "no memory");
	memcpy(data, &v, len);
	mmio_access(&r->map, base + ALIGN_DOWN(offset, len), data, len, b & 4);
	free(data);
}

static void device_op(struct rig *r)
{
	unsigned int op = input_u8(&r->in) % DEV_NUM_OPS, which = input_u8(&r->in);
	unsigned int slot = which % SLOTS, queue = which / SLOTS % 8;
	uint64_t v;

	switch ((enum device_op)op) {
	case DEV_CONFIG:
		any_access(r, LAYOUT_ECAM + (which << 12), input_u16(&r->in) & 0xfff);
		break;
	case DEV_WINDOW:
		any_access(r, bar(0), (uint64_t)slot * VIRTIO_PCI_BAR_SIZE + input_u16(&r->in));
		break;
	case DEV_COMMON:
		v = input_u8(&r->in);
		common(r, slot, v & 0x3f, v & 0x80 ? input_u64(&r->in) : input_u16(&r->in),
		       1u << (v >> 6 & 1 ? 1 : 2));
		break;
	case DEV_START:
		start_device(r, slot, input_u16(&r->in));
		break;
	case DEV_DESC:
		write_desc(r, slot, queue);
		break;
	case DEV_RAM:
		write_ram(r);
		break;
	case DEV_OFFER:
		offer(r, slot, queue);
		break;
	case DEV_INPUT:
		v = input_u8(&r->in) * 33;
		console_input(&r->con, slot % 2, r->mem.host, v);
		break;
	case DEV_RESIZE:
		console_resize(&r->con, input_u16(&r->in), input_u16(&r->in));
		break;
	case DEV_FRAME:
		frame(r);
		break;
	case DEV_STREAM:
		stream(r);
		break;
	case DEV_NUM_OPS:
		break;
	}
}

static void try_devices(struct input *in)
{
	struct rig *r = calloc(1, sizeof(*r));

	check(r != NULL, "no memory");
	r->in = *in;
	rig_start(r);
	while (input_left(&r->in))
		device_op(r);
	rig_end(r);
	free(r);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	vmm_fuse_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};

	switch (input_u8(&in)) {
	case VMM_FILES:
		try_files(&in);
		break;
	case VMM_OPTIONS:
		try_options(&in);
		break;
	case VMM_ATTEST:
		try_attest(&in);
		break;
	case VMM_FUSE:
		vmm_fuse_try(&in);
		break;
	default:
		try_devices(&in);
	}
	return 0;
}
