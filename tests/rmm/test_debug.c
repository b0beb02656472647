// SPDX-License-Identifier: BSD-3-Clause
/* test_debug.c - a debugger's access to a realm's memory: what the realm itself could do there. */
#include <errno.h>

#include "rmm/rmm_debug.h"
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B	 IPA_B
#define U	 IPA_U
#define WB_RW	 0xd8 /* Normal Write-Back, RW */
#define WB_READ	 0x58
#define WB_WRITE 0x98

static struct host *h;
static struct realm r;
static uint64_t page; /* PA of the private page at B */
static unsigned int vmid;

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	page = realm_add_page(&r, B);
	realm_add_rec(&r, true, B);
	realm_tables(&r, U, 3);
	realm_activate(&r);
	vmid = ((struct rd *)host_va(h, r.rd))->vmid;
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

static int get(uint64_t ipa, void *buf, size_t len)
{
	return rmm_debug_memory(h->rmm, vmid, ipa, buf, len, false);
}

static int put(uint64_t ipa, const char *text)
{
	return rmm_debug_memory(h->rmm, vmid, ipa, (char *)text, strlen(text), true);
}

static void private_pages_are_read_and_written(void **state)
{
	unsigned int touches = fake->touches;
	char buf[8] = "";

	memcpy((char *)host_va(h, page) + 0x10, "private", 8);
	assert_int_equal(get(B + 0x10, buf, 8), 0);
	assert_string_equal(buf, "private");
	assert_int_equal(fake->touches, touches);
	assert_int_equal(put(B + 0x10, "PRI"), 0);
	assert_memory_equal((char *)host_va(h, page) + 0x10, "PRIvate", 8);
	assert_int_equal(fake->touches, touches + 1); /* code may lie there */
	assert_int_equal(fake->touch_pa, page);
}

static void an_access_stays_in_its_page(void **state)
{
	char buf[16];

	assert_int_equal(get(B + 0xff8, buf, 8), 0);
	assert_int_equal(get(B + 0xff8, buf, 9), -EFAULT);
	assert_int_equal(get(B - 1, buf, 1), -EFAULT);
	assert_int_equal(get(B + 0x1000, buf, 1), -EFAULT);
	assert_int_equal(get(2 * U, buf, 1), -EFAULT);
	assert_int_equal(get(~0ull, buf, 1), -EFAULT);
}

static void shared_pages_follow_their_permissions(void **state)
{
	static const struct {
		uint64_t desc;
		bool read, write;
	} rows[] = {{WB_RW, true, true}, {WB_READ, true, false}, {WB_WRITE, false, false}};
	uint64_t shared = host_page(h);
	char buf[8];

	memcpy(host_va(h, shared), "shared", 7);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, shared | rows[i].desc);
		assert_int_equal(get(U, buf, 7), rows[i].read ? 0 : -EFAULT);
		assert_int_equal(put(U, "shared"), rows[i].write ? 0 : -EFAULT);
		EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
		assert_int_equal(get(U, buf, 7), -EFAULT);
	}
	/* taken back from the realm by a delegation: it is somebody else's */
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, shared | WB_RW);
	EXPECT(0, h, GRANULE_DELEGATE, shared);
	assert_int_equal(get(U, buf, 7), -EFAULT);
	assert_int_equal(put(U, "x"), -EFAULT);
	EXPECT(0, h, GRANULE_UNDELEGATE, shared);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
}

static void what_the_realm_has_lost_is_lost_to_its_debugger(void **state)
{
	char buf[1];

	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(get(B, buf, 1), -EFAULT);
	EXPECT(0, h, GRANULE_UNDELEGATE, page);
}

static void a_vmid_that_no_realm_has_is_nobodys(void **state)
{
	char buf[1];

	assert_int_equal(rmm_debug_memory(h->rmm, vmid + 1, B, buf, 1, false), -EFAULT);
	assert_int_equal(rmm_debug_memory(h->rmm, RMM_NUM_VMIDS, B, buf, 1, false), -EFAULT);
	assert_int_equal(rmm_debug_memory(h->rmm, 0xffff, B, buf, 1, false), -EFAULT);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int test_debug(void)
{
	const struct CMUnitTest tests[] = {
		T(private_pages_are_read_and_written),
		T(an_access_stays_in_its_page),
		T(shared_pages_follow_their_permissions),
		T(what_the_realm_has_lost_is_lost_to_its_debugger),
		T(a_vmid_that_no_realm_has_is_nobodys),
	};

	return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
