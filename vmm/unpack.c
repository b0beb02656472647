// SPDX-License-Identifier: BSD-3-Clause
/*
 * unpack.c - takes one layer of compression off a kernel.
 *
 * The file is somebody else's. A decoder writes into a buffer that grows with what really comes
 * out and never beyond the limit, so a small file that unpacks to terabytes costs no more than a
 * kernel that is too large.
 */
#include "vmm/unpack.h"

#include <bzlib.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bits.h"
#include "vmm/layout.h"

#define FIRST_ROOM	 (UINT64_C(4) << 20)
#define XZ_MEMORY	 (UINT64_C(256) << 20) /* xz -9 needs 65 MiB, kernels up to 130 */
#define LZ4_BLOCK	 (8u << 20)	       /* of the legacy format, which Linux' Image.lz4 is */
#define LZ4_LEGACY_MAGIC 0x184c2102u
#define ZSTD_WINDOW_LOG	 27 /* what zstd -22 uses, as kernels do */

/* EFI zboot, as Linux' drivers/firmware/efi/libstub/zboot-header.S lays it out. */
#define ZBOOT_HEADER_SIZE 64
#define ZBOOT_OFFSET	  8
#define ZBOOT_SIZE	  12

struct sink {
	struct unpacked *out;
	uint64_t room; /* bytes that may be written at out->data, out->size of them are */
	uint64_t max;
	const char **why;
	size_t left; /* bytes of the input behind the end of the stream */
};

/* One decoder: read p, write to the sink. 0, with left set; or -errno, with *why set. */
typedef int decoder(const uint8_t *p, size_t size, struct sink *s);

/* Make room for more. One byte beyond the limit is there to find out that it is reached. */
static int sink_grow(struct sink *s)
{
	uint64_t room = MIN(s->room ? 2 * s->room : FIRST_ROOM, s->max + 1);
	uint64_t mapped = ALIGN_UP(room, LAYOUT_PAGE);
	void *p;

	if (s->out->size > s->max) {
		*s->why = "unpacked it is larger than the realm's memory (--memory)";
		return -E2BIG;
	}
	if (s->out->data)
		p = mremap(s->out->data, s->out->mapped, mapped, MREMAP_MAYMOVE);
	else
		p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		*s->why = "there is not enough memory to unpack it";
		return -ENOMEM;
	}
	s->out->data = p;
	s->out->mapped = mapped;
	s->room = room;
	return 0;
}

/* Where to write next: *n bytes (not 0), as many as a decoder of 32 bits takes. */
static int sink_next(struct sink *s, uint8_t **p, size_t *n)
{
	int ret = s->out->size == s->room ? sink_grow(s) : 0;

	if (!ret) {
		*p = s->out->data + s->out->size;
		*n = (size_t)MIN(s->room - s->out->size, UINT64_C(1) << 30);
	}
	return ret;
}

static int damaged(struct sink *s, const char *why)
{
	*s->why = why;
	return -EINVAL;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static int decode_gzip(const uint8_t *p, size_t size, struct sink *s)
{
	z_stream z = {.next_in = (uint8_t *)p, .avail_in = (uInt)size};
	int ret = inflateInit2(&z, 16 + MAX_WBITS), got = Z_OK;
	uint8_t *to;
	size_t n;

	if (ret != Z_OK)
		return damaged(s, "zlib cannot be used");
	do {
		ret = sink_next(s, &to, &n);
		if (ret)
			break;
		z.next_out = to;
		z.avail_out = (uInt)n;
		got = inflate(&z, Z_NO_FLUSH);
		s->out->size += n - z.avail_out;
	} while (got == Z_OK);
	s->left = z.avail_in;
	inflateEnd(&z);
	if (ret || got == Z_STREAM_END)
		return ret;
	return damaged(s, s->left ? "its gzip data is damaged" : "its gzip data is cut short");
}

static int decode_zstd(const uint8_t *p, size_t size, struct sink *s)
{
	ZSTD_inBuffer in = {.src = p, .size = size};
	ZSTD_DCtx *d = ZSTD_createDCtx();
	size_t got = 1, before;
	int ret = 0;
	uint8_t *to;

	if (!d)
		return damaged(s, "zstd cannot be used");
	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	while (got && !ZSTD_isError(got)) {
		ZSTD_outBuffer out = {0};

		ret = sink_next(s, &to, &out.size);
		if (ret)
			break;
		out.dst = to;
		before = in.pos;
		got = ZSTD_decompressStream(d, &out, &in);
		s->out->size += out.pos;
		if (got && !out.pos && in.pos == before)
			break; /* it wants more than there is */
	}
	ZSTD_freeDCtx(d);
	s->left = size - in.pos;
	if (ret || !got)
		return ret;
	if (!ZSTD_isError(got))
		return damaged(s, "its zstd data is cut short");
	return damaged(s, ZSTD_getErrorCode(got) == ZSTD_error_frameParameter_windowTooLarge
				  ? "its zstd data needs too much memory to unpack"
				  : "its zstd data is damaged");
}

static int decode_xz(const uint8_t *p, size_t size, struct sink *s)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret got = lzma_stream_decoder(&z, XZ_MEMORY, 0);
	uint8_t *to;
	int ret = 0;
	size_t n;

	z.next_in = p;
	z.avail_in = size;
	while (got == LZMA_OK) {
		ret = sink_next(s, &to, &n);
		if (ret)
			break;
		z.next_out = to;
		z.avail_out = n;
		got = lzma_code(&z, LZMA_FINISH);
		s->out->size += n - z.avail_out;
	}
	s->left = z.avail_in;
	lzma_end(&z);
	if (ret || got == LZMA_STREAM_END)
		return ret;
	if (got == LZMA_MEMLIMIT_ERROR)
		return damaged(s, "its xz data needs too much memory to unpack");
	return damaged(s, got == LZMA_BUF_ERROR ? "its xz data is cut short"
						: "its xz data is damaged");
}

static int decode_bzip2(const uint8_t *p, size_t size, struct sink *s)
{
	bz_stream z = {.next_in = (char *)p, .avail_in = (unsigned int)size};
	int ret = 0, got = BZ2_bzDecompressInit(&z, 0, 0);
	uint8_t *to;
	size_t n;

	if (got != BZ_OK)
		return damaged(s, "bzip2 cannot be used");
	while (got == BZ_OK) {
		ret = sink_next(s, &to, &n);
		if (ret)
			break;
		z.next_out = (char *)to;
		z.avail_out = (unsigned int)n;
		got = BZ2_bzDecompress(&z);
		s->out->size += n - z.avail_out;
		if (got == BZ_OK && z.avail_out && !z.avail_in)
			break; /* it wants more than there is */
	}
	s->left = z.avail_in;
	BZ2_bzDecompressEnd(&z);
	if (ret || got == BZ_STREAM_END)
		return ret;
	return damaged(s,
		       got == BZ_OK ? "its bzip2 data is cut short" : "its bzip2 data is damaged");
}

static int decode_lz4(const uint8_t *p, size_t size, struct sink *s)
{
	LZ4F_dctx *d;
	size_t got = 1, taken, n, room;
	uint8_t *to;
	int ret = 0;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
		return damaged(s, "lz4 cannot be used");
	s->left = size;
	while (got && !LZ4F_isError(got)) {
		ret = sink_next(s, &to, &room);
		if (ret)
			break;
		n = room;
		taken = s->left;
		got = LZ4F_decompress(d, to, &n, p + size - s->left, &taken, NULL);
		s->left -= taken;
		s->out->size += n;
		if (got && !n && !taken)
			break; /* it wants more than there is */
	}
	LZ4F_freeDecompressionContext(d);
	if (ret || !got)
		return ret;
	return damaged(s,
		       LZ4F_isError(got) ? "its lz4 data is damaged" : "its lz4 data is cut short");
}

static int sink_put(struct sink *s, const uint8_t *p, size_t size)
{
	uint8_t *to;
	size_t n;

	for (int ret; size; size -= n, p += n) {
		ret = sink_next(s, &to, &n);
		if (ret)
			return ret;
		n = MIN(n, size);
		memcpy(to, p, n);
		s->out->size += n;
	}
	return 0;
}

/* Blocks with their lengths, and no end: Linux puts the unpacked size there, in a zboot payload. */
static int decode_lz4_legacy(const uint8_t *p, size_t size, struct sink *s)
{
	uint8_t *block = malloc(LZ4_BLOCK);
	int ret = block ? 0 : -ENOMEM, n;
	size_t at = 4, len;

	if (ret)
		*s->why = "there is not enough memory to unpack it";
	while (!ret && size - at >= 4) {
		len = get32(p + at);
		if (size - at == 4 && len == (uint32_t)s->out->size)
			break;
		if (len == LZ4_LEGACY_MAGIC) /* one behind the other */
			break;
		if (len > size - at - 4) {
			ret = damaged(s, "its lz4 data is cut short, or damaged");
			break;
		}
		n = LZ4_decompress_safe((const char *)p + at + 4, (char *)block, (int)len,
					(int)LZ4_BLOCK);
		ret = n < 0 ? damaged(s, "its lz4 data is damaged") : sink_put(s, block, (size_t)n);
		at += 4 + len;
	}
	if (!ret && size - at && size - at < 4)
		ret = damaged(s, "its lz4 data is cut short");
	free(block);
	s->left = size - at;
	return ret;
}

static decoder *find_decoder(const uint8_t *p, uint64_t size)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd},
			     xz[] = {0xfd, '7', 'z', 'X', 'Z', 0}, bzip2[] = {'B', 'Z', 'h'},
			     lz4[] = {0x04, 0x22, 0x4d, 0x18},
			     lz4_legacy[] = {0x02, 0x21, 0x4c, 0x18};

	if (size >= sizeof(gzip) && !memcmp(p, gzip, sizeof(gzip)))
		return decode_gzip;
	if (size >= sizeof(zstd) && !memcmp(p, zstd, sizeof(zstd)))
		return decode_zstd;
	if (size >= sizeof(xz) && !memcmp(p, xz, sizeof(xz)))
		return decode_xz;
	if (size >= sizeof(bzip2) && !memcmp(p, bzip2, sizeof(bzip2)))
		return decode_bzip2;
	if (size >= sizeof(lz4) && !memcmp(p, lz4, sizeof(lz4)))
		return decode_lz4;
	if (size >= sizeof(lz4_legacy) && !memcmp(p, lz4_legacy, sizeof(lz4_legacy)))
		return decode_lz4_legacy;
	return NULL;
}

static bool is_zboot(const uint8_t *p, uint64_t size)
{
	return size >= ZBOOT_HEADER_SIZE && !memcmp(p, "MZ", 2) && !memcmp(p + 4, "zimg", 4);
}

bool unpack_is_packed(const void *data, uint64_t size)
{
	return is_zboot(data, size) || find_decoder(data, size);
}

static void drop(struct unpacked *out)
{
	if (out->data)
		munmap(out->data, out->mapped);
	*out = (struct unpacked){0};
}

/* Only what is used stays mapped, and decoders may have used the rest of the last page. */
static void trim(struct unpacked *out)
{
	uint64_t mapped = ALIGN_UP(out->size, LAYOUT_PAGE);

	memset(out->data + out->size, 0, mapped - out->size);
	if (mapped < out->mapped)
		munmap(out->data + mapped, out->mapped - mapped);
	out->mapped = mapped;
}

int unpack(const void *data, uint64_t size, uint64_t max, struct unpacked *out, const char **why)
{
	struct sink s = {.out = out, .max = max, .why = why};
	const uint8_t *p = data;
	bool zboot = is_zboot(p, size);
	decoder *decode;
	int ret;

	*out = (struct unpacked){0};
	if (zboot) {
		uint64_t at = get32(p + ZBOOT_OFFSET), length = get32(p + ZBOOT_SIZE);

		if (at > size || length > size - at)
			return damaged(&s, "it is an EFI zboot image that is cut short");
		p += at;
		size = length;
	}
	decode = find_decoder(p, size);
	if (!decode)
		return damaged(
			&s, zboot ? "it is an EFI zboot image whose payload is packed in a "
				    "way that is not known here (not gzip, zstd, xz, bzip2 or lz4)"
				  : "it is not packed");
	if (size > UINT_MAX)
		return damaged(&s, "it is too large");
	ret = decode(p, (size_t)size, &s);
	if (!ret && out->size > max)
		ret = sink_grow(&s); /* which says that it is too large */
	if (!ret && !out->size)
		ret = damaged(&s, "it is packed, and nothing is in it");
	/* A zboot payload ends with its size. Elsewhere half a kernel must not pass for a whole. */
	if (!ret && !zboot && find_decoder(p + size - s.left, s.left))
		ret = damaged(&s, "it is packed in several pieces: pack it in one");
	if (ret)
		drop(out);
	else
		trim(out);
	return ret;
}
