// SPDX-License-Identifier: BSD-3-Clause
/* test_mm.c - whose pages an address space holds, and when it gives them back. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi/v12.h"
#include "backend/mm.h"
#include "machine/memory.h"

#define ADDR UINT64_C(0x700000000000)
#define FAR  UINT64_C(0x710000000000)
#define SIZE UINT64_C(0x10000)

static struct machine *machine;
static struct server *server;

/* A client that reports: its end of the socket, and the backend's thread that takes the report. */
struct reporter {
	struct mm *mm;
	int client;
	struct channel backend; /* as much of one as a report needs */
	uint32_t step;		/* heard last */
	uint64_t addr;
	pthread_t thread;
};

static void *take_report(void *arg)
{
	struct reporter *r = arg;

	return (void *)(intptr_t)mm_take_report(r->mm, &r->backend, r->addr, SIZE);
}

static void say(const struct reporter *r, struct wire_msg m)
{
	m.step = r->step;
	assert_int_equal(wire_send(r->client, &m, NULL, NULL, 0), 0);
}

static struct wire_msg hear(struct reporter *r, uint32_t type)
{
	struct wire_msg m;

	assert_true(wire_recv(r->client, &m, NULL, 0, NULL, NULL) >= 0);
	assert_int_equal(m.type, type);
	r->step = m.step;
	return m;
}

/* Returns when the backend counts the report. */
static void begin(struct reporter *r, struct mm *mm, uint64_t addr)
{
	unsigned int before = mm->reports, now;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*r = (struct reporter){.mm = mm, .client = pair[0], .backend.fd = pair[1], .addr = addr};
	assert_int_equal(pthread_create(&r->thread, NULL, take_report, r), 0);
	do {
		usleep(1000);
		lock_take(&mm->lock);
		now = mm->reports;
		lock_drop(&mm->lock);
	} while (now == before);
}

static void end(struct reporter *r)
{
	void *status;

	say(r, (struct wire_msg){.type = WIRE_AREA_END, .user.addr = r->addr + SIZE});
	hear(r, WIRE_APPLIED);
	pthread_join(r->thread, &status);
	assert_null(status);
	close(r->client);
	close(r->backend.fd);
}

/* Memory that the backend is to move: SIZE bytes at ADDR. */
static void say_private(struct reporter *r)
{
	say(r,
	    (struct wire_msg){.type = WIRE_AREA,
			      .area = {ADDR, SIZE, 0, PROT_READ | PROT_WRITE, WIRE_AREA_PRIVATE}});
	hear(r, WIRE_PLACE);
	say(r, (struct wire_msg){.type = WIRE_MOVED, .answer.value = SIZE});
}

static struct mm *new_mm(uint64_t token)
{
	struct mm *mm = mm_find(server, token, getpid(), -1);

	assert_non_null(mm);
	mm_base(mm)->ops->get(mm_base(mm)); /* a VM's: memory is moved for slots only */
	return mm;
}

static void drop_mm(struct mm *mm)
{
	uint32_t serial = mm->serial;

	mm_base(mm)->ops->put(mm_base(mm));
	mm_put(mm);
	mm_process_ended(server, serial);
}

static void pages_are_given_back_when_reports_overlap(void **state)
{
	struct mm *mm = new_mm(1);
	struct reporter first, second;

	begin(&first, mm, ADDR);
	say_private(&first);
	end(&first);
	assert_int_equal(machine_allocated(machine), SIZE / GRANULE_SIZE);

	/* One that changes nothing begins before, and ends after, one that says "it is gone". */
	begin(&first, mm, FAR);
	begin(&second, mm, ADDR);
	end(&second);
	assert_int_equal(machine_allocated(machine), SIZE / GRANULE_SIZE);
	end(&first);
	assert_int_equal(machine_allocated(machine), 0);
	drop_mm(mm);
}

/* The number of a process that has ended names the next one before the watcher has been told. */
static void a_process_number_used_again_keeps_its_pages(void **state)
{
	struct mm *ended = mm_find(server, 1, getpid(), -1);
	struct mm *next = mm_find(server, 2, getpid(), -1);
	uint32_t serial = ended->serial;

	mm_put(ended);
	mm_process_ended(server, serial);
	assert_true(next->process);
	mm_process_ended(server, next->serial);
	assert_false(next->process);
	mm_put(next);
}

/* Clients of a namespace that we do not see all have number 0, and are not each other. */
static void processes_without_a_number_are_told_apart(void **state)
{
	struct mm *one = mm_find(server, 1, 0, -1), *other = mm_find(server, 2, 0, -1);

	assert_true(one->process);
	assert_true(other->process);
	mm_process_ended(server, one->serial);
	mm_process_ended(server, other->serial);
	mm_put(one);
	mm_put(other);
}

static int setup(void **state)
{
	struct machine_config mc = {.size = UINT64_C(1) << 32, .client_size = UINT64_C(1) << 32};
	struct server_config sc = {.rmi_cap = KVM_CAP_ARM_RMI};
	struct kvm_config kc = {0};
	char name[64];

	snprintf(name, sizeof(name), "softrealm-test-mm-%d", getpid());
	if (machine_create(&mc, &machine))
		return -1;
	kc.machine = sc.machine = machine;
	return kvm_host_create(&kc, &sc.host) || server_create(&sc, name, &server);
}

static int teardown(void **state)
{
	struct kvm_host *host = server->cfg.host;

	server_destroy(server);
	kvm_host_destroy(host);
	machine_destroy(machine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_given_back_when_reports_overlap),
		cmocka_unit_test(a_process_number_used_again_keeps_its_pages),
		cmocka_unit_test(processes_without_a_number_are_told_apart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
