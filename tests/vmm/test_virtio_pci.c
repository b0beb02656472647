// SPDX-License-Identifier: BSD-3-Clause
/* test_virtio_pci.c - the registers of a virtio PCI device, accessed as a driver would. */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <string.h>

#include "driver.h"
#include "testing.h"
#include "vmm/virtio_pci.h"

#define SLOT	      3
#define BAR	      (LAYOUT_PCI_WINDOW + 0x10000)
#define COMMON(field) offsetof(struct virtio_pci_common_cfg, field)
#define STATUS_SET_UP                                                                              \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)

static struct guest_memory *mem;
static struct pci_host host;
static struct virtio_device dev;
static struct virtio_pci vp;
static unsigned int notified, last_queue;

static void on_notify(struct virtio_device *d, unsigned int n)
{
	notified++;
	last_queue = n;
}

static const struct virtio_class class = {
	.id = VIRTIO_ID_RNG, .pci_class = 0x00ff00, .queue_size = 16, .notify = on_notify};

static uint32_t cfg_read(unsigned int slot, unsigned int reg, unsigned int len)
{
	uint32_t v = 0;

	pci_ecam_access(&host, slot << 15 | reg, &v, len, false);
	return v;
}

static void cfg_write(unsigned int reg, uint32_t v, unsigned int len)
{
	pci_ecam_access(&host, SLOT << 15 | reg, &v, len, true);
}

static uint32_t bar_read(uint64_t offset, unsigned int len)
{
	uint32_t v = 0;

	pci_window_access(&host, BAR - LAYOUT_PCI_WINDOW + offset, &v, len, false);
	return v;
}

static void bar_write(uint64_t offset, uint32_t v, unsigned int len)
{
	pci_window_access(&host, BAR - LAYOUT_PCI_WINDOW + offset, &v, len, true);
}

static int setup(void **state)
{
	mem = driver_memory();
	notified = 0;
	pci_host_init(&host);
	virtio_init(&dev, &class, mem, BIT(5), 2);
	memcpy(dev.config, "config!", 8);
	dev.config_len = 8;
	virtio_pci_plug(&vp, &dev, &host, SLOT, -1, true);
	cfg_write(PCI_BASE_ADDRESS_0, BAR, 4);
	cfg_write(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	return 0;
}

static int teardown(void **state)
{
	driver_memory_free(mem);
	return 0;
}

static void accept_features(uint64_t features)
{
	bar_write(COMMON(device_status), VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER, 1);
	for (uint32_t i = 0; i < 2; i++) {
		bar_write(COMMON(guest_feature_select), i, 4);
		bar_write(COMMON(guest_feature), (uint32_t)(features >> 32 * i), 4);
	}
	bar_write(COMMON(device_status), STATUS_SET_UP, 1);
}

static void set_up_queue(struct ring *r, unsigned int n)
{
	ring_make(r, mem, n, 16);
	bar_write(COMMON(queue_select), n, 2);
	bar_write(COMMON(queue_desc_lo), (uint32_t)r->at, 4);
	bar_write(COMMON(queue_desc_hi), 1, 4); /* the alias */
	bar_write(COMMON(queue_avail_lo), (uint32_t)ring_avail_addr(r), 4);
	bar_write(COMMON(queue_avail_hi), 1, 4);
	bar_write(COMMON(queue_used_lo), (uint32_t)ring_used_addr(r), 4);
	bar_write(COMMON(queue_used_hi), 1, 4);
	bar_write(COMMON(queue_enable), 1, 2);
}

static void only_the_plugged_function_answers(void **state)
{
	assert_int_equal(cfg_read(SLOT, PCI_VENDOR_ID, 4), 0x10441af4);
	assert_int_equal(cfg_read(SLOT + 1, PCI_VENDOR_ID, 4), 0xffffffff);
	assert_int_equal(cfg_read(SLOT, 1 << 12 | PCI_VENDOR_ID, 4), 0xffffffff);
	assert_int_equal(cfg_read(SLOT, 0x100, 4), 0);
	assert_int_equal(cfg_read(SLOT, PCI_INTERRUPT_PIN, 1), 1);
}

static void read_only_registers_do_not_change(void **state)
{
	cfg_write(PCI_VENDOR_ID, 0, 4);
	cfg_write(PCI_STATUS, 0xffff, 2);
	cfg_write(PCI_CAPABILITY_LIST, 0, 1);
	assert_int_equal(cfg_read(SLOT, PCI_VENDOR_ID, 2), 0x1af4);
	assert_int_equal(cfg_read(SLOT, PCI_STATUS, 2), PCI_STATUS_CAP_LIST);
	assert_int_equal(cfg_read(SLOT, PCI_CAPABILITY_LIST, 1), 0x40);
}

static void bar_tells_its_size(void **state)
{
	cfg_write(PCI_BASE_ADDRESS_0, 0xffffffff, 4);
	assert_int_equal(cfg_read(SLOT, PCI_BASE_ADDRESS_0, 4), ~(VIRTIO_PCI_BAR_SIZE - 1u));
	for (unsigned int bar = PCI_BASE_ADDRESS_1; bar <= PCI_BASE_ADDRESS_5; bar += 4) {
		cfg_write(bar, 0xffffffff, 4);
		assert_int_equal(cfg_read(SLOT, bar, 4), 0);
	}
}

static void capabilities_name_every_part(void **state)
{
	unsigned int seen = 0, at = cfg_read(SLOT, PCI_CAPABILITY_LIST, 1);

	for (; at; at = cfg_read(SLOT, at + 1, 1)) {
		if (cfg_read(SLOT, at, 1) == PCI_CAP_ID_MSIX)
			continue;
		assert_int_equal(cfg_read(SLOT, at, 1), PCI_CAP_ID_VNDR);
		seen |= 1u << cfg_read(SLOT, at + VIRTIO_PCI_CAP_CFG_TYPE, 1);
		assert_true(cfg_read(SLOT, at + VIRTIO_PCI_CAP_OFFSET, 4) +
				    cfg_read(SLOT, at + VIRTIO_PCI_CAP_LENGTH, 4) <=
			    VIRTIO_PCI_BAR_SIZE);
	}
	assert_int_equal(seen, 1 << VIRTIO_PCI_CAP_COMMON_CFG | 1 << VIRTIO_PCI_CAP_NOTIFY_CFG |
				       1 << VIRTIO_PCI_CAP_ISR_CFG |
				       1 << VIRTIO_PCI_CAP_DEVICE_CFG |
				       1 << VIRTIO_PCI_CAP_PCI_CFG);
}

static void memory_is_decoded_only_when_enabled(void **state)
{
	assert_int_equal(bar_read(COMMON(num_queues), 2), 2);
	cfg_write(PCI_COMMAND, 0, 2);
	assert_int_equal(bar_read(COMMON(num_queues), 2), 0xffff);
}

static void demanded_features_are_offered(void **state)
{
	bar_write(COMMON(device_feature_select), 1, 4);
	assert_int_equal(bar_read(COMMON(device_feature), 4), VIRTIO_DEMANDED >> 32);
	bar_write(COMMON(device_feature_select), 0, 4);
	assert_int_equal(bar_read(COMMON(device_feature), 4), BIT(5));
	bar_write(COMMON(device_feature_select), 2, 4);
	assert_int_equal(bar_read(COMMON(device_feature), 4), 0);
}

static void driver_without_access_platform_is_refused(void **state)
{
	accept_features(BIT(VIRTIO_F_VERSION_1));
	assert_false(bar_read(COMMON(device_status), 1) & VIRTIO_CONFIG_S_FEATURES_OK);
}

static void feature_that_was_not_offered_is_refused(void **state)
{
	accept_features(VIRTIO_DEMANDED | BIT(6));
	assert_false(bar_read(COMMON(device_status), 1) & VIRTIO_CONFIG_S_FEATURES_OK);
}

static void features_are_fixed_once_accepted(void **state)
{
	accept_features(VIRTIO_DEMANDED);
	bar_write(COMMON(guest_feature_select), 0, 4);
	bar_write(COMMON(guest_feature), 0xffffffff, 4);
	assert_int_equal(dev.accepted, VIRTIO_DEMANDED);
}

static void queue_works_after_set_up(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 1);
	assert_int_equal(bar_read(COMMON(queue_enable), 2), 1);
	assert_int_equal(bar_read(COMMON(queue_notify_off), 2), 1);
	bar_write(VIRTIO_PCI_NOTIFY_AT + 4, 1, 2);
	assert_int_equal(notified, 0); /* not before DRIVER_OK */
	bar_write(COMMON(device_status), STATUS_SET_UP | VIRTIO_CONFIG_S_DRIVER_OK, 1);
	bar_write(VIRTIO_PCI_NOTIFY_AT + 4, 1, 2);
	assert_int_equal(notified, 1);
	assert_int_equal(last_queue, 1);
	bar_write(VIRTIO_PCI_NOTIFY_AT, 0, 2);	       /* never enabled */
	bar_write(VIRTIO_PCI_NOTIFY_AT + 4 * 9, 0, 2); /* no such queue */
	assert_int_equal(notified, 1);
}

static void enabled_queue_cannot_be_moved(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	bar_write(COMMON(queue_desc_lo), 0, 4);
	bar_write(COMMON(queue_size), 1, 2);
	assert_int_equal(dev.queues[0].desc_addr, r.at | ALIAS);
	assert_int_equal(dev.queues[0].size, 16);
}

static void queue_at_a_bad_place_fails_the_device(void **state)
{
	accept_features(VIRTIO_DEMANDED);
	bar_write(COMMON(queue_select), 0, 2);
	bar_write(COMMON(queue_enable), 1, 2); /* all addresses 0 */
	assert_int_equal(bar_read(COMMON(queue_enable), 2), 0);
	assert_true(bar_read(COMMON(device_status), 1) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void absent_queue_reads_as_size_zero(void **state)
{
	bar_write(COMMON(queue_select), 7, 2);
	assert_int_equal(bar_read(COMMON(queue_size), 2), 0);
	bar_write(COMMON(queue_enable), 1, 2);
}

static void reset_forgets_everything(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	bar_write(COMMON(device_status), STATUS_SET_UP | VIRTIO_CONFIG_S_DRIVER_OK, 1);
	virtio_done(&dev, &dev.queues[0]);
	assert_true(dev.irq.level);
	bar_write(COMMON(device_status), 0, 1);
	assert_int_equal(bar_read(COMMON(device_status), 1), 0);
	assert_false(dev.irq.level);
	assert_false(dev.queues[0].enabled);
	assert_int_equal(dev.accepted, 0);
}

static void reading_the_isr_lowers_the_line(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	virtio_done(&dev, &dev.queues[0]);
	assert_true(dev.irq.level);
	assert_int_equal(bar_read(VIRTIO_PCI_ISR_AT, 1), VIRTIO_ISR_QUEUE);
	assert_false(dev.irq.level);
	assert_int_equal(bar_read(VIRTIO_PCI_ISR_AT, 1), 0);
}

static void masked_interrupt_waits(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	cfg_write(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE, 2);
	virtio_done(&dev, &dev.queues[0]);
	assert_false(dev.irq.level);
	cfg_write(PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	assert_true(dev.irq.level);
}

/* ---- MSI-X ---- */

#define ENABLE	 (PCI_MSIX_FLAGS_ENABLE)
#define MASK_ALL (PCI_MSIX_FLAGS_MASKALL)

static void set_control(uint32_t flags)
{
	cfg_write(vp.msix.cap + PCI_MSIX_FLAGS, flags, 2);
}

static void write_entry(unsigned int vector, uint32_t data, bool masked)
{
	uint64_t at = VIRTIO_PCI_MSIX_AT + vector * 16;

	bar_write(at, 0x8090040, 4);
	bar_write(at + 4, 0, 4);
	bar_write(at + 8, data, 4);
	bar_write(at + 12, masked, 4);
}

static void set_vector(unsigned int queue, uint16_t vector)
{
	bar_write(COMMON(queue_select), queue, 2);
	bar_write(COMMON(queue_msix_vector), vector, 2);
}

static void messages_take_the_place_of_the_pin(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	bar_write(COMMON(device_status), STATUS_SET_UP | VIRTIO_CONFIG_S_DRIVER_OK, 1);
	set_vector(0, 1);
	bar_write(COMMON(msix_config), 0, 2);
	virtio_done(&dev, &dev.queues[0]); /* not enabled yet */
	assert_true(dev.irq.level);
	write_entry(0, 7, false);
	write_entry(1, 8, false);
	set_control(ENABLE);
	assert_false(dev.irq.level);
	virtio_done(&dev, &dev.queues[0]);
	assert_int_equal(vp.msix.sent, 1);
	virtio_config_changed(&dev);
	assert_int_equal(vp.msix.sent, 2);
	assert_false(dev.irq.level);
	assert_int_equal(bar_read(VIRTIO_PCI_ISR_AT, 1), VIRTIO_ISR_QUEUE); /* from before */
	/* A queue without a vector is silent. */
	set_vector(0, MSIX_NO_VECTOR);
	virtio_done(&dev, &dev.queues[0]);
	assert_int_equal(vp.msix.sent, 2);
	assert_int_equal(bar_read(VIRTIO_PCI_ISR_AT, 1), 0);
}

static void masked_messages_are_sent_when_the_mask_goes(void **state)
{
	struct ring r;

	accept_features(VIRTIO_DEMANDED);
	set_up_queue(&r, 0);
	set_vector(0, 2);
	set_control(ENABLE);
	virtio_done(&dev, &dev.queues[0]); /* entries begin masked */
	virtio_done(&dev, &dev.queues[0]);
	assert_int_equal(bar_read(VIRTIO_PCI_PBA_AT, 4), 4);
	bar_write(VIRTIO_PCI_PBA_AT, 0, 4);
	assert_int_equal(bar_read(VIRTIO_PCI_PBA_AT, 4), 4);
	write_entry(2, 9, false);
	assert_int_equal(vp.msix.sent, 1);
	assert_int_equal(bar_read(VIRTIO_PCI_PBA_AT, 4), 0);
	set_control(ENABLE | MASK_ALL);
	virtio_done(&dev, &dev.queues[0]);
	assert_int_equal(vp.msix.sent, 1);
	set_control(ENABLE);
	assert_int_equal(vp.msix.sent, 2);
}

static void vectors_that_do_not_exist_read_as_none(void **state)
{
	set_vector(0, MSIX_VECTORS);
	assert_int_equal(bar_read(COMMON(queue_msix_vector), 2), MSIX_NO_VECTOR);
	set_vector(1, 3);
	assert_int_equal(bar_read(COMMON(queue_msix_vector), 2), 3);
	set_vector(7, 3); /* no such queue */
	assert_int_equal(bar_read(COMMON(queue_msix_vector), 2), MSIX_NO_VECTOR);
	bar_write(COMMON(msix_config), 4, 2);
	assert_int_equal(bar_read(COMMON(msix_config), 2), 4);
	bar_write(COMMON(device_status), 0, 1);
	assert_int_equal(bar_read(COMMON(msix_config), 2), MSIX_NO_VECTOR);
	set_vector(1, MSIX_NO_VECTOR);
	assert_int_equal(cfg_read(SLOT, vp.msix.cap + PCI_MSIX_FLAGS, 2), MSIX_VECTORS - 1);
	assert_int_equal(cfg_read(SLOT, vp.msix.cap + PCI_MSIX_TABLE, 4), VIRTIO_PCI_MSIX_AT);
	assert_int_equal(cfg_read(SLOT, vp.msix.cap + PCI_MSIX_PBA, 4), VIRTIO_PCI_PBA_AT);
	/* The table has its size, and whole words. */
	bar_write(VIRTIO_PCI_MSIX_AT + MSIX_TABLE_SIZE, 1, 4);
	assert_int_equal(bar_read(VIRTIO_PCI_MSIX_AT + MSIX_TABLE_SIZE, 4), 0);
	bar_write(VIRTIO_PCI_MSIX_AT + 1, 1, 1);
	assert_int_equal(bar_read(VIRTIO_PCI_MSIX_AT, 4), 0);
}

static void a_device_without_an_its_has_no_messages(void **state)
{
	static struct virtio_device other;
	static struct virtio_pci pci;

	virtio_init(&other, &class, mem, BIT(5), 2);
	virtio_pci_plug(&pci, &other, &host, SLOT + 1, -1, false);
	for (unsigned int at = cfg_read(SLOT + 1, PCI_CAPABILITY_LIST, 1); at;
	     at = cfg_read(SLOT + 1, at + 1, 1))
		assert_int_equal(cfg_read(SLOT + 1, at, 1), PCI_CAP_ID_VNDR);
}

static void device_configuration_is_bounded(void **state)
{
	assert_int_equal(bar_read(VIRTIO_PCI_DEVICE_AT + 6, 2), '!' | 0 << 8);
	assert_int_equal(bar_read(VIRTIO_PCI_DEVICE_AT + 6, 4), 0);
	assert_int_equal(bar_read(VIRTIO_PCI_DEVICE_AT + 8, 1), 0);
	bar_write(VIRTIO_PCI_DEVICE_AT, 'X', 1);
	assert_int_equal(bar_read(VIRTIO_PCI_DEVICE_AT, 1), 'c');
	assert_int_equal(bar_read(VIRTIO_PCI_BAR_SIZE - 1, 1), 0);
}

static void wrong_width_has_no_effect(void **state)
{
	bar_write(COMMON(device_status), VIRTIO_CONFIG_S_ACKNOWLEDGE, 4);
	assert_int_equal(bar_read(COMMON(device_status), 1), 0);
	bar_write(COMMON(queue_select), 1, 4);
	assert_int_equal(bar_read(COMMON(queue_select), 2), 0);
}

static void window_capability_reaches_the_bar(void **state)
{
	unsigned int cap = vp.window_cap;

	cfg_write(cap + VIRTIO_PCI_CAP_OFFSET, COMMON(num_queues), 4);
	cfg_write(cap + VIRTIO_PCI_CAP_LENGTH, 2, 4);
	assert_int_equal(cfg_read(SLOT, cap + 16, 2), 2);
	cfg_write(cap + VIRTIO_PCI_CAP_OFFSET, COMMON(queue_select), 4);
	cfg_write(cap + 16, 1, 2);
	assert_int_equal(bar_read(COMMON(queue_select), 2), 1);
	/* Beyond the BAR, or of no width: nothing happens. */
	cfg_write(cap + VIRTIO_PCI_CAP_OFFSET, 0xfffffffe, 4);
	cfg_read(SLOT, cap + 16, 2);
	cfg_write(cap + VIRTIO_PCI_CAP_LENGTH, 0xffffffff, 4);
	cfg_read(SLOT, cap + 16, 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(only_the_plugged_function_answers),
		T(read_only_registers_do_not_change),
		T(bar_tells_its_size),
		T(capabilities_name_every_part),
		T(memory_is_decoded_only_when_enabled),
		T(demanded_features_are_offered),
		T(driver_without_access_platform_is_refused),
		T(feature_that_was_not_offered_is_refused),
		T(features_are_fixed_once_accepted),
		T(queue_works_after_set_up),
		T(enabled_queue_cannot_be_moved),
		T(queue_at_a_bad_place_fails_the_device),
		T(absent_queue_reads_as_size_zero),
		T(reset_forgets_everything),
		T(reading_the_isr_lowers_the_line),
		T(masked_interrupt_waits),
		T(messages_take_the_place_of_the_pin),
		T(masked_messages_are_sent_when_the_mask_goes),
		T(vectors_that_do_not_exist_read_as_none),
		T(a_device_without_an_its_has_no_messages),
		T(device_configuration_is_bounded),
		T(wrong_width_has_no_effect),
		T(window_capability_reaches_the_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
