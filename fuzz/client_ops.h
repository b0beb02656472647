/* SPDX-License-Identifier: BSD-3-Clause */
/* client_ops.h - the bytes of fuzz_ioctl's inputs that are no ioctl's number. */
#ifndef FUZZ_CLIENT_OPS_H
#define FUZZ_CLIENT_OPS_H

enum client_op {
	CLIENT_OPEN = 0xf0,
	CLIENT_CLOSE,
	CLIENT_MAKE_VM,	   /* a byte of the following */
	CLIENT_WRITE_RUN,  /* vCPU's shared page: which, offset, bytes */
	CLIENT_WRITE_ARGS, /* offset, bytes */
	CLIENT_FALLOCATE,
	CLIENT_FORGET,
	CLIENT_SIGNAL,
	CLIENT_EVENTFD,
	CLIENT_WRITE_RING, /* a vCPU's dirty ring: its handle, offset, bytes */
};

#define VM_VCPUS    0x03 /* how many */
#define VM_GIC	    0x04
#define VM_GIC_INIT 0x08
#define VM_MEMORY   0x10
#define VM_POPULATE 0x20
#define VM_ORDINARY 0x40
#define VM_RING	    0x80 /* of 4096 bytes */

enum call_mode {
	MODE_FILL = 0x01,    /* bytes of the argument that the row does not name */
	MODE_FOREIGN = 0x02, /* another process calls */
	MODE_SIGNAL = 0x04,  /* a signal is pending */
	MODE_OTHER = 0x08,   /* of two calls whose numbers end alike, the later row */
};

#endif
