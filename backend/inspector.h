/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inspector.h - answers what visitors of the door ask about this backend (softrealm-inspect(1)).
 */
#ifndef BACKEND_INSPECTOR_H
#define BACKEND_INSPECTOR_H

#include <jansson.h>

#include "backend/backend.h"

struct host {
	const struct backend_options *options;
	struct machine *machine;
	struct attest_identity *identity;
	struct rmm *rmm;
	struct kvm_host *kvm;
	struct door *door;
	struct server *server;
};

/* A door_call; arg is a struct host, complete as long as the door is open. */
json_t *inspect_call(void *arg, const char *call, const json_t *request, const char **error);

#endif
