// SPDX-License-Identifier: BSD-3-Clause
/* test_load.c - the width of the IPA space and the kernel's arguments, from the options. */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "testing.h"
#include "vmm/load.h"
#include "vmm/status.h"

#define GIB (UINT64_C(1) << 30)

static char kernel[] = "/tmp/softrealm-test-XXXXXX";
static struct vmm_options o;
static struct boot_images b;
static unsigned int bits;

static void no_log(const char *line)
{
}

static int group_setup(void **state)
{
	uint8_t image[4096] = {0};
	int fd = mkstemp(kernel);

	log_redirect(no_log);
	image[18] = 0x10; /* image_size: 1 MiB */
	memcpy(image + 56, "ARM\x64", 4);
	return write(fd, image, sizeof(image)) != sizeof(image) || close(fd);
}

static int group_teardown(void **state)
{
	return unlink(kernel);
}

static int setup(void **state)
{
	o = (struct vmm_options){.kernel = kernel, .append = "", .memory = GIB / 2, .cpus = 1};
	return 0;
}

static int load(void)
{
	images_free(&b);
	return load_images(&o, &b, &bits);
}

static int teardown(void **state)
{
	images_free(&b);
	return 0;
}

static const char *bootargs(void)
{
	assert_int_equal(load(), 0);
	return fdt_getprop(b.dtb.data, fdt_path_offset(b.dtb.data, "/chosen"), "bootargs", NULL);
}

static void ipa_space_is_as_wide_as_memory_needs(void **state)
{
	static const struct {
		uint64_t memory;
		unsigned int bits;
	} want[] = {
		{GIB / 2, 33}, {3 * GIB, 33}, {3 * GIB + 4096, 34}, {7 * GIB, 34}, {8 * GIB, 35}};

	for (unsigned int i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		o.memory = want[i].memory;
		assert_int_equal(load(), 0);
		assert_int_equal(bits, want[i].bits);
	}
	o.ipa_bits = 40;
	assert_int_equal(load(), 0);
	assert_int_equal(bits, 40);
}

static void too_narrow_an_ipa_space_is_refused(void **state)
{
	o.ipa_bits = 32;
	o.memory = GIB;
	assert_int_equal(load(), 0);
	o.memory += 4096;
	assert_int_equal(load(), VMM_USAGE);
}

static void the_users_arguments_come_last(void **state)
{
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096");
	o.append = "quiet console=ttyS0";
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096 quiet console=ttyS0");
}

static void earlycon_is_at_the_shared_alias(void **state)
{
	o.earlycon = true;
	assert_string_equal(bootargs(), "earlycon=uart,mmio,0x109000000 console=hvc0 swiotlb=4096");
	o.ipa_bits = 40;
	assert_string_equal(bootargs(),
			    "earlycon=uart,mmio,0x8009000000 console=hvc0 swiotlb=4096");
}

/* Whatever devices there are: they change nothing that is measured. */
static void bounce_buffers_are_a_part_of_memory(void **state)
{
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096");
	o.ndisks = 1;
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096");
	o.memory = 64ull << 20;
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=512");
	o.memory = 8 * GIB - 4096;
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096");
	o.memory = 8 * GIB; /* the kernel's own pool has as much */
	assert_string_equal(bootargs(), "console=hvc0");
	o.memory = GIB / 2;
	o.append = "swiotlb=1000";
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=1000");
}

static void passts_addresses_are_told_to_the_init(void **state)
{
	o.net_passt = true;
	assert_string_equal(bootargs(), "console=hvc0 swiotlb=4096 "
					"softrealm.net=10.0.2.15/24,10.0.2.2,10.0.2.3");
}

/* Whatever it is: its first byte is the first one of RAM, and its tree tells of the UART. */
static void a_firmware_lies_at_the_start_of_memory(void **state)
{
	const void *fdt;

	o.kernel = NULL;
	o.firmware = kernel;
	assert_int_equal(load(), 0);
	assert_string_equal(b.kernel.name, "firmware");
	assert_int_equal(b.kernel.addr, 0x40000000);
	assert_int_equal(b.kernel.size, 4096);
	assert_int_equal(b.dtb.addr, 0x40200000);
	fdt = b.dtb.data;
	assert_true(fdt_path_offset(fdt, "/serial@9000000") > 0);
	assert_string_equal(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", NULL),
			    "/serial@9000000");
	o.kernel = kernel;
	o.firmware = NULL;
	assert_int_equal(load(), 0);
	fdt = b.dtb.data;
	assert_true(fdt_path_offset(fdt, "/serial@9000000") < 0);
}

static void too_long_arguments_are_refused(void **state)
{
	static char args[4096];

	memset(args, 'a', 2047 - strlen("console=hvc0 swiotlb=4096 "));
	o.append = args;
	assert_int_equal(strlen(bootargs()), 2047);
	args[strlen(args)] = 'a';
	assert_int_equal(load(), VMM_USAGE);
	memset(args, 'a', sizeof(args) - 1);
	assert_int_equal(load(), VMM_USAGE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(ipa_space_is_as_wide_as_memory_needs),   T(too_narrow_an_ipa_space_is_refused),
		T(the_users_arguments_come_last),	   T(earlycon_is_at_the_shared_alias),
		T(bounce_buffers_are_a_part_of_memory),	   T(passts_addresses_are_told_to_the_init),
		T(a_firmware_lies_at_the_start_of_memory), T(too_long_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
