// SPDX-License-Identifier: BSD-3-Clause
/* main.c - from the reset to the kernel on the disk. */
#include "guest/firmware/firmware.h"

#include "abi/rsi.h"

#define MBR_TABLE   446
#define IMAGE_SIZE  16
#define IMAGE_MAGIC 56
#define ARM64_MAGIC 0x644d5241u
#define KERNEL_AT   (64 * MIB) /* from the start of RAM */
#define ALIGN_2M(v) (((v) + 2 * MIB - 1) & ~(2 * MIB - 1))
#define MOST_DTB    (2 * MIB)

uint64_t alias;
static struct rsi_realm_config config __attribute__((aligned(PAGE)));
static uint8_t mbr[SECTOR] __attribute__((aligned(8)));

static uint64_t call(uint64_t fid, uint64_t arg)
{
	struct smc_regs r = {{fid, arg}};

	smc(&r);
	return r.x[0];
}

_Noreturn void fail(const char *what)
{
	print("firmware: FAIL ");
	print(what);
	print("\n");
	call(PSCI_SYSTEM_RESET, 0);
	for (;;)
		__asm__ volatile("wfi");
}

/* start.S */
_Noreturn void bad_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
	print("firmware: ESR ");
	print_hex(esr);
	print(" ELR ");
	print_hex(elr);
	print(" FAR ");
	print_hex(far);
	print("\n");
	fail("exception");
}

static void set_ripas(uint64_t base, uint64_t top, uint64_t ripas, uint64_t flags)
{
	while (base < top) {
		struct smc_regs r = {{RSI_IPA_STATE_SET, base, top, ripas, flags}};

		smc(&r);
		if (r.x[0] != RSI_SUCCESS || r.x[2] != RSI_ACCEPT)
			fail("the RMM or the host refuses memory");
		base = r.x[1];
	}
}

void memory_share(void *p, size_t size, bool shared)
{
	uint64_t base = (uintptr_t)p;

	if (alias)
		set_ripas(base, base + size, shared ? RSI_RIPAS_EMPTY : RSI_RIPAS_RAM,
			  RSI_CHANGE_DESTROYED);
}

static void find_alias(void)
{
	if (call(RSI_VERSION, RSI_ABI_VERSION) == RSI_SUCCESS &&
	    call(RSI_REALM_CONFIG, (uintptr_t)&config) == RSI_SUCCESS)
		alias = UINT64_C(1) << (config.ipa_width - 1);
}

static const uint8_t *need(const void *dtb, const char *key, const char *value, const char *name)
{
	uint32_t len;
	const uint8_t *p = fdt_find(dtb, key, value, name, &len);

	if (!p)
		fail(value);
	return p;
}

/* What the VMM has put there is RAM already, and stays; the rest is made RAM. */
static void take_memory(const void *dtb, uint64_t *base, uint64_t *end)
{
	const uint8_t *reg = need(dtb, "device_type", "memory", "reg");

	*base = fdt_cells(reg);
	*end = *base + fdt_cells(reg + 8);
	print("firmware: memory ");
	print_hex(*base);
	print(" to ");
	print_hex(*end);
	print("\n");
	if (alias)
		set_ripas(*base, *end, RSI_RIPAS_RAM, 0);
}

static uint32_t little(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

struct partition {
	uint32_t start, sectors;
};

static struct partition partition(unsigned int n, uint64_t disk)
{
	const uint8_t *p = mbr + MBR_TABLE + 16 * n;
	struct partition part = {little(p + 8), little(p + 12)};

	if ((uint64_t)part.start + part.sectors > disk)
		fail("a partition lies behind the end of the disk");
	return part;
}

/* Kernel, initrd and a new device tree, one behind the other. */
static void boot(const void *dtb, uint64_t base, uint64_t end, uint64_t disk)
{
	struct partition kernel = partition(0, disk), initrd = partition(1, disk);
	uint64_t entry = base + KERNEL_AT, at, size, tree;
	const uint8_t *head = (const uint8_t *)entry;

	print("firmware: kernel ");
	print_number(kernel.sectors);
	print(" sectors, initrd ");
	print_number(initrd.sectors);
	print(" sectors\n");
	size = ((uint64_t)kernel.sectors + initrd.sectors) * SECTOR;
	if (!kernel.sectors || entry + size + KERNEL_AT > end)
		fail("no kernel, or too little memory for it");
	disk_read(kernel.start, (void *)entry, kernel.sectors);
	if (little(head + IMAGE_MAGIC) != ARM64_MAGIC)
		fail("the first partition holds no arm64 Image");
	size = little(head + IMAGE_SIZE) | (uint64_t)little(head + IMAGE_SIZE + 4) << 32;
	if (size < (uint64_t)kernel.sectors * SECTOR)
		size = (uint64_t)kernel.sectors * SECTOR;
	at = ALIGN_2M(entry + size);
	tree = ALIGN_2M(at + (uint64_t)initrd.sectors * SECTOR);
	if (size > end - entry || tree + MOST_DTB > end)
		fail("too little memory");
	disk_read(initrd.start, (void *)at, initrd.sectors);
	disk_close();
	fdt_with_initrd((void *)tree, dtb, at, at + (uint64_t)initrd.sectors * SECTOR);
	print("firmware: start\n");
	start_kernel(tree, entry);
}

void firmware_main(uint64_t tree)
{
	const void *dtb = (const void *)tree;
	uint64_t base, end, disk, ecam;
	uint32_t len;
	const uint8_t *p;

	find_alias();
	p = fdt_find(dtb, "compatible", "ns16550a", "reg", &len);
	uart = p ? fdt_cells(p) | alias : 0;
	print("firmware: begin\n");
	take_memory(dtb, &base, &end);
	ecam = fdt_cells(need(dtb, "compatible", "pci-host-ecam-generic", "reg")) | alias;
	/* Of the first range: three cells on the bus, two here. */
	p = need(dtb, "compatible", "pci-host-ecam-generic", "ranges");
	disk = disk_open(ecam, fdt_cells(p + 12));
	disk_read(0, mbr, 1);
	if (mbr[510] != 0x55 || mbr[511] != 0xaa)
		fail("the disk has no MBR");
	boot(dtb, base, end, disk);
}
