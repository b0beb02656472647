/* SPDX-License-Identifier: BSD-3-Clause */
/* its_ops.h - the operations of fuzz_its's inputs: a byte each, then what the comment says. */
#ifndef FUZZ_ITS_OPS_H
#define FUZZ_ITS_OPS_H

enum its_op {
	ITS_READ,    /* register, size */
	ITS_WRITE,   /* register, size, u64 */
	ITS_COMMAND, /* opcode, device, event, INTID (u16 each), collection, flags: see command() */
	ITS_MSI,     /* doorbell, flags, device, event (u16 each) */
	ITS_POKE,    /* page, u16 offset in it, u64: guest memory */
	ITS_ENTER,   /* vCPU */
	ITS_EXIT,    /* vCPU, u64: what became of the list registers */
	ITS_ATTR,    /* device, group, what, u64; bit 7 of the device: get */
	ITS_BOOT,    /* what a driver does at its start */
	ITS_MEMORY,  /* guest memory goes, or comes back */
	ITS_NUM_OPS,
};

/* Registers by number: GITS_ ones, then the redistributors'. */
enum its_reg_number {
	R_CTLR,
	R_IIDR,
	R_TYPER,
	R_CBASER,
	R_CWRITER,
	R_CREADR,
	R_BASER0,
	R_BASER1,
	R_BASER2,
	R_TRANSLATER,
	R_GICR_CTLR,
	R_GICR_PROPBASER,
	R_GICR_PENDBASER,
	R_GICR_INVLPIR,
	R_GICR_INVALLR,
	R_NUM,
};

#endif
