// SPDX-License-Identifier: BSD-3-Clause
/* rtc.c - the registers of a PL031 (Arm DDI 0224), but for those of its alarm. */
#include "vmm/rtc.h"

#include <string.h>
#include <time.h>

#include "base/bits.h"

enum rtc_register {
	RTC_DATA = 0x000,
	RTC_MATCH = 0x004,
	RTC_LOAD = 0x008,
	RTC_CONTROL = 0x00c,
	RTC_ID = 0xfe0, /* eight registers, one byte each */
};

/* Part 0x031, designed by Arm, revision 1; then what each PrimeCell has. */
static const uint8_t ids[] = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t host_time(void)
{
	return (uint32_t)time(NULL);
}

static uint32_t read_register(const struct rtc *r, uint64_t offset)
{
	if (offset >= RTC_ID && (offset - RTC_ID) / 4 < sizeof(ids))
		return ids[(offset - RTC_ID) / 4];
	switch (offset) {
	case RTC_DATA:
		return host_time() + r->offset;
	case RTC_MATCH:
		return r->match;
	case RTC_CONTROL:
		return 1; /* it always runs */
	default:
		return 0;
	}
}

/* The registers are words: an access of another width, or between two, has no effect. */
void rtc_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write)
{
	struct rtc *r = arg;
	uint32_t v = 0;

	if (!write)
		memset(data, 0, len);
	if (len != sizeof(v) || !IS_ALIGNED(offset, sizeof(v)))
		return;
	if (!write) {
		v = read_register(r, offset);
		memcpy(data, &v, len);
		return;
	}
	memcpy(&v, data, len);
	if (offset == RTC_LOAD)
		r->offset = v - host_time();
	else if (offset == RTC_MATCH)
		r->match = v;
}
