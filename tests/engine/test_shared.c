// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_shared.c - files that others share, in place of physical memory, as guests of a real QEMU
 * see them: what comes before and after an engine, holes, files that are cut short.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/memory.h"
#include "machine/shared.h"
#include "tests/engine/rig.h"

#define SIZE UINT64_C(0x10000)
#define HUGE UINT64_C(0x200000)
#define PAGE 7 /* of the guest, where the file's first page is mapped */

/* A file, another mapping of it, and its place. */
struct file {
	int fd;
	uint64_t *seen;
	uint64_t pa;
};

static void file_open(struct file *f)
{
	f->fd = memfd_create("shared", MFD_CLOEXEC);
	assert_int_equal(ftruncate(f->fd, SIZE), 0);
	f->seen = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
	assert_ptr_not_equal(f->seen, MAP_FAILED);
}

static void file_share(struct file *f, struct rig *r)
{
	assert_int_equal(machine_share(r->machine, f->fd, 0, SIZE, GRANULE_SIZE, &f->pa), 0);
}

static void file_close(struct file *f)
{
	munmap(f->seen, SIZE);
	close(f->fd);
}

static void map_page(struct rig *r, uint64_t pa)
{
	rig_map(r, PAGE, pa);
	rig_engine->tlbi(r->engine, 0, RIG_DATA + PAGE * GRANULE_SIZE, GRANULE_SIZE);
}

static uint64_t load(struct rig *r)
{
	struct engine_frame *f = rig_enter(r, 0, GUEST_LOAD);

	f->x[0] = RIG_DATA + PAGE * GRANULE_SIZE;
	rig_run_hvc(r, 0, 2);
	return f->x[1];
}

static void store(struct rig *r, uint32_t value)
{
	struct engine_frame *f = rig_enter(r, 0, GUEST_STORE);

	f->x[0] = RIG_DATA + PAGE * GRANULE_SIZE;
	f->x[1] = value;
	rig_run_hvc(r, 0, 3);
}

/* The guest, this process by its own mapping and by the machine's, and another one. */
static void expect_shared(struct rig *r, struct file *f)
{
	uint64_t *here = machine_va(r->machine, f->pa, GRANULE_SIZE);
	int status;
	pid_t pid;

	f->seen[0] = 41;
	assert_int_equal(load(r), 41);
	store(r, 42);
	assert_int_equal(f->seen[0], 42);
	assert_int_equal(*here, 42);
	*here = 43;
	assert_int_equal(load(r), 43);
	pid = fork();
	if (pid == 0) {
		uint64_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);

		if (p != MAP_FAILED && *p == 43)
			*p = 44;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(load(r), 44);
}

static void a_file_that_comes_later_is_seen_at_once(void **state)
{
	struct file f;
	struct rig r;

	rig_start(&r, 1);
	rig_enter(&r, 0, GUEST_HVC);
	file_open(&f);
	file_share(&f, &r);
	map_page(&r, f.pa);
	expect_shared(&r, &f);
	rig_stop(&r);
	file_close(&f);
}

static void a_file_that_is_there_before_the_engine_is_seen(void **state)
{
	struct rig r, late;
	struct file f;

	rig_start(&r, 1);
	file_open(&f);
	file_share(&f, &r);
	rig_start_beside(&late, &r);
	map_page(&late, f.pa);
	expect_shared(&late, &f);
	map_page(&r, f.pa);
	expect_shared(&r, &f); /* and this one, which nobody had waited for */
	rig_stop_beside(&late);
	rig_stop(&r);
	file_close(&f);
}

static void pages_are_the_machines_again(void **state)
{
	uint64_t before, again;
	struct file f;
	struct rig r;

	rig_start(&r, 1);
	before = machine_allocated(r.machine);
	file_open(&f);
	file_share(&f, &r);
	assert_false(machine_page_is_hole(r.machine, f.pa));
	map_page(&r, f.pa);
	store(&r, 5);
	machine_unshare(r.machine, f.pa);
	assert_int_equal(machine_allocated(r.machine), before);
	assert_true(machine_page_is_hole(r.machine, f.pa));
	again = machine_alloc_client(r.machine, SIZE / GRANULE_SIZE, GRANULE_SIZE);
	assert_int_equal(again, f.pa);
	assert_int_equal(load(&r), 0);
	store(&r, 6);
	assert_int_equal(*(uint64_t *)machine_va(r.machine, again, 8), 6);
	assert_int_equal(f.seen[0], 5);
	rig_stop(&r);
	file_close(&f);
}

static void a_hole_is_a_hole_for_all(void **state)
{
	struct file f;
	struct rig r;

	rig_start(&r, 1);
	file_open(&f);
	file_share(&f, &r);
	map_page(&r, f.pa);
	store(&r, 5);
	assert_int_equal(fallocate(f.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE), 0);
	assert_int_equal(load(&r), 0);
	expect_shared(&r, &f);
	rig_stop(&r);
	file_close(&f);
}

static void a_file_that_is_cut_short_ends_nobody(void **state)
{
	uint64_t *here;
	struct file f;
	struct rig r;

	rig_start(&r, 1);
	file_open(&f);
	file_share(&f, &r);
	map_page(&r, f.pa);
	here = machine_va(r.machine, f.pa, GRANULE_SIZE);
	store(&r, 5);
	assert_int_equal(ftruncate(f.fd, 0), 0);
	assert_int_equal(load(&r), 0);
	assert_int_equal(*here, 0);
	*here = 7; /* nobody else's */
	store(&r, 8);
	assert_int_equal(*here, 7);
	assert_int_equal(ftruncate(f.fd, SIZE), 0);
	assert_int_equal(load(&r), 8);
	machine_share_again(r.machine, f.pa);
	expect_shared(&r, &f);
	rig_stop(&r);
	file_close(&f);
}

static void what_does_not_fit_is_refused(void **state)
{
	uint64_t before, pa;
	struct file f;
	struct rig r;
	int fd;

	rig_start(&r, 1);
	before = machine_allocated(r.machine);
	file_open(&f);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(machine_share(r.machine, f.fd, 1, SIZE, GRANULE_SIZE, &pa), -EINVAL);
	assert_int_equal(machine_share(r.machine, f.fd, 0, SIZE, HUGE, &pa), -EINVAL);
	assert_int_equal(machine_share(r.machine, fd, 0, SIZE, GRANULE_SIZE, &pa), -EACCES);
	assert_int_equal(machine_share(r.machine, f.fd, 0, UINT64_C(2) << 32, GRANULE_SIZE, &pa),
			 -ENOMEM);
	assert_int_equal(machine_allocated(r.machine), before);
	close(fd);
	rig_stop(&r);
	file_close(&f);
}

static void as_many_as_there_may_be(void **state)
{
	struct rig r, late;
	struct file f;
	uint64_t pa;

	rig_start(&r, 1);
	file_open(&f);
	for (unsigned int i = 0; i < MACHINE_MAX_PIECES; i++)
		file_share(&f, &r);
	assert_int_equal(machine_share(r.machine, f.fd, 0, SIZE, GRANULE_SIZE, &pa), -ENOSPC);
	rig_start_beside(&late, &r);
	map_page(&late, f.pa);
	expect_shared(&late, &f);
	rig_stop_beside(&late);
	rig_stop(&r);
	file_close(&f);
}

static void an_engine_that_has_ended_is_in_nobodys_way(void **state)
{
	struct rig r, late;
	struct file f;

	rig_start(&r, 1);
	rig_enter(&r, 0, GUEST_HVC);
	kill(rig_child(), SIGKILL);
	file_open(&f);
	file_share(&f, &r);
	rig_start_beside(&late, &r);
	map_page(&late, f.pa);
	expect_shared(&late, &f);
	machine_unshare(r.machine, f.pa);
	rig_stop_beside(&late);
	rig_stop(&r);
	file_close(&f);
}

static void share_huge_page(unsigned int flag, uint64_t size)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | flag);
	struct file f = {.fd = fd};
	struct rig r;

	if (fd < 0 || ftruncate(fd, (off_t)size))
		skip();
	f.seen = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (f.seen == MAP_FAILED) {
		print_message("no huge pages of %llu MiB here\n", (unsigned long long)size >> 20);
		close(fd);
		skip();
	}
	rig_start(&r, 1);
	assert_int_equal(machine_share(r.machine, fd, 0, size, size, &f.pa), 0);
	map_page(&r, f.pa);
	expect_shared(&r, &f);
	rig_stop(&r);
	munmap(f.seen, size);
	close(fd);
}

static void huge_pages_are_shared(void **state)
{
	share_huge_page(MFD_HUGE_2MB, HUGE);
}

static void the_hugest_pages_are_shared(void **state)
{
	share_huge_page(MFD_HUGE_1GB, UINT64_C(1) << 30);
}

/* A shell, which loads the object too and is not QEMU, is not in its way. */
static void a_script_that_starts_qemu_is_no_obstacle(void **state)
{
	char name[] = "/tmp/softrealm-qemu-XXXXXX";
	static const char script[] = "#!/bin/sh\nexec qemu-system-aarch64 \"$@\"\n";
	int fd = mkstemp(name);
	struct file f;
	struct rig r;

	assert_int_equal(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	fchmod(fd, 0700);
	close(fd);
	setenv("SOFTREALM_QEMU", name, 1);
	rig_start(&r, 1);
	unsetenv("SOFTREALM_QEMU");
	file_open(&f);
	file_share(&f, &r);
	map_page(&r, f.pa);
	expect_shared(&r, &f);
	rig_stop(&r);
	file_close(&f);
	unlink(name);
}

static void a_qemu_that_loads_nothing_of_ours_is_found_out(void **state)
{
	char name[] = "/tmp/softrealm-qemu-XXXXXX";
	static const char script[] =
		"#!/bin/sh\nexec env -u LD_PRELOAD qemu-system-aarch64 \"$@\"\n";
	int fd = mkstemp(name);
	struct rig r, late;
	struct file f;

	assert_int_equal(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	fchmod(fd, 0700);
	close(fd);
	file_open(&f);
	setenv("SOFTREALM_QEMU", name, 1);
	rig_start(&r, 1);
	/* One that would have to be shown something cannot run; one that has nothing to see can. */
	assert_int_equal(machine_share(r.machine, f.fd, 0, SIZE, GRANULE_SIZE, &f.pa), -ENOSYS);
	assert_int_equal(load(&r), 0);
	unsetenv("SOFTREALM_QEMU");
	rig_stop(&r);

	rig_start(&r, 1);
	file_share(&f, &r);
	setenv("SOFTREALM_QEMU", name, 1);
	rig_start_beside(&late, &r);
	unsetenv("SOFTREALM_QEMU");
	assert_int_equal(
		rig_engine->reset(late.engine, 0, NULL, (const uint64_t[ENGINE_NUM_SYSREGS]){0}),
		-EIO);
	rig_stop_beside(&late);
	rig_stop(&r);
	file_close(&f);
	unlink(name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_comes_later_is_seen_at_once),
		cmocka_unit_test(a_file_that_is_there_before_the_engine_is_seen),
		cmocka_unit_test(pages_are_the_machines_again),
		cmocka_unit_test(a_hole_is_a_hole_for_all),
		cmocka_unit_test(a_file_that_is_cut_short_ends_nobody),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(as_many_as_there_may_be),
		cmocka_unit_test(an_engine_that_has_ended_is_in_nobodys_way),
		cmocka_unit_test(huge_pages_are_shared),
		cmocka_unit_test(the_hugest_pages_are_shared),
		cmocka_unit_test(a_script_that_starts_qemu_is_no_obstacle),
		cmocka_unit_test(a_qemu_that_loads_nothing_of_ours_is_found_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
