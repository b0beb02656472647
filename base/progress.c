// SPDX-License-Identifier: BSD-3-Clause
/* progress.c - the line on the terminal, at most some times a second. */
#include "base/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_MS 1000 /* what is done earlier is not worth a line */
#define NEXT_MS	 200

static const char *work;
static uint64_t due;
static bool visible;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void progress_start(const char *what)
{
	progress_end();
	if (!isatty(STDERR_FILENO))
		return;
	work = what;
	due = now_ms() + FIRST_MS;
}

void progress_show(uint64_t done, uint64_t total)
{
	uint64_t now;

	if (!work)
		return;
	now = now_ms();
	if (now < due)
		return;
	due = now + NEXT_MS;
	visible = true;
	fprintf(stderr, "\rsoftrealm: %s: %3u %%", work,
		total ? (unsigned int)((double)done * 100 / (double)total) : 0);
}

void progress_end(void)
{
	if (visible)
		fputs("\r\033[K", stderr);
	visible = false;
	work = NULL;
}
