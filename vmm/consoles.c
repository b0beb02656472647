// SPDX-License-Identifier: BSD-3-Clause
/* consoles.c - creates the console device and connects its ports. */
#include "vmm/consoles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/end.h"
#include "vmm/output.h"
#include "vmm/status.h"
#include "vmm/term.h"

#define OUTPUT_PIECE 65536u

static bool on_stdout(const struct consoles *c)
{
	return c->ends[0].kind == ENDPOINT_NONE && !c->o->exec;
}

/* From vCPUs, and the UART's as well. */
static void keep_tail(struct consoles *c, const uint8_t *p, size_t n)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++)
		c->tail[c->ntail++ % sizeof(c->tail)] = (char)p[i];
	pthread_mutex_unlock(&lock);
}

static void put(void *arg, const uint8_t *p, size_t n)
{
	struct consoles *c = arg;

	if (on_stdout(c)) {
		output_write(p, n);
		return;
	}
	output_see(p, n);
	if (c->ends[0].kind == ENDPOINT_NONE)
		keep_tail(c, p, n);
	else
		endpoint_output(&c->ends[0], p, n);
}

void consoles_uart(void *consoles, const void *data, size_t len)
{
	put(consoles, data, len);
}

/* In pieces: a hostile guest's buffer of gigabytes must not outlast the end of the run. */
void consoles_output(void *consoles, const void *data, size_t len)
{
	struct consoles *c = consoles;
	const uint8_t *p = data;
	size_t n;

	do {
		n = MIN(len, OUTPUT_PIECE);
		early_put(&c->early, p, n);
		p += n;
		len -= n;
	} while (len && !end_reached());
}

/* Is the kernel told not to show all of its log? */
static bool is_quiet(const char *args)
{
	static const char *const words[] = {"quiet", "loglevel="};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (const char *at = args; (at = strstr(at, words[i])); at++)
			if (at == args || at[-1] == ' ')
				return true;
	return false;
}

int consoles_open(struct consoles *c, const struct vmm_options *o)
{
	char name[40];

	c->o = o;
	early_init(&c->early, o->earlycon || is_quiet(o->append) || (o->exec && !o->nconsoles), put,
		   c);
	for (unsigned int i = 0; i < o->nconsoles; i++) {
		snprintf(name, sizeof(name), "the realm's console hvc%u", i);
		if (strcmp(o->consoles[i], "-") && endpoint_open(&c->ends[i], o->consoles[i], name))
			return VMM_HOST;
	}
	return 0;
}

void consoles_finish(struct consoles *c)
{
	early_finish(&c->early);
}

bool consoles_read_stdin(const struct consoles *c)
{
	return c->ends[0].kind == ENDPOINT_NONE || c->ends[0].kind == ENDPOINT_FILE;
}

/* The token's port, and the nonce that waits there until the realm opens it. */
static int add_attest_port(struct consoles *c, unsigned int *port)
{
	int ret = attest_init(&c->attest, c->o->attest_nonce);

	if (ret) {
		log_error("--attest-nonce: %s",
			  ret == -EINVAL ? "not 128 hexadecimal digits" : strerror(-ret));
		return VMM_USAGE;
	}
	*port = console_add_port(&c->dev, ATTEST_PORT, attest_take, &c->attest);
	return 0;
}

/* It waits at the port until the realm opens it. */
static int send_command(struct consoles *c, unsigned int port)
{
	size_t len = strlen(c->o->exec) + 1;

	if (console_input(&c->dev, port, c->o->exec, len) == (ssize_t)len)
		return 0;
	log_error("--exec: the command is longer than %d bytes", CONSOLE_INPUT_SIZE - 1);
	return VMM_USAGE;
}

static void start(struct consoles *c)
{
	uint16_t cols = 0, rows = 0;

	if (!consoles_read_stdin(c) || term_size(&cols, &rows))
		cols = rows = 0;
	console_finish(&c->dev, cols, rows);
	for (unsigned int i = 0; i < c->o->nconsoles; i++)
		endpoint_start(&c->ends[i], &c->dev, i);
}

int consoles_create(struct consoles *c, const struct guest_memory *mem, struct devices *d)
{
	unsigned int attest = 0, exec = 0;
	int ret = console_init(&c->dev, mem, consoles_output, c);

	if (ret) {
		log_error("cannot create the console: %s", strerror(-ret));
		return VMM_HOST;
	}
	for (unsigned int i = 1; i < c->o->nconsoles; i++)
		console_add_port(&c->dev, NULL, endpoint_output, &c->ends[i]);
	if (c->o->attest && (ret = add_attest_port(c, &attest)))
		return ret;
	if (c->o->exec)
		exec = console_add_port(&c->dev, EXEC_PORT, exec_take, &c->exec);
	start(c);
	if (attest) {
		console_input(&c->dev, attest, c->attest.nonce, strlen(c->attest.nonce));
		console_input(&c->dev, attest, "\n", 1);
	}
	if (exec && (ret = send_command(c, exec)))
		return ret;
	devices_plug(d, &c->pci, &c->dev.dev, SLOT_CONSOLE);
	return 0;
}

bool consoles_give(struct consoles *c, bool *any)
{
	bool again = false;

	for (unsigned int i = 0; i < c->o->nconsoles; i++) {
		*any |= !i && c->ends[i].ntyped;
		again |= endpoint_give(&c->ends[i]) == -EBUSY;
	}
	return again;
}

void consoles_show_tail(const struct consoles *c)
{
	size_t n = MIN(c->ntail, sizeof(c->tail)), at = c->ntail - n;

	if (!n)
		return;
	fprintf(stderr, "softrealm: the console's last words:\n");
	for (size_t i = 0; i < n; i++)
		putc(c->tail[(at + i) % sizeof(c->tail)], stderr);
}

void consoles_close(struct consoles *c)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(c->ends); i++)
		endpoint_close(&c->ends[i]);
}

void consoles_destroy(struct consoles *c)
{
	console_destroy(&c->dev);
}
