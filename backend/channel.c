// SPDX-License-Identifier: BSD-3-Clause
/*
 * channel.c - the life of one conversation with a client; what is said in it: serve.c.
 *
 * A channel is
 *	CREATED	in the server's list; started, it has a thread that waits for an order:
 *		channel_stop destroys it, channel_go ->
 *	GREETED	(system channels, serve.c) its HELLO, which greet.c has read, names the client; then
 *		it has a file and ->
 *	SERVED	its thread reads requests, one at a time; hang-up or nonsense ->
 *	CLOSING	nobody finds it any more; the thread releases the file (which may wait for vCPUs to
 *		stop, and ends a VM whose last file it is), takes the channel out of the list and
 *		frees it.
 */
#include "backend/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/log.h"
#include "machine/memory.h"

#define STACK_SIZE (512 * 1024)

/* Each costs a thread: no client takes them all from the machine. */
static bool take_place(struct server *s)
{
	bool ok;

	lock_take(&s->lock);
	ok = s->num_channels < s->max_channels;
	s->num_channels += ok;
	lock_drop(&s->lock);
	return ok;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct channel *channel_create(struct server *s, int fd, int life_fd, struct mm *mm,
			       struct kvm_file *file)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (!ch || !take_place(s)) {
		free(ch);
		if (file)
			kvm_file_put(file);
		close(fd);
		close_if(life_fd);
		errno = ch ? EMFILE : ENOMEM;
		return NULL;
	}
	*ch = (struct channel){.srv = s, .fd = fd, .life_fd = life_fd, .mm = mm, .file = file};
	ch->delay.schedstat = -1;
	if (mm)
		mm_get(mm);
	lock_take(&s->lock);
	if (file) {
		ch->id = ++s->last_id;
		ch->counted = true;
		s->num_clients++;
	}
	ch->next = s->channels;
	s->channels = ch;
	lock_drop(&s->lock);
	return ch;
}

/* From now on nobody finds the object by this channel. */
static struct kvm_file *take_file(struct channel *ch)
{
	struct kvm_file *file;

	lock_take(&ch->srv->lock);
	file = ch->file;
	ch->file = NULL;
	lock_drop(&ch->srv->lock);
	return file;
}

static void unlist(struct channel *ch)
{
	struct server *s = ch->srv;
	const uint64_t one = 1;
	struct channel **p;

	lock_take(&s->lock);
	for (p = &s->channels; *p != ch; p = &(*p)->next)
		;
	*p = ch->next;
	if (ch->counted && !--s->num_clients && write(s->idle_fd, &one, sizeof(one)) < 0)
		log_debug("nobody reads the idle eventfd");
	close(ch->fd); /* before server_destroy returns */
	close_if(ch->life_fd);
	close_if(ch->delay.schedstat);
	s->num_channels--;
	pthread_cond_broadcast(&s->closed);
	lock_drop(&s->lock);
}

static void channel_destroy(struct channel *ch)
{
	struct kvm_file *file = take_file(ch);

	if (file)
		kvm_file_put(file);
	if (ch->mm) {
		life_over(ch);
		mm_put(ch->mm);
	}
	unlist(ch);
	free(ch);
}

int channel_welcome(const struct server *s, int fd, int status)
{
	const struct wire_msg m = {
		.type = WIRE_WELCOME,
		.welcome = {status, s->cfg.rmi_cap, s->ram_dev, s->ram_ino},
	};

	return wire_send(fd, &m, NULL, NULL, 0);
}

static bool may_go(struct channel *ch)
{
	struct server *s = ch->srv;
	bool go;

	lock_take(&s->lock);
	while (ch->order == CHANNEL_WAIT)
		lock_wait(&s->lock, &s->closed);
	go = ch->order == CHANNEL_GO;
	lock_drop(&s->lock);
	return go;
}

/* What the client has not read yet is lost by a close with something unread on this side: a CANCEL
 * that came too late. */
static void hang_up(int fd)
{
	char junk;

	shutdown(fd, SHUT_RDWR);
	while (recv(fd, &junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
}

static void *channel_main(void *arg)
{
	struct channel *ch = arg;

	if (!may_go(ch))
		return NULL;
	ch->srv->serve(ch);
	hang_up(ch->fd);
	life_await(ch);
	channel_destroy(ch);
	return NULL;
}

static int start_thread(struct channel *ch)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&ch->thread, &attr, channel_main, ch);
	pthread_attr_destroy(&attr);
	return r;
}

int channel_start(struct channel *ch)
{
	bool is_vcpu = ch->file && kvm_file_kind(ch->file) == KVM_FILE_VCPU;

	if ((!is_vcpu || !watch_vcpu(ch)) && (ch->life_fd < 0 || !life_watch(ch)) &&
	    !start_thread(ch))
		return 0;
	if (!ch->file)
		channel_welcome(ch->srv, ch->fd, -EAGAIN);
	channel_destroy(ch);
	return -EAGAIN;
}

static void give_order(struct channel *ch, int order)
{
	lock_take(&ch->srv->lock);
	ch->order = order;
	pthread_cond_broadcast(&ch->srv->closed);
	lock_drop(&ch->srv->lock);
}

void channel_go(struct channel *ch)
{
	pthread_detach(ch->thread);
	give_order(ch, CHANNEL_GO);
}

void channel_stop(struct channel *ch)
{
	give_order(ch, CHANNEL_STOP);
	pthread_join(ch->thread, NULL);
	channel_destroy(ch);
}
