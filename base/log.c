// SPDX-License-Identifier: BSD-3-Clause
/* log.c - formats a message into one line and gives it to the sink. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*log_sink)(const char *line);

void log_redirect(void (*sink)(const char *line))
{
	log_sink = sink;
}

static void log_line(const char *prefix, int err, const char *fmt, va_list ap)
{
	char buf[1024], why[128];
	size_t n = (size_t)snprintf(buf, sizeof(buf), "softrealm: %s", prefix);

	n += (size_t)vsnprintf(buf + n, sizeof(buf) - n, fmt, ap);
	if (err && n < sizeof(buf))
		snprintf(buf + n, sizeof(buf) - n, ": %s", strerror_r(err, why, sizeof(why)));
	if (log_sink)
		log_sink(buf);
	else
		fprintf(stderr, "%s\n", buf);
}

#define LOG_FUNCTION(name, prefix)                                                                 \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		log_line(prefix, 0, fmt, ap);                                                      \
		va_end(ap);                                                                        \
	}

LOG_FUNCTION(log_note, "")
LOG_FUNCTION(log_error, "")
LOG_FUNCTION(log_warn, "warning: ")

void log_errno(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("", err, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	static int on = -1;
	va_list ap;

	if (on < 0)
		on = getenv("SOFTREALM_DEBUG") != NULL;
	if (!on)
		return;
	va_start(ap, fmt);
	log_line("debug: ", 0, fmt, ap);
	va_end(ap);
}
