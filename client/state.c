// SPDX-License-Identifier: BSD-3-Clause
/* state.c - the struct client, and what never changes in it once the program has begun. */
#include "client/state.h"

struct client client;

void client_set(bool enabled, bool carried)
{
	client.enabled = enabled;
	client.carried = carried;
}

bool client_enabled(void)
{
	return client.enabled;
}

bool client_carried(void)
{
	return client.carried;
}
