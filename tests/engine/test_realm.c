// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_realm.c - the bare-metal payload inside a realm: the RMM over the real engine, with no
 * kernel in between. The host here is the least that the payload needs: a UART, a GIC that takes
 * everything and says nothing, timer interrupts by list register, RIPAS changes, one CPU.
 */
#include <errno.h>
#include <unistd.h>

#include "engine/qemu.h"
#include "guest/payload/payload.h"
#include "guest/payload/payload_image.h"
#include "tests/rmm/host.h"

#define WIDTH		      33
#define ALIAS		      (UINT64_C(1) << (WIDTH - 1))
#define IMAGE_IPA	      UINT64_C(0x80000000)
#define IMAGE_PAGES	      (sizeof(payload_image) / GRANULE_SIZE)
#define UART		      UINT64_C(0x09000000)
#define MEMATTR_WB_RW	      (UINT64_C(6) << 2 | UINT64_C(3) << 6)
#define ESR_WNR		      BIT(6)
#define ESR_EC(esr)	      ((esr) >> 26)
#define EC_DATA_ABORT	      0x24
#define INTID_VTIMER	      27
#define INTID_PTIMER	      30
#define LR_PENDING_EOI(intid) (BIT(62) | BIT(60) | UINT64_C(0xa0) << 48 | BIT(41) | (intid))
#define LR_STATE	      (BIT(62) | BIT(63))
#define HOSTCALL_ANSWER	      0x1234

_Static_assert(sizeof(payload_image) % GRANULE_SIZE == 0, "the image is whole pages");

struct board {
	struct realm realm;
	struct host *h;
	char text[4096];
	size_t len;
	uint64_t page[IMAGE_PAGES]; /* PA of each page of the image */
};

static void put_image(struct board *b, uint64_t commands)
{
	static unsigned char image[sizeof(payload_image)];
	uint64_t src = host_page(b->h);

	memcpy(image, payload_image, sizeof(image));
	memcpy(image + PAYLOAD_PARAMS, &commands, sizeof(commands));
	for (size_t i = 0; i < IMAGE_PAGES; i++) {
		uint64_t ipa = IMAGE_IPA + i * GRANULE_SIZE;

		realm_tables(&b->realm, ipa, 3);
		EXPECT(0, b->h, RTT_INIT_RIPAS, b->realm.rd, ipa, ipa + GRANULE_SIZE);
		b->page[i] = host_granule(b->h);
		memcpy(host_va(b->h, src), image + i * GRANULE_SIZE, GRANULE_SIZE);
		EXPECT(0, b->h, DATA_CREATE, b->realm.rd, b->page[i], ipa, src,
		       RMI_DATA_FLAG_MEASURE);
	}
	machine_free(b->h->m, src, 1);
}

static void board_start(struct board *b, struct host *h, uint64_t commands)
{
	*b = (struct board){.h = h};
	realm_create_sized(&b->realm, h, WIDTH, 1, 1);
	put_image(b, commands);
	realm_add_rec(&b->realm, true, IMAGE_IPA);
	realm_activate(&b->realm);
}

static void mmio(struct board *b, const struct rmi_rec_exit *x, struct rmi_rec_enter *in)
{
	uint64_t ipa = x->hpfar << 8 | (x->far & (GRANULE_SIZE - 1));

	assert_true(ipa & ALIAS);
	if (ipa == (UART | ALIAS) && (x->esr & ESR_WNR) && b->len < sizeof(b->text) - 1)
		b->text[b->len++] = x->gprs[0];
	in->gprs[0] = 0;
	in->flags = RMI_ENTER_EMUL_MMIO;
}

/* The page goes to the other half, or back, and keeps its place in physical memory. */
static void change_ripas(struct board *b, const struct rmi_rec_exit *x)
{
	uint64_t ipa = x->ripas_base, rd = b->realm.rd;
	size_t i = (ipa - IMAGE_IPA) / GRANULE_SIZE;

	assert_true(i < IMAGE_PAGES);
	assert_int_equal(x->ripas_top, ipa + GRANULE_SIZE);
	realm_tables(&b->realm, ipa | ALIAS, 3);
	if (x->ripas_value == RMI_RIPAS_EMPTY) {
		EXPECT(0, b->h, DATA_DESTROY, rd, ipa);
		EXPECT(0, b->h, GRANULE_UNDELEGATE, b->page[i]);
		EXPECT(0, b->h, RTT_MAP_UNPROTECTED, rd, ipa | ALIAS, 3,
		       b->page[i] | MEMATTR_WB_RW);
	} else {
		EXPECT(0, b->h, RTT_UNMAP_UNPROTECTED, rd, ipa | ALIAS, 3);
	}
	EXPECT(0, b->h, RTT_SET_RIPAS, rd, b->realm.rec[0], ipa, ipa + GRANULE_SIZE);
	if (x->ripas_value == RMI_RIPAS_RAM) {
		EXPECT(0, b->h, GRANULE_DELEGATE, b->page[i]);
		EXPECT(0, b->h, DATA_CREATE_UNKNOWN, rd, b->page[i], ipa);
	}
}

static bool listed(const uint64_t *lrs, uint64_t intid)
{
	for (unsigned int i = 0; i < ENGINE_NUM_LRS; i++)
		if ((lrs[i] & LR_STATE) && (uint32_t)lrs[i] == intid)
			return true;
	return false;
}

static void timer_interrupt(uint64_t *lrs, uint64_t ctl, uint64_t intid)
{
	if ((ctl & 7) != 5 || listed(lrs, intid))
		return;
	for (unsigned int i = 0; i < ENGINE_NUM_LRS; i++) {
		if (!(lrs[i] & LR_STATE)) {
			lrs[i] = LR_PENDING_EOI(intid);
			return;
		}
	}
}

static void interrupts(const struct rmi_rec_exit *x, struct rmi_rec_enter *in)
{
	for (unsigned int i = 0; i < ENGINE_NUM_LRS; i++)
		in->gicv3_lrs[i] = x->gicv3_lrs[i] & LR_STATE ? x->gicv3_lrs[i] : 0;
	timer_interrupt(in->gicv3_lrs, x->cntv_ctl, INTID_VTIMER);
	timer_interrupt(in->gicv3_lrs, x->cntp_ctl, INTID_PTIMER);
}

/* Until the payload turns the system off (true) or asks for a reset. */
static bool board_run(struct board *b)
{
	struct rmi_rec_enter *in = realm_enter_args(&b->realm, 0);

	for (;;) {
		const struct rmi_rec_exit *x = realm_run(&b->realm, 0);

		in->flags = 0;
		interrupts(x, in);
		switch (x->exit_reason) {
		case RMI_EXIT_SYNC:
			assert_int_equal(ESR_EC(x->esr), EC_DATA_ABORT);
			mmio(b, x, in);
			break;
		case RMI_EXIT_IRQ:
			break;
		case RMI_EXIT_HOST_CALL:
			assert_int_equal(x->imm, PAYLOAD_HOSTCALL_IMM);
			assert_int_equal(x->gprs[1], PAYLOAD_HOSTCALL_X1);
			in->gprs[0] = HOSTCALL_ANSWER;
			break;
		case RMI_EXIT_RIPAS_CHANGE:
			change_ripas(b, x);
			break;
		case RMI_EXIT_PSCI:
			return (uint32_t)x->gprs[0] == PSCI_SYSTEM_OFF;
		default:
			fail_msg("exit %u", (unsigned int)x->exit_reason);
		}
	}
}

static void expect_line(struct board *b, const char *line)
{
	if (!strstr(b->text, line))
		fail_msg("no \"%s\" in:\n%s", line, b->text);
}

static void skip_without_qemu(struct host *h)
{
	struct engine *e;

	if (engine_qemu.create(h->m, 1, &e) == -ENOENT) {
		print_message("qemu-system-aarch64 is not installed\n");
		skip();
	}
	engine_qemu.destroy(e);
}

static void payload(struct host *h, struct board *b, uint64_t commands)
{
	skip_without_qemu(h);
	board_start(b, h, commands);
	if (!board_run(b))
		fail_msg("the payload failed:\n%s", b->text);
	expect_line(b, "payload: begin\n");
	expect_line(b, "payload: done\n");
	realm_destroy(&b->realm);
}

static void realm_prints_and_knows_itself(void **state)
{
	struct board b;

	payload(*state, &b, PAYLOAD_RSI | PAYLOAD_HOSTCALL);
	expect_line(&b, "payload: rsi 1.0 ipa 33 hash 0\n");
	expect_line(&b, "payload: rim ");
	expect_line(&b, "payload: hostcall 0000000000001234\n");
}

static void both_timers_reach_the_realm(void **state)
{
	struct board b;

	payload(*state, &b, PAYLOAD_VTIMER | PAYLOAD_PTIMER | PAYLOAD_LOAD);
	expect_line(&b, "payload: vtimer 20\n");
	expect_line(&b, "payload: ptimer 20\n");
	expect_line(&b, "payload: load 20\n");
}

static void converted_page_runs_new_code(void **state)
{
	struct board b;

	payload(*state, &b, PAYLOAD_CONVERT);
	expect_line(&b, "payload: convert 8\n");
}

static int setup(void **state)
{
	host_engine = &engine_qemu;
	return host_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(realm_prints_and_knows_itself, setup,
						host_teardown),
		cmocka_unit_test_setup_teardown(both_timers_reach_the_realm, setup, host_teardown),
		cmocka_unit_test_setup_teardown(converted_page_runs_new_code, setup, host_teardown),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
