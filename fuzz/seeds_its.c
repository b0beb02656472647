// SPDX-License-Identifier: BSD-3-Clause
/* seeds_its.c - the seeds of the ITS's fuzzer: each command, and one input for each refusal. */
#include "base/bits.h"
#include "fuzz/its_ops.h"
#include "fuzz/seeds.h"

#define SEED_ITS(name, ...) SEED("its", name, 1, __VA_ARGS__)
#define U16(v)		    (v) & 0xff, (v) >> 8 & 0xff
#define U32(v)		    U16(v), U16((v) >> 16)
#define U64(v)		    U32((uint64_t)(v)), U32((uint64_t)(v) >> 32)
#define COMMAND(op, dev, event, lpi, coll, flags)                                                  \
	ITS_COMMAND, op, U16(dev), U16(event), U16(lpi), coll, flags
#define MAPD(dev)		     COMMAND(8, dev, 0, 0x600, 0, 1 | 4 << 1)
#define MAPC(coll, cpu)		     COMMAND(9, 0, 0, 0, coll, 1 | (cpu) << 1)
#define MAPTI(dev, event, lpi, coll) COMMAND(10, dev, event, lpi, coll, 0)

#define DRIVER ITS_BOOT, MAPC(0, 0), MAPC(1, 1), MAPD(1), MAPTI(1, 0, 8192, 0)

#define MSI(where, flags, dev, event) ITS_MSI, where, flags, U16(dev), U16(event)
#define ATTR(dev, group, what, val)   ITS_ATTR, dev, group, U16(what), U64(val)
#define SET_REG(what, val)	      ATTR(0, 8, what, val)
#define CONTROL(what)		      ATTR(0, 4, what, 0)
#define SAVE			      CONTROL(1)
#define RESTORE			      CONTROL(2)
#define RESET			      CONTROL(4)
#define WRITE(reg, val)		      ITS_WRITE, reg, 8, U64(val)
#define POKE(page, offset, val)	      ITS_POKE, page, U16(offset), U64(val)
#define VALID			      1ull << 63

#define TABLES WRITE(R_BASER0, 0x40040000ull | VALID), WRITE(R_BASER1, 0x40050000ull | VALID)

#define GET	  0x80
#define NULL_ADDR 0x40
#define HAS	  0x10
#define OF_GIC	  0x20

const struct seed its_seeds[] = {
	SEED_ITS("commands", DRIVER, MSI(0, 1, 1, 0), ITS_ENTER, 0, ITS_EXIT, 0, U64(3),
		 COMMAND(1, 1, 0, 0, 1, 0), COMMAND(3, 1, 0, 0, 0, 0), COMMAND(4, 1, 0, 0, 0, 0),
		 COMMAND(5, 0, 0, 0, 0, 0), COMMAND(11, 1, 0, 0, 0, 0), COMMAND(12, 1, 0, 0, 0, 0),
		 COMMAND(13, 0, 0, 0, 0, 0), COMMAND(14, 0, 0, 0, 0, 1 << 1),
		 COMMAND(15, 1, 0, 0, 0, 0), COMMAND(8, 1, 0, 0, 0, 0), COMMAND(9, 0, 0, 0, 1, 0)),
	SEED_ITS("moves", DRIVER, MSI(0, 1, 1, 0), COMMAND(1, 1, 0, 0, 1, 0), ITS_ENTER, 1,
		 MSI(0, 1, 1, 0), COMMAND(1, 1, 0, 0, 0, 0), COMMAND(14, 0, 0, 0, 0, 1)),
	SEED_ITS("save", DRIVER, MAPD(9), MAPTI(9, 3, 9000, 1), SAVE, RESET, TABLES, RESTORE,
		 ATTR(OF_GIC, 0, 0, 0)),
	SEED_ITS("two-levels", WRITE(R_BASER0, 0x40040000ull | VALID | 1ull << 62),
		 POKE(0x40, 0, 0x40060000ull | VALID), ITS_BOOT, MAPD(3), SAVE, RESET),
	SEED_ITS("gicr", DRIVER, WRITE(R_GICR_INVLPIR, 8192), WRITE(R_GICR_INVALLR, 0), ITS_WRITE,
		 R_GICR_CTLR, 4, U64(0), ITS_WRITE, R_GICR_CTLR, 4, U64(1)),
	SEED_ITS("msi-devid", DRIVER, MSI(0, 0, 1, 0)),
	SEED_ITS("msi-doorbell", DRIVER, MSI(2, 1, 1, 0)),
	SEED_ITS("msi-its-disabled", DRIVER, MSI(1, 1, 1, 0)),
	SEED_ITS("msi-lpis-disabled", DRIVER, ITS_WRITE, R_GICR_CTLR, 4, U64(0), MSI(0, 1, 1, 0)),
	SEED_ITS("addr-type", ATTR(0, 0, 2, 0)),
	SEED_ITS("attr-unknown", ATTR(0, 77, 0, 0)),
	SEED_ITS("attr-fault", ATTR(NULL_ADDR, 8, 0, 0)),
	SEED("its", "no-address", 0, ATTR(1, 8, 0, 0)),
	SEED_ITS("reg-align", ATTR(HAS, 8, 0x84, 0)),
	SEED_ITS("reg-unknown", ATTR(GET, 8, 0x98, 0)),
	SEED_ITS("iidr", SET_REG(4, 0x1000)),
	SEED_ITS("creadr-enabled", DRIVER, SET_REG(0x90, 0)),
	SEED_ITS("creadr-value", SET_REG(0x90, 0x8000)),
	SEED_ITS("table-memory", WRITE(R_BASER1, 0x80000000ull | VALID), SAVE),
	SEED_ITS("table-room", DRIVER, ITS_MEMORY, SAVE),
	SEED_ITS("table-entry", ITS_BOOT, POKE(0x40, 0, VALID | 31), RESTORE),
	SEED_ITS("table-twice", DRIVER, RESTORE),
	SEED_ITS("table-lpi", DRIVER, SAVE, RESET, TABLES, ITS_WRITE, R_GICR_CTLR, 4, U64(0),
		 WRITE(R_GICR_PENDBASER, 0x80000000ull), RESTORE),
	SEED_ITS("save-memory", DRIVER, ITS_MEMORY, ATTR(OF_GIC, 0, 0, 0)),
};
const size_t its_num_seeds = ARRAY_SIZE(its_seeds);
