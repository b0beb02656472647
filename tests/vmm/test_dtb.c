// SPDX-License-Identifier: BSD-3-Clause
/* test_dtb.c - the device tree says what a realm's kernel needs, read back with libfdt. */
#include <endian.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "testing.h"
#include "vmm/dtb.h"
#include "vmm/layout.h"

static uint8_t fdt[DTB_MAX_SIZE];
static const struct dtb_config plain = {.cpus = 2,
					.ram = LAYOUT_RAM,
					.ram_size = UINT64_C(6) << 30,
					.bootargs = "console=hvc0 quiet"};

static void build(const struct dtb_config *c)
{
	int size = dtb_build(c, fdt);

	assert_true(size > 0);
	assert_int_equal(fdt_check_full(fdt, (size_t)size), 0);
}

static int node(const char *path)
{
	int at = fdt_path_offset(fdt, path);

	if (at < 0)
		fail_msg("no node %s", path);
	return at;
}

static const void *prop(const char *path, const char *name, int *len)
{
	const void *p = fdt_getprop(fdt, node(path), name, len);

	if (!p)
		fail_msg("no property %s in %s", name, path);
	return p;
}

static const char *text(const char *path, const char *name)
{
	return prop(path, name, NULL);
}

static uint32_t cell(const char *path, const char *name, unsigned int i)
{
	int len;
	const uint32_t *p = prop(path, name, &len);

	assert_true((int)(4 * (i + 1)) <= len);
	return be32toh(p[i]);
}

static uint64_t cell2(const char *path, const char *name, unsigned int i)
{
	return (uint64_t)cell(path, name, i) << 32 | cell(path, name, i + 1);
}

static bool has(const char *path, const char *name)
{
	return fdt_getprop(fdt, node(path), name, NULL) != NULL;
}

static void psci_goes_by_smc(void **state)
{
	build(&plain);
	assert_string_equal(text("/psci", "method"), "smc");
	assert_int_equal(fdt_node_check_compatible(fdt, node("/psci"), "arm,psci-1.0"), 0);
}

static void every_cpu_is_listed(void **state)
{
	struct dtb_config c = plain;
	char path[32];

	c.cpus = 16;
	build(&c);
	for (unsigned int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/cpus/cpu@%x", i);
		assert_int_equal(cell(path, "reg", 0), i);
		assert_string_equal(text(path, "enable-method"), "psci");
	}
	assert_true(fdt_path_offset(fdt, "/cpus/cpu@10") < 0);
	assert_int_equal(cell2("/interrupt-controller@8000000", "reg", 6), 16 * LAYOUT_GICR_SIZE);
}

static void memory_is_exactly_the_ram(void **state)
{
	build(&plain);
	assert_int_equal(cell2("/memory@40000000", "reg", 0), plain.ram);
	assert_int_equal(cell2("/memory@40000000", "reg", 2), plain.ram_size);
}

static void nothing_random_and_no_seed(void **state)
{
	static uint8_t first[DTB_MAX_SIZE];

	build(&plain);
	memcpy(first, fdt, sizeof(first));
	memset(fdt, 0xa5, sizeof(fdt));
	build(&plain);
	assert_memory_equal(first, fdt, sizeof(first));
	assert_false(has("/chosen", "kaslr-seed"));
	assert_false(has("/chosen", "rng-seed"));
}

static void chosen_has_arguments_and_initrd(void **state)
{
	struct dtb_config c = plain;

	build(&c);
	assert_string_equal(text("/chosen", "bootargs"), c.bootargs);
	assert_false(has("/chosen", "linux,initrd-start"));
	c.initrd = 0x140000000;
	c.initrd_size = 1234;
	build(&c);
	assert_int_equal(cell2("/chosen", "linux,initrd-start", 0), c.initrd);
	assert_int_equal(cell2("/chosen", "linux,initrd-end", 0), c.initrd + 1234);
}

static void arguments_have_a_limit(void **state)
{
	static char args[DTB_MAX_BOOTARGS + 2];
	struct dtb_config c = plain;

	memset(args, 'a', DTB_MAX_BOOTARGS);
	c.bootargs = args;
	build(&c);
	assert_string_equal(text("/chosen", "bootargs"), args);
	args[DTB_MAX_BOOTARGS] = 'a';
	assert_int_equal(dtb_build(&c, fdt), -E2BIG);
}

static void pci_is_coherent_with_an_interrupt_for_each_slot(void **state)
{
	static const char pci[] = "/pcie@10000000";
	uint32_t gic;

	build(&plain);
	gic = cell("/interrupt-controller@8000000", "phandle", 0);
	assert_true(has(pci, "dma-coherent"));
	assert_int_equal(cell(pci, "bus-range", 1), 0);
	assert_int_equal(cell2(pci, "reg", 0), LAYOUT_ECAM);
	for (unsigned int slot = 0; slot < LAYOUT_PCI_SLOTS; slot++) {
		assert_int_equal(cell(pci, "interrupt-map", 8 * slot), slot << 11);
		assert_int_equal(cell(pci, "interrupt-map", 8 * slot + 3), 1);
		assert_int_equal(cell(pci, "interrupt-map", 8 * slot + 4), gic);
		assert_int_equal(cell(pci, "interrupt-map", 8 * slot + 6), layout_pci_spi(slot));
		assert_int_equal(cell(pci, "interrupt-map", 8 * slot + 7), 4);
	}
	assert_int_equal(cell(pci, "ranges", 0), 0x02000000);
	assert_int_equal(cell2(pci, "ranges", 3), LAYOUT_PCI_WINDOW);
}

static void an_its_is_what_pci_sends_messages_to(void **state)
{
	static const char its[] = "/interrupt-controller@8000000/msi-controller@8080000";
	static const char pci[] = "/pcie@10000000";
	struct dtb_config c = plain;

	build(&c);
	assert_true(fdt_path_offset(fdt, its) < 0);
	assert_false(has(pci, "msi-map"));
	c.its = true;
	build(&c);
	assert_int_equal(fdt_node_check_compatible(fdt, node(its), "arm,gic-v3-its"), 0);
	assert_int_equal(cell2(its, "reg", 0), LAYOUT_ITS);
	assert_int_equal(cell2(its, "reg", 2), LAYOUT_ITS_SIZE);
	assert_int_equal(cell(its, "#msi-cells", 0), 1);
	assert_int_equal(cell(pci, "msi-map", 1), cell(its, "phandle", 0));
	assert_int_equal(cell(pci, "msi-map", 3), 0x10000);
	/* The interrupt map's parent has address cells now. */
	assert_int_equal(cell("/interrupt-controller@8000000", "#address-cells", 0), 2);
	for (unsigned int slot = 0; slot < LAYOUT_PCI_SLOTS; slot++) {
		assert_int_equal(cell(pci, "interrupt-map", 10 * slot), slot << 11);
		assert_int_equal(cell2(pci, "interrupt-map", 10 * slot + 5), 0);
		assert_int_equal(cell(pci, "interrupt-map", 10 * slot + 8), layout_pci_spi(slot));
	}
}

static void the_clock_has_the_clock_of_its_bus(void **state)
{
	static const char rtc[] = "/rtc@9010000";

	build(&plain);
	assert_int_equal(fdt_node_check_compatible(fdt, node(rtc), "arm,pl031"), 0);
	assert_int_equal(fdt_node_check_compatible(fdt, node(rtc), "arm,primecell"), 0);
	assert_int_equal(cell2(rtc, "reg", 0), LAYOUT_RTC);
	assert_string_equal(text(rtc, "clock-names"), "apb_pclk");
	assert_int_equal(cell(rtc, "clocks", 0), cell("/apb-pclk", "phandle", 0));
	assert_false(has(rtc, "interrupts"));
}

static void devices_lie_outside_ram(void **state)
{
	static const uint64_t ends[] = {
		LAYOUT_GICD + LAYOUT_GICD_SIZE,
		LAYOUT_ITS + LAYOUT_ITS_SIZE,
		LAYOUT_GICR + LAYOUT_MAX_CPUS * LAYOUT_GICR_SIZE,
		LAYOUT_UART + LAYOUT_UART_SIZE,
		LAYOUT_RTC + LAYOUT_RTC_SIZE,
		LAYOUT_ECAM + LAYOUT_ECAM_SIZE,
		LAYOUT_PCI_WINDOW + LAYOUT_PCI_WINDOW_SIZE,
		LAYOUT_RAM,
	};
	static const uint64_t starts[] = {LAYOUT_ITS,  LAYOUT_GICR,	  LAYOUT_UART, LAYOUT_RTC,
					  LAYOUT_ECAM, LAYOUT_PCI_WINDOW, LAYOUT_RAM};

	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++)
		assert_true(ends[i] <= starts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(psci_goes_by_smc),
		cmocka_unit_test(every_cpu_is_listed),
		cmocka_unit_test(memory_is_exactly_the_ram),
		cmocka_unit_test(nothing_random_and_no_seed),
		cmocka_unit_test(chosen_has_arguments_and_initrd),
		cmocka_unit_test(arguments_have_a_limit),
		cmocka_unit_test(pci_is_coherent_with_an_interrupt_for_each_slot),
		cmocka_unit_test(an_its_is_what_pci_sends_messages_to),
		cmocka_unit_test(the_clock_has_the_clock_of_its_bus),
		cmocka_unit_test(devices_lie_outside_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
