/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * passt.h - a passt of our own, the program that turns a realm's frames into connections of this
 * user, without privilege. It ends when its socket is closed.
 */
#ifndef VMM_PASST_H
#define VMM_PASST_H

#include "vmm/helper.h"
#include "vmm/vmm_options.h"

#define PASST_ADDRESS "10.0.2.15"
#define PASST_GATEWAY "10.0.2.2" /* this machine's loopback */
#define PASST_DNS     "10.0.2.3"
/* What softrealm's init makes of it: address and width, gateway, name server. */
#define PASST_CONFIG  PASST_ADDRESS "/24," PASST_GATEWAY "," PASST_DNS

/* The socket to it, or -errno after a message. */
int passt_start(struct helper *p, const struct vmm_options *o);
/* The last line that it has said: false if there is none. */
bool passt_last_words(const struct helper *p, char *line, size_t size);

#endif
