/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * console.h - a virtio console: port 0 is the realm's console (hvc0); further ports, if there are
 * any, are consoles as well (hvc1 and so on) or named byte channels (/dev/virtio-ports). Input that
 * comes before the guest can keep it waits: nothing is thrown away.
 */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include <sys/types.h>

#include "vmm/virtio.h"

#define CONSOLE_MAX_PORTS  6
#define CONSOLE_INPUT_SIZE 4096

struct console_port {
	const char *name; /* NULL: a console */
	/* What the guest writes; called with the device's lock held. */
	void (*output)(void *arg, const void *data, size_t len);
	void *arg;
	bool open; /* the guest listens */
	/* typed bytes that wait for buffers of the guest */
	uint8_t input[CONSOLE_INPUT_SIZE];
	unsigned int input_start, input_len;
};

/* Of port 0's input; console.c says what they are. */
enum console_input_state { CONSOLE_HELD, CONSOLE_ASKED, CONSOLE_OPEN };

struct console {
	struct virtio_device dev;
	struct console_port ports[CONSOLE_MAX_PORTS];
	unsigned int nports;
	int room_fd; /* eventfd: a full input has room again */
	bool input_was_full;
	enum console_input_state input;
	uint64_t ready_at; /* milliseconds; 0: the device is not started */
};

/* Port 0's output goes to output(arg). 0 or -errno. */
int console_init(struct console *con, const struct guest_memory *mem,
		 void (*output)(void *, const void *, size_t), void *arg);
/* Add a port, a console if it has no name, before the device is plugged: its number. */
unsigned int console_add_port(struct console *con, const char *name,
			      void (*output)(void *, const void *, size_t), void *arg);
/* After the ports: fixes features and configuration. cols 0: the size is not known. */
void console_finish(struct console *con, uint16_t cols, uint16_t rows);
void console_destroy(struct console *con);

/*
 * From the main thread, which must not wait for a vCPU that is printing to a slow reader: -EBUSY
 * when one is at work, try again soon. console_input takes as many bytes as there is room for and
 * returns how many.
 */
ssize_t console_input(struct console *con, unsigned int port, const void *data, size_t len);
int console_resize(struct console *con, uint16_t cols, uint16_t rows);

/*
 * Does port 0 hold input back from a started guest? Then ask again soon: if the guest does not say
 * that it is ready, it gets its input after some seconds.
 */
bool console_holds_input(struct console *con);

/* Readable when a port that had no room has some again, until console_clear_room. */
int console_room_fd(const struct console *con);
void console_clear_room(struct console *con);

#endif
