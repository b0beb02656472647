// SPDX-License-Identifier: BSD-3-Clause
/* options_devices.c - stores what the options that ask for devices say. */
#include "vmm/options_devices.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/vmm_options.h"

static bool take_port(const char **s, unsigned int *port)
{
	char *end;
	unsigned long v = strtoul(*s, &end, 10);

	if (!isdigit((unsigned char)**s) || !v || v > 65535)
		return false;
	*s = end;
	*port = (unsigned int)v;
	return true;
}

/* "[udp:][ADDRESS/]PORT[:PORT]" at *s; moves it behind that. */
static bool take_forward(const char **s, struct vmm_forward *f)
{
	const char *p = *s;
	size_t slash;

	*f = (struct vmm_forward){.addr = "127.0.0.1"};
	if (!strncmp(p, "udp:", 4)) {
		f->udp = true;
		p += 4;
	}
	slash = strspn(p, "0123456789.");
	if (p[slash] == '/') {
		if (slash >= sizeof(f->addr))
			return false;
		memcpy(f->addr, p, slash);
		f->addr[slash] = '\0';
		if (inet_pton(AF_INET, f->addr, &(struct in_addr){0}) != 1)
			return false;
		p += slash + 1;
	}
	if (!take_port(&p, &f->host))
		return false;
	f->guest = f->host;
	if (*p == ':' && (p++, !take_port(&p, &f->guest)))
		return false;
	*s = p;
	return !*p || *p == ',';
}

int options_set_net(void *to, const char *arg)
{
	static const char right[] = "passt[,[udp:][ADDRESS/]PORT[:PORT]...] or unix:PATH";
	struct vmm_options *o = to;
	const char *p = arg + strlen("passt");

	if (o->net_passt || o->net_path) {
		log_error("--net: a realm has one network");
		return -EINVAL;
	}
	if (!strncmp(arg, "unix:", 5) && arg[5]) {
		o->net_path = arg + 5;
		return 0;
	}
	if (strncmp(arg, "passt", strlen("passt")) || (*p && *p != ','))
		return option_wrong("--net", arg, right);
	while (*p++) {
		if (o->nforwards == VMM_MAX_FORWARDS) {
			log_error("--net: at most %d ports", VMM_MAX_FORWARDS);
			return -EINVAL;
		}
		if (!take_forward(&p, &o->forwards[o->nforwards++]))
			return option_wrong("--net", arg, right);
	}
	o->net_passt = true;
	return 0;
}

int options_set_vsock(void *to, const char *arg)
{
	struct vmm_options *o = to;

	if (strncmp(arg, "unix:", 5) || !arg[5])
		return option_wrong("--vsock", arg, "unix:PATH");
	o->vsock = arg + 5;
	return 0;
}

/* "DIR[=NAME][,ro]": what stands behind the last "=" is a name if it looks like one. */
int options_set_share(void *to, const char *arg)
{
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_-";
	struct vmm_options *o = to;
	struct vmm_share *s = &o->shares[o->nshares];
	const char *comma = strrchr(arg, ','), *equals;
	bool ro = comma && !strcmp(comma, ",ro");
	size_t len = ro ? (size_t)(comma - arg) : strlen(arg), n = 0;

	if (o->nshares == VMM_MAX_SHARES) {
		log_error("--share: at most %d folders", VMM_MAX_SHARES);
		return -EINVAL;
	}
	equals = memrchr(arg, '=', len);
	if (equals)
		n = strspn(equals + 1, name_chars);
	if (!n || equals + 1 + n != arg + len || n > VMM_SHARE_NAME)
		equals = NULL;
	if (!len || equals == arg)
		return option_wrong("--share", arg, "DIR[=NAME][,ro]");
	*s = (struct vmm_share){
		.name = "share", .readonly = ro, .served = !strncmp(arg, "unix:", 5)};
	if (s->served && (ro || len == 5 || equals == arg + 5))
		return option_wrong("--share", arg, "unix:PATH[=NAME]");
	if (equals)
		snprintf(s->name, sizeof(s->name), "%.*s", (int)n, equals + 1);
	for (unsigned int i = 0; i < o->nshares; i++)
		if (!strcmp(o->shares[i].name, s->name)) {
			log_error("--share: two folders are named \"%s\" (DIR=NAME)", s->name);
			return -EINVAL;
		}
	len = equals ? (size_t)(equals - arg) : len;
	s->path = s->served ? strndup(arg + 5, len - 5) : strndup(arg, len);
	if (!s->path) {
		log_error("out of memory");
		return -EINVAL;
	}
	o->nshares++;
	return 0;
}

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(s + len - n, end, n);
}

/*
 * FILE[,qcow2][,ro] or unix:PATH. Only who starts the realm says which format it is, by the option
 * or the name: the realm writes what it likes at the beginning of a raw image.
 */
int options_set_disk(void *to, const char *arg)
{
	struct vmm_options *o = to;
	struct vmm_disk d = {.served = !strncmp(arg, "unix:", 5)};
	const char *path = arg + (d.served ? strlen("unix:") : 0);
	size_t len = strlen(path);
	bool more = false;

	for (;; more = true) {
		if (ends_with(path, len, ",ro")) {
			d.readonly = true;
			len -= strlen(",ro");
		} else if (ends_with(path, len, ",qcow2")) {
			d.qcow2 = true;
			len -= strlen(",qcow2");
		} else {
			break;
		}
	}

	if (o->ndisks == VMM_MAX_DISKS) {
		log_error("--disk: at most %u disks", VMM_MAX_DISKS);
		return -EINVAL;
	}
	if (!len) {
		log_error("--disk: no file is named");
		return -EINVAL;
	}
	if (d.served && more)
		return option_wrong("--disk", arg, "unix:PATH");
	d.qcow2 |= !d.served && ends_with(path, len, ".qcow2");
	d.path = strndup(path, len);
	if (!d.path) {
		log_error("out of memory");
		return -EINVAL;
	}
	o->disks[o->ndisks++] = d;
	return 0;
}
