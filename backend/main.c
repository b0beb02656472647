// SPDX-License-Identifier: BSD-3-Clause
/* main.c - puts the host together, serves clients, and ends with the launcher. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "backend/backend.h"
#include "backend/door.h"
#include "backend/observer.h"
#include "backend/inspector.h"
#include "backend/sandbox.h"
#include "backend/server.h"
#include "base/log.h"
#include "base/schedstat.h"
#include "base/sigbus.h"
#include "debug/debug.h"
#include "engine/engine.h"
#include "engine/qemu.h"
#include "engine/starter.h"
#include "machine/memory.h"
#include "rmm/rmm_debug.h"
#include "rmm/rmm.h"

static int fail(const char *what, int r)
{
	log_error("the backend cannot start: %s: %s", what, strerror(-r));
	return r;
}

/* The pages of physical memory that nobody gave back. */
static uint64_t host_destroy(struct host *h)
{
	uint64_t pages = 0;

	debug_stop();
	if (h->door)
		door_destroy(h->door);
	if (h->server)
		server_destroy(h->server);
	if (h->kvm)
		kvm_host_destroy(h->kvm);
	if (h->rmm)
		rmm_destroy(h->rmm);
	debug_free();
	if (h->identity)
		attest_identity_free(h->identity);
	if (h->machine) {
		engine_qemu_detach(h->machine);
		pages = machine_allocated(h->machine);
		machine_destroy(h->machine);
	}
	return pages;
}

static bool page_protected(const void *arg, uint64_t pa)
{
	const struct host *h = arg;

	return rmm_granule_protected(h->rmm, pa) || kvm_page_withheld(h->kvm, pa);
}

static uint64_t protection_changes(const void *arg)
{
	const struct host *h = arg;

	return rmm_granule_changes(h->rmm) + kvm_withheld_changes(h->kvm);
}

/* The number that sysfs tells. Who asks there, and it is not known yet which revision it speaks, is
 * one of v13's VMMs. */
static uint32_t rmi_cap(const struct backend_options *o)
{
	if (o->cap_rmi)
		return o->cap_rmi;
	return kvm_revision_cap(o->automatic ? kvm_revision_find("v13") : o->revision);
}

static int realm_memory(void *arg, unsigned int vmid, uint64_t ipa, void *buf, size_t len,
			bool write)
{
	const struct host *h = arg;

	return rmm_debug_memory(h->rmm, vmid, ipa, buf, len, write);
}

/* A realm's vCPUs wait for a debugger, or it is told to go away, only while there is a server. */
static int start_debugger(struct host *h, const struct backend_options *o)
{
	const struct debug_config c = {.listen = o->gdb,
				       .wait = o->gdb_wait,
				       .engine = &engine_qemu,
				       .memory = realm_memory,
				       .arg = h};

	return o->gdb < 0 ? 0 : debug_start(&c);
}

static int host_create(struct host *h, const struct backend_options *o)
{
	struct machine_config mc = {.size = o->ram, .client_size = o->ram, .cpu = o->cpu};
	struct rmm_config rc = {.engine = o->gdb >= 0 ? &engine_debug : &engine_qemu};
	struct kvm_config kc = {.engine = &engine_qemu,
				.revision = o->revision,
				.detect = o->detect,
				.automatic = o->automatic,
				.rmm_semantics = o->rmm,
				.cap_rmi = o->cap_rmi,
				.realm = o->realm,
				.steal_time = schedstat_is_there()};
	struct server_config sc = {.rmi_cap = rmi_cap(o),
				   .page_protected = page_protected,
				   .protection_changes = protection_changes,
				   .open_schedstat = starter_open_schedstat};
	int r = machine_create(&mc, &h->machine);

	if (r)
		return fail("physical memory", r);
	engine_qemu_attach(h->machine);
	r = attest_identity_load(&o->attest, &h->identity);
	if (r)
		return fail("attestation identity", r);
	rc.machine = kc.machine = sc.machine = h->machine;
	rc.attest = h->identity;
	r = rmm_create(&rc, &h->rmm);
	if (r)
		return fail("RMM", r);
	r = start_debugger(h, o);
	if (r)
		return fail("debugger", r);
	kc.rmm = h->rmm;
	r = kvm_host_create(&kc, &h->kvm);
	if (r)
		return fail("KVM", r);
	h->door = door_create(inspect_call, h);
	if (!h->door)
		return fail("door", -ENOMEM);
	sc.host = h->kvm;
	sc.arg = h;
	sc.visitor = door_visit;
	sc.visitor_arg = h->door;
	r = server_create_on(&sc, o->listen, &h->server);
	return r ? fail("socket", r) : 0;
}

/* The launcher's word, or 0: not now. Without a launcher there is no backend. */
static uint32_t read_control(int control)
{
	struct backend_frame f;
	ssize_t n = recv(control, &f, sizeof(f), MSG_WAITALL);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n != sizeof(f))
		_exit(1);
	return f.kind;
}

static void serve(struct host *h, const struct backend_options *o)
{
	struct pollfd pfd[] = {
		{server_listen_fd(h->server), POLLIN, 0},
		{o->control, POLLIN, 0},
		{server_idle_fd(h->server), POLLIN, 0},
	};
	bool draining = false;
	uint32_t word = 0;
	uint64_t junk;

	while (word != BACKEND_END && !(draining && !server_clients(h->server))) {
		if (poll(pfd, 3, -1) < 0)
			continue;
		if (pfd[0].revents)
			server_accept(h->server);
		if (pfd[1].revents)
			word = read_control(o->control);
		draining |= word == BACKEND_DRAIN;
		if (pfd[2].revents && read(pfd[2].fd, &junk, sizeof(junk)) < 0)
			continue;
	}
}

/* Keys of the terminal and signals to the group are the command's business. Each VM and vCPU
 * takes descriptors: allow as many as we may. */
static void settle(void)
{
	static const int ignored[] = {SIGINT,  SIGQUIT, SIGHUP,	 SIGTSTP, SIGTTIN,
				      SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2};
	struct rlimit rl;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigbus_unblock(); /* whoever started us may have blocked it */
	prctl(PR_SET_NAME, "softrealm-backend");
	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/* Before there are threads, and before anything is known that the starter should not know. */
static void begin_starter(const struct backend_options *o)
{
	int r;

	if (o->no_sandbox)
		return;
	sandbox_no_new_privileges();
	r = starter_begin();
	if (r)
		log_warn("engines are started without a starter: %s", strerror(-r));
}

/* Without a starter the backend has to execute engines itself. */
static void enter_sandbox(const struct backend_options *o)
{
	int r = o->no_sandbox || !starter_is_there() ? -ENOSYS : sandbox_enter();

	if (r && r != -ENOSYS)
		log_warn("the backend runs without its seccomp filter: %s", strerror(-r));
}

int backend_main(const struct backend_options *o)
{
	struct host h = {.options = o};
	uint64_t opened;
	int r;

	settle();
	begin_starter(o);
	if (observer_start(o))
		return 1;
	r = host_create(&h, o);
	if (!r) {
		enter_sandbox(o);
		observer_send(BACKEND_READY, "");
		serve(&h, o);
	}
	opened = h.server ? server_opened(h.server) : 0;
	observer_stop(!r, opened, host_destroy(&h));
	return r ? 1 : 0;
}
