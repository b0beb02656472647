/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * layout.h - where everything lies in the realm's IPA space.
 *
 *	0x0800_0000  GIC distributor, 64 KiB
 *	0x0808_0000  GIC interrupt translation service, 128 KiB
 *	0x080a_0000  GIC redistributors, 128 KiB each
 *	0x0900_0000  UART (8250, output only), 4 KiB
 *	0x0901_0000  real-time clock (PL031), 4 KiB
 *	0x1000_0000  PCI configuration space (ECAM) of bus 0, 1 MiB
 *	0x2000_0000  PCI memory window, 16 MiB
 *	0x4000_0000  RAM: kernel, device tree, initrd, then free; one memslot, up to its end
 *
 * All of it stands in the protected half. A device has no RAM behind it, so its RIPAS is EMPTY
 * and the guest reaches it at the shared alias of its address (top IPA bit set), which KVM
 * strips again from the exit.
 */
#ifndef VMM_LAYOUT_H
#define VMM_LAYOUT_H

#include <stdint.h>

#define LAYOUT_PAGE UINT64_C(0x1000)
#define LAYOUT_2M   UINT64_C(0x200000)

#define LAYOUT_GICD	       UINT64_C(0x08000000)
#define LAYOUT_GICD_SIZE       UINT64_C(0x10000)
#define LAYOUT_ITS	       UINT64_C(0x08080000)
#define LAYOUT_ITS_SIZE	       UINT64_C(0x20000)
#define LAYOUT_GICR	       UINT64_C(0x080a0000)
#define LAYOUT_GICR_SIZE       UINT64_C(0x20000) /* each vCPU */
#define LAYOUT_UART	       UINT64_C(0x09000000)
#define LAYOUT_UART_SIZE       UINT64_C(0x1000)
#define LAYOUT_RTC	       UINT64_C(0x09010000)
#define LAYOUT_RTC_SIZE	       UINT64_C(0x1000)
#define LAYOUT_ECAM	       UINT64_C(0x10000000)
#define LAYOUT_ECAM_SIZE       UINT64_C(0x100000)
#define LAYOUT_PCI_WINDOW      UINT64_C(0x20000000)
#define LAYOUT_PCI_WINDOW_SIZE UINT64_C(0x1000000)
#define LAYOUT_RAM	       UINT64_C(0x40000000)

#define LAYOUT_MAX_CPUS	    64
#define LAYOUT_PCI_SLOTS    32
#define LAYOUT_SPIS	    32 /* one for each PCI slot */
#define LAYOUT_PMU_PPI	    23 /* of the GIC's interrupts */
#define LAYOUT_MIN_IPA_BITS 32 /* what a realm with LPA2 can have; without, 48 are the most */
#define LAYOUT_MAX_IPA_BITS 52

/* The first SPI is interrupt 32 of the GIC; slot n of the PCI bus has SPI n. */
static inline uint32_t layout_pci_spi(unsigned int slot)
{
	return slot;
}

/* KVM's MPIDR of a vCPU: affinity 0 holds four bits of the id. */
static inline uint64_t layout_mpidr(unsigned int cpu)
{
	return (cpu & 0xf) | (uint64_t)(cpu >> 4) << 8;
}

/* The bit that selects the shared alias of an address. */
static inline uint64_t layout_alias_bit(unsigned int ipa_bits)
{
	return UINT64_C(1) << (ipa_bits - 1);
}

#endif
