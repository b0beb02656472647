// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_walls.c - a hostile client stores junk into everything that clients may map, at any time
 * (docs/isolation.md): no RMM structure and no private page changes, and the host goes on.
 */
#include <stdlib.h>
#include <unistd.h>

#include "rmm/check.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define ROUNDS	   300
#define SECRET	   UINT64_C(0x5ec2e75ec2e7)
#define SECRET_AT  (RAM + 0x10000)
#define PRIVATE_AT (RAM + 0x20000)
#define PAGES	   16

static unsigned int seed;

/* One page of junk over each page that the clients' file holds, from `which` on every fourth. */
static void scribble(struct fx *f, unsigned int which)
{
	int fd = machine_client_memfd(inproc_machine(f->p));
	unsigned char junk[PAGE];
	off_t at = 0;

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (unsigned char)rand_r(&seed);
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		if ((uint64_t)at / PAGE % 4 == which % 4)
			assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
		at += PAGE;
	}
}

/* Something of what a VMM does with a realm that is not running yet. */
static void use(struct fx *f, unsigned int round)
{
	uint64_t gpa = PRIVATE_AT + rand_r(&seed) % PAGES * PAGE;

	switch (round % 4) {
	case 0:
		fx_populate(f, gpa, PAGE, f->source, round % 8 == 0);
		break;
	case 1:
		fx_set_private(f, gpa, PAGE, false);
		break;
	case 2:
		fx_set_private(f, gpa, PAGE, true);
		break;
	case 3:
		fx_populate(f, PRIVATE_AT, PAGES * PAGE, f->source, 0);
		break;
	}
}

static void assert_sane(struct fx *f)
{
	const char *wrong = rmm_check(inproc_rmm(f->p));

	if (wrong)
		fail_msg("invariant broken: %s", wrong);
}

static void junk_in_all_that_clients_may_map_stays_outside_the_walls(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, SECRET_AT, 8}, {T_CHECK, 1, SECRET},
		{T_LDR, 2, SHARED | RAM, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	*(uint64_t *)f->source = SECRET;
	assert_int_equal(fx_populate(f, SECRET_AT, PAGE, f->source, 1), PAGE);
	seed = 1;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		scribble(f, round);
		use(f, round);
		if (round % 32 == 0)
			assert_sane(f);
	}
	assert_sane(f);
	/* Code and data of the realm are what was put there, its shared memory is the client's. */
	fx_assert_off(f, 0);
	assert_sane(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_walls(void)
{
	const struct CMUnitTest tests[] = {
		T(junk_in_all_that_clients_may_map_stays_outside_the_walls),
	};

	return cmocka_run_group_tests_name("kvm walls", tests, NULL, NULL);
}
