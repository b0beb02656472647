// SPDX-License-Identifier: BSD-3-Clause
/*
 * vcpu.c - one thread a vCPU: run, answer the exit, run again.
 *
 * A vCPU is stopped by immediate_exit and SIGUSR1: the signal ends a KVM_RUN in progress, the
 * flag one that is about to begin, so no kick is lost. kvm_run is not written to between an exit
 * and the next KVM_RUN but where the exit asks for it: KVM completes an MMIO from it.
 */
#include "vmm/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/log.h"
#include "vmm/end.h"

#define KICK	    SIGUSR1
/* The same memory fault so often in a row: the realm makes no progress. */
#define MAX_REPEATS 64
#define STOP_TRIES  5 /* seconds that a kicked vCPU has to come back */

const char *const vcpu_exit_names[VCPU_EXIT_KINDS] = {
	[VCPU_EXIT_MMIO] = "mmio",	     [VCPU_EXIT_MEMORY_FAULT] = "memory-fault",
	[VCPU_EXIT_HYPERCALL] = "hypercall", [VCPU_EXIT_SYSTEM_EVENT] = "system-event",
	[VCPU_EXIT_INTR] = "intr",	     [VCPU_EXIT_OTHER] = "other",
};

static void handle_mmio(struct vcpu *c)
{
	uint64_t addr = c->run->mmio.phys_addr;
	uint32_t len = c->run->mmio.len;

	if (len > sizeof(c->run->mmio.data)) {
		end_run(VMM_REFUSED, "KVM reported an MMIO access of %u bytes", len);
		return;
	}
	mmio_access(c->all->mmio, addr, c->run->mmio.data, len, c->run->mmio.is_write);
}

static void handle_memory_fault(struct vcpu *c)
{
	uint64_t gpa = c->run->memory_fault.gpa, size = c->run->memory_fault.size;
	uint64_t flags = c->run->memory_fault.flags;
	struct vcpu_repeat *r = &c->repeat;
	int ret;

	if (r->gpa != gpa || r->size != size || r->flags != flags)
		*r = (struct vcpu_repeat){gpa, size, flags, 0};
	if (++r->count > MAX_REPEATS) {
		end_run(VMM_CRASHED, "vCPU %u is stuck: the memory fault at %#llx never ends",
			c->id, (unsigned long long)gpa);
		return;
	}
	ret = realm_convert(c->all->realm, gpa, size, flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
	if (ret)
		end_run(ret == -EIO ? VMM_ENGINE_LOST : VMM_REFUSED,
			"KVM_SET_MEMORY_ATTRIBUTES failed: %s", strerror(-ret));
}

static void handle_system_event(const struct kvm_run *run)
{
	switch (run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		end_run(VMM_OK, "the realm powered off");
		break;
	case KVM_SYSTEM_EVENT_RESET:
		end_run(VMM_RESET, "the realm asked for a reset");
		break;
	default:
		end_run(VMM_CRASHED, "the realm crashed (system event %u)", run->system_event.type);
	}
}

static void handle_exit(struct vcpu *c)
{
	uint32_t reason = c->run->exit_reason;
	enum vcpu_exit kind = VCPU_EXIT_OTHER;

	switch (reason) {
	case KVM_EXIT_MMIO:
		kind = VCPU_EXIT_MMIO;
		handle_mmio(c);
		break;
	case KVM_EXIT_HYPERCALL:
		kind = VCPU_EXIT_HYPERCALL;
		psci_handle(c);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		kind = VCPU_EXIT_SYSTEM_EVENT;
		handle_system_event(c->run);
		break;
	case KVM_EXIT_INTR:
		kind = VCPU_EXIT_INTR;
		break;
	case KVM_EXIT_SHUTDOWN:
		/* A race with another vCPU's SYSTEM_OFF looks the same. */
		c->shut_out = true;
		end_suspect(VMM_CRASHED, "vCPU %u may not enter the realm any more", c->id);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		end_run(VMM_CRASHED, "vCPU %u cannot enter the realm (reason %#llx)", c->id,
			(unsigned long long)c->run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		/* For what no realm can cause: an SError, an exit unknown to KVM. */
		end_run(VMM_ENGINE_LOST,
			"vCPU %u cannot be run on: the platform or its CPU has failed (internal "
			"error %u)",
			c->id, c->run->internal.suberror);
		break;
	default:
		end_run(VMM_CRASHED, "vCPU %u stopped with the unknown exit %u", c->id, reason);
	}
	c->exits[kind]++;
	if (reason != KVM_EXIT_INTR)
		c->repeat.count = 0;
}

static void handle_error(struct vcpu *c, int err)
{
	switch (err) {
	case EINTR:
	case EAGAIN:
		c->exits[VCPU_EXIT_INTR]++;
		return;
	case EFAULT:
		if (c->run->exit_reason == KVM_EXIT_MEMORY_FAULT) {
			c->exits[VCPU_EXIT_MEMORY_FAULT]++;
			handle_memory_fault(c);
			return;
		}
		break;
	case EIO:
		end_run(VMM_ENGINE_LOST, "what runs the vCPUs is gone");
		return;
	case ENXIO:
		end_run(VMM_CRASHED, "vCPU %u cannot be run on: KVM_RUN failed: %s", c->id,
			strerror(err));
		return;
	}
	end_run(VMM_REFUSED, "KVM_RUN of vCPU %u failed: %s", c->id, strerror(err));
}

/* Wait while the vCPU is off. Only with --psci user: otherwise KVM_RUN itself waits. */
static void wait_for_power(struct vcpu *c)
{
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	bool go;

	pthread_mutex_lock(&c->all->lock);
	while (!c->on && !end_reached())
		pthread_cond_wait(&c->all->power, &c->all->lock);
	go = c->go;
	c->go = false;
	pthread_mutex_unlock(&c->all->lock);
	if (go && ioctl(c->fd, KVM_SET_MP_STATE, &state) < 0)
		end_run(VMM_REFUSED, "KVM_SET_MP_STATE failed: %s", strerror(errno));
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *c = arg;

	while (!end_reached() && !c->shut_out) {
		if (c->all->realm->cfg.psci_user)
			wait_for_power(c);
		if (end_reached())
			break;
		if (ioctl(c->fd, KVM_RUN, 0) < 0)
			handle_error(c, errno);
		else
			handle_exit(c);
	}
	return NULL;
}

static void on_kick(int sig)
{
}

int vcpus_start(struct vcpus *v, struct realm *realm, struct mmio_map *mmio)
{
	struct sigaction sa = {.sa_handler = on_kick};
	sigset_t kick;
	int ret = 0;

	*v = (struct vcpus){.realm = realm, .mmio = mmio, .count = realm->cfg.cpus};
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->power, NULL);
	sigaction(KICK, &sa, NULL);
	sigemptyset(&kick);
	sigaddset(&kick, KICK);
	/* The threads inherit the mask; this thread must not take a kick meant for the process. */
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	/* All of them first: a vCPU may switch another one on before that one's thread exists. */
	for (unsigned int i = 0; i < v->count; i++)
		v->cpu[i] = (struct vcpu){.all = v,
					  .id = i,
					  .fd = realm->vcpu_fds[i],
					  .run = realm->runs[i],
					  .on = !i || !realm->cfg.psci_user};
	for (unsigned int i = 0; !ret && i < v->count; i++) {
		ret = pthread_create(&v->cpu[i].thread, NULL, vcpu_thread, &v->cpu[i]);
		v->cpu[i].started = !ret;
	}
	pthread_sigmask(SIG_BLOCK, &kick, NULL);
	return -ret;
}

/* Kick one vCPU until its thread has ended. */
static bool stop(struct vcpu *c)
{
	struct timespec ts;

	for (unsigned int i = 0; c->started && i < STOP_TRIES; i++) {
		__atomic_store_n(&c->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(c->thread, KICK);
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec++;
		c->started = pthread_timedjoin_np(c->thread, NULL, &ts) != 0;
	}
	return !c->started;
}

bool vcpus_stop(struct vcpus *v)
{
	bool all = true;

	pthread_mutex_lock(&v->lock);
	pthread_cond_broadcast(&v->power);
	pthread_mutex_unlock(&v->lock);
	for (unsigned int i = 0; i < v->count; i++)
		if (!stop(&v->cpu[i])) {
			log_warn("vCPU %u does not come back from KVM_RUN", i);
			all = false;
		}
	return all;
}
