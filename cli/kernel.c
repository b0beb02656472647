// SPDX-License-Identifier: BSD-3-Clause
/*
 * kernel.c - softrealm kernel: fetches Debian's arm64 kernels into the user's cache, lists them,
 * tells where they lie. The fetching is a script's (demo/fetch-kernel), because it is apt's.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/kernels.h"

struct kernel {
	const char *suite, *flavour, *version;
	bool refresh, modules, busybox, json;
};

static int set_flavour(void *to, const char *value)
{
	struct kernel *k = to;

	k->flavour = value;
	return option_choice("--flavour", value, KERNELS_FLAVOURS) < 0 ? -EINVAL : 0;
}

static int set_suite(void *to, const char *value)
{
	((struct kernel *)to)->suite = value;
	return 0;
}

static int set_version(void *to, const char *value)
{
	((struct kernel *)to)->version = value;
	return 0;
}

static int set_refresh(void *to, const char *value)
{
	((struct kernel *)to)->refresh = true;
	return 0;
}

static int set_modules(void *to, const char *value)
{
	((struct kernel *)to)->modules = true;
	return 0;
}

static int set_busybox(void *to, const char *value)
{
	((struct kernel *)to)->busybox = true;
	return 0;
}

static int set_json(void *to, const char *value)
{
	((struct kernel *)to)->json = true;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/kernel.def"
};
static const struct option_rows kernel_rows = {rows, ARRAY_SIZE(rows)};

/* ---- fetch ---- */

/* Does not come back, but for an error. The script prints where the Image lies. */
static int fetch(const struct kernel *k)
{
	char script[PATH_MAX];
	const char *argv[12] = {"fetch-kernel", "--image", "--busybox"};
	unsigned int n = 3;

	if (files_script("fetch-kernel", script, sizeof(script)))
		return EXIT_USAGE;
	if (k->flavour) {
		argv[n++] = "--flavour";
		argv[n++] = k->flavour;
	}
	if (k->suite) {
		argv[n++] = "--suite";
		argv[n++] = k->suite;
	}
	if (k->version) {
		argv[n++] = "--version";
		argv[n++] = k->version;
	}
	if (k->refresh)
		argv[n++] = "--refresh";
	execv(script, (char **)argv);
	log_errno(errno, "%s", script);
	return EXIT_USAGE;
}

/* ---- list ---- */

static int list_json(const struct fetched_kernel *all, int n)
{
	json_t *list = json_array();
	int status = EXIT_GOOD;

	for (int i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "name", all[i].name, "flavour",
					all[i].flavour, "origin", all[i].origin, "folder",
					all[i].folder, "size", (json_int_t)all[i].size, "used",
					(json_int_t)all[i].used));
	if (!list || json_dumpf(list, stdout, JSON_INDENT(2)))
		status = EXIT_REFUSED;
	putchar('\n');
	json_decref(list);
	return status;
}

static int list(const struct kernel *k)
{
	struct fetched_kernel *all;
	int n = kernels_list(&all), status = EXIT_GOOD;
	char day[16];

	if (n < 0) {
		log_errno(-n, "the cache of kernels");
		return EXIT_USAGE;
	}
	if (k->json)
		status = list_json(all, n);
	else if (!n)
		log_note("no kernel has been fetched: softrealm kernel fetch");
	for (int i = 0; !k->json && i < n; i++) {
		time_t used = (time_t)all[i].used;
		struct tm tm;

		strftime(day, sizeof(day), "%Y-%m-%d", localtime_r(&used, &tm));
		printf("%-8s %-32s %3lld MiB  %s  %s\n", all[i].flavour, all[i].name,
		       all[i].size >> 20, day, all[i].origin);
	}
	free(all);
	return status;
}

/* ---- path ---- */

static int print_path(const struct kernel *k, const char *name)
{
	char busybox[PATH_MAX];
	struct fetched_kernel f;

	if (k->busybox) {
		if (kernels_busybox(busybox, sizeof(busybox))) {
			log_error("no busybox has been fetched: softrealm kernel fetch");
			return EXIT_REFUSED;
		}
		puts(busybox);
		return EXIT_GOOD;
	}
	if (kernels_find(name, &f)) {
		log_error("%s%sno such kernel has been fetched: softrealm kernel fetch%s%s",
			  name ? name : "", name ? ": " : "", k->flavour ? " --flavour " : "",
			  k->flavour ? k->flavour : "");
		return EXIT_REFUSED;
	}
	printf("%s%s\n", f.folder, k->modules ? "" : "/vmlinuz");
	return EXIT_GOOD;
}

static int run(int argc, char **argv)
{
	struct kernel k = {0};
	struct option_parser p = {.tables = {{&kernel_rows, &k, NULL}}, .ntables = 1};
	const char *word;
	int status;

	if (!command_parse(&command_kernel, argc, argv, &p, &status))
		return status;
	word = p.nwords ? p.words[0] : "";
	if (!strcmp(word, "fetch") && p.nwords == 1)
		return fetch(&k);
	if (!strcmp(word, "list") && p.nwords == 1)
		return list(&k);
	if (!strcmp(word, "path") && p.nwords <= 2)
		return print_path(&k, p.nwords == 2 ? p.words[1]
				      : k.version   ? k.version
						    : k.flavour);
	return command_usage(&command_kernel);
}

const struct command command_kernel = {
	.name = "kernel",
	.about = "fetch Debian's arm64 kernels for realms, list them",
	.usage = "kernel fetch [--flavour NAME] [--suite NAME] [--version VERSION] [--refresh]\n"
		 "       softrealm kernel list [--json]\n"
		 "       softrealm kernel path [NAME] [--modules|--busybox]",
	.text = "Fetch Debian's arm64 kernels into the user's cache, without privilege. run and\n"
		"measure take their names for --kernel: a version of the list, or a flavour.\n",
	.more = "Exit status: 0 done, 1 there is no such kernel, 2 wrong usage.\n",
	.words = "fetch|list|path",
	.run = run,
	.options = {&kernel_rows},
};
