// SPDX-License-Identifier: BSD-3-Clause
/*
 * qemu.c - the QEMU back-end of the engine interface: what an engine consists of, its making and
 * unmaking, and the one that is started ahead of need.
 *
 * An engine is a window of reserved memory with the monitor in it, a QEMU process with one CPU
 * for each REC and one more, and a keeper thread. The further CPU is the service CPU: it
 * invalidates and touches when the caller has no idle CPU of its own.
 */
#include "engine/qemu.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "engine/monitor_image.h"
#include "engine/qemu_parts.h"
#include "machine/memory.h"
#include "machine/pe.h"

#define DEFAULT_SPIN	 200 /* microseconds */
#define SPIN_VCPUS	 4   /* for each CPU of the host: with more vCPUs it is less */
#define MAX_SPIN	 10000
#define ONE_THREAD_VCPUS 8  /* for each CPU of the host: with more vCPUs they share a thread */
#define DEFAULT_PATIENCE 60 /* seconds */
#define MAX_PATIENCE	 86400

/* The monitor's identity map: 1 GiB blocks, so 512 GiB in all. */
#define MONITOR_MAP_SIZE  BIT(39)
#define MONITOR_MAP_BLOCK BIT(30)

/* Where the board has its redistributors from number 123 on, unless there is RAM. */
#define GICR2_BASE  UINT64_C(0x4000000000)
#define GICR2_FIRST 123

#define PTE_BLOCK    UINT64_C(1)
#define PTE_ATTR(n)  ((uint64_t)(n) << 2)
#define PTE_AP_RES1  BIT(6) /* AP[1], in a regime with one exception level */
#define PTE_SH_INNER (UINT64_C(3) << 8)
#define PTE_AF	     BIT(10)
#define PTE_XN	     BIT(54)

/* A number from the environment; `otherwise` if it is unset or no valid number. */
static unsigned int number_from_environment(const char *name, unsigned int max,
					    unsigned int otherwise)
{
	const char *s = getenv(name);
	unsigned long v;
	char *end;

	if (!s || !*s)
		return otherwise;
	v = strtoul(s, &end, 10);
	if (*end || v > max) {
		log_warn("%s=%s ignored: not a number up to %u", name, s, max);
		return otherwise;
	}
	return v;
}

/* CPUs that this process may run on. */
static unsigned int host_cpus(void)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		return (unsigned int)CPU_COUNT(&set);
	return (unsigned int)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1); /* too many for a cpu_set_t */
}

/* A vCPU that spins takes the host's CPU from those that its guest waits for. With many vCPUs on
 * each CPU that costs more than a wake-up, so the spin is shorter; in one thread there is none. */
static unsigned int spin_from_environment(const struct engine *e, unsigned int host)
{
	unsigned int few = SPIN_VCPUS * host;

	if (host < 2 || e->one_thread)
		return 0;
	return number_from_environment("SOFTREALM_SPIN", MAX_SPIN,
				       DEFAULT_SPIN * few / MAX(few, e->cpus));
}

static unsigned int patience_from_environment(void)
{
	return number_from_environment("SOFTREALM_PATIENCE", MAX_PATIENCE, DEFAULT_PATIENCE) * 1000;
}

static bool open_doorbells(struct engine *e)
{
	for (unsigned int i = 0; i <= e->cpus; i++)
		if (!doorbell_open(&e->cpu[i].doorbell))
			return false;
	return true;
}

static void write_map(uint64_t *table, uint64_t top)
{
	const uint64_t device = PTE_BLOCK | PTE_ATTR(0) | PTE_AP_RES1 | PTE_AF | PTE_XN;

	table[0] = device;
	table[GICR2_BASE / MONITOR_MAP_BLOCK] = GICR2_BASE | device;
	for (uint64_t pa = MACHINE_RAM_BASE; pa < top; pa += MONITOR_MAP_BLOCK)
		table[pa / MONITOR_MAP_BLOCK] =
			pa | PTE_BLOCK | PTE_ATTR(1) | PTE_AP_RES1 | PTE_SH_INNER | PTE_AF;
}

_Static_assert(sizeof(monitor_image) <= WINDOW_STACKS, "the monitor fits its place");
_Static_assert(MACHINE_RAM_BASE == MONITOR_MAP_BLOCK, "block 0 is devices, all above is RAM");

/* CPU i has a queue of device i % DOORBELL_DEVICES. */
static void make_devices(struct engine *e)
{
	e->devices = MIN(e->cpus + 1, DOORBELL_DEVICES);
	for (unsigned int i = 0; i < e->devices; i++) {
		e->device[i].sock = -1;
		e->device[i].queues = doorbell_queues(i, e->cpus + 1);
	}
}

static void fill_window(struct engine *e)
{
	char *w = machine_va(e->machine, e->window, MACHINE_WINDOW_SIZE);

	memcpy(w, monitor_image, sizeof(monitor_image));
	write_map((uint64_t *)(w + WINDOW_TABLE), MACHINE_RAM_BASE + machine_size(e->machine));
	for (unsigned int i = 0; i <= e->cpus; i++) {
		struct engine_cpu *c = &e->cpu[i];

		c->engine = e;
		c->schedstat = -1;
		c->doorbell.kick = c->doorbell.call = -1;
		e->device[i % DOORBELL_DEVICES].doorbell[i / DOORBELL_DEVICES] = &c->doorbell;
		c->mailbox = (struct mailbox *)(w + WINDOW_MAILBOXES + i * MAILBOX_SIZE);
		c->mailbox->cpus = e->cpus + 1;
		c->mailbox->spin = e->spin;
		c->mailbox->pmu = !!(machine_cpu(e->machine) & MACHINE_CPU_PMU);
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* All but the keeper, which has ended or was never started. */
static void engine_free(struct engine *e)
{
	for (unsigned int i = 0; i <= e->cpus && e->cpu[i].engine; i++) {
		doorbell_close(&e->cpu[i].doorbell);
		close_fd(e->cpu[i].schedstat);
	}
	for (unsigned int i = 0; i < e->devices; i++)
		doorbell_device_close(&e->device[i]);
	files_close(e);
	close_fd(e->stop_fd);
	close_fd(e->lost_fd);
	close_fd(e->pidfd);
	if (e->window)
		machine_window_give(e->machine, e->window);
	lock_destroy(&e->service);
	free(e->program);
	free(e);
}

static int engine_start(struct machine *m, unsigned int cpus, struct engine **out)
{
	struct engine *e = calloc(1, sizeof(*e));
	unsigned int host = host_cpus();
	int ret = -ENOMEM;

	if (!e)
		return -ENOMEM;
	e->machine = m;
	e->cpus = cpus;
	e->one_thread = cpus > ONE_THREAD_VCPUS * host;
	e->spin = spin_from_environment(e, host);
	e->patience = patience_from_environment();
	e->stop_fd = e->lost_fd = e->files.sock = e->files.theirs = -1;
	atomic_init(&e->pidfd, -1);
	lock_init(&e->service, RANK_SERVICE, "engine->service");
	lock_init(&e->files.lock, RANK_FILES, "engine->files");

	e->program = process_find_program();
	if (!e->program) {
		ret = -ENOENT;
		goto fail;
	}
	e->window = machine_window_take(m);
	if (!e->window) {
		log_error("engine: too many realms run at once");
		goto fail;
	}
	make_devices(e);
	fill_window(e);
	e->stop_fd = eventfd(0, EFD_CLOEXEC);
	e->lost_fd = eventfd(0, EFD_CLOEXEC);
	if (e->stop_fd < 0 || e->lost_fd < 0 || !open_doorbells(e))
		goto fail;
	ret = files_open(e);
	if (ret)
		goto fail;
	e->started = cpu_clock();
	ret = keeper_start(e);
	if (ret)
		goto fail;
	files_view(e);
	*out = e;
	return 0;
fail:
	engine_free(e);
	return ret;
}

static void qemu_destroy(struct engine *e)
{
	keeper_stop(e);
	engine_free(e);
}

/* ---- started ahead: at most one for each attached machine ---- */

static struct lock ahead_lock = LOCK_INITIALIZER(RANK_AHEAD, "ahead_lock");
static struct engine *ahead;

/* Unlink and return the engine that was started ahead on m, or NULL. */
static struct engine *take_ahead(struct machine *m)
{
	struct engine **p, *e;

	lock_take(&ahead_lock);
	for (p = &ahead; *p && (*p)->machine != m; p = &(*p)->next)
		;
	e = *p;
	if (e)
		*p = e->next;
	lock_drop(&ahead_lock);
	return e;
}

static void put_ahead(struct engine *e)
{
	lock_take(&ahead_lock);
	e->next = ahead;
	ahead = e;
	lock_drop(&ahead_lock);
}

/* The engine started ahead if it fits and lives; one that does not is dropped. */
static struct engine *adopt(struct machine *m, unsigned int cpus)
{
	struct engine *e = take_ahead(m);

	if (!e || (e->cpus == cpus && !atomic_load(&e->lost)))
		return e;
	qemu_destroy(e);
	return NULL;
}

/* The machine's hook: never on two threads at once for one machine, so one is kept at most. */
static void expect(struct machine *m, unsigned int cpus)
{
	struct engine *e;

	if (cpus < 1 || cpus > ENGINE_MAX_CPUS)
		return;
	e = adopt(m, cpus);
	if (e || !engine_start(m, cpus, &e))
		put_ahead(e);
}

void engine_qemu_attach(struct machine *m)
{
	machine_set_expect_hook(m, expect);
}

void engine_qemu_detach(struct machine *m)
{
	struct engine *e;

	machine_set_expect_hook(m, NULL);
	e = take_ahead(m);
	if (e)
		qemu_destroy(e);
}

/* ---- engine_ops ---- */

static void say_what_is_missing(void)
{
	const char *name = getenv("SOFTREALM_QEMU");

	if (name && *name)
		log_error("engine: SOFTREALM_QEMU: \"%s\" cannot be executed", name);
	else
		log_error("engine: qemu-system-aarch64 is not installed (Debian: qemu-system-arm)");
}

static int qemu_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	int ret;

	if (cpus < 1 || cpus > ENGINE_MAX_CPUS)
		return -EINVAL;
	if (MACHINE_RAM_BASE + machine_size(m) > MONITOR_MAP_SIZE) {
		log_error("engine: more than 511 GiB of RAM (--ram counts twice: at most 255G)");
		return -ENOMEM;
	}
	if (cpus + 1 > GICR2_FIRST && MACHINE_RAM_BASE + machine_size(m) > GICR2_BASE) {
		log_error("engine: more than %u vCPUs need less than 256 GiB of RAM (--ram 127G)",
			  GICR2_FIRST - 1);
		return -ENOMEM;
	}
	*out = adopt(m, cpus);
	if (*out)
		return 0;
	ret = engine_start(m, cpus, out);
	if (ret == -ENOENT)
		say_what_is_missing();
	return ret;
}

static struct engine_frame *qemu_frame(struct engine *e, unsigned int cpu)
{
	return &e->cpu[cpu].mailbox->frame;
}

static int qemu_reset(struct engine *e, unsigned int cpu, struct pe *pe,
		      const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	int ret = cpu_bring_up(&e->cpu[cpu], pe);

	if (ret)
		return ret;
	memcpy(e->cpu[cpu].mailbox->sysregs, sys, sizeof(e->cpu[cpu].mailbox->sysregs));
	return cpu_command(&e->cpu[cpu], MAILBOX_RESET, 0, 0);
}

static int qemu_sysregs_get(struct engine *e, unsigned int cpu, uint64_t sys[ENGINE_NUM_SYSREGS])
{
	int ret = cpu_command(&e->cpu[cpu], MAILBOX_SYSREGS_GET, 0, 0);

	if (!ret)
		memcpy(sys, e->cpu[cpu].mailbox->sysregs, sizeof(e->cpu[cpu].mailbox->sysregs));
	return ret;
}

static int qemu_sysregs_set(struct engine *e, unsigned int cpu,
			    const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	int ret = cpu_bring_up(&e->cpu[cpu], NULL);

	if (ret)
		return ret;
	memcpy(e->cpu[cpu].mailbox->sysregs, sys, sizeof(e->cpu[cpu].mailbox->sysregs));
	return cpu_command(&e->cpu[cpu], MAILBOX_SYSREGS_SET, 0, 0);
}

static int qemu_state_get(struct engine *e, unsigned int cpu, struct engine_state *s)
{
	int ret = cpu_command(&e->cpu[cpu], MAILBOX_STATE_GET, 0, 0);

	if (!ret)
		memcpy(s, &e->cpu[cpu].mailbox->state, sizeof(*s));
	return ret;
}

static int qemu_state_set(struct engine *e, unsigned int cpu, const struct engine_state *s)
{
	int ret = cpu_bring_up(&e->cpu[cpu], NULL);

	if (ret)
		return ret;
	memcpy(&e->cpu[cpu].mailbox->state, s, sizeof(*s));
	return cpu_command(&e->cpu[cpu], MAILBOX_STATE_SET, 0, 0);
}

/* ---- vectors, a page at a time ---- */

static const struct sve_part {
	size_t offset, size;
} sve_parts[] = {
	[MAILBOX_SVE_Z0] = {offsetof(struct engine_sve, z[0]), 16 * ENGINE_MAX_VQ *ENGINE_VQ_BYTES},
	[MAILBOX_SVE_Z16] = {offsetof(struct engine_sve, z[16]),
			     16 * ENGINE_MAX_VQ *ENGINE_VQ_BYTES},
	[MAILBOX_SVE_P] = {offsetof(struct engine_sve, p),
			   offsetof(struct engine_sve, zcr) - offsetof(struct engine_sve, p)},
};

static void *sve_page(const struct engine *e, unsigned int cpu)
{
	return machine_va(e->machine, e->window + WINDOW_SVE + (uint64_t)cpu * SVE_SIZE, SVE_SIZE);
}

static int qemu_sve_get(struct engine *e, unsigned int cpu, struct engine_sve *s)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(sve_parts); i++) {
		ret = cpu_command(&e->cpu[cpu], MAILBOX_SVE_GET, i, 0);
		if (!ret)
			memcpy((char *)s + sve_parts[i].offset, sve_page(e, cpu),
			       sve_parts[i].size);
	}
	if (!ret)
		s->zcr = e->cpu[cpu].mailbox->arg[1];
	return ret;
}

static int qemu_sve_set(struct engine *e, unsigned int cpu, const struct engine_sve *s)
{
	int ret = cpu_bring_up(&e->cpu[cpu], NULL);

	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(sve_parts); i++) {
		memcpy(sve_page(e, cpu), (const char *)s + sve_parts[i].offset, sve_parts[i].size);
		ret = cpu_command(&e->cpu[cpu], MAILBOX_SVE_SET, i, s->zcr);
	}
	return ret;
}

static int qemu_debug_get(struct engine *e, unsigned int cpu, struct engine_debug *d)
{
	int ret = cpu_command(&e->cpu[cpu], MAILBOX_DEBUG_GET, 0, 0);

	if (!ret)
		memcpy(d, &e->cpu[cpu].mailbox->debug, sizeof(*d));
	return ret;
}

static int qemu_debug_set(struct engine *e, unsigned int cpu, const struct engine_debug *d)
{
	int ret = cpu_bring_up(&e->cpu[cpu], NULL);

	if (ret)
		return ret;
	memcpy(&e->cpu[cpu].mailbox->debug, d, sizeof(*d));
	return cpu_command(&e->cpu[cpu], MAILBOX_DEBUG_SET, 0, 0);
}

static int qemu_whole_get(struct engine *e, unsigned int cpu, struct engine_whole *w)
{
	const struct mailbox *m = e->cpu[cpu].mailbox;
	int ret = cpu_command(&e->cpu[cpu], MAILBOX_WHOLE_GET, 0, 0);

	if (ret)
		return ret;
	memcpy(w->sys, m->sysregs, sizeof(w->sys));
	memcpy(&w->state, &m->state, sizeof(w->state));
	memcpy(&w->debug, &m->debug, sizeof(w->debug));
	return 0;
}

static int qemu_whole_set(struct engine *e, unsigned int cpu, const struct engine_whole *w)
{
	struct mailbox *m = e->cpu[cpu].mailbox;
	int ret = cpu_bring_up(&e->cpu[cpu], NULL);

	if (ret)
		return ret;
	memcpy(m->sysregs, w->sys, sizeof(w->sys));
	memcpy(&m->state, &w->state, sizeof(w->state));
	memcpy(&m->debug, &w->debug, sizeof(w->debug));
	return cpu_command(&e->cpu[cpu], MAILBOX_WHOLE_SET, 0, 0);
}

static enum engine_exit qemu_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	atomic_store_explicit(&e->vttbr, e->cpu[cpu].mailbox->frame.vttbr, memory_order_relaxed);
	return cpu_run(&e->cpu[cpu], pe);
}

static uint64_t qemu_run_delay(struct engine *e, unsigned int cpu)
{
	return cpu_run_delay(&e->cpu[cpu]);
}

/* On the caller's idle CPU, or on the service CPU. A lost engine has nothing to invalidate. */
static void service(struct engine *e, int cpu, enum mailbox_command cmd, uint64_t arg0,
		    uint64_t arg1)
{
	if (cpu >= 0) {
		cpu_command(&e->cpu[cpu], cmd, arg0, arg1);
		return;
	}
	lock_take(&e->service);
	cpu_command(&e->cpu[e->cpus], cmd, arg0, arg1);
	lock_drop(&e->service);
}

/* Before a CPU has run there is nothing to invalidate and no code was translated; so nobody waits
 * here for an engine that is yet to come up. */
static void qemu_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
	uint64_t vttbr = atomic_load_explicit(&e->vttbr, memory_order_relaxed);

	if (vttbr)
		service(e, cpu, MAILBOX_TLBI, vttbr, 0);
}

static void qemu_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
	if (atomic_load_explicit(&e->vttbr, memory_order_relaxed))
		service(e, cpu, MAILBOX_TOUCH, pa, len);
}

const struct engine_ops engine_qemu = {
	.name = "qemu",
	.sets_access_flag = true, /* `-cpu max`, from 7.2 on */
	.create = qemu_create,
	.destroy = qemu_destroy,
	.frame = qemu_frame,
	.reset = qemu_reset,
	.sysregs_get = qemu_sysregs_get,
	.sysregs_set = qemu_sysregs_set,
	.state_get = qemu_state_get,
	.state_set = qemu_state_set,
	.sve_get = qemu_sve_get,
	.sve_set = qemu_sve_set,
	.debug_get = qemu_debug_get,
	.debug_set = qemu_debug_set,
	.whole_get = qemu_whole_get,
	.whole_set = qemu_whole_set,
	.run = qemu_run,
	.run_delay = qemu_run_delay,
	.tlbi = qemu_tlbi,
	.touch = qemu_touch,
};
