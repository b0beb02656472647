// SPDX-License-Identifier: BSD-3-Clause
/* log.c - formats a message into one line and gives it to the sink. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"

static const char *const levels[] = {"error", "warn", "note", "debug"};
enum { ERROR, WARN, NOTE, DEBUG };

static void (*log_sink)(const char *line);
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int shown = NOTE, file = -1;

void log_redirect(void (*sink)(const char *line))
{
	log_sink = sink;
}

static int find_level(const char *name)
{
	for (int i = 0; i < (int)ARRAY_SIZE(levels); i++)
		if (!strcmp(name, levels[i]))
			return i;
	return -EINVAL;
}

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);

	return fd < 0 ? -errno : fd;
}

/* What a caller in another process has set. */
static void read_environment(void)
{
	const char *level = getenv("SOFTREALM_LOG"), *path = getenv("SOFTREALM_LOG_FILE");

	if (getenv("SOFTREALM_DEBUG"))
		shown = DEBUG;
	if (level && find_level(level) >= 0)
		shown = find_level(level);
	if (path && *path)
		file = open_file(path);
}

int log_set_level(const char *level)
{
	int found = find_level(level);

	pthread_once(&once, read_environment);
	if (found < 0)
		return found;
	shown = found;
	return setenv("SOFTREALM_LOG", level, 1) ? -errno : 0;
}

int log_set_file(const char *path)
{
	char absolute[PATH_MAX];
	int fd;

	pthread_once(&once, read_environment);
	fd = open_file(path);
	if (fd < 0)
		return fd;
	if (file >= 0)
		close(file);
	file = fd;
	/* Others may be executed in another folder. */
	return setenv("SOFTREALM_LOG_FILE", realpath(path, absolute) ? absolute : path, 1) ? -errno
											   : 0;
}

/* One write a line: several processes append. */
void log_keep(const char *line)
{
	char buf[1200], when[32];
	struct timespec now;
	struct tm tm;
	int n;

	pthread_once(&once, read_environment);
	if (file < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(buf, sizeof(buf), "%s.%03ldZ %d %s\n", when, now.tv_nsec / 1000000,
		     (int)getpid(), line);
	if (n >= (int)sizeof(buf)) {
		n = sizeof(buf) - 1;
		buf[n - 1] = '\n';
	}
	if (write(file, buf, (size_t)n) < 0)
		return; /* there is nobody to tell */
}

static void log_line(int level, const char *prefix, int err, const char *fmt, va_list ap)
{
	char buf[1024], why[128];
	size_t n;

	pthread_once(&once, read_environment);
	if (level > shown)
		return;
	n = (size_t)snprintf(buf, sizeof(buf), "softrealm: %s", prefix);
	n += (size_t)vsnprintf(buf + n, sizeof(buf) - n, fmt, ap);
	if (err && n < sizeof(buf))
		snprintf(buf + n, sizeof(buf) - n, ": %s", strerror_r(err, why, sizeof(why)));
	if (log_sink) {
		log_sink(buf);
		return;
	}
	log_keep(buf);
	fprintf(stderr, "%s\n", buf);
}

#define LOG_FUNCTION(name, level, prefix)                                                          \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		log_line(level, prefix, 0, fmt, ap);                                               \
		va_end(ap);                                                                        \
	}

LOG_FUNCTION(log_note, NOTE, "")
LOG_FUNCTION(log_error, ERROR, "")
LOG_FUNCTION(log_warn, WARN, "warning: ")
LOG_FUNCTION(log_debug, DEBUG, "debug: ")

void log_errno(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(ERROR, "", err, fmt, ap);
	va_end(ap);
}
