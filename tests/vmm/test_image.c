// SPDX-License-Identifier: BSD-3-Clause
/* test_image.c - which kernels are taken, and where everything is put. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "testing.h"
#include "vmm/image.h"
#include "vmm/layout.h"

#define MIB (UINT64_C(1) << 20)

static char dir[] = "/tmp/softrealm-test-XXXXXX";
static char kernel_path[64], initrd_path[64], last_log[1024];
static uint8_t kernel[3 * LAYOUT_PAGE + 100];

static void keep_log(const char *line)
{
	snprintf(last_log, sizeof(last_log), "%s", line);
}

static void put_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void put64(unsigned int at, uint64_t v)
{
	memcpy(kernel + at, &v, sizeof(v));
}

/* A well-formed Image of 16 MiB in memory. */
static int setup(void **state)
{
	memset(kernel, 0x5a, sizeof(kernel));
	put64(8, 0);
	put64(16, 16 * MIB);
	put64(24, 0xa);
	memcpy(kernel + 56, "ARM\x64", 4);
	put_file(kernel_path, kernel, sizeof(kernel));
	put_file(initrd_path, "initrd", 6);
	return 0;
}

static int group_setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	snprintf(kernel_path, sizeof(kernel_path), "%s/kernel", dir);
	snprintf(initrd_path, sizeof(initrd_path), "%s/initrd", dir);
	log_redirect(keep_log);
	return 0;
}

static int group_teardown(void **state)
{
	unlink(kernel_path);
	unlink(initrd_path);
	return rmdir(dir);
}

static void pieces_do_not_overlap(void **state)
{
	struct boot_images b;

	assert_int_equal(images_load(&b, kernel_path, initrd_path, LAYOUT_RAM, 64 * MIB), 0);
	assert_int_equal(b.kernel.addr, LAYOUT_RAM);
	assert_int_equal(b.kernel.size, sizeof(kernel));
	assert_int_equal(b.kernel.mapped, 4 * LAYOUT_PAGE);
	assert_memory_equal(b.kernel.data, kernel, sizeof(kernel));
	assert_int_equal(b.kernel.data[sizeof(kernel)], 0);
	assert_true(b.dtb.addr >= LAYOUT_RAM + 16 * MIB); /* behind the BSS */
	assert_true(IS_ALIGNED(b.dtb.addr, LAYOUT_2M));
	assert_true(b.initrd.addr >= b.dtb.addr + LAYOUT_2M);
	assert_int_equal(b.initrd.size, 6);
	images_free(&b);
}

static void exactly_enough_memory_is_enough(void **state)
{
	struct boot_images b;
	uint64_t need = 16 * MIB + LAYOUT_2M + LAYOUT_PAGE;

	assert_int_equal(images_load(&b, kernel_path, initrd_path, LAYOUT_RAM, need), 0);
	images_free(&b);
	assert_int_equal(images_load(&b, kernel_path, initrd_path, LAYOUT_RAM, need - LAYOUT_PAGE),
			 -EINVAL);
	assert_non_null(strstr(last_log, "too little memory"));
	images_free(&b);
}

static void file_larger_than_memory_is_refused(void **state)
{
	struct boot_images b;

	assert_int_equal(images_load(&b, kernel_path, NULL, LAYOUT_RAM, LAYOUT_PAGE), -EINVAL);
	assert_non_null(strstr(last_log, "do not fit"));
	images_free(&b);
}

static void expect_refused(const char *path, const char *why)
{
	struct boot_images b;

	last_log[0] = 0;
	assert_int_not_equal(images_load(&b, path, NULL, LAYOUT_RAM, 64 * MIB), 0);
	if (!strstr(last_log, why))
		fail_msg("\"%s\" does not say \"%s\"", last_log, why);
	images_free(&b);
}

static void refused_with(const char *why)
{
	put_file(kernel_path, kernel, sizeof(kernel));
	expect_refused(kernel_path, why);
}

static void wrong_files_are_told_apart(void **state)
{
	memcpy(kernel + 56, "ARM\x65", 4);
	refused_with("not an arm64 Linux Image");
	memcpy(kernel, "BZh", 3);
	refused_with("bzip2");
	memcpy(kernel, "\x1f\x8b", 2);
	refused_with("gzip data is damaged");
	memcpy(kernel, "\177ELF", 4);
	refused_with("ELF");
	memset(kernel, 0, 8);
	memcpy(kernel + 0x202, "HdrS", 4);
	refused_with("x86");
}

static void hostile_headers_are_refused(void **state)
{
	put64(16, 0);
	refused_with("size");
	put64(16, UINT64_MAX);
	refused_with("size");
	put64(16, BIT(39));
	refused_with("too little memory");
	put64(16, 16 * MIB);
	put64(8, 0x1234);
	refused_with("offset");
	put64(8, UINT64_MAX & ~(LAYOUT_PAGE - 1));
	refused_with("offset");
	put64(8, 0);
	put64(24, 0xb);
	refused_with("big-endian");
}

static void short_file_is_refused(void **state)
{
	put_file(kernel_path, kernel, 63);
	expect_refused(kernel_path, "not an arm64 Linux Image");
	put_file(kernel_path, kernel, 0);
	expect_refused(kernel_path, "empty");
}

static void unreadable_file_is_named(void **state)
{
	expect_refused("/nonexistent/Image", "/nonexistent/Image: No such file");
	expect_refused("/dev/null", "not a regular file");
	expect_refused(dir, "not a regular file");
}

static void missing_initrd_is_named(void **state)
{
	struct boot_images b;

	assert_int_not_equal(images_load(&b, kernel_path, "/nonexistent/i", LAYOUT_RAM, 64 * MIB),
			     0);
	assert_non_null(strstr(last_log, "initrd /nonexistent/i"));
	images_free(&b);
}

static void image_size_below_the_files_is_corrected(void **state)
{
	struct boot_images b;

	put64(16, 1);
	put_file(kernel_path, kernel, sizeof(kernel));
	assert_int_equal(images_load(&b, kernel_path, NULL, LAYOUT_RAM, 64 * MIB), 0);
	assert_int_equal(b.kernel_size, sizeof(kernel));
	images_free(&b);
}

static void device_tree_has_a_limit(void **state)
{
	struct boot_images b;
	void *big = calloc(1, LAYOUT_2M + 1);

	assert_int_equal(images_load(&b, kernel_path, NULL, LAYOUT_RAM, 64 * MIB), 0);
	assert_int_equal(images_set_dtb(&b, big, LAYOUT_2M + 1), -E2BIG);
	assert_int_equal(images_set_dtb(&b, big, LAYOUT_2M), 0);
	images_free(&b);
	free(big);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(pieces_do_not_overlap),
		T(exactly_enough_memory_is_enough),
		T(file_larger_than_memory_is_refused),
		T(wrong_files_are_told_apart),
		T(hostile_headers_are_refused),
		T(short_file_is_refused),
		T(unreadable_file_is_named),
		T(missing_initrd_is_named),
		T(image_size_below_the_files_is_corrected),
		T(device_tree_has_a_limit),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
