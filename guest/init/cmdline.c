// SPDX-License-Identifier: BSD-3-Clause
/*
 * cmdline.c - what the kernel's command line asks the init to do
 */
#include "init.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define PREFIX "softrealm."

static const char *const mode_names[MODE_COUNT] = {
	[MODE_OFF] = "off", [MODE_REBOOT] = "reboot", [MODE_PANIC] = "panic", [MODE_DISK] = "disk",
	[MODE_SMP] = "smp", [MODE_READ] = "read",     [MODE_IRQ] = "irq",
};

static bool set_mode(struct options *opt, const char *value)
{
	int i;

	for (i = 0; i < MODE_COUNT; i++) {
		if (!strcmp(value, mode_names[i])) {
			opt->mode = i;
			return true;
		}
	}
	return false;
}

static bool set_hold(struct options *opt, const char *value)
{
	char *end;
	unsigned long seconds = strtoul(value, &end, 10);

	if (end == value || *end || seconds > 86400)
		return false;
	opt->hold = seconds;
	return true;
}

static bool set_nonce(struct options *opt, const char *value)
{
	int len = hex_decode(value, opt->nonce, sizeof(opt->nonce));

	if (len <= 0)
		return false;
	opt->nonce_len = len;
	return true;
}

static bool set_net(struct options *opt, const char *value)
{
	if (strlen(value) >= sizeof(opt->net))
		return false;
	strcpy(opt->net, value);
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct options *opt, const char *value);
} table[] = {
	{"mode=", set_mode},
	{"hold=", set_hold},
	{"nonce=", set_nonce},
	{"net=", set_net},
};

static bool set(struct options *opt, const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t len = strlen(table[i].name);

		if (!strncmp(word, table[i].name, len))
			return table[i].set(opt, word + len);
	}
	return false;
}

void options_read(struct options *opt)
{
	char line[4096];
	char *word, *save;

	*opt = (struct options){.mode = MODE_OFF};
	read_text("/proc/cmdline", line, sizeof(line));
	for (word = strtok_r(line, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		if (strncmp(word, PREFIX, strlen(PREFIX)))
			continue;
		if (!set(opt, word + strlen(PREFIX)))
			say("ignored: %s", word);
	}
}
