// SPDX-License-Identifier: BSD-3-Clause
/* ask.c - connects, says a line, hears a line. */
#include "base/ask.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX (64u << 20)
#define PIECE	   (256u << 10) /* no packet of a backend's is longer */

static unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000 + (unsigned long long)ts.tv_nsec / 1000000;
}

static int open_socket(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	int fd;

	if (!n || n >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path + (*name != '/'), name, n);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The next packet behind what is there: how long it is; 0: there is none, in time. */
static size_t hear(int fd, char *to, unsigned long long end)
{
	struct pollfd p = {fd, POLLIN, 0};
	unsigned long long now = now_ms();
	ssize_t n;

	if (now >= end)
		return 0;
	if (poll(&p, 1, (int)(end - now)) < 0)
		return errno == EINTR ? hear(fd, to, end) : 0;
	n = p.revents ? recv(fd, to, PIECE, 0) : 0;
	return n > 0 ? (size_t)n : 0;
}

char *ask_line(const char *name, const char *request, unsigned int ms)
{
	unsigned long long end = now_ms() + ms;
	char *text = NULL, *more, *newline = NULL;
	int fd = open_socket(name);
	size_t len = 0, n = 1;

	if (fd < 0)
		return NULL;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ||
	    send(fd, "\n", 1, MSG_NOSIGNAL) < 0)
		n = 0;
	while (n && !newline && len < ANSWER_MAX) {
		more = realloc(text, len + PIECE + 1);
		if (!more)
			break;
		text = more;
		n = hear(fd, text + len, end);
		newline = memchr(text + len, '\n', n);
		len += n;
	}
	close(fd);
	if (newline) {
		*newline = '\0';
		return text;
	}
	free(text);
	return NULL;
}
