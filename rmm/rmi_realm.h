/* SPDX-License-Identifier: BSD-3-Clause */
/* rmi_realm.h - what other families need of a realm. */
#ifndef RMM_RMI_REALM_H
#define RMM_RMI_REALM_H

#include "rmm/state.h"

/* Tell the observer what became of the realm: "realm ACTIVE", ... (TRACE_STATE). */
void realm_report(const struct rd *rd, const char *what);

/* The RMM goes: stop the engines of realms that nobody destroyed. */
void realm_stop_engines(struct rmm *rmm);

#endif
