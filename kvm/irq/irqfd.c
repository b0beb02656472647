// SPDX-License-Identifier: BSD-3-Clause
/*
 * irqfd.c - KVM_IRQFD: eventfds that drive interrupts.
 *
 * One thread per VM, started by the first irqfd, waits for all of them. A signalled eventfd is read
 * (so that its count is 0 again, as the kernel leaves it) and its GSI's line is raised. A plain
 * irqfd never lowers it (kvm_arch_set_irq_inatomic), so a level-sensitive SPI stays pending until
 * KVM_IRQ_LINE lowers it; only one that was signalled before it was assigned is a pulse. With
 * RESAMPLE, when the guest is done with the interrupt, every such irqfd of the GSI is over at once:
 * the line is lowered, then the resamplefds are signalled, and whoever still wants attention
 * signals again.
 *
 * The thread holds the lock from reading to injecting, and knows an irqfd by its id only: once
 * deassign returns, no interrupt of it will come. An eventfd is read without waiting although its
 * description, which is the caller's, may be a blocking one.
 *
 * An eventfd drives one interrupt of one VM, as in the kernel: all irqfds of the process are on one
 * list, whose lock is a leaf.
 *
 * Not as the kernel: our duplicate of the descriptor keeps the eventfd alive, so an irqfd ends by
 * deassign or with the VM, not when the caller closes the eventfd.
 */
#include "kvm/irq/irq_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/sigbus.h"
#include "kvm/core/eventfd.h"

#define STOP_ID UINT64_MAX

struct irqfd {
	struct irqfd *next;
	struct irqfd *next_taken; /* taken */
	uint64_t id;		  /* what epoll knows it by; never used again */
	unsigned int gsi;
	int fd;
	int resamplefd; /* -1: a plain one */
};

static struct lock taken_lock = LOCK_INITIALIZER(RANK_TAKEN, "taken_lock");
static struct irqfd *taken; /* of every VM */

/* False: its eventfd drives an interrupt already. */
static bool take(struct irqfd *f)
{
	struct irqfd *o;

	lock_take(&taken_lock);
	for (o = taken; o && !eventfd_same(o->fd, f->fd); o = o->next_taken)
		;
	if (!o) {
		f->next_taken = taken;
		taken = f;
	}
	lock_drop(&taken_lock);
	return !o;
}

static void give_back(struct irqfd *f)
{
	struct irqfd **p;

	lock_take(&taken_lock);
	for (p = &taken; *p != f; p = &(*p)->next_taken)
		;
	*p = f->next_taken;
	lock_drop(&taken_lock);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void irqfd_free(struct irqfd *f)
{
	close_fd(f->fd);
	close_fd(f->resamplefd);
	free(f);
}

/* ---- lock held ---- */
static bool resamples(const struct irqs *q, unsigned int gsi)
{
	for (const struct irqfd *f = q->irqfds; f; f = f->next)
		if (f->resamplefd >= 0 && f->gsi == gsi)
			return true;
	return false;
}

static void irqfd_remove(struct irqs *q, struct irqfd **link)
{
	struct irqfd *f = *link;

	*link = f->next;
	epoll_ctl(q->epoll, EPOLL_CTL_DEL, f->fd, NULL);
	if (f->resamplefd >= 0 && !resamples(q, f->gsi))
		irq_set_gsi(q, f->gsi, false);
	give_back(f);
	irqfd_free(f);
}

static bool consume(int fd)
{
	uint64_t count;
	struct iovec iov = {&count, sizeof(count)};

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) == sizeof(count);
}

/* It was signalled before it was one: the kernel leaves that to a worker (irqfd_inject), which
 * raises the line and lowers it again. */
static void inject_early(struct irqs *q, const struct irqfd *f)
{
	if (!consume(f->fd))
		return;
	irq_set_gsi(q, f->gsi, true);
	if (f->resamplefd < 0)
		irq_set_gsi(q, f->gsi, false);
}

static void irqfd_inject(struct irqs *q, uint64_t id)
{
	for (struct irqfd *f = q->irqfds; f; f = f->next) {
		if (f->id != id)
			continue;
		if (consume(f->fd))
			irq_set_gsi(q, f->gsi, true);
		return;
	}
}

/* The guest is done with a level SPI (vgic_set_eoi_notifier; no lock held). */
static void irqfd_eoi(void *arg, unsigned int intid)
{
	struct irqs *q = arg;
	int gsi;

	lock_take(&q->lock);
	gsi = irq_gsi_of(q, intid);
	if (gsi != IRQ_NO_ROUTE && resamples(q, gsi)) {
		irq_set_gsi(q, gsi, false);
		for (const struct irqfd *f = q->irqfds; f; f = f->next)
			if (f->resamplefd >= 0 && f->gsi == (unsigned int)gsi)
				eventfd_add_one(f->resamplefd);
	}
	lock_drop(&q->lock);
}

/* ---- the thread ---- */
static void *irqfd_main(void *arg)
{
	struct epoll_event ev[16];
	struct irqs *q = arg;
	bool stop = false;

	while (!stop) {
		int n = epoll_wait(q->epoll, ev, ARRAY_SIZE(ev), -1);

		lock_take(&q->lock);
		for (int i = 0; i < n; i++) {
			if (ev[i].data.u64 == STOP_ID)
				stop = true;
			else
				irqfd_inject(q, ev[i].data.u64);
		}
		lock_drop(&q->lock);
	}
	return NULL;
}

static int watch(struct irqs *q, int fd, uint64_t id)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = id};

	return epoll_ctl(q->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int start_thread(struct irqs *q)
{
	sigset_t all, old;
	int ret;

	if (q->epoll >= 0)
		return 0;
	q->epoll = epoll_create1(EPOLL_CLOEXEC);
	q->stop = eventfd(0, EFD_CLOEXEC);
	if (q->epoll < 0 || q->stop < 0 || watch(q, q->stop, STOP_ID))
		goto fail;
	/* Signals are for the process's other threads. */
	sigbus_fill_others(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&q->thread, NULL, irqfd_main, q);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!ret)
		return 0;
fail:
	close_fd(q->epoll);
	close_fd(q->stop);
	q->epoll = q->stop = -1;
	return -ENOMEM;
}

void irqfd_release_all(struct irqs *q)
{
	if (q->epoll < 0)
		return;
	lock_take(&q->lock);
	vgic_set_eoi_notifier(irq_vgic(q), NULL, NULL);
	while (q->irqfds)
		irqfd_remove(q, &q->irqfds);
	lock_drop(&q->lock);
	eventfd_add_one(q->stop);
	pthread_join(q->thread, NULL);
	close_fd(q->epoll);
	close_fd(q->stop);
}

/* ---- the call ---- */
static result irqfd_add(struct irqs *q, struct irqfd *f)
{
	result r = OK;

	if (!take(f))
		return &rule_kvm_irqfd_busy;
	lock_take(&q->lock);
	f->id = q->next_id++;
	if (start_thread(q) || watch(q, f->fd, f->id)) {
		r = &rule_kvm_irqfd_memory;
		give_back(f);
	}
	if (!r) {
		f->next = q->irqfds;
		q->irqfds = f;
		if (f->resamplefd >= 0)
			vgic_set_eoi_notifier(irq_vgic(q), irqfd_eoi, q);
		inject_early(q, f);
	}
	lock_drop(&q->lock);
	return r;
}

static result irqfd_assign(struct irqs *q, struct kvm_caller *c, const struct kvm_irqfd *a)
{
	struct irqfd *f;
	result r;

	if (!irq_vgic(q) || !vgic_initialized(irq_vgic(q)))
		return &rule_kvm_irqfd_uninit;
	f = calloc(1, sizeof(*f));
	if (!f)
		return &rule_kvm_irqfd_memory;
	f->gsi = a->gsi;
	f->fd = f->resamplefd = -1;
	r = eventfd_take(c, (int)a->fd, &f->fd);
	if (!r && (a->flags & KVM_IRQFD_FLAG_RESAMPLE))
		r = eventfd_take(c, (int)a->resamplefd, &f->resamplefd);
	if (!r)
		r = irqfd_add(q, f);
	if (r)
		irqfd_free(f);
	return r;
}

static result irqfd_deassign(struct irqs *q, struct kvm_caller *c, const struct kvm_irqfd *a)
{
	int fd;
	result r = eventfd_take(c, (int)a->fd, &fd);

	if (r)
		return r;
	lock_take(&q->lock);
	for (struct irqfd **link = &q->irqfds; *link;) {
		if ((*link)->gsi == a->gsi && eventfd_same((*link)->fd, fd))
			irqfd_remove(q, link);
		else
			link = &(*link)->next;
	}
	lock_drop(&q->lock);
	close(fd);
	return OK;
}

result irqs_irqfd(struct irqs *q, struct kvm_caller *c, const struct kvm_irqfd *f)
{
	if (f->flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return &rule_kvm_irqfd_flags;
	if (f->flags & KVM_IRQFD_FLAG_DEASSIGN)
		return irqfd_deassign(q, c, f);
	return irqfd_assign(q, c, f);
}
