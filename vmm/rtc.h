/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtc.h - an Arm PL031 real-time clock, so that a realm does not boot in 1970. It tells the host's
 * time, which nobody vouches for. It has no alarm and no interrupt.
 */
#ifndef VMM_RTC_H
#define VMM_RTC_H

#include <stdbool.h>
#include <stdint.h>

struct rtc {
	_Atomic uint32_t offset; /* what the guest set it to, less the host's time then */
	_Atomic uint32_t match;	 /* the alarm's time: kept, never used */
};

/* An mmio_handler; arg is the struct rtc, all zero at first. */
void rtc_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write);

#endif
