/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server.h - the backend's side of the wire: takes connections and carries calls to kvm/.
 *
 * Threads: one takes connections (the owner's, by server_accept); one for each channel; one that
 * watches the channels of running vCPUs and the processes of clients (watch.c).
 */
#ifndef BACKEND_SERVER_H
#define BACKEND_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_host;
struct machine;
struct server;

struct server_config {
	struct kvm_host *host;	 /* not owned */
	struct machine *machine; /* not owned */
	uint32_t rmi_cap;	 /* number of KVM_CAP_ARM_RMI in this revision */
	/* The granules that the host may not touch: whether this one is, and a number that grows
	 * with each that becomes one or is no longer. NULL: none ever. */
	bool (*page_protected)(const void *arg, uint64_t pa);
	uint64_t (*protection_changes)(const void *arg);
	const void *arg;
	/* A connection that says JSON, not HELLO: takes fd over (door.h). NULL: it is closed. */
	void (*visitor)(void *arg, int fd);
	void *visitor_arg;
	/* As schedstat_open (base/schedstat.h). NULL: nothing is known of clients' threads. */
	int (*open_schedstat)(int pidfd, uint32_t thread, const char *name);
	unsigned int max_channels; /* threads that serve clients; 0: SERVER_MAX_CHANNELS */
};

#define SERVER_MAX_CHANNELS 32768u

/* Listen on the socket `name` (wire_address). 0, -EADDRINUSE, -EMFILE, -ENOMEM, -EINVAL (name). */
int server_create(const struct server_config *cfg, const char *name, struct server **out);
/* On a socket that is bound already (taken over, on failure too); -EINVAL: it is none of ours. */
int server_create_on(const struct server_config *cfg, int fd, struct server **out);
/* Hang up on every client (its next call is EIO) and wait until all files are released. */
void server_destroy(struct server *s);

/* Becomes readable when a client connects or says HELLO: then call server_accept. */
int server_listen_fd(const struct server *s);
void server_accept(struct server *s);

/* Descriptors of ours that clients hold now: VMs, vCPUs, devices, guest_memfds, /dev/kvm. */
unsigned int server_clients(struct server *s);
/* How often clients have opened /dev/kvm. */
uint64_t server_opened(const struct server *s);
/* An eventfd: readable after server_clients has become 0. */
int server_idle_fd(const struct server *s);

#endif
