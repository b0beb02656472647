// SPDX-License-Identifier: BSD-3-Clause
/*
 * console.c - the virtio console device (virtio 1.2, 5.3).
 *
 * Queues: 0, 1 input and output of port 0, 2, 3 the control queues, then a pair for each further
 * port (feature MULTIPORT; a guest that does not take it has port 0 alone).
 *
 * A Linux guest throws away what comes before it is ready to keep it. For a further port that ends
 * when somebody opens it, and the guest says so. Of port 0 it says nothing, so its input waits:
 *
 *	HELD	the device was reset; PORT_READY comes ->
 *	ASKED	CONSOLE_PORT was sent, and then a second PORT_ADD, which a guest answers by another
 *		PORT_READY, after all that CONSOLE_PORT made it do ->
 *	OPEN	input goes to the guest as it gives buffers
 *
 * A guest that does not answer (another system, one without MULTIPORT) gets its input HOLD_MS after
 * the device was started.
 *
 * Output is handled on the vCPU that notifies: a kernel that prints spins until its buffer is
 * used, so nothing would be faster. Notifications of input buffers are switched off unless typed
 * bytes wait for one: they would be exits for nothing.
 */
#include "vmm/console.h"

#include <errno.h>
#include <linux/virtio_console.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/*
 * A Linux guest fills every input queue with pages, all of which take room in its small pool of
 * bounce buffers (512 KiB in a small realm): with larger queues nothing is left for anything else.
 */
#define QUEUE_SIZE  16
#define CONTROL_IN  2
#define CONTROL_OUT 3
#define HOLD_MS	    5000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool multiport(const struct console *con)
{
	return con->dev.accepted & BIT(VIRTIO_CONSOLE_F_MULTIPORT);
}

/* The input queue of a port; its output queue is the next one. */
static unsigned int port_queue(unsigned int port)
{
	return port ? 2 * port + 2 : 0;
}

/* Move waiting input into the buffers that the guest has given. */
static void fill_buffers(struct console *con, struct console_port *p, struct virtqueue *q)
{
	unsigned int budget = q->size;
	struct vq_chain c;
	int ret = 0;

	while (p->input_len && budget-- && (ret = vq_pop(q, &c)) > 0) {
		size_t n = MIN(p->input_len, CONSOLE_INPUT_SIZE - p->input_start);

		n = vq_write(&c, 0, p->input + p->input_start, n);
		p->input_start = (p->input_start + n) % CONSOLE_INPUT_SIZE;
		p->input_len -= n;
		vq_push(q, c.head, (uint32_t)n);
		virtio_done(&con->dev, q);
	}
	if (ret < 0)
		virtio_fail(&con->dev);
}

static void push_input(struct console *con, unsigned int port)
{
	struct console_port *p = &con->ports[port];
	struct virtqueue *q = &con->dev.queues[port_queue(port)];

	if (!virtio_is_ready(&con->dev) || !q->enabled || !p->open)
		return;
	fill_buffers(con, p, q);
	vq_set_notify(q, p->input_len > 0);
	/* Buffers that came while notifications were still off. */
	if (p->input_len && vq_pending(q))
		fill_buffers(con, p, q);
	if (con->input_was_full && p->input_len < CONSOLE_INPUT_SIZE) {
		con->input_was_full = false;
		eventfd_write(con->room_fd, 1);
	}
}

/*
 * No more than a queue's worth at a time: what a guest adds meanwhile it also notifies, so
 * nothing is lost, and a hostile one cannot keep us here.
 */
static void take_output(struct console *con, unsigned int port)
{
	struct console_port *p = &con->ports[port];
	struct virtqueue *q = &con->dev.queues[port_queue(port) + 1];
	unsigned int budget = q->size;
	struct vq_chain c;
	int ret = 0;

	while (budget-- && (ret = vq_pop(q, &c)) > 0) {
		for (unsigned int i = 0; i < c.nread; i++)
			p->output(p->arg, c.iov[i].iov_base, c.iov[i].iov_len);
		vq_push(q, c.head, 0);
		virtio_done(&con->dev, q);
	}
	if (ret < 0)
		virtio_fail(&con->dev);
}

/* Send one control message; a guest that has no buffer for it does not get it. */
static void send_control(struct console *con, unsigned int port, uint16_t event, uint16_t value,
			 const void *extra, size_t len)
{
	struct virtio_console_control msg = {.id = port, .event = event, .value = value};
	struct virtqueue *q = &con->dev.queues[CONTROL_IN];
	struct vq_chain c;
	int ret;

	if (!q->enabled)
		return;
	ret = vq_pop(q, &c);
	if (ret < 0)
		virtio_fail(&con->dev);
	if (ret <= 0)
		return;
	vq_write(&c, 0, &msg, sizeof(msg));
	vq_write(&c, sizeof(msg), extra, len);
	vq_push(q, c.head, (uint32_t)MIN(sizeof(msg) + len, c.write_len));
	virtio_done(&con->dev, q);
}

static void send_size(struct console *con)
{
	/* Columns, then rows, as the specification has it. */
	struct virtio_console_config cfg;
	uint16_t size[2];

	if (!(con->dev.accepted & BIT(VIRTIO_CONSOLE_F_SIZE)))
		return;
	memcpy(&cfg, con->dev.config, sizeof(cfg));
	size[0] = cfg.cols;
	size[1] = cfg.rows;
	send_control(con, 0, VIRTIO_CONSOLE_RESIZE, 0, size, sizeof(size));
}

static void port_ready(struct console *con, unsigned int port)
{
	const char *name = con->ports[port].name;

	if (!name)
		send_control(con, port, VIRTIO_CONSOLE_CONSOLE_PORT, 1, NULL, 0);
	if (!port)
		send_size(con);
	if (name)
		send_control(con, port, VIRTIO_CONSOLE_PORT_NAME, 1, name, strlen(name));
	send_control(con, port, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
}

/* See above. */
static void console_port_ready(struct console *con)
{
	switch (con->input) {
	case CONSOLE_HELD:
		port_ready(con, 0);
		con->input = CONSOLE_ASKED;
		send_control(con, 0, VIRTIO_CONSOLE_PORT_ADD, 0, NULL, 0);
		break;
	case CONSOLE_ASKED:
		con->input = CONSOLE_OPEN;
		con->ports[0].open = true;
		push_input(con, 0);
		break;
	case CONSOLE_OPEN:
		break;
	}
}

static void handle_control(struct console *con, const struct virtio_console_control *msg)
{
	if (msg->event == VIRTIO_CONSOLE_DEVICE_READY && msg->value) {
		for (unsigned int i = 0; i < con->nports; i++)
			send_control(con, i, VIRTIO_CONSOLE_PORT_ADD, 0, NULL, 0);
	} else if (msg->id >= con->nports) {
		return;
	} else if (msg->event == VIRTIO_CONSOLE_PORT_READY && msg->value) {
		if (msg->id)
			port_ready(con, msg->id);
		else
			console_port_ready(con);
	} else if (msg->event == VIRTIO_CONSOLE_PORT_OPEN && msg->id) {
		/* A Linux guest throws away what comes to a port that nobody has opened. */
		con->ports[msg->id].open = msg->value;
		push_input(con, msg->id);
	}
}

static void take_control(struct console *con)
{
	struct virtqueue *q = &con->dev.queues[CONTROL_OUT];
	unsigned int budget = q->size;
	struct vq_chain c;
	int ret = 0;

	while (budget-- && (ret = vq_pop(q, &c)) > 0) {
		struct virtio_console_control msg;
		bool whole = vq_read(&c, 0, &msg, sizeof(msg)) == sizeof(msg);

		vq_push(q, c.head, 0);
		virtio_done(&con->dev, q);
		if (whole)
			handle_control(con, &msg);
	}
	if (ret < 0)
		virtio_fail(&con->dev);
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	struct console *con = container_of(dev, struct console, dev);
	unsigned int port = n < CONTROL_IN ? 0 : n / 2 - 1;

	if (n > 1 && !multiport(con))
		return;
	if (n == CONTROL_OUT)
		take_control(con);
	else if (n != CONTROL_IN && n % 2)
		take_output(con, port);
	else if (n != CONTROL_IN)
		push_input(con, port);
}

static void ready(struct virtio_device *dev)
{
	struct console *con = container_of(dev, struct console, dev);

	con->ready_at = now_ms();
	for (unsigned int i = 0; i < (multiport(con) ? con->nports : 1); i++)
		push_input(con, i);
	if (multiport(con))
		vq_set_notify(&dev->queues[CONTROL_IN], false);
}

static void reset(struct virtio_device *dev)
{
	struct console *con = container_of(dev, struct console, dev);

	for (unsigned int i = 0; i < con->nports; i++)
		con->ports[i].open = false;
	con->input = CONSOLE_HELD;
	con->ready_at = 0;
}

static const struct virtio_class console_class = {
	.id = VIRTIO_ID_CONSOLE,
	.pci_class = 0x078000, /* communication controller, other */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
	.reset = reset,
	.ready = ready,
};

int console_init(struct console *con, const struct guest_memory *mem,
		 void (*output)(void *, const void *, size_t), void *arg)
{
	memset(con, 0, sizeof(*con));
	virtio_init(&con->dev, &console_class, mem, 0, 2);
	con->room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (con->room_fd < 0)
		return -errno;
	con->nports = 1;
	con->ports[0].output = output;
	con->ports[0].arg = arg;
	return 0;
}

unsigned int console_add_port(struct console *con, const char *name,
			      void (*output)(void *, const void *, size_t), void *arg)
{
	struct console_port *p = &con->ports[con->nports++];

	p->name = name;
	p->output = output;
	p->arg = arg;
	return con->nports - 1;
}

void console_finish(struct console *con, uint16_t cols, uint16_t rows)
{
	struct virtio_console_config cfg = {
		.cols = cols, .rows = rows, .max_nr_ports = con->nports};
	uint64_t features = BIT(VIRTIO_CONSOLE_F_MULTIPORT);

	if (cols)
		features |= BIT(VIRTIO_CONSOLE_F_SIZE);
	virtio_init(&con->dev, &console_class, con->dev.mem, features, 2 * con->nports + 2);
	memcpy(con->dev.config, &cfg, sizeof(cfg));
	con->dev.config_len = sizeof(cfg);
}

void console_destroy(struct console *con)
{
	if (con->room_fd >= 0)
		close(con->room_fd);
	con->room_fd = -1;
}

ssize_t console_input(struct console *con, unsigned int port, const void *data, size_t len)
{
	struct console_port *p = &con->ports[port];
	const uint8_t *in = data;

	if (pthread_mutex_trylock(&con->dev.lock))
		return -EBUSY;
	len = MIN(len, CONSOLE_INPUT_SIZE - p->input_len);
	for (size_t i = 0; i < len; i++)
		p->input[(p->input_start + p->input_len++) % CONSOLE_INPUT_SIZE] = in[i];
	con->input_was_full |= p->input_len == CONSOLE_INPUT_SIZE;
	push_input(con, port);
	pthread_mutex_unlock(&con->dev.lock);
	return (ssize_t)len;
}

bool console_holds_input(struct console *con)
{
	bool holds = false;

	if (pthread_mutex_trylock(&con->dev.lock))
		return true;
	if (con->input != CONSOLE_OPEN && con->ready_at && now_ms() - con->ready_at >= HOLD_MS) {
		con->input = CONSOLE_OPEN;
		con->ports[0].open = true;
		push_input(con, 0);
	}
	holds = con->input != CONSOLE_OPEN && con->ready_at && con->ports[0].input_len;
	pthread_mutex_unlock(&con->dev.lock);
	return holds;
}

int console_room_fd(const struct console *con)
{
	return con->room_fd;
}

void console_clear_room(struct console *con)
{
	eventfd_t v;

	eventfd_read(con->room_fd, &v);
}

int console_resize(struct console *con, uint16_t cols, uint16_t rows)
{
	struct virtio_console_config cfg;

	if (pthread_mutex_trylock(&con->dev.lock))
		return -EBUSY;
	memcpy(&cfg, con->dev.config, sizeof(cfg));
	cfg.cols = cols;
	cfg.rows = rows;
	memcpy(con->dev.config, &cfg, sizeof(cfg));
	if (multiport(con))
		send_size(con);
	else
		virtio_config_changed(&con->dev);
	pthread_mutex_unlock(&con->dev.lock);
	return 0;
}
