// SPDX-License-Identifier: BSD-3-Clause
/*
 * rig.c - what the engine's tests have in common.
 */
#include "tests/engine/rig.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "machine/memory.h"
#include "tests/engine/guest_image.h"

#define S2_TABLE     UINT64_C(3)
#define S2_PAGE	     UINT64_C(3)
#define S2_RAM	     (BIT(10) | UINT64_C(0x300) | UINT64_C(0xc0) | UINT64_C(0xf) << 2)
/* 39 bits from level 1, 4 KiB granule, cacheable walks, 40 bit PA */
#define VTCR	     (UINT64_C(25) | 1u << 6 | 1u << 8 | 1u << 10 | 3u << 12 | 2u << 16 | 1u << 31)
#define HCR	     (BIT(0) | BIT(19) | BIT(31) | BIT(40) | BIT(41)) /* VM TSC RW APK API */
#define VMID	     (UINT64_C(1) << 48)
#define PSTATE_RESET 0x3c5
#define SCTLR_RESET  0xc50878

const struct engine_ops *rig_engine = &engine_qemu;

static uint64_t alloc(struct rig *r, uint64_t pages)
{
	uint64_t pa = machine_alloc(r->machine, pages, GRANULE_SIZE);

	assert_true(pa != 0);
	return pa;
}

static uint64_t *table(struct rig *r, uint64_t pa)
{
	return machine_va(r->machine, pa, GRANULE_SIZE);
}

static void make_tables(struct rig *r)
{
	uint64_t l2 = alloc(r, 1), l3_code = alloc(r, 1), l3_data = alloc(r, 1);

	r->root = alloc(r, 1);
	r->code = alloc(r, 1);
	/* In the other file: tables and data are joined by QEMU. */
	r->data = machine_alloc_client(r->machine, RIG_DATA_PAGES, GRANULE_SIZE);
	assert_true(r->data != 0);
	r->pages = table(r, l3_data);
	table(r, r->root)[RIG_CODE >> 30] = l2 | S2_TABLE;
	table(r, l2)[(RIG_CODE >> 21) & 511] = l3_code | S2_TABLE;
	table(r, l2)[(RIG_DATA >> 21) & 511] = l3_data | S2_TABLE;
	table(r, l3_code)[0] = r->code | S2_RAM | S2_PAGE;
	for (unsigned int i = 0; i < RIG_DATA_PAGES; i++)
		rig_map(r, i, r->data + i * GRANULE_SIZE);
	memcpy(machine_va(r->machine, r->code, sizeof(guest_image)), guest_image,
	       sizeof(guest_image));
}

static void start(struct rig *r)
{
	int ret = rig_engine->create(r->machine, r->cpus, &r->engine);

	if (ret == -ENOENT) {
		print_message("qemu-system-aarch64 is not installed\n");
		machine_destroy(r->machine);
		skip();
	}
	assert_int_equal(ret, 0);
	make_tables(r);
}

void rig_start(struct rig *r, unsigned int cpus)
{
	rig_start_with(r, cpus, 0);
}

void rig_start_with(struct rig *r, unsigned int cpus, unsigned int cpu)
{
	struct machine_config cfg = {
		.size = UINT64_C(1) << 30, .client_size = UINT64_C(3) << 30, .cpu = cpu};

	*r = (struct rig){.cpus = cpus};
	assert_int_equal(machine_create(&cfg, &r->machine), 0);
	start(r);
}

void rig_stop(struct rig *r)
{
	rig_engine->destroy(r->engine);
	machine_destroy(r->machine);
}

void rig_start_beside(struct rig *r, struct rig *first)
{
	*r = (struct rig){.cpus = first->cpus, .machine = first->machine};
	start(r);
}

void rig_stop_beside(struct rig *r)
{
	rig_engine->destroy(r->engine);
}

void *rig_data(struct rig *r, unsigned int page)
{
	return machine_va(r->machine, r->data + page * GRANULE_SIZE, GRANULE_SIZE);
}

void rig_map(struct rig *r, unsigned int page, uint64_t pa)
{
	__atomic_store_n(&r->pages[page], pa ? pa | S2_RAM | S2_PAGE : 0, __ATOMIC_SEQ_CST);
}

struct engine_frame *rig_enter(struct rig *r, unsigned int cpu, uint64_t guest)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {
		[ENGINE_SCTLR_EL1] = SCTLR_RESET, [ENGINE_CPACR_EL1] = 3u << 20};
	struct engine_frame *f = rig_engine->frame(r->engine, cpu);

	assert_int_equal(rig_engine->reset(r->engine, cpu, NULL, sys), 0);
	memset(f, 0, sizeof(*f));
	f->pc = RIG_CODE + guest;
	f->pstate = PSTATE_RESET;
	f->ich_hcr = 1;
	f->hcr = HCR;
	f->vttbr = r->root | VMID;
	f->vtcr = VTCR;
	f->vmpidr = BIT(31) | cpu;
	return f;
}

void rig_run_hvc(struct rig *r, unsigned int cpu, unsigned int imm)
{
	struct engine_frame *f = rig_engine->frame(r->engine, cpu);

	assert_int_equal(rig_engine->run(r->engine, cpu, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(f->esr, RIG_ESR_HVC(imm));
}

/* ---- processes ---- */

/* Fields of /proc/PID/stat after the name: state, ppid, ... */
static bool read_stat(const char *pid, char *state, int *ppid, unsigned long *user,
		      unsigned long *system)
{
	char path[300], buf[1024], *p;
	bool ok = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(buf, sizeof(buf), f)) {
		p = strrchr(buf, ')');
		ok = p && sscanf(p + 2, "%c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state,
				 ppid, user, system) == 4;
	}
	fclose(f);
	return ok;
}

/* How many children we have; *last: one of them, or 0. */
static unsigned int count_children(pid_t *last)
{
	DIR *dir = opendir("/proc");
	unsigned long user, system;
	unsigned int n = 0;
	struct dirent *d;
	char state;
	int ppid;

	assert_non_null(dir);
	*last = 0;
	while ((d = readdir(dir))) {
		if (d->d_name[0] >= '0' && d->d_name[0] <= '9' &&
		    read_stat(d->d_name, &state, &ppid, &user, &system) && ppid == getpid()) {
			*last = atoi(d->d_name);
			n++;
		}
	}
	closedir(dir);
	return n;
}

pid_t rig_child(void)
{
	pid_t pid;

	count_children(&pid);
	return pid;
}

unsigned int rig_children(void)
{
	pid_t pid;

	return count_children(&pid);
}

unsigned long rig_cpu_ticks(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char name[16], state;
	int ppid;

	snprintf(name, sizeof(name), "%d", pid);
	assert_true(read_stat(name, &state, &ppid, &user, &system));
	return user + system;
}
