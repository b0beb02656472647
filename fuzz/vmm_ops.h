/* SPDX-License-Identifier: BSD-3-Clause */
/* vmm_ops.h - what the bytes of fuzz_vmm's inputs mean. */
#ifndef FUZZ_VMM_OPS_H
#define FUZZ_VMM_OPS_H

/* The first byte. */
enum vmm_input {
	VMM_FILES,	/* memory size, kernel length, kernel, initrd: what is accepted must fit */
	VMM_OPTIONS,	/* a command line, its arguments separated by zero bytes */
	VMM_ATTEST,	/* what a realm says on its attestation port, in pieces */
	VMM_DEVICES,	/* and all others: accesses to the devices behind a PCI bus */
	VMM_FUSE = 200, /* calls upon a shared folder: room, number of the call, node, its bytes */
};

/* The devices, by slot: a console, a disk, a read-only disk, entropy, a network, sockets. */
#define VMM_SLOTS 6

/* Then, for devices: an operation, a byte that says which device and queue, and its operands. */
enum device_op {
	DEV_CONFIG, /* PCI configuration space of any function */
	DEV_WINDOW, /* any address of the memory window */
	DEV_COMMON, /* a field of a device's common configuration */
	DEV_START,  /* bring a device up, one ring laid out for each queue */
	DEV_DESC,   /* write a descriptor */
	DEV_RAM,    /* write anything anywhere into RAM */
	DEV_OFFER,  /* offer a chain, and notify */
	DEV_INPUT,  /* typed bytes */
	DEV_RESIZE,
	DEV_FRAME,  /* bytes from the network's peer; none: it goes */
	DEV_STREAM, /* bytes to a socket of the realm's; none: it closes */
	DEV_NUM_OPS
};

#endif
