// SPDX-License-Identifier: BSD-3-Clause
/* test_unpack.c - packed kernels come out as they went in, and hostile ones are refused. */
#include <bzlib.h>
#include <errno.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bits.h"
#include "base/log.h"
#include "testing.h"
#include "vmm/image.h"
#include "vmm/layout.h"
#include "vmm/unpack.h"

#define MIB    (UINT64_C(1) << 20)
#define KERNEL (1 * MIB + 100)
#define ROOM   (2 * MIB)
#define ZBOOT  64 /* bytes of the header */
#define NUM(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t kernel[KERNEL], packed[ROOM], again[ROOM];
static char last_log[1024], path[] = "/tmp/softrealm-test-XXXXXX";

static void keep_log(const char *line)
{
	snprintf(last_log, sizeof(last_log), "%s", line);
}

/* An Image of which about the half can be packed. */
static int group_setup(void **state)
{
	static const uint64_t image_size = 16 * MIB;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	srand(1);
	for (size_t i = 0; i < KERNEL; i++)
		kernel[i] = i & 64 ? (uint8_t)rand() : 0;
	memset(kernel, 0, 64);
	memcpy(kernel + 16, &image_size, sizeof(image_size));
	memcpy(kernel + 56, "ARM\x64", 4);
	log_redirect(keep_log);
	return 0;
}

static int group_teardown(void **state)
{
	return unlink(path);
}

/* ---- packers: the size of what is at to ---- */

static size_t pack_gzip(const void *p, size_t n, uint8_t *to)
{
	z_stream z = {
		.next_in = (uint8_t *)p, .avail_in = (uInt)n, .next_out = to, .avail_out = ROOM};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return ROOM - z.avail_out;
}

static size_t pack_zstd(const void *p, size_t n, uint8_t *to)
{
	size_t size = ZSTD_compress(to, ROOM, p, n, 3);

	assert_false(ZSTD_isError(size));
	return size;
}

static size_t pack_xz(const void *p, size_t n, uint8_t *to)
{
	size_t size = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, p, n, to, &size, ROOM),
			 LZMA_OK);
	return size;
}

static size_t pack_bzip2(const void *p, size_t n, uint8_t *to)
{
	unsigned int size = ROOM;

	assert_int_equal(
		BZ2_bzBuffToBuffCompress((char *)to, &size, (char *)p, (unsigned int)n, 9, 0, 0),
		BZ_OK);
	return size;
}

static size_t pack_lz4(const void *p, size_t n, uint8_t *to)
{
	LZ4F_preferences_t prefs = {.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled};
	size_t room = LZ4F_compressFrameBound(n, &prefs);
	uint8_t *all = malloc(room); /* it takes no less, however small it gets */
	size_t size = LZ4F_compressFrame(all, room, p, n, &prefs);

	assert_true(size <= ROOM);
	memcpy(to, all, size);
	free(all);
	return size;
}

static void put32(uint8_t *p, size_t v)
{
	uint32_t w = (uint32_t)v;

	memcpy(p, &w, sizeof(w));
}

/* As Linux packs its Image.lz4: blocks of 8 MiB. */
static size_t pack_lz4_legacy(const void *p, size_t n, uint8_t *to)
{
	size_t size = 4;

	put32(to, 0x184c2102);
	for (size_t at = 0, len; at < n; at += len) {
		len = MIN(n - at, 8 * MIB);
		int packed_len = LZ4_compress_default((const char *)p + at, (char *)to + size + 4,
						      (int)len, (int)(ROOM - size - 4));

		assert_true(packed_len > 0);
		put32(to + size, (size_t)packed_len);
		size += 4 + (size_t)packed_len;
	}
	return size;
}

typedef size_t packer(const void *p, size_t n, uint8_t *to);
static packer *const packers[] = {pack_gzip,  pack_zstd, pack_xz,
				  pack_bzip2, pack_lz4,	 pack_lz4_legacy};

static bool has_checksum(packer *pack)
{
	return pack != pack_zstd && pack != pack_lz4_legacy;
}

/* As the kernel's build makes it: the payload, and behind that its size when unpacked. */
static size_t pack_zboot(packer *pack, uint8_t *to)
{
	size_t n = pack(kernel, KERNEL, to + ZBOOT);

	memset(to, 0, ZBOOT);
	memcpy(to, "MZ\0\0zimg", 8);
	put32(to + 8, ZBOOT);
	put32(to + 12, n + 4);
	put32(to + ZBOOT + n, KERNEL);
	return ZBOOT + n + 4;
}

/* ---- expectations ---- */

static void put_file(const void *data, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	fclose(f);
}

static void expect_loaded(const void *data, size_t n)
{
	struct boot_images b;
	uint8_t zero[LAYOUT_PAGE] = {0};

	put_file(data, n);
	if (images_load(&b, path, NULL, LAYOUT_RAM, 64 * MIB))
		fail_msg("refused: %s", last_log);
	assert_int_equal(b.kernel.size, KERNEL);
	assert_int_equal(b.kernel.mapped, ALIGN_UP(KERNEL, LAYOUT_PAGE));
	assert_memory_equal(b.kernel.data, kernel, KERNEL);
	assert_memory_equal(b.kernel.data + KERNEL, zero, b.kernel.mapped - KERNEL);
	images_free(&b);
}

static void expect_refused(const void *data, size_t n, uint64_t memory, const char *why)
{
	struct boot_images b;

	last_log[0] = 0;
	put_file(data, n);
	assert_int_not_equal(images_load(&b, path, NULL, LAYOUT_RAM, memory), 0);
	if (!strstr(last_log, why))
		fail_msg("\"%s\" does not say \"%s\"", last_log, why);
	images_free(&b);
}

static void expect_no_unpack(const void *data, size_t n, uint64_t max, int err)
{
	struct unpacked out;
	const char *why = NULL;

	assert_int_equal(unpack(data, n, max, &out, &why), err);
	assert_non_null(why);
	assert_null(out.data);
}

/* ---- tests ---- */

static void the_image_that_went_in_is_loaded(void **state)
{
	expect_loaded(kernel, KERNEL);
	for (size_t i = 0; i < NUM(packers); i++) {
		expect_loaded(packed, packers[i](kernel, KERNEL, packed));
		expect_loaded(packed, pack_zboot(packers[i], packed));
	}
}

static void two_layers_are_taken_off_but_not_three(void **state)
{
	size_t n = pack_zboot(pack_zstd, packed);

	n = pack_gzip(packed, n, again);
	expect_loaded(again, n);
	n = pack_xz(again, n, packed);
	expect_refused(packed, n, 64 * MIB, "again and again");
}

static void a_file_that_is_cut_short_is_refused(void **state)
{
	for (size_t i = 0; i < NUM(packers); i++) {
		size_t n = packers[i](kernel, KERNEL, packed);

		expect_refused(packed, n - 1, 64 * MIB, "cut short");
		expect_refused(packed, n / 2, 64 * MIB, "cut short");
		for (size_t k = 6; k < n; k += k < 200 ? 1 : n / 17)
			expect_no_unpack(packed, k, 64 * MIB, -EINVAL);
		n = pack_zboot(packers[i], packed);
		expect_refused(packed, n - 5, 64 * MIB, "cut short");
	}
}

/* Whatever comes out of a damaged file, it ends; what has a checksum is refused. */
static void a_damaged_file_is_refused(void **state)
{
	for (size_t i = 0; i < NUM(packers); i++) {
		size_t n = packers[i](kernel, KERNEL, packed);

		for (size_t at = 7; at < n; at += n / 11) {
			struct unpacked out;
			const char *why;

			packed[at] ^= 0x55;
			if (!unpack(packed, n, 16 * MIB, &out, &why)) {
				assert_true(!has_checksum(packers[i]) || at < 12);
				munmap(out.data, out.mapped);
			}
			packed[at] ^= 0x55;
		}
		packed[n / 2] ^= 0x55;
		if (has_checksum(packers[i]))
			expect_refused(packed, n, 64 * MIB, "damaged");
	}
}

/* Megabytes of zeros in some kilobytes. */
static void a_bomb_ends_at_the_realms_memory(void **state)
{
	size_t size = 24 * MIB;
	uint8_t *zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(zeros, MAP_FAILED);
	for (size_t i = 0; i < NUM(packers); i++) {
		size_t n = packers[i](zeros, size, packed);

		assert_true(n < MIB / 4);
		expect_refused(packed, n, 16 * MIB, "larger than the realm's memory");
		expect_no_unpack(packed, n, size - 1, -E2BIG);
		expect_no_unpack(packed, n, 1, -E2BIG);
	}
	munmap(zeros, size);
}

static void exactly_the_limit_is_enough(void **state)
{
	for (size_t i = 0; i < NUM(packers); i++) {
		size_t n = packers[i](kernel, KERNEL, packed);
		struct unpacked out;
		const char *why;

		assert_int_equal(unpack(packed, n, KERNEL, &out, &why), 0);
		assert_int_equal(out.size, KERNEL);
		munmap(out.data, out.mapped);
		expect_no_unpack(packed, n, KERNEL - 1, -E2BIG);
	}
}

static void hostile_zboot_headers_are_refused(void **state)
{
	size_t n = pack_zboot(pack_gzip, packed);
	static const uint32_t wrong[][2] = {
		{UINT32_MAX, 1}, {1, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, {ZBOOT, 0x7fffffff}};

	for (size_t i = 0; i < NUM(wrong); i++) {
		put32(packed + 8, wrong[i][0]);
		put32(packed + 12, wrong[i][1]);
		expect_refused(packed, n, 64 * MIB, "cut short");
	}
	put32(packed + 8, 0); /* it contains itself */
	put32(packed + 12, n);
	expect_refused(packed, n, 64 * MIB, "not gzip, zstd, xz");
	put32(packed + 8, n);
	put32(packed + 12, 0);
	expect_refused(packed, n, 64 * MIB, "not gzip, zstd, xz");
}

static void what_would_be_half_a_kernel_is_refused(void **state)
{
	for (size_t i = 0; i < NUM(packers); i++) {
		size_t n = packers[i](kernel, KERNEL / 2, packed);

		n += packers[i](kernel + KERNEL / 2, KERNEL - KERNEL / 2, packed + n);
		expect_refused(packed, n, 64 * MIB, "several pieces");
	}
}

static void a_decoder_that_wants_gigabytes_is_refused(void **state)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = {kernel, KERNEL, 0};
	ZSTD_outBuffer out = {packed, ROOM, 0};

	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 30);
	ZSTD_compressStream2(c, &out, &in, ZSTD_e_flush); /* the size is not known yet */
	assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	expect_refused(packed, out.pos, 64 * MIB, "too much memory");
}

static void empty_contents_are_refused(void **state)
{
	for (size_t i = 0; i < NUM(packers); i++)
		expect_refused(packed, packers[i]("", 0, packed), 64 * MIB, "nothing is in it");
}

static void what_is_no_kernel_is_told_after_unpacking(void **state)
{
	expect_refused(packed, pack_gzip("\177ELF and so on", 13, packed), 64 * MIB, "ELF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_image_that_went_in_is_loaded),
		cmocka_unit_test(two_layers_are_taken_off_but_not_three),
		cmocka_unit_test(a_file_that_is_cut_short_is_refused),
		cmocka_unit_test(a_damaged_file_is_refused),
		cmocka_unit_test(a_bomb_ends_at_the_realms_memory),
		cmocka_unit_test(exactly_the_limit_is_enough),
		cmocka_unit_test(hostile_zboot_headers_are_refused),
		cmocka_unit_test(what_would_be_half_a_kernel_is_refused),
		cmocka_unit_test(a_decoder_that_wants_gigabytes_is_refused),
		cmocka_unit_test(empty_contents_are_refused),
		cmocka_unit_test(what_is_no_kernel_is_told_after_unpacking),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
