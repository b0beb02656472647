// SPDX-License-Identifier: BSD-3-Clause
/* dtb.c - writes the device tree, with libfdt's sequential functions. */
#include "vmm/dtb.h"

#include <endian.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "vmm/layout.h"

#define PHANDLE_GIC	1
#define PHANDLE_ITS	2
#define PHANDLE_CLOCK	3
#define GIC_SPI		0
#define GIC_PPI		1
#define IRQ_LEVEL_HIGH	4
#define PCI_SPACE_MEM32 0x02000000
#define UART_PATH	"/serial@9000000"
_Static_assert(LAYOUT_UART == 0x9000000, "the UART's path");

/*
 * The buffer is far larger than the largest tree (only bootargs has no fixed size, and that is
 * checked first), so no call here can fail.
 */
static int prop_cells(void *fdt, const char *name, const uint32_t *cells, unsigned int n)
{
	uint32_t be[10 * LAYOUT_PCI_SLOTS];

	for (unsigned int i = 0; i < n; i++)
		be[i] = htobe32(cells[i]);
	return fdt_property(fdt, name, be, (int)(n * sizeof(be[0])));
}

#define HI(v) ((uint32_t)((uint64_t)(v) >> 32))
#define LO(v) ((uint32_t)(v))
#define CELLS(fdt, name, ...)                                                                      \
	prop_cells(fdt, name, (const uint32_t[]){__VA_ARGS__},                                     \
		   sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void flag(void *fdt, const char *name)
{
	fdt_property(fdt, name, NULL, 0);
}

static void add_chosen(void *fdt, const struct dtb_config *c)
{
	fdt_begin_node(fdt, "chosen");
	fdt_property_string(fdt, "bootargs", c->bootargs);
	if (c->uart)
		fdt_property_string(fdt, "stdout-path", UART_PATH);
	if (c->initrd_size) {
		fdt_property_u64(fdt, "linux,initrd-start", c->initrd);
		fdt_property_u64(fdt, "linux,initrd-end", c->initrd + c->initrd_size);
	}
	fdt_end_node(fdt);
}

static void add_memory(void *fdt, const struct dtb_config *c)
{
	char name[32];

	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)c->ram);
	fdt_begin_node(fdt, name);
	fdt_property_string(fdt, "device_type", "memory");
	CELLS(fdt, "reg", HI(c->ram), LO(c->ram), HI(c->ram_size), LO(c->ram_size));
	fdt_end_node(fdt);
}

static void add_cpus(void *fdt, const struct dtb_config *c)
{
	char name[32];

	fdt_begin_node(fdt, "cpus");
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 0);
	for (unsigned int i = 0; i < c->cpus; i++) {
		snprintf(name, sizeof(name), "cpu@%llx", (unsigned long long)layout_mpidr(i));
		fdt_begin_node(fdt, name);
		fdt_property_string(fdt, "device_type", "cpu");
		fdt_property_string(fdt, "compatible", "arm,armv8");
		fdt_property_string(fdt, "enable-method", "psci");
		fdt_property_u32(fdt, "reg", LO(layout_mpidr(i)));
		fdt_end_node(fdt);
	}
	fdt_end_node(fdt);
}

/* Only SMC reaches the RMM: a kernel that is told "hvc" dies at its first PSCI call. */
static void add_psci(void *fdt)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

	fdt_begin_node(fdt, "psci");
	fdt_property(fdt, "compatible", compatible, sizeof(compatible));
	fdt_property_string(fdt, "method", "smc");
	fdt_end_node(fdt);
}

static void add_timer(void *fdt)
{
	/* secure, non-secure, virtual, hypervisor; 16 less than the interrupt's number */
	static const uint32_t ppis[] = {13, 14, 11, 10};
	uint32_t cells[3 * ARRAY_SIZE(ppis)];

	for (unsigned int i = 0; i < ARRAY_SIZE(ppis); i++) {
		cells[3 * i] = GIC_PPI;
		cells[3 * i + 1] = ppis[i];
		cells[3 * i + 2] = IRQ_LEVEL_HIGH;
	}
	fdt_begin_node(fdt, "timer");
	fdt_property_string(fdt, "compatible", "arm,armv8-timer");
	prop_cells(fdt, "interrupts", cells, ARRAY_SIZE(cells));
	flag(fdt, "always-on");
	fdt_end_node(fdt);
}

static void add_pmu(void *fdt)
{
	fdt_begin_node(fdt, "pmu");
	fdt_property_string(fdt, "compatible", "arm,armv8-pmuv3");
	CELLS(fdt, "interrupts", GIC_PPI, LAYOUT_PMU_PPI - 16, IRQ_LEVEL_HIGH);
	fdt_end_node(fdt);
}

/* It stands inside the GIC's node, whose interrupt specifiers have an address then: all zero. */
static void add_its(void *fdt)
{
	char name[32];

	fdt_property_u32(fdt, "#address-cells", 2);
	fdt_property_u32(fdt, "#size-cells", 2);
	flag(fdt, "ranges");
	snprintf(name, sizeof(name), "msi-controller@%llx", (unsigned long long)LAYOUT_ITS);
	fdt_begin_node(fdt, name);
	fdt_property_string(fdt, "compatible", "arm,gic-v3-its");
	flag(fdt, "msi-controller");
	fdt_property_u32(fdt, "#msi-cells", 1);
	CELLS(fdt, "reg", HI(LAYOUT_ITS), LO(LAYOUT_ITS), 0, LO(LAYOUT_ITS_SIZE));
	fdt_property_u32(fdt, "phandle", PHANDLE_ITS);
	fdt_end_node(fdt);
}

static void add_gic(void *fdt, const struct dtb_config *c)
{
	uint64_t redist = c->cpus * LAYOUT_GICR_SIZE;
	char name[32];

	snprintf(name, sizeof(name), "interrupt-controller@%llx", (unsigned long long)LAYOUT_GICD);
	fdt_begin_node(fdt, name);
	fdt_property_string(fdt, "compatible", "arm,gic-v3");
	flag(fdt, "interrupt-controller");
	fdt_property_u32(fdt, "#interrupt-cells", 3);
	if (!c->its)
		fdt_property_u32(fdt, "#address-cells", 0);
	CELLS(fdt, "reg", HI(LAYOUT_GICD), LO(LAYOUT_GICD), 0, LO(LAYOUT_GICD_SIZE),
	      HI(LAYOUT_GICR), LO(LAYOUT_GICR), 0, LO(redist));
	fdt_property_u32(fdt, "phandle", PHANDLE_GIC);
	if (c->its)
		add_its(fdt);
	fdt_end_node(fdt);
}

/* Pin A of slot n is SPI n. */
static void add_pci_interrupts(void *fdt, bool its)
{
	uint32_t map[10 * LAYOUT_PCI_SLOTS], *p = map;

	for (unsigned int slot = 0; slot < LAYOUT_PCI_SLOTS; slot++) {
		const uint32_t child[] = {slot << 11, 0, 0, 1};
		const uint32_t parent[] = {GIC_SPI, layout_pci_spi(slot), IRQ_LEVEL_HIGH};

		p = mempcpy(p, child, sizeof(child));
		*p++ = PHANDLE_GIC;
		for (unsigned int i = 0; its && i < 2; i++) /* the GIC's address cells */
			*p++ = 0;
		p = mempcpy(p, parent, sizeof(parent));
	}
	fdt_property_u32(fdt, "#interrupt-cells", 1);
	CELLS(fdt, "interrupt-map-mask", 0xf800, 0, 0, 7);
	prop_cells(fdt, "interrupt-map", map, (unsigned int)(p - map));
	/* The ITS knows a function by its requester id, which is what the bus has. */
	if (its)
		CELLS(fdt, "msi-map", 0, PHANDLE_ITS, 0, 0x10000);
}

static void add_pci(void *fdt, const struct dtb_config *c)
{
	char name[32];

	snprintf(name, sizeof(name), "pcie@%llx", (unsigned long long)LAYOUT_ECAM);
	fdt_begin_node(fdt, name);
	fdt_property_string(fdt, "compatible", "pci-host-ecam-generic");
	fdt_property_string(fdt, "device_type", "pci");
	fdt_property_u32(fdt, "#address-cells", 3);
	fdt_property_u32(fdt, "#size-cells", 2);
	CELLS(fdt, "reg", HI(LAYOUT_ECAM), LO(LAYOUT_ECAM), 0, LO(LAYOUT_ECAM_SIZE));
	CELLS(fdt, "bus-range", 0, 0);
	CELLS(fdt, "ranges", PCI_SPACE_MEM32, HI(LAYOUT_PCI_WINDOW), LO(LAYOUT_PCI_WINDOW),
	      HI(LAYOUT_PCI_WINDOW), LO(LAYOUT_PCI_WINDOW), 0, LO(LAYOUT_PCI_WINDOW_SIZE));
	fdt_property_u32(fdt, "linux,pci-domain", 0);
	flag(fdt, "dma-coherent");
	add_pci_interrupts(fdt, c->its);
	fdt_end_node(fdt);
}

/* The driver wants the clock of its bus, at whatever rate. It does without an interrupt. */
static void add_rtc(void *fdt)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";
	char name[32];

	fdt_begin_node(fdt, "apb-pclk");
	fdt_property_string(fdt, "compatible", "fixed-clock");
	fdt_property_u32(fdt, "#clock-cells", 0);
	fdt_property_u32(fdt, "clock-frequency", 24000000);
	fdt_property_u32(fdt, "phandle", PHANDLE_CLOCK);
	fdt_end_node(fdt);
	snprintf(name, sizeof(name), "rtc@%llx", (unsigned long long)LAYOUT_RTC);
	fdt_begin_node(fdt, name);
	fdt_property(fdt, "compatible", compatible, sizeof(compatible));
	CELLS(fdt, "reg", HI(LAYOUT_RTC), LO(LAYOUT_RTC), 0, LO(LAYOUT_RTC_SIZE));
	fdt_property_u32(fdt, "clocks", PHANDLE_CLOCK);
	fdt_property_string(fdt, "clock-names", "apb_pclk");
	fdt_end_node(fdt);
}

/* It has no interrupt: a driver that wants one polls. */
static void add_uart(void *fdt)
{
	fdt_begin_node(fdt, &UART_PATH[1]);
	fdt_property_string(fdt, "compatible", "ns16550a");
	CELLS(fdt, "reg", HI(LAYOUT_UART), LO(LAYOUT_UART), 0, LO(LAYOUT_UART_SIZE));
	fdt_property_u32(fdt, "clock-frequency", 1843200);
	fdt_end_node(fdt);
}

int dtb_build(const struct dtb_config *c, void *buf)
{
	if (strlen(c->bootargs) > DTB_MAX_BOOTARGS)
		return -E2BIG;
	memset(buf, 0, DTB_MAX_SIZE);
	fdt_create(buf, DTB_MAX_SIZE);
	fdt_finish_reservemap(buf);
	fdt_begin_node(buf, "");
	fdt_property_string(buf, "compatible", "linux,dummy-virt");
	fdt_property_u32(buf, "#address-cells", 2);
	fdt_property_u32(buf, "#size-cells", 2);
	fdt_property_u32(buf, "interrupt-parent", PHANDLE_GIC);
	add_chosen(buf, c);
	add_memory(buf, c);
	add_cpus(buf, c);
	add_psci(buf);
	add_timer(buf);
	if (c->pmu)
		add_pmu(buf);
	add_gic(buf, c);
	if (c->uart)
		add_uart(buf);
	add_rtc(buf);
	add_pci(buf, c);
	fdt_end_node(buf);
	fdt_finish(buf);
	return (int)fdt_totalsize(buf);
}
