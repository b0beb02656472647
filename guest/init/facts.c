// SPDX-License-Identifier: BSD-3-Clause
/*
 * facts.c - what the realm knows of itself
 */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024 * 1024)

bool facts_in_realm(void)
{
	return !access("/sys/devices/platform/arm-cca-dev", F_OK);
}

/* The kernel tells some things only in its log. */
static void say_from_log(void)
{
	static const char *const wanted[] = {"RME: ", "Memory encryption is active"};
	char rec[2048];
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, rec, sizeof(rec) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		const char *text;
		size_t i;

		rec[n < 0 ? 0 : n] = '\0';
		rec[strcspn(rec, "\n")] = '\0';
		text = strchr(rec, ';');
		for (i = 0; text && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (strstr(text, wanted[i]))
				say("kernel says  %s", text + 1);
		}
	}
	close(fd);
}

static void say_disk(const char *name)
{
	char path[300], text[64];
	unsigned long long sectors;
	bool ro;

	snprintf(path, sizeof(path), "/sys/block/%s/size", name);
	read_text(path, text, sizeof(text));
	sectors = strtoull(text, NULL, 10);
	snprintf(path, sizeof(path), "/sys/block/%s/ro", name);
	read_text(path, text, sizeof(text));
	ro = text[0] == '1';
	say("disk         %s, %llu sectors%s", name, sectors, ro ? ", read-only" : "");
}

static void say_disks(void)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *ent;

	if (!dir)
		return;
	while ((ent = readdir(dir))) {
		if (ent->d_name[0] != '.')
			say_disk(ent->d_name);
	}
	closedir(dir);
}

static void say_time(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%F %T", &tm))
		say("time         %s UTC", text);
}

static void say_entropy(void)
{
	char text[64];

	if (read_text("/sys/class/misc/hw_random/rng_current", text, sizeof(text)) > 0 &&
	    strcmp(text, "none"))
		say("entropy      %s", text);
}

void facts_say(void)
{
	struct utsname uts;
	struct sysinfo mem;
	struct timespec up;

	if (!uname(&uts))
		say("kernel       %s %s %s", uts.sysname, uts.release, uts.machine);
	say("realm        %s", facts_in_realm() ? "yes" : "no, an ordinary guest");
	say("processors   %ld of %ld online", sysconf(_SC_NPROCESSORS_ONLN),
	    sysconf(_SC_NPROCESSORS_CONF));
	if (!sysinfo(&mem))
		say("memory       %lu MiB", (unsigned long)(mem.totalram * mem.mem_unit / MIB));
	say_disks();
	say_time();
	say_entropy();
	say_from_log();
	if (!clock_gettime(CLOCK_BOOTTIME, &up))
		say("uptime       %ld.%03ld s", (long)up.tv_sec, up.tv_nsec / 1000000);
}
