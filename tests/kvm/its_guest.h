/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * its_guest.h - what a guest's ITS driver does, for tests: tables in its memory, commands in its
 * queue. Where it all lies is the same for every guest.
 */
#ifndef TESTS_KVM_ITS_GUEST_H
#define TESTS_KVM_ITS_GUEST_H

#include <stdint.h>

#define ITS	    UINT64_C(0x08080000)
#define DOORBELL    (ITS + 0x10040)
#define ITS_CTLR    (ITS + 0x0)
#define ITS_CBASER  (ITS + 0x80)
#define ITS_CWRITER (ITS + 0x88)
#define ITS_CREADR  (ITS + 0x90)
#define ITS_BASER0  (ITS + 0x100)
#define ITS_BASER1  (ITS + 0x108)

/* Offsets in guest memory. */
#define AT_QUEUE   0x00000 /* 64 KiB */
#define AT_DEVICES 0x10000 /* 64 KiB: 8192 devices */
#define AT_COLLS   0x20000
#define AT_CONFIG  0x30000 /* 56 KiB: INTIDs 8192 to 65535 */
#define AT_PENDING 0x40000 /* 64 KiB a vCPU */
#define AT_ITT	   0x80000 /* 2 KiB a device */
#define ITT_SIZE   0x800
#define FIRST_LPI  8192
#define LPI_ON	   0xa1 /* enabled, priority 0xa0 */
#define LPI_OFF	   0xa0

#define TABLE_VALID (UINT64_C(1) << 63)

struct its_cmd {
	uint64_t dw[4];
};

#define CMD(op, devid, d1, d2, d3)                                                                 \
	((struct its_cmd){                                                                         \
		{(op) | (uint64_t)(devid) << 32, (uint64_t)(d1), (uint64_t)(d2), (uint64_t)(d3)}})
#define RD(n)			     ((uint64_t)(n) << 16)
/* `itt`: a guest physical address; events: 2 to the power of `bits`. */
#define MAPD(dev, itt, bits)	     CMD(8, dev, (bits)-1, (itt) | TABLE_VALID, 0)
#define UNMAPD(dev)		     CMD(8, dev, 0, 0, 0)
#define MAPC(coll, cpu)		     CMD(9, 0, 0, RD(cpu) | (coll) | TABLE_VALID, 0)
#define UNMAPC(coll)		     CMD(9, 0, 0, (coll), 0)
#define MAPTI(dev, event, lpi, coll) CMD(10, dev, (uint64_t)(lpi) << 32 | (event), (coll), 0)
#define MAPI(dev, event, coll)	     CMD(11, dev, (event), (coll), 0)
#define MOVI(dev, event, coll)	     CMD(1, dev, (event), (coll), 0)
#define INT(dev, event)		     CMD(3, dev, (event), 0, 0)
#define CLEAR(dev, event)	     CMD(4, dev, (event), 0, 0)
#define SYNC(cpu)		     CMD(5, 0, 0, RD(cpu), 0)
#define INV(dev, event)		     CMD(12, dev, (event), 0, 0)
#define INVALL(coll)		     CMD(13, 0, 0, (coll), 0)
#define MOVALL(from, to)	     CMD(14, 0, 0, RD(from), RD(to))
#define DISCARD(dev, event)	     CMD(15, dev, (event), 0, 0)

#endif
