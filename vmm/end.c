// SPDX-License-Identifier: BSD-3-Clause
/* end.c - keeps the first reason why the run ended, and wakes the main thread. */
#include "vmm/end.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum end_state { RUNNING, SUSPECT, ENDED };

static struct {
	pthread_mutex_t lock;
	_Atomic enum end_state state; /* changed under lock */
	enum vmm_status status;
	char reason[256];
	int fd;
} the_end = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

int end_init(void)
{
	the_end.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return the_end.fd < 0 ? -errno : 0;
}

int end_fd(void)
{
	return the_end.fd;
}

static void end_set(enum end_state to, enum vmm_status status, const char *fmt, va_list ap)
{
	pthread_mutex_lock(&the_end.lock);
	if (the_end.state < to) {
		the_end.status = status;
		vsnprintf(the_end.reason, sizeof(the_end.reason), fmt, ap);
		atomic_store(&the_end.state, to);
		if (the_end.fd >= 0)
			eventfd_write(the_end.fd, 1);
	}
	pthread_mutex_unlock(&the_end.lock);
}

void end_run(enum vmm_status status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_set(ENDED, status, fmt, ap);
	va_end(ap);
}

void end_suspect(enum vmm_status status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_set(SUSPECT, status, fmt, ap);
	va_end(ap);
}

bool end_is_suspect(void)
{
	return atomic_load(&the_end.state) == SUSPECT;
}

void end_confirm(void)
{
	pthread_mutex_lock(&the_end.lock);
	if (the_end.state == SUSPECT)
		atomic_store(&the_end.state, ENDED);
	pthread_mutex_unlock(&the_end.lock);
}

bool end_reached(void)
{
	return atomic_load_explicit(&the_end.state, memory_order_relaxed) == ENDED;
}

enum vmm_status end_status(void)
{
	return the_end.status;
}

const char *end_reason(void)
{
	return the_end.reason;
}

const char *end_status_name(enum vmm_status status)
{
	switch (status) {
	case VMM_OK:
		return "powered-off";
	case VMM_HOST:
		return "host-error";
	case VMM_USAGE:
		return "usage";
	case VMM_INPUT:
		return "unusable-input";
	case VMM_NO_REALM:
		return "no-realms";
	case VMM_REFUSED:
		return "refused";
	case VMM_RESET:
		return "reset";
	case VMM_CRASHED:
		return "crashed";
	case VMM_ENGINE_LOST:
		return "engine-lost";
	case VMM_QUIT:
		return "quit";
	case VMM_UNTIL_MISSED:
		return "until-missed";
	case VMM_NO_TOKEN:
		return "no-token";
	case VMM_TOKEN_REFUSED:
		return "token-refused";
	case VMM_EXEC_LOST:
		return "exec-lost";
	case VMM_FAIL_ON:
		return "fail-on";
	case VMM_TIMEOUT:
		return "timeout";
	case VMM_SIGNAL:
		break;
	}
	return "signal";
}
