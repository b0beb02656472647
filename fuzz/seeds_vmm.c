// SPDX-License-Identifier: BSD-3-Clause
/* seeds_vmm.c - the seeds of fuzz_vmm: files that are nearly right, requests that are. */
#include "fuzz/seeds.h"

#include <linux/fuse.h>

#include "base/bits.h"
#include "fuzz/vmm_ops.h"

#define VMM(name, ...) SEED("vmm", name, __VA_ARGS__)
#define U16(v)	       (uint8_t)(v), (uint8_t)((v) >> 8)
#define U64(v)                                                                                     \
	U16((uint64_t)(v)), U16((uint64_t)(v) >> 16), U16((uint64_t)(v) >> 32),                    \
		U16((uint64_t)(v) >> 48)
#define ZEROS_8 0, 0, 0, 0, 0, 0, 0, 0

/* An Image's header: text_offset, image_size, flags. */
#define IMAGE(offset, size, flags)                                                                 \
	ZEROS_8, U64(offset), U64(size), U64(flags), ZEROS_8, ZEROS_8, ZEROS_8, 'A', 'R', 'M', 0x64
#define IMAGE_SIZE	      60
#define FILES(megabytes, ...) VMM_FILES, (megabytes) / 2 - 1, U16(IMAGE_SIZE + 4), __VA_ARGS__

#define CONSOLE				0
#define DISK				1
#define QUEUE(device, n)		((device) + (n)*VMM_SLOTS)
#define ENTROPY				3
#define NETWORK				4
#define SOCKETS				5
#define READ_ONLY_DISK			2
#define START(device)			DEV_START, device, 0, 0
/* Descriptor i: where (16 bytes a step behind the ring), flags, length. */
#define DESC(device, i, at, flags, len) DEV_DESC, device, i, at, flags, len
#define NEXT				1
#define WRITE				2
#define INDIRECT			4
#define FAR_NEXT			0x80 /* the next one's number follows */
#define OFFER(device)			DEV_OFFER, device, 0
#define SECTOR				0x81 /* as a length */
#define ANYWHERE			0xc0
#define RAM				UINT64_C(0x40000000)
/* The data of a device's first ring, as an offset in RAM. */
#define DATA(device)			((device)*0x8000 + 0x300)
#define PUT(offset, ...)                                                                           \
	DEV_RAM, 0, U16(offset), sizeof((const uint8_t[]){__VA_ARGS__}), __VA_ARGS__
#define REQUEST(device, type, sector)                                                              \
	PUT(DATA(device), type, 0, 0, 0, 0, 0, 0, 0, U64(sector)), DESC(device, 0, 0, NEXT, 16),   \
		DESC(device, 1, 1, NEXT | ((type) ? 0 : WRITE), SECTOR),                           \
		DESC(device, 2, 0x30, WRITE, 1), OFFER(device)

/* A packet of the realm's to port 1 here: bytes behind it, its operation. */
#define PACKET(len, op)                                                                            \
	PUT(0x3000, U64(3), U64(2), U16(9), 0, 0, U16(1), 0, 0, U16(len), 0, 0, 1, 0, op, 0, 3, 0, \
	    0, 0, U16(100), 0, 0, ZEROS_8),                                                        \
		DEV_DESC, QUEUE(SOCKETS, 1), 0, ANYWHERE, U64(RAM + 0x3000), 0, 44 + (len),        \
		OFFER(QUEUE(SOCKETS, 1))

/* Room for an answer, the call, the node, how many bytes follow. */
#define FUSE(op, node, len)	  20, op, node, len
#define NAMED(op, node, len, ...) FUSE(op, node, len), __VA_ARGS__
#define FUSE_START		  FUSE(FUSE_INIT, 0, 16), U64(UINT64_C(38) << 32 | 7), ZEROS_8

#define TEN	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'
#define HUNDRED TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN, TEN

const struct seed vmm_seeds[] = {
	VMM("image", FILES(64, IMAGE(0, 0x100000, 10), ZEROS_8)),
	VMM("image-offset", FILES(64, IMAGE(0x80000, 0x100000, 10), 0, 0, 0, 0)),
	VMM("image-tight", FILES(4, IMAGE(0, 0x100000, 10), 0, 0, 0, 0, 1, 2, 3)),
	VMM("image-huge", FILES(64, IMAGE(0, -UINT64_C(0x100000), 10), 0, 0, 0, 0)),
	VMM("image-big-endian", FILES(64, IMAGE(0, 0x100000, 11), 0, 0, 0, 0)),
	VMM("image-gzip", VMM_FILES, 31, 4, 0, 0x1f, 0x8b, 8, 0),
	VMM("options", VMM_OPTIONS, '-', 'k', 'k', 0, '-', 'm', '5', '1', '2', 'M', 0, '-', 'c',
	    '4'),
	VMM("attest-long-line", VMM_ATTEST, 200, HUNDRED, HUNDRED, 100, HUNDRED),
	VMM("attest-token", VMM_ATTEST, 75, 't', 'o', 'k', 'e', 'n', ' ', '5', ' ', TEN, TEN, TEN,
	    TEN, TEN, TEN, '0', '1', '2', '3', '\n', 'a', 'b', 3, 'c', 'd', 'e'),
	VMM("disk-read", VMM_DEVICES, START(DISK), REQUEST(DISK, 0, 0), REQUEST(DISK, 0, 15)),
	VMM("disk-write", VMM_DEVICES, START(DISK), REQUEST(DISK, 1, 3), REQUEST(DISK, 1, 16)),
	VMM("disk-read-only", VMM_DEVICES, START(READ_ONLY_DISK), REQUEST(READ_ONLY_DISK, 1, 0)),
	VMM("disk-id-flush", VMM_DEVICES, START(DISK), REQUEST(DISK, 8, 0), REQUEST(DISK, 4, 0)),
	VMM("disk-endless-chain", VMM_DEVICES, START(DISK),
	    PUT(0x3000, U64(RAM), 1, 0, 0, 0, 1, 0, 0, 0), DEV_DESC, DISK, 0, ANYWHERE,
	    U64(RAM + 0x3000), INDIRECT, 0xff, U16(3200), 0, 0, OFFER(DISK)),
	VMM("disk-far-descriptor", VMM_DEVICES, START(DISK), DEV_DESC, DISK, 0, 0, NEXT | FAR_NEXT,
	    U16(0x3d00), 16, OFFER(DISK)),
	VMM("buffer-behind-ram", VMM_DEVICES, START(CONSOLE), DEV_DESC, QUEUE(CONSOLE, 1), 0, 0x41,
	    0, SECTOR, DEV_OFFER, QUEUE(CONSOLE, 1), 0),
	VMM("console", VMM_DEVICES, START(CONSOLE), DESC(CONSOLE, 0, 0, WRITE, 16), OFFER(CONSOLE),
	    DEV_INPUT, 0, 2, DEV_DESC, QUEUE(CONSOLE, 1), 0, 0, 0, 16, DEV_OFFER, QUEUE(CONSOLE, 1),
	    0, DEV_RESIZE, 0, U16(100), U16(40)),
	VMM("entropy", VMM_DEVICES, START(ENTROPY), DESC(ENTROPY, 0, 0, WRITE, 64), OFFER(ENTROPY)),
	VMM("frames", VMM_DEVICES, START(NETWORK), DESC(NETWORK, 0, 0, WRITE, SECTOR),
	    OFFER(NETWORK), DEV_FRAME, 0, 24, 0, 0, 0, 20, TEN, TEN,
	    DESC(QUEUE(NETWORK, 1), 0, 0, 0, 100), OFFER(QUEUE(NETWORK, 1)), DEV_FRAME, 0, 4, 0, 0,
	    0, 20, DEV_FRAME, 0, 20, TEN, TEN),
	VMM("frame-too-long", VMM_DEVICES, START(NETWORK), DEV_FRAME, 0, 4, 0, 1, 0, 0),
	VMM("peer-gone", VMM_DEVICES, START(NETWORK), DEV_FRAME, 0, 0,
	    DESC(QUEUE(NETWORK, 1), 0, 0, 0, 100), OFFER(QUEUE(NETWORK, 1))),
	VMM("stream-from-the-realm", VMM_DEVICES, START(SOCKETS),
	    DESC(SOCKETS, 0, 0, WRITE, SECTOR), OFFER(SOCKETS), PACKET(0, 1), PACKET(20, 5),
	    DEV_STREAM, 0, 3, 'a', 'b', 'c', DESC(SOCKETS, 1, 0x20, WRITE, SECTOR), OFFER(SOCKETS),
	    PACKET(0, 4), DEV_STREAM, 0, 0),
	VMM("stream-to-the-realm", VMM_DEVICES, START(SOCKETS), DEV_STREAM, 0, 10, 'C', 'O', 'N',
	    'N', 'E', 'C', 'T', ' ', '7', '\n', DESC(SOCKETS, 0, 0, WRITE, SECTOR), OFFER(SOCKETS),
	    PACKET(0, 2), PACKET(0, 3)),
	VMM("share-read", VMM_FUSE, FUSE_START, NAMED(FUSE_LOOKUP, 1, 5, 'f', 'i', 'l', 'e', 0),
	    FUSE(FUSE_OPEN, 2, 8), ZEROS_8, FUSE(FUSE_READ, 2, 40), ZEROS_8, ZEROS_8, U64(100),
	    ZEROS_8, ZEROS_8),
	VMM("share-create", VMM_FUSE, FUSE_START, FUSE(FUSE_CREATE, 1, 18),
	    U64(UINT64_C(0x1a4) << 32 | 2), ZEROS_8, 'x', 0, FUSE(FUSE_WRITE, 2, 44), ZEROS_8,
	    ZEROS_8, U64(4), ZEROS_8, ZEROS_8, 't', 'e', 'x', 't', FUSE(FUSE_RENAME, 1, 12), U64(1),
	    'x', 0, 'y', 0),
	VMM("share-link", VMM_FUSE, FUSE_START, NAMED(FUSE_LOOKUP, 1, 5, 'l', 'i', 'n', 'k', 0),
	    FUSE(FUSE_OPEN, 2, 8), U64(2), FUSE(FUSE_READLINK, 2, 0), FUSE(FUSE_LINK, 1, 10),
	    U64(2), 'z', 0, FUSE(FUSE_SETATTR, 2, 88), U64(0x3f), ZEROS_8, ZEROS_8, ZEROS_8,
	    ZEROS_8, ZEROS_8, ZEROS_8, ZEROS_8, ZEROS_8, ZEROS_8, ZEROS_8),
	VMM("share-up", VMM_FUSE, FUSE_START, NAMED(FUSE_LOOKUP, 1, 3, 'u', 'p', 0),
	    NAMED(FUSE_LOOKUP, 2, 6, 'g', 'u', 'a', 'r', 'd', 0),
	    NAMED(FUSE_LOOKUP, 1, 3, '.', '.', 0),
	    NAMED(FUSE_UNLINK, 1, 9, '.', '.', '/', 'g', 'u', 'a', 'r', 'd', 0)),
	VMM("share-list", VMM_FUSE, FUSE_START, FUSE(FUSE_OPENDIR, 1, 8), ZEROS_8,
	    FUSE(FUSE_READDIR, 1, 40), ZEROS_8, ZEROS_8, U64(4096), ZEROS_8, ZEROS_8),
	VMM("config-behind-end", VMM_DEVICES, DEV_CONFIG, 0, U16(0x400), 6, 1, DEV_CONFIG, 0,
	    U16(0x400), 2, 0),
};
const size_t vmm_num_seeds = ARRAY_SIZE(vmm_seeds);
