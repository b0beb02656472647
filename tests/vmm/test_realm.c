// SPDX-License-Identifier: BSD-3-Clause
/* test_realm.c - the calls that make a realm, in their order, and what comes of refusals. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/log.h"
#include "fake_kvm.h"
#include "testing.h"
#include "vmm/realm.h"
#include "vmm/status.h"

#define RAM_SIZE (UINT64_C(64) << 20)
#define PAGE	 LAYOUT_PAGE

static struct realm realm;
static struct realm_config cfg;
static char last_log[1024];

static void keep_log(const char *line)
{
	snprintf(last_log, sizeof(last_log), "%s", line);
}

static int setup(void **state)
{
	fake_reset();
	cfg = (struct realm_config){
		.cpus = 2, .ipa_bits = 33, .ram = LAYOUT_RAM, .ram_size = RAM_SIZE};
	log_redirect(keep_log);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&realm);
	return 0;
}

static void calls_come_in_the_order_that_v12_wants(void **state)
{
	static const char *const want[] = {
		"KVM_GET_API_VERSION",
		"KVM_CHECK_EXTENSION",
		"KVM_CREATE_VM",
		"KVM_GET_VCPU_MMAP_SIZE",
		"KVM_CREATE_VCPU",
		"KVM_ARM_PREFERRED_TARGET",
		"KVM_ARM_VCPU_INIT",
		"KVM_CREATE_VCPU",
		"KVM_ARM_PREFERRED_TARGET",
		"KVM_ARM_VCPU_INIT",
		"KVM_CREATE_DEVICE",
		"KVM_SET_DEVICE_ATTR",
		"KVM_SET_DEVICE_ATTR",
		"KVM_SET_DEVICE_ATTR",
		"KVM_SET_DEVICE_ATTR",
		"KVM_CREATE_GUEST_MEMFD",
		"KVM_SET_USER_MEMORY_REGION2",
		"KVM_SET_MEMORY_ATTRIBUTES",
	};

	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(fake.ncalls, ARRAY_SIZE(want));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(fake.calls[i], want[i]);
	assert_int_equal(fake.attributes.address, LAYOUT_RAM);
	assert_int_equal(fake.attributes.size, RAM_SIZE);
	assert_int_equal(fake.attributes.attributes, KVM_MEMORY_ATTRIBUTE_PRIVATE);
}

static void each_revision_is_found_out(void **state)
{
	static const struct {
		const char *name;
		unsigned int cap;
		uint64_t type;
		bool in_out, gmem_attributes;
	} rows[] = {
		{"v12", 247, 0x100, false, false},     {"v13", 248, 0x100, true, false},
		{"v14", 249, 0x40000000, true, false}, {"v15", 251, 0x40000000, true, true},
		{"next", 253, 0x40000000, true, true},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		fake.cap = rows[i].cap;
		fake.type = rows[i].type;
		fake.in_out = rows[i].in_out;
		fake.gmem_attributes = rows[i].gmem_attributes;
		fake.not_rmi = rows[i].cap == 251 ? 0 : 251; /* PMU_V3_STRICT */
		assert_int_equal(realm_create(&realm, &cfg), 0);
		assert_string_equal(realm.abi.name, rows[i].name);
		assert_int_equal(realm.abi.in_out, rows[i].in_out);
		assert_int_equal(realm.abi.psci_ioctl, i < 2);
		assert_int_equal(fake.nattributes, !rows[i].gmem_attributes);
		realm_destroy(&realm);
	}
	assert_int_equal(realm_create(&realm, &cfg), 0);
}

static void only_vcpu_0_starts_powered_on(void **state)
{
	cfg.cpus = 3;
	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(fake.last_init[0], BIT(KVM_ARM_VCPU_PSCI_0_2));
	assert_int_equal(fake.last_init[1],
			 BIT(KVM_ARM_VCPU_PSCI_0_2) | BIT(KVM_ARM_VCPU_POWER_OFF));
	assert_int_equal(fake.last_init[2], fake.last_init[1]);
}

static void psci_filter_is_set_before_the_vcpus(void **state)
{
	cfg.psci_user = true;
	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_string_equal(fake.calls[3], "KVM_SET_DEVICE_ATTR");
	assert_string_equal(fake.calls[4], "KVM_SET_DEVICE_ATTR");
	assert_string_equal(fake.calls[6], "KVM_CREATE_VCPU");
}

static void kvm_without_realms_is_told(void **state)
{
	fake.missing = true;
	assert_int_equal(realm_create(&realm, &cfg), VMM_NO_REALM);
	assert_non_null(strstr(last_log, "softrealm exec"));
	realm_destroy(&realm);
	fake_reset();
	fake.rmi = 0;
	assert_int_equal(realm_create(&realm, &cfg), VMM_NO_REALM);
	assert_non_null(strstr(last_log, "KVM_CAP_ARM_RMI"));
	realm_destroy(&realm);
	fake_reset();
	fake.fail = "KVM_CREATE_VM";
	fake.fail_errno = EINVAL;
	assert_int_equal(realm_create(&realm, &cfg), VMM_NO_REALM);
}

static void each_refusal_is_named(void **state)
{
	static const char *const calls[] = {"KVM_CREATE_VCPU",
					    "KVM_ARM_VCPU_INIT",
					    "KVM_CREATE_DEVICE",
					    "KVM_CREATE_GUEST_MEMFD",
					    "KVM_SET_USER_MEMORY_REGION2",
					    "KVM_SET_MEMORY_ATTRIBUTES"};

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		fake_reset();
		fake.fail = calls[i];
		fake.fail_errno = EPERM;
		assert_int_equal(realm_create(&realm, &cfg), VMM_REFUSED);
		assert_non_null(strstr(last_log, calls[i]));
		realm_destroy(&realm);
		fake.fail_errno = EIO;
		assert_int_equal(realm_create(&realm, &cfg), VMM_ENGINE_LOST);
		realm_destroy(&realm);
	}
}

/* ---- populate ---- */

static uint8_t contents[4 * PAGE] __attribute__((aligned(4096)));
static const struct image image = {.name = "kernel",
				   .data = contents,
				   .size = 4 * PAGE - 10,
				   .mapped = 4 * PAGE,
				   .addr = LAYOUT_RAM};

static void populate_takes_whole_pages(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(realm_populate(&realm, &image, true), 0);
	assert_int_equal(fake.npopulate, 1);
	assert_int_equal(fake.populated[0].base, LAYOUT_RAM);
	assert_int_equal(fake.populated[0].size, 4 * PAGE);
	assert_int_equal(fake.populated[0].source_uaddr, (uintptr_t)contents);
	assert_int_equal(fake.populated[0].flags, KVM_ARM_RMI_POPULATE_FLAGS_MEASURE);
	assert_int_equal(realm_populate(&realm, &image, false), 0);
	assert_int_equal(fake.populated[1].flags, 0);
}

static void populate_goes_on_after_a_part(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	fake.populate[0] = PAGE;
	fake.populate[1] = -EINTR;
	fake.populate[2] = 2 * PAGE;
	assert_int_equal(realm_populate(&realm, &image, true), 0);
	assert_int_equal(fake.npopulate, 4);
	assert_int_equal(fake.populated[1].base, LAYOUT_RAM + PAGE);
	assert_int_equal(fake.populated[2].base, LAYOUT_RAM + PAGE);
	assert_int_equal(fake.populated[3].base, LAYOUT_RAM + 3 * PAGE);
	assert_int_equal(fake.populated[3].source_uaddr, (uintptr_t)contents + 3 * PAGE);
	assert_int_equal(fake.populated[3].size, PAGE);
}

static void populate_names_where_it_was_refused(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	fake.populate[0] = PAGE;
	fake.populate[1] = -EINVAL;
	assert_int_equal(realm_populate(&realm, &image, true), VMM_REFUSED);
	assert_non_null(strstr(last_log, "kernel, at 0x40001000"));
}

static void populate_counts_what_was_advanced(void **state)
{
	fake.cap = 248;
	fake.in_out = true;
	assert_int_equal(realm_create(&realm, &cfg), 0);
	fake.populate[0] = PAGE;
	fake.populate[1] = -EINTR;
	assert_int_equal(realm_populate(&realm, &image, true), 0);
	assert_int_equal(fake.npopulate, 3);
	assert_int_equal(fake.populated[2].base, LAYOUT_RAM + PAGE);
	assert_int_equal(fake.populated[2].size, 3 * PAGE);
}

static void absurd_progress_is_no_progress(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	fake.populate[0] = 5 * PAGE;
	assert_int_equal(realm_populate(&realm, &image, true), VMM_REFUSED);
}

static void absent_image_is_nothing_to_do(void **state)
{
	const struct image none = {.name = "initrd"};

	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(realm_populate(&realm, &none, true), 0);
	assert_int_equal(fake.npopulate, 0);
}

static void entry_registers_are_set(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(realm_set_entry(&realm, 0x1234000, 0x5678000), 0);
	assert_int_equal(fake.pc, 0x1234000);
	assert_int_equal(fake.x0, 0x5678000);
}

/* ---- conversions ---- */

static void conversion_to_private_drops_the_shared_page(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	memset(realm.mem.host, 0x77, 3 * PAGE);
	assert_int_equal(realm_convert(&realm, LAYOUT_RAM + PAGE, PAGE, true), 0);
	assert_int_equal(fake.attributes.address, LAYOUT_RAM + PAGE);
	assert_int_equal(fake.attributes.attributes, KVM_MEMORY_ATTRIBUTE_PRIVATE);
	assert_int_equal(realm.mem.host[PAGE], 0);
	assert_int_equal(realm.mem.host[PAGE - 1], 0x77);
	assert_int_equal(realm.mem.host[2 * PAGE], 0x77);
}

static void conversion_to_shared_keeps_the_shared_page(void **state)
{
	assert_int_equal(realm_create(&realm, &cfg), 0);
	memset(realm.mem.host, 0x77, PAGE);
	assert_int_equal(realm_convert(&realm, LAYOUT_RAM, PAGE, false), 0);
	assert_int_equal(fake.attributes.attributes, 0);
	assert_int_equal(realm.mem.host[0], 0x77);
}

static void conversion_is_clipped_to_ram(void **state)
{
	unsigned int before;

	assert_int_equal(realm_create(&realm, &cfg), 0);
	assert_int_equal(realm_convert(&realm, 0, UINT64_MAX, true), 0);
	assert_int_equal(fake.attributes.address, LAYOUT_RAM);
	assert_int_equal(fake.attributes.size, RAM_SIZE);
	assert_int_equal(realm_convert(&realm, LAYOUT_RAM + RAM_SIZE - PAGE, 9 * PAGE, true), 0);
	assert_int_equal(fake.attributes.size, PAGE);
	before = fake.nattributes;
	assert_int_equal(realm_convert(&realm, 0, LAYOUT_RAM, true), 0);
	assert_int_equal(realm_convert(&realm, LAYOUT_RAM + RAM_SIZE, PAGE, true), 0);
	assert_int_equal(realm_convert(&realm, UINT64_MAX - 10, PAGE, true), 0);
	assert_int_equal(fake.nattributes, before);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(calls_come_in_the_order_that_v12_wants),
		T(each_revision_is_found_out),
		T(only_vcpu_0_starts_powered_on),
		T(psci_filter_is_set_before_the_vcpus),
		T(kvm_without_realms_is_told),
		T(each_refusal_is_named),
		T(populate_takes_whole_pages),
		T(populate_goes_on_after_a_part),
		T(populate_names_where_it_was_refused),
		T(populate_counts_what_was_advanced),
		T(absurd_progress_is_no_progress),
		T(absent_image_is_nothing_to_do),
		T(entry_registers_are_set),
		T(conversion_to_private_drops_the_shared_page),
		T(conversion_to_shared_keeps_the_shared_page),
		T(conversion_is_clipped_to_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
