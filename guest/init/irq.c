// SPDX-License-Identifier: BSD-3-Clause
/*
 * irq.c - reads the first block device, one request at a time, so each has an interrupt of its own;
 * then writes to the console while the interrupt of that moves from processor to processor
 *
 * What /proc/interrupts says of both is told: the interrupt controller, and how many each processor
 * has taken.  (A kernel does not let anybody move the messages of a virtio disk; a disk's pin may
 * move, and does.)
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICE	 "/dev/vda"
#define READS	 200
#define LINES	 40
#define CHUNK	 4096
#define MAX_CPUS 64

struct line {
	int irq;
	unsigned long count[MAX_CPUS];
	char chip[64];
};

/* "  15:   12   0   ITS-PCI-MSIX-0000:00:02.0   1 Edge   virtio1-req.0" */
static bool parse(const char *text, int cpus, struct line *l)
{
	char *end;
	int i;

	memset(l, 0, sizeof(*l));
	l->irq = strtol(text, &end, 10);
	if (end == text || *end != ':')
		return false;
	for (i = 0, end++; i < cpus && i < MAX_CPUS; i++)
		l->count[i] = strtoul(end, &end, 10);
	return sscanf(end, "%63s", l->chip) == 1;
}

/* The name of its driver, of the form virtioN. */
static int driver_name(char *name, size_t size)
{
	char path[512];
	const char *last;
	ssize_t n = readlink("/sys/block/vda/device", path, sizeof(path) - 1);

	if (n < 0)
		return -errno;
	path[n] = 0;
	last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

/* The first line that ends with any of the two names. */
static int find_line(const char *name, const char *other, int cpus, struct line *l)
{
	FILE *f = fopen("/proc/interrupts", "re");
	bool found = false;
	char text[512];

	if (!f)
		return -errno;
	while (!found && fgets(text, sizeof(text), f)) {
		const char *last;

		text[strcspn(text, "\n")] = 0;
		last = strrchr(text, ' ');
		found = last && (!strcmp(last + 1, name) || strstr(last, other)) &&
			parse(text, cpus, l);
	}
	fclose(f);
	return found ? 0 : -ENOENT;
}

/* The disk's requests: with messages "virtioN-req.0", with a pin "virtioN". */
static int find_disk(int cpus, struct line *l)
{
	char driver[64], requests[80];
	int err = driver_name(driver, sizeof(driver));

	if (err)
		return err;
	snprintf(requests, sizeof(requests), "%s-req", driver);
	return find_line(driver, requests, cpus, l);
}

static int find_console(int cpus, struct line *l)
{
	return find_line("virtio0", "-output", cpus, l);
}

static int move_to(int irq, int cpu)
{
	char path[64], text[16];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", irq);
	snprintf(text, sizeof(text), "%d", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, strlen(text));
	close(fd);
	return err;
}

static int read_disk(int irq, int cpus)
{
	int fd = open(DEVICE, O_RDONLY | O_DIRECT | O_CLOEXEC);
	int i, err = 0;
	void *buf;

	if (fd < 0)
		return -errno;
	if (posix_memalign(&buf, CHUNK, CHUNK)) {
		close(fd);
		return -ENOMEM;
	}
	for (i = 0; i < READS && !err; i++) {
		err = move_to(irq, i % cpus);
		if (err == -EPERM || err == -EIO) /* the kernel's to place */
			err = 0;
		if (!err && pread(fd, buf, CHUNK, (off_t)(i % 16) * CHUNK) != CHUNK)
			err = errno ? -errno : -EIO;
	}
	free(buf);
	close(fd);
	return err;
}

static int write_console(int irq, int cpus)
{
	int i, err = 0;

	for (i = 0; i < LINES && !err; i++) {
		err = move_to(irq, i % cpus);
		say("line %d", i);
	}
	return err;
}

static void say_counts(const char *what, const struct line *l, int cpus)
{
	char text[512] = "";
	size_t n = 0;
	int i;

	for (i = 0; i < cpus && i < MAX_CPUS && n < sizeof(text); i++)
		n += snprintf(text + n, sizeof(text) - n, " %lu", l->count[i]);
	say("%s %s%s", what, l->chip, text);
}

int irq_test(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct line l;
	int err = find_disk(cpus, &l);

	if (!err)
		err = read_disk(l.irq, cpus);
	if (!err)
		err = find_disk(cpus, &l);
	if (!err)
		say_counts("disk irqs   ", &l, cpus);
	if (!err)
		err = find_console(cpus, &l);
	if (!err)
		err = write_console(l.irq, cpus);
	if (!err)
		err = find_console(cpus, &l);
	if (!err)
		say_counts("console irqs", &l, cpus);
	else
		say("irq failed: %s", strerror(-err));
	return err;
}
