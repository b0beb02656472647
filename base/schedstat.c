// SPDX-License-Identifier: BSD-3-Clause
/* schedstat.c - finds threads in /proc, and reads what it tells of their waiting. */
#include "base/schedstat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define PATH_SIZE 96
#define OWN	  "/proc/thread-self/schedstat"

struct times {
	unsigned long long ran, waited, turns; /* all 0 where the kernel does not count */
};

/* The number of turns counts the one under way; the time is added when it ends. */
static bool read_times(int fd, struct times *t)
{
	char text[64];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return sscanf(text, "%llu %llu %llu", &t->ran, &t->waited, &t->turns) == 3;
}

uint64_t schedstat_delay(int fd)
{
	struct times t;

	return fd >= 0 && read_times(fd, &t) ? t.waited : 0;
}

static bool read_own(struct times *t)
{
	int fd = open(OWN, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = read_times(fd, t);
	close(fd);
	return ok;
}

uint64_t schedstat_own_delay(void)
{
	struct times t;

	return read_own(&t) ? t.waited : 0;
}

bool schedstat_is_there(void)
{
	struct times t;

	return read_own(&t) && t.turns;
}

/* The last number of the line that begins so; 0: there is none. */
static long last_number(const char *path, const char *begin)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *p;
	size_t room = 0;
	long number = 0;

	while (f && !number && getline(&line, &room, f) > 0) {
		if (strncmp(line, begin, strlen(begin)))
			continue;
		p = strpbrk(line, "\t ");
		for (char *end = p; p; p = end > p ? end : NULL) {
			long one = strtol(p, &end, 10);

			if (end > p)
				number = one;
		}
	}
	free(line);
	if (f)
		fclose(f);
	return number;
}

static bool has_name(const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return !strcmp(text, name);
}

static bool is_the_one(long pid, long tid, uint32_t number, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/%s", pid, tid, number ? "status" : "comm");
	return number ? last_number(path, "NSpid:") == (long)number : has_name(path, name);
}

/* 0: there is none. */
static long find_thread(long pid, uint32_t number, const char *name)
{
	char path[PATH_SIZE];
	struct dirent *d;
	long tid = 0;
	DIR *dir;

	if (number && is_the_one(pid, number, number, name))
		return number; /* no namespaces between us */
	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	dir = opendir(path);
	while (dir && !tid && (d = readdir(dir))) {
		long one = strtol(d->d_name, NULL, 10);

		if (one > 0 && is_the_one(pid, one, number, name))
			tid = one;
	}
	if (dir)
		closedir(dir);
	return tid;
}

int schedstat_open(int pidfd, uint32_t number, const char *name)
{
	char path[PATH_SIZE];
	long pid, tid;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	pid = last_number(path, "Pid:");
	if (pid <= 0)
		return -ESRCH;
	tid = find_thread(pid, number, name);
	if (!tid)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/schedstat", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* While it lives its number is nobody else's. */
	if (!pidfd_send_signal(pidfd, 0, NULL, 0) || errno == EPERM)
		return fd;
	close(fd);
	return -ESRCH;
}
