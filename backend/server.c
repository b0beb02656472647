// SPDX-License-Identifier: BSD-3-Clause
/*
 * server.c - starts and ends the service on a socket; greet.c takes the connections.
 */
#include "backend/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/channel.h"
#include "base/log.h"
#include "machine/memory.h"

#define BACKLOG 128

static int bind_to(const char *name)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd, r;

	if (!wire_address(name, &sun, &len))
		return -EINVAL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&sun, len))
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int server_create(const struct server_config *cfg, const char *name, struct server **out)
{
	int fd = bind_to(name);

	return fd < 0 ? fd : server_create_on(cfg, fd, out);
}

/* listen(2) also makes this process the one that clients see behind the socket. */
static int start_listening(int fd)
{
	int type = 0, family = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) || family != AF_UNIX ||
	    type != SOCK_SEQPACKET || fcntl(fd, F_SETFL, O_NONBLOCK) || listen(fd, BACKLOG))
		return -EINVAL;
	return 0;
}

int server_create_on(const struct server_config *cfg, int fd, struct server **out)
{
	struct server *s = calloc(1, sizeof(*s));
	struct stat st;
	int r = -ENOMEM;

	if (!s)
		goto fail_listen;
	s->cfg = *cfg;
	s->serve = serve_channel;
	s->max_channels = cfg->max_channels ?: SERVER_MAX_CHANNELS;
	s->listen_fd = fd;
	r = start_listening(fd);
	if (r)
		goto fail_listen;
	r = greet_start(s);
	if (r)
		goto fail_listen;
	s->idle_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = -EMFILE;
	if (s->idle_fd < 0 || fstat(machine_client_memfd(cfg->machine), &st))
		goto fail_close;
	s->ram_dev = st.st_dev;
	s->ram_ino = st.st_ino;
	lock_init(&s->lock, RANK_SERVER, "server->lock");
	pthread_cond_init(&s->closed, NULL);
	r = life_start(s);
	if (r)
		goto fail_close;
	r = watch_start(s);
	if (r)
		goto fail_life;
	*out = s;
	return 0;

fail_life:
	life_stop(s);
fail_close:
	if (s->idle_fd >= 0)
		close(s->idle_fd);
	greet_stop(s);
fail_listen:
	close(fd);
	free(s);
	return r;
}

void server_destroy(struct server *s)
{
	greet_stop(s);
	close(s->listen_fd);
	lock_take(&s->lock);
	for (struct channel *ch = s->channels; ch; ch = ch->next) {
		shutdown(ch->fd, SHUT_RDWR);
		if (ch->life_fd >= 0)
			shutdown(ch->life_fd, SHUT_RDWR);
	}
	while (s->num_channels)
		lock_wait(&s->lock, &s->closed);
	lock_drop(&s->lock);
	watch_stop(s);
	life_stop(s);
	while (s->mms) /* of processes that live on */
		mm_put(s->mms);
	close(s->idle_fd);
	pthread_cond_destroy(&s->closed);
	lock_destroy(&s->lock);
	free(s);
}

int server_idle_fd(const struct server *s)
{
	return s->idle_fd;
}

uint64_t server_opened(const struct server *s)
{
	return atomic_load(&s->opened);
}

unsigned int server_clients(struct server *s)
{
	unsigned int n;

	lock_take(&s->lock);
	n = s->num_clients;
	lock_drop(&s->lock);
	return n;
}
