// SPDX-License-Identifier: BSD-3-Clause
/* test_system.c - /dev/kvm and VM calls that make no memory and run nothing. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define NEVER 8 /* no memory is mapped there */

static void the_version_and_the_mapping_size_are_told(void **state)
{
	struct fx *f = *state;

	GIVES(12, f->sys, KVM_GET_API_VERSION, 0);
	REFUSED(EINVAL, kvm_arg_not_zero, f->sys, KVM_GET_API_VERSION, 1);
	GIVES(8192, f->sys, KVM_GET_VCPU_MMAP_SIZE, 0);
	REFUSED(EINVAL, kvm_arg_not_zero, f->sys, KVM_GET_VCPU_MMAP_SIZE, 1);
}

static void unknown_numbers_are_einval_or_enotty(void **state)
{
	struct fx *f = *state;
	struct kvm_one_reg r = {0};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_create_gmem(f, PAGE, 0);
	REFUSED(EINVAL, kvm_unknown_call, f->sys, 0xae77, 0);
	REFUSED(EINVAL, kvm_unknown_call, f->vm, 0xae77, 0);
	REFUSED(EINVAL, kvm_other_populate_iowr, f->vm, 0xc020aed7, 0);
	REFUSED(ENOTTY, kvm_other_gmem_attributes, f->gmem, 0xc080aed2, 0);
	REFUSED(EINVAL, kvm_unknown_call, f->vcpu[0], KVM_CREATE_VCPU, 0);
	REFUSED(EINVAL, kvm_unknown_call, f->vm, KVM_RUN, 0);
	REFUSED(ENOTTY, kvm_unknown_device_call, f->gic, KVM_RUN, 0);
	REFUSED(ENOTTY, kvm_unknown_device_call, f->gmem, KVM_SET_DEVICE_ATTR, 0);
	/* One number, two calls: the kind of file tells. */
	REFUSED(ENODEV, kvm_set_device_addr, f->vm, KVM_GET_ONE_REG, &r);
	assert_int_equal(inproc_ioctl(f->p, 77, 0, 0), -EBADF);
}

static void another_process_gets_eio(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	assert_int_equal(inproc_ioctl_foreign(f->p, f->sys, KVM_GET_API_VERSION, 0), 12);
	assert_int_equal(inproc_ioctl_foreign(f->p, f->vm, KVM_CREATE_VCPU, 1), -EIO);
	assert_string_equal(fx_last_rule(), "kvm_foreign_mm");
	assert_int_equal(inproc_ioctl_foreign(f->p, f->vcpu[0], KVM_RUN, 0), -EIO);
	assert_int_equal(inproc_ioctl_foreign(f->p, f->gic, KVM_HAS_DEVICE_ATTR, 0), -EIO);
}

/* The recorded answers, with this platform's values: /dev/kvm, ordinary VM, realm VM. */
static void capabilities_answer_by_the_table(void **state)
{
	/* clang-format off */
	static const int answers[][4] = {
		{0, 1, 1, 1}, {3, 1, 1, 1}, {9, 64, 64, 64}, {10, 32767, 32767, 32767},
		{14, 1, 1, 0}, {15, 1, 1, 1}, {16, 1, 1, 1}, {21, 1, 1, 1}, {23, 1, 1, 0},
		{25, 4096, 4096, 4096}, {30, 1, 1, 1}, {32, 1, 1, 1}, {36, 1, 1, 0},
		{40, 1, 1, 1}, {41, 1, 1, 0}, {66, 64, 64, 64}, {70, 1, 1, 0}, {77, 1, 1, 1},
		{81, 1, 1, 0}, {82, 1, 1, 0}, {87, 1, 1, 1}, {88, 1, 1, 0}, {89, 1, 1, 1},
		{98, 1, 1, 1}, {102, 1, 1, 1}, {105, 1, 1, 1}, {119, 6, 6, 0}, {120, 4, 4, 0},
		{122, 1, 1, 1}, {127, 1, 1, 0}, {128, 64, 64, 64}, {131, -EINVAL, 0, 0},
		{136, 1, 1, 0}, {144, 1, 1, 0}, {158, 1, 1, 0}, {162, 1, 1, 1}, {165, 48, 48, 48},
		{168, 3, 3, 3}, {171, 1, 1, 1}, {172, 1, 1, 1}, {174, 1, 1, 0}, {177, 1, 1, 0},
		{178, 1, 1, 0}, {182, 1, 1, 1}, {187, 1, 1, 0}, {195, 196611, 196611, 0},
		{198, 1, 1, 0}, {203, 1, 1, 1},
		{215, 1, 1, 1},
		{216, 1, 1, 0}, {223, 1048576, 1048576, 1048576},
		{225, 1, 1, 1}, {227, 1, 1, 0}, {229, 1075843072, 1075843072, 0}, {230, 1, 1, 0},
		{231, 1, 1, 1}, {233, 8, 0, 8}, {234, 1, 1, 1}, {239, 1, 1, 0},
		{243, -EINVAL, 0, 0}, {244, 3, 3, 3}, {245, 1, 1, 0}, {247, 1, 1, 1},
	};
	/* clang-format on */
	struct fx *f = *state;
	size_t next = 0;
	int realm;

	realm = (int)CALL(f->sys, KVM_CREATE_VM, REALM_TYPE);
	fx_create_vm(f, 0);
	for (int cap = 0; cap < 400; cap++) {
		static const int none[4];
		const int *a = none;

		if (next < ARRAY_SIZE(answers) && answers[next][0] == cap)
			a = answers[next++];
		GIVES(a[1], f->sys, KVM_CHECK_EXTENSION, cap);
		GIVES(a[2], f->vm, KVM_CHECK_EXTENSION, cap);
		GIVES(a[3], realm, KVM_CHECK_EXTENSION, cap);
	}
	GIVES(0, f->sys, KVM_CHECK_EXTENSION, BIT(32)); /* not cut to 32 bits */
	assert_int_equal(CALL(f->sys, KVM_CHECK_EXTENSION, 131), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_cap_needs_vm");
}

static void features_of_the_rmm_show_as_capabilities(void **state)
{
	struct fx *f = *state;
	struct inproc_config cfg = {.engine = &engine_toy};

	GIVES(0, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE);
	cfg.feature_reg0 = FIELD_PUT(RMI_FEATURE0_S2SZ, 40) | RMI_FEATURE0_SVE_EN |
			   RMI_FEATURE0_PMU_EN | FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6) |
			   FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) | FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) |
			   RMI_FEATURE0_HASH_SHA_256 | FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, 3) |
			   FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 4);
	fx_restart(f, &cfg);
	GIVES(1, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE);
	GIVES(1, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3);
	REFUSED(EINVAL, kvm_create_vm_ipa, f->sys, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 41);
	fx_create_vm(f, KVM_VM_TYPE_ARM_REALM | 40);
}

static void vm_types_are_checked_bit_by_bit(void **state)
{
	struct fx *f = *state;
	int fd;

	for (uint64_t ipa = 0; ipa < 256; ipa++) {
		bool good = !ipa || (ipa >= 32 && ipa <= 48);

		for (uint64_t kind = 0; kind < 2; kind++) {
			fd = (int)CALL(f->sys, KVM_CREATE_VM, kind << 8 | ipa);
			if (good)
				assert_int_equal(inproc_close(f->p, fd), 0);
			else
				assert_int_equal(fd, -EINVAL);
		}
	}
	REFUSED(EINVAL, kvm_create_vm_ipa, f->sys, KVM_CREATE_VM, 0x100 | 49);
	for (uint64_t kind = 2; kind < 16; kind++)
		REFUSED(EINVAL, kvm_create_vm_kind, f->sys, KVM_CREATE_VM, kind << 8);
	for (int bit = 12; bit < 64; bit++)
		REFUSED(EINVAL, kvm_create_vm_type_bits, f->sys, KVM_CREATE_VM, BIT(bit) | 0x100);
}

static void vcpus_are_counted(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	REFUSED(EINVAL, kvm_create_vcpu_id, f->vm, KVM_CREATE_VCPU, 512);
	REFUSED(EINVAL, kvm_create_vcpu_id, f->vm, KVM_CREATE_VCPU, 64);
	for (int i = 0; i < 63; i++)
		assert_true(CALL(f->vm, KVM_CREATE_VCPU, i) >= 0);
	REFUSED(EEXIST, kvm_create_vcpu_exists, f->vm, KVM_CREATE_VCPU, 3);
	assert_true(CALL(f->vm, KVM_CREATE_VCPU, 63) >= 0);
	REFUSED(EINVAL, kvm_create_vcpu_count, f->vm, KVM_CREATE_VCPU, 0);
}

static void a_vcpu_that_gets_no_descriptor_was_never_there(void **state)
{
	struct fx *f = *state;
	int fds[INPROC_MAX_FDS], n = 0;

	fx_create_vm(f, REALM_TYPE);
	while ((fds[n] = inproc_open(f->p)) >= 0)
		n++;
	assert_int_equal(fds[n], -EMFILE);
	REFUSED(EMFILE, kvm_no_descriptor, f->vm, KVM_CREATE_VCPU, 0);
	REFUSED(EMFILE, kvm_no_descriptor, f->sys, KVM_CREATE_VM, 0);
	assert_int_equal(inproc_close(f->p, fds[0]), 0);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	assert_true(f->vcpu[0] >= 0);
}

static void capabilities_are_enabled_with_checks(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_RMI};

	fx_create_vm(f, REALM_TYPE);
	REFUSED(EINVAL, kvm_enable_cap_unknown, f->vm, KVM_ENABLE_CAP, &cap);
	cap.cap = KVM_CAP_ARM_MTE;
	REFUSED(EINVAL, kvm_enable_cap_unknown, f->vm, KVM_ENABLE_CAP, &cap);
	cap.cap = KVM_CAP_ARM_NISV_TO_USER;
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	cap.flags = 1;
	REFUSED(EINVAL, kvm_enable_cap_args, f->vm, KVM_ENABLE_CAP, &cap);
	cap = (struct kvm_enable_cap){.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = {3}};
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	cap.args[0] = 2;
	REFUSED(EINVAL, kvm_enable_cap_args, f->vm, KVM_ENABLE_CAP, &cap);
	cap = (struct kvm_enable_cap){.cap = KVM_CAP_HALT_POLL, .args = {BIT(32)}};
	REFUSED(EINVAL, kvm_enable_cap_args, f->vm, KVM_ENABLE_CAP, &cap);
	cap = (struct kvm_enable_cap){.cap = KVM_CAP_ARM_WRITABLE_IMP_ID_REGS};
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	fx_create_vcpus(f, 1);
	REFUSED(EINVAL, kvm_enable_cap_late, f->vm, KVM_ENABLE_CAP, &cap);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_ENABLE_CAP, NEVER);
}

static void devices_other_than_the_gicv3_and_its_do_not_exist(void **state)
{
	struct fx *f = *state;
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V2};

	fx_create_vm(f, REALM_TYPE);
	REFUSED(ENODEV, kvm_create_irqchip, f->vm, KVM_CREATE_IRQCHIP, 0);
	REFUSED(ENODEV, kvm_create_device_unknown, f->vm, KVM_CREATE_DEVICE, &cd);
	cd.type = 1000;
	REFUSED(ENODEV, kvm_create_device_unknown, f->vm, KVM_CREATE_DEVICE, &cd);
	cd = (struct kvm_create_device){
		.type = KVM_DEV_TYPE_ARM_VGIC_V3, .flags = KVM_CREATE_DEVICE_TEST, .fd = 1234};
	GIVES(0, f->vm, KVM_CREATE_DEVICE, &cd);
	assert_int_equal(cd.fd, 1234); /* a test creates nothing */
	fx_create_gic(f, false);
	cd.flags = 0;
	REFUSED(EEXIST, kvm_create_device_exists, f->vm, KVM_CREATE_DEVICE, &cd);
}

/* What --explain counts apart: questions, and answers that a VMM may misunderstand. */
static void questions_are_no_mistakes(void **state)
{
	struct fx *f = *state;
	struct kvm_create_device cd = {.type = 1000, .flags = KVM_CREATE_DEVICE_TEST};
	struct kvm_device_attr a = {.group = 77};
	struct kvm_reg_list l = {.n = 0};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	REFUSED(ENODEV, kvm_create_device_unknown, f->vm, KVM_CREATE_DEVICE, &cd);
	assert_true(fx_last_probe());
	cd.flags = 0;
	REFUSED(ENODEV, kvm_create_device_unknown, f->vm, KVM_CREATE_DEVICE, &cd);
	assert_false(fx_last_probe());
	REFUSED(ENXIO, kvm_attr_unknown, f->vm, KVM_HAS_DEVICE_ATTR, &a);
	assert_true(fx_last_probe());
	REFUSED(ENXIO, kvm_attr_unknown, f->vm, KVM_SET_DEVICE_ATTR, &a);
	assert_false(fx_last_probe());
	REFUSED(E2BIG, kvm_reg_list_room, f->vcpu[0], KVM_GET_REG_LIST, &l);
	assert_true(fx_last_probe());
	l.n = 1;
	REFUSED(E2BIG, kvm_reg_list_room, f->vcpu[0], KVM_GET_REG_LIST, &l);
	assert_false(fx_last_probe());
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_CREATE_DEVICE, 0); /* is the number known? */
	assert_true(fx_last_probe());
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_CREATE_DEVICE, NEVER);
	assert_false(fx_last_probe());
}

static void the_number_of_another_revision_is_told(void **state)
{
	struct fx *f = *state;

	GIVES(1, f->sys, KVM_CHECK_EXTENSION, 247);
	assert_string_equal(fx_last_note(), "OK");
	GIVES(0, f->sys, KVM_CHECK_EXTENSION, 248);
	assert_string_equal(fx_last_note(), "kvm_other_cap_v13");
	fx_create_vm(f, REALM_TYPE);
	GIVES(0, f->vm, KVM_CHECK_EXTENSION, 249);
	assert_string_equal(fx_last_note(), "kvm_other_cap_v14");
	GIVES(0, f->vm, KVM_CHECK_EXTENSION, 251);
	assert_string_equal(fx_last_note(), "kvm_other_cap_v15");
	GIVES(0, f->vm, KVM_CHECK_EXTENSION, 300);
	assert_string_equal(fx_last_note(), "OK");
}

static void small_vm_calls_answer(void **state)
{
	struct fx *f = *state;
	struct kvm_vcpu_init init = {.features = {~0u}};
	struct kvm_arm_counter_offset off = {0};
	struct kvm_signal_mask *mask = NULL;
	struct reg_mask_range r = {0};
	uint64_t masks[192];
	int realm;

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ARM_PREFERRED_TARGET, &init);
	assert_int_equal(init.target, KVM_ARM_TARGET_GENERIC_V8);
	assert_int_equal(init.features[0], 0);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_ARM_PREFERRED_TARGET, mask);
	GIVES(0, f->vm, KVM_ARM_SET_COUNTER_OFFSET, &off);
	off.reserved = 1;
	REFUSED(EINVAL, kvm_counter_offset_reserved, f->vm, KVM_ARM_SET_COUNTER_OFFSET, &off);
	realm = (int)CALL(f->sys, KVM_CREATE_VM, REALM_TYPE);
	off.reserved = 0;
	REFUSED(EINVAL, kvm_counter_offset_realm, realm, KVM_ARM_SET_COUNTER_OFFSET, &off);
	r.addr = (uintptr_t)masks;
	GIVES(0, f->vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r);
	assert_int_equal(masks[5 * 8] & MASK(15, 12), 0);	     /* BRPs */
	assert_int_equal(masks[5 * 8] & MASK(23, 20), MASK(23, 20)); /* WRPs */
	r.reserved[12] = 1;
	REFUSED(EINVAL, kvm_masks_reserved, f->vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r);
}

static int64_t set_filter(struct fx *f, uint32_t base, uint32_t n, uint8_t action, uint8_t pad)
{
	struct kvm_smccc_filter s = {
		.base = base, .nr_functions = n, .action = action, .pad = {[14] = pad}};
	struct kvm_device_attr a = {.group = KVM_ARM_VM_SMCCC_CTRL,
				    .attr = KVM_ARM_VM_SMCCC_FILTER,
				    .addr = (uintptr_t)&s};

	return CALL(f->vm, KVM_SET_DEVICE_ATTR, &a);
}

static void the_smccc_filter_is_checked(void **state)
{
	struct fx *f = *state;
	struct kvm_device_attr a = {
		.group = KVM_ARM_VM_SMCCC_CTRL, .attr = KVM_ARM_VM_SMCCC_FILTER, .addr = NEVER};

	fx_create_vm(f, REALM_TYPE);
	GIVES(0, f->vm, KVM_HAS_DEVICE_ATTR, &a);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_SET_DEVICE_ATTR, &a);
	a.attr = 1;
	REFUSED(ENXIO, kvm_attr_unknown, f->vm, KVM_SET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_attr_unknown, f->vm, KVM_HAS_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_unknown_call, f->vm, KVM_GET_DEVICE_ATTR, &a);
	assert_int_equal(set_filter(f, 0x84000000, 1, 2, 1), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_smccc_pad");
	assert_int_equal(set_filter(f, 0x84000000, 0, 2, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_smccc_range");
	assert_int_equal(set_filter(f, 0, 0, 2, 0), -EINVAL); /* no function, not all of them */
	assert_string_equal(fx_last_rule(), "kvm_smccc_range");
	assert_int_equal(set_filter(f, 0xffffffff, 2, 2, 0), -EINVAL);
	assert_int_equal(set_filter(f, 0x84000000, 1, 3, 0), -EINVAL);
	assert_int_equal(set_filter(f, 0x84000000, 16, 2, 0), 0);
	assert_int_equal(set_filter(f, 0x8400000f, 2, 1, 0), -EEXIST);
	assert_string_equal(fx_last_rule(), "kvm_smccc_overlap");
	assert_int_equal(set_filter(f, 0x8000ffff, 1, 2, 0), -EEXIST);
	assert_int_equal(set_filter(f, 0xc0010000, 1, 2, 0), 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(set_filter(f, 0x86000000, 1, 2, 0), -EBUSY);
	assert_string_equal(fx_last_rule(), "kvm_smccc_late");
}

static void ioeventfds_are_checked_in_order(void **state)
{
	struct fx *f = *state;
	int fd = eventfd(0, 0), other = eventfd(0, 0), pipefd[2];
	struct kvm_ioeventfd e = {.addr = 0x1000, .len = 3, .fd = -1, .flags = 0x10};

	assert_int_equal(pipe(pipefd), 0);
	fx_create_vm(f, REALM_TYPE);
	REFUSED(EINVAL, kvm_ioeventfd_len, f->vm, KVM_IOEVENTFD, &e);
	e.len = 4;
	e.addr = UINT64_MAX;
	REFUSED(EINVAL, kvm_ioeventfd_wrap, f->vm, KVM_IOEVENTFD, &e);
	e.addr = 0x1000;
	REFUSED(EINVAL, kvm_ioeventfd_flags, f->vm, KVM_IOEVENTFD, &e);
	e.len = 0;
	e.flags = KVM_IOEVENTFD_FLAG_DATAMATCH;
	REFUSED(EINVAL, kvm_ioeventfd_datamatch, f->vm, KVM_IOEVENTFD, &e);
	e.len = 4;
	REFUSED(EBADF, kvm_eventfd_bad_fd, f->vm, KVM_IOEVENTFD, &e);
	e.fd = pipefd[0];
	REFUSED(EINVAL, kvm_eventfd_type, f->vm, KVM_IOEVENTFD, &e);
	e.fd = fd;
	e.flags = 0;
	GIVES(0, f->vm, KVM_IOEVENTFD, &e);
	e.fd = other;
	REFUSED(EEXIST, kvm_ioeventfd_collision, f->vm, KVM_IOEVENTFD, &e);
	e.flags = KVM_IOEVENTFD_FLAG_DATAMATCH;
	REFUSED(EEXIST, kvm_ioeventfd_collision, f->vm, KVM_IOEVENTFD, &e);
	e.flags = KVM_IOEVENTFD_FLAG_DEASSIGN;
	REFUSED(ENOENT, kvm_ioeventfd_absent, f->vm, KVM_IOEVENTFD, &e); /* not that eventfd */
	e.fd = dup(fd);
	GIVES(0, f->vm, KVM_IOEVENTFD, &e); /* but any descriptor of the one there */
	REFUSED(ENOENT, kvm_ioeventfd_absent, f->vm, KVM_IOEVENTFD, &e);
	close(e.fd);
	close(fd);
	close(other);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void the_io_bus_has_room_for_a_thousand(void **state)
{
	struct fx *f = *state;
	struct kvm_coalesced_mmio_zone z = {.addr = 0x1000, .size = 8};
	int fd = eventfd(0, 0);
	struct kvm_ioeventfd e = {.addr = 0x1000, .len = 4, .fd = fd};

	fx_create_vm(f, REALM_TYPE);
	z.pio = 2;
	REFUSED(EINVAL, kvm_coalesced_pio, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	REFUSED(EINVAL, kvm_coalesced_pio, f->vm, KVM_UNREGISTER_COALESCED_MMIO, &z);
	z.pio = 0;
	GIVES(0, f->vm, KVM_UNREGISTER_COALESCED_MMIO, &z); /* kvmtool does, for each region */
	for (int i = 0; i < 1000; i++)
		GIVES(0, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	REFUSED(ENOSPC, kvm_iobus_full, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	REFUSED(ENOSPC, kvm_iobus_full, f->vm, KVM_IOEVENTFD, &e);
	GIVES(0, f->vm, KVM_UNREGISTER_COALESCED_MMIO, &z);
	GIVES(0, f->vm, KVM_IOEVENTFD, &e);
	close(fd);
}

static void without_an_rmm_there_are_no_realms(void **state)
{
	struct fx *f = *state;
	struct kvm_config cfg = {.machine = inproc_machine(f->p)};
	struct kvm_host *host;

	/* The host alone, no RMM: only what needs no caller. */
	assert_int_equal(kvm_host_create(&cfg, &host), 0);
	struct kvm_file *file = kvm_open(host);
	struct kvm_caller c = {0};

	assert_int_equal(kvm_ioctl(file, &c, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RMI), 0);
	assert_int_equal(kvm_ioctl(file, &c, KVM_CREATE_VM, 0x100), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_create_vm_no_rmm");
	kvm_file_put(file);
	kvm_host_destroy(host);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_system(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_version_and_the_mapping_size_are_told),
		TEST(unknown_numbers_are_einval_or_enotty),
		TEST(another_process_gets_eio),
		TEST(capabilities_answer_by_the_table),
		TEST(features_of_the_rmm_show_as_capabilities),
		TEST(vm_types_are_checked_bit_by_bit),
		TEST(vcpus_are_counted),
		TEST(a_vcpu_that_gets_no_descriptor_was_never_there),
		TEST(capabilities_are_enabled_with_checks),
		TEST(devices_other_than_the_gicv3_and_its_do_not_exist),
		TEST(questions_are_no_mistakes),
		TEST(the_number_of_another_revision_is_told),
		TEST(small_vm_calls_answer),
		TEST(the_smccc_filter_is_checked),
		TEST(ioeventfds_are_checked_in_order),
		TEST(the_io_bus_has_room_for_a_thousand),
		TEST(without_an_rmm_there_are_no_realms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
