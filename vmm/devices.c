// SPDX-License-Identifier: BSD-3-Clause
/* devices.c - creates the devices that the options ask for. */
#include "vmm/devices.h"

#include "base/log.h"
#include "vmm/end.h"
#include "vmm/layout.h"
#include "vmm/listen.h"
#include "vmm/status.h"

void devices_plug(struct devices *d, struct virtio_pci *vp, struct virtio_device *dev,
		  unsigned int slot)
{
	virtio_pci_plug(vp, dev, &d->pci, slot, d->vm_fd, d->its);
}

static void add_regions(struct devices *d)
{
	mmio_add(&d->mmio, "uart", LAYOUT_UART, LAYOUT_UART_SIZE, uart_access, &d->uart);
	mmio_add(&d->mmio, "rtc", LAYOUT_RTC, LAYOUT_RTC_SIZE, rtc_access, &d->rtc);
	mmio_add(&d->mmio, "pci-config", LAYOUT_ECAM, LAYOUT_ECAM_SIZE, pci_ecam_access, &d->pci);
	mmio_add(&d->mmio, "virtio", LAYOUT_PCI_WINDOW, LAYOUT_PCI_WINDOW_SIZE, pci_window_access,
		 &d->pci);
}

/* The device, or NULL. */
static struct virtio_device *create_disk(struct devices *d, const struct vmm_disk *k,
					 unsigned int i, const struct guest_memory *mem)
{
	struct blk *b = &d->disks[d->ndisks];
	struct vhost *v = &d->served[d->nserved];

	if (k->served) {
		d->nserved++;
		return vhost_blk_init(v, mem, k->path) ? NULL : &v->dev;
	}
	if (blk_init(b, mem, k->path, k->readonly, k->qcow2, i, BLK_THREADS))
		return NULL;
	d->ndisks++;
	return &b->dev;
}

static int create_disks(struct devices *d, const struct vmm_options *o,
			const struct guest_memory *mem)
{
	for (unsigned int i = 0; i < o->ndisks; i++) {
		struct virtio_device *dev = create_disk(d, &o->disks[i], i, mem);

		if (!dev)
			return VMM_INPUT;
		devices_plug(d, &d->disks_pci[i], dev, SLOT_DISKS + i);
	}
	return 0;
}

/* One that never worked ends the run; one that a realm has used is a cable that was pulled out. */
static void net_down(struct net *n, const char *why)
{
	struct devices *d = container_of(n, struct devices, net);
	bool used = virtio_is_ready(&n->dev);
	char said[256] = "";

	if (!why)
		why = passt_last_words(&d->passt, said, sizeof(said)) ? said
								      : "the other side has gone";
	if (used)
		log_warn("the realm's network is down: %s", why);
	else
		end_run(VMM_HOST, "the network (--net) does not work: %s", why);
}

static int create_net(struct devices *d, const struct vmm_options *o,
		      const struct guest_memory *mem)
{
	int fd;

	d->passt.messages = -1;
	if (!o->net_passt && !o->net_path)
		return 0;
	fd = o->net_passt ? passt_start(&d->passt, o) : connect_to(o->net_path);
	if (fd < 0) {
		if (!o->net_passt)
			log_errno(-fd, "--net unix:%s", o->net_path);
		return VMM_HOST;
	}
	net_init(&d->net, mem, fd, net_down);
	devices_plug(d, &d->net_pci, &d->net.dev, SLOT_NET);
	d->has_net = true;
	return 0;
}

/* The device, or NULL. */
static struct virtio_device *create_share(struct devices *d, const struct vmm_share *s,
					  const struct guest_memory *mem)
{
	struct fs *fs = &d->shares[d->nshares];
	struct vhost *v = &d->served[d->nserved];

	if (s->served) {
		d->nserved++;
		return vhost_fs_init(v, mem, s->path, s->name) ? NULL : &v->dev;
	}
	if (fs_init(fs, mem, s->path, s->name, s->readonly, 1))
		return NULL;
	d->nshares++;
	return &fs->dev;
}

static int create_shares(struct devices *d, const struct vmm_options *o,
			 const struct guest_memory *mem)
{
	for (unsigned int i = 0; i < o->nshares; i++) {
		struct virtio_device *dev = create_share(d, &o->shares[i], mem);

		if (!dev)
			return VMM_INPUT;
		devices_plug(d, &d->shares_pci[i], dev, SLOT_SHARES + i);
	}
	return 0;
}

static int create_vsock(struct devices *d, const struct vmm_options *o,
			const struct guest_memory *mem)
{
	if (!o->vsock)
		return 0;
	if (vsock_init(&d->vsock, mem, o->vsock))
		return VMM_HOST;
	devices_plug(d, &d->vsock_pci, &d->vsock.dev, SLOT_VSOCK);
	d->has_vsock = true;
	return 0;
}

int devices_create(struct devices *d, const struct vmm_options *o, const struct realm *r,
		   void (*uart_output)(void *, const void *, size_t), void *arg)
{
	d->vm_fd = r->vm_fd;
	d->its = o->its;
	d->uart.output = uart_output;
	d->uart.arg = arg;
	pci_host_init(&d->pci);
	add_regions(d);
	if (o->rng) {
		rng_init(&d->rng, &r->mem);
		devices_plug(d, &d->rng_pci, &d->rng.dev, SLOT_RNG);
	}
	return create_net(d, o, &r->mem)
		       ?: create_vsock(d, o, &r->mem)
				  ?: create_disks(d, o, &r->mem) ?: create_shares(d, o, &r->mem);
}

bool devices_destroy(struct devices *d)
{
	bool all = true;

	for (unsigned int i = 0; i < d->ndisks; i++)
		all &= blk_destroy(&d->disks[i]);
	for (unsigned int i = 0; i < d->nshares; i++)
		all &= fs_destroy(&d->shares[i]);
	for (unsigned int i = 0; i < d->nserved; i++)
		vhost_destroy(&d->served[i]);
	d->ndisks = d->nshares = d->nserved = 0;
	if (d->has_net) {
		net_destroy(&d->net);
		helper_end(&d->passt);
	}
	if (d->has_vsock)
		vsock_destroy(&d->vsock);
	d->has_net = d->has_vsock = false;
	return all;
}
