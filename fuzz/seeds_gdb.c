// SPDX-License-Identifier: BSD-3-Clause
/* seeds_gdb.c - the seeds of the debugger's fuzzer: each packet, and a walk of each granule. */
#include "base/bits.h"
#include "fuzz/seeds.h"

#define TEXT(name, text)                                                                           \
	{                                                                                          \
		"gdb", name, (const uint8_t *)(text), sizeof(text) - 1                             \
	}
/* SCTLR, TTBR0, TTBR1 and TCR of EL1 by their numbers, then the tables (still by IPA). */
#define MMU_ON	  "$P48=0100000000000000#00"
#define TTBR0(le) "$P49=" le "#00"
#define TTBR1(le) "$P4a=" le "#00"
#define TCR(le)	  "$P4b=" le "#00"

const struct seed gdb_seeds[] = {
	TEXT("start", "+$qSupported:multiprocess+#00$QStartNoAckMode#00$?#00$qXfer:features:read:"
		      "target.xml:0,fff#00$qC#00$qAttached#00$qfThreadInfo#00$qsThreadInfo#00"
		      "$qThreadExtraInfo,1#00$Hg2#00$T1#00$D#00"),
	TEXT("registers",
	     "$g#00$p20#00$P20=0010000000000000#00$P21=c5030000#00$P22=000102030405060"
	     "708090a0b0c0d0e0f#00$P42=00000000#00$p44#00$p48#00$P1f=00ff000000000000#00"),
	TEXT("memory", "$m0,40#00$M100,4:deadbeef#00$X200,3:}\x03"
		       "ab#00$m1f0,ffffffffff#00"),
	TEXT("points", "$Z0,1000,4#00$Z1,2000,4#00$Z2,3000,8#00$Z3,3008,1#00$Z4,4000,1000#00"
		       "$z0,1000,4#00$z4,4000,1000#00"),
	TEXT("too-many", "$Z0,0,4#00$Z0,4,4#00$Z0,8,4#00$Z0,c,4#00$Z0,10,4#00$Z0,14,4#00$Z0,18,4#00"
			 "$Z2,0,8#00$Z2,8,8#00$Z2,10,8#00$Z2,18,8#00$Z2,20,8#00"),
	TEXT("levels", "$P21=09000000#00$P21=0d000000#00$P21=15000000#00$P21=10000000#00"),
	TEXT("too-long", "$P20=00000000000000000000000000000000000000000000000000000000000000#00"),
	TEXT("run", "$vCont?#00$vCont;c#00\x03$vCont;s:1;c#00$c#00$s#00$?#00$k#00"),
	TEXT("monitor", "$qRcmd,6361746368207269706173#00$qRcmd,68656c70#00"),
	TEXT("walk-4k", "$M1000,8:0320000000000000#00$M2000,8:0330000000000000#00"
			"$M3000,8:0340000000000000#00" TTBR0("0010000000000000")
				TCR("1900198000000000") MMU_ON "$m40,8#00$m200000,8#00"),
	TEXT("walk-16k", "$M4000,8:0380000000000000#00$M8000,8:03c0000000000000#00" TTBR0(
				 "0040000000000000") TCR("1c80108000000000") MMU_ON "$m40,8#00"),
	TEXT("walk-64k", "$M0,8:0300010000000000#00" TTBR1("0000000000000000")
				 TCR("100016c000000000") MMU_ON "$mfffffc0000000000,8#00"),
};
const size_t gdb_num_seeds = ARRAY_SIZE(gdb_seeds);
