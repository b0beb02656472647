// SPDX-License-Identifier: BSD-3-Clause
/* config.c - finds, reads and applies the configuration. */
#include "cli/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"

/* Lines of the file that is being read; what they hold is kept as long as the process lives,
 * because options keep pointers to their values. */
struct reader {
	const char *path;
	unsigned int line;
	const struct command *section; /* [COMMAND], or ... */
	char profile[64];	       /* ... [profile NAME], or "" */
};

static int wrong(const struct reader *r, const char *what, const char *name)
{
	log_error("%s:%u: %s%s%s", r->path, r->line, what, *name ? ": " : "", name);
	return -EINVAL;
}

static const struct option_row *find_in(const struct option_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].name && rows->row[i].help && rows->row[i].set &&
		    !strcmp(rows->row[i].name, name))
			return &rows->row[i];
	return NULL;
}

static const struct option_row *find_option(const struct command *c, const char *name)
{
	const struct option_row *r = NULL;

	for (size_t i = 0; !r && c->options[i]; i++)
		r = find_in(c->options[i], name);
	return r;
}

static bool has_config(const struct command *c)
{
	return find_option(c, "profile") != NULL;
}

/* The option as the command, or for a profile any command, knows it. */
static const struct option_row *known(const struct reader *r, const char *name)
{
	const struct option_row *row = NULL;

	if (!strcmp(name, "profile") || !strcmp(name, "config"))
		return NULL;
	if (r->section)
		return find_option(r->section, name);
	for (const struct command *const *c = commands; !row && *c; c++)
		if (has_config(*c))
			row = find_option(*c, name);
	return row;
}

/* "[COMMAND]" or "[profile NAME]". */
static int open_section(struct reader *r, char *text)
{
	char *end = text + strlen(text) - 1;

	r->section = NULL;
	r->profile[0] = 0;
	if (*end != ']')
		return wrong(r, "a section has no \"]\"", text);
	*end = 0;
	text++;
	if (!strncmp(text, "profile ", 8)) {
		text += 8 + strspn(text + 8, " ");
		if (!*text || strlen(text) >= sizeof(r->profile))
			return wrong(r, "this is no name for a profile", text);
		strcpy(r->profile, text);
		return 0;
	}
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, text) && has_config(*c))
			r->section = *c;
	return r->section ? 0 : wrong(r, "there is no section", text);
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = 0;
	return s;
}

/* One option, in the command line's way. */
static int give(const struct reader *r, struct option_parser *p, const char *name,
		const char *value)
{
	char *argv[] = {"", NULL, NULL};
	int ret = -1;

	if (asprintf(&argv[1], "--%s%s%s", name, value ? "=" : "", value ? value : "") >= 0)
		ret = option_parse(p, 2, argv);
	return ret ? wrong(r, "this option cannot be used", name) : 0;
}

/* "KEY = VALUE", of a switch "KEY" or "KEY = yes|no". */
static int take_line(const struct reader *r, char *text, const struct command *c,
		     const char *profile, struct option_parser *p)
{
	char *equals = strchr(text, '='), *value = equals ? trim(equals + 1) : NULL;
	const struct option_row *row;
	bool ours;

	if (equals)
		*equals = 0;
	text = trim(text);
	if (!r->section && !r->profile[0])
		return wrong(r, "an option before the first section", text);
	row = known(r, text);
	if (!row)
		return wrong(r, "there is no such option", text);
	if (row->arg && !value)
		return wrong(r, "it needs a value", text);
	if (!row->arg && value && strcmp(value, "yes") && strcmp(value, "no"))
		return wrong(r, "it is \"yes\" or \"no\"", text);
	ours = r->section ? r->section == c && !profile
			  : profile && !strcmp(r->profile, profile) && find_option(c, text);
	if (!ours || (!row->arg && value && !strcmp(value, "no")))
		return 0;
	return give(r, p, text, row->arg ? value : NULL);
}

/* The section of the command, or of a profile, which must be there. */
static int read_file(FILE *f, const char *path, const struct command *c, const char *profile,
		     struct option_parser *p)
{
	struct reader r = {.path = path};
	bool seen = !profile;
	char *line = NULL;
	size_t room = 0;
	int ret = 0;

	rewind(f);
	while (!ret && getline(&line, &room, f) >= 0) {
		char *text = trim(line);

		r.line++;
		if (!*text || *text == '#' || *text == ';')
			continue;
		if (*text != '[') {
			ret = take_line(&r, text, c, profile, p);
			continue;
		}
		ret = open_section(&r, text);
		seen |= profile && !strcmp(r.profile, profile);
	}
	free(line);
	if (!ret && ferror(f)) {
		log_errno(errno, "%s", path);
		ret = -EINVAL;
	}
	if (!ret && !seen) {
		log_error("%s has no [profile %s]", path, profile);
		ret = -EINVAL;
	}
	return ret;
}

/* ---- which file ---- */

static bool is_there(char *path, size_t size, const char *dir, size_t len, const char *more)
{
	return len &&
	       snprintf(path, size, "%.*s%s/softrealm/config", (int)len, dir, more) < (int)size &&
	       !access(path, F_OK);
}

const char *config_path(void)
{
	static char path[PATH_MAX];
	const char *given = getenv("SOFTREALM_CONFIG"), *home = getenv("HOME");
	const char *own = getenv("XDG_CONFIG_HOME"), *dirs = getenv("XDG_CONFIG_DIRS");

	if (given && *given)
		return given;
	if (own && *own ? is_there(path, sizeof(path), own, strlen(own), "")
			: home && is_there(path, sizeof(path), home, strlen(home), "/.config"))
		return path;
	for (const char *d = dirs && *dirs ? dirs : "/etc/xdg"; *d;) {
		size_t len = strcspn(d, ":");

		if (is_there(path, sizeof(path), d, len, ""))
			return path;
		d += len + (d[len] == ':');
	}
	return NULL;
}

int config_apply(const struct command *c, struct option_parser *p, int argc, char **argv)
{
	const char *profile, *path;
	FILE *f;
	int ret;

	if (!has_config(c))
		return 0;
	path = option_peek(p, argc, argv, "config");
	profile = option_peek(p, argc, argv, "profile");
	if (!path)
		path = config_path();
	if (!profile)
		profile = getenv("SOFTREALM_PROFILE");
	if (profile && !*profile)
		profile = NULL;
	if (!path && profile) {
		log_error("--profile %s: there is no configuration (softrealm-config(5))", profile);
		return -EINVAL;
	}
	if (!path)
		return 0;
	f = fopen(path, "re");
	if (!f) {
		log_errno(errno, "%s", path);
		return -EINVAL;
	}
	ret = read_file(f, path, c, NULL, p);
	if (!ret && profile)
		ret = read_file(f, path, c, profile, p);
	fclose(f);
	return ret;
}
