// SPDX-License-Identifier: BSD-3-Clause
/* kernels.c - finds the kernels of the user's cache, as demo/fetch-kernel lays them out. */
#include "cli/kernels.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/option.h"

/* How the names of a flavour's versions end; the first that fits. */
static const struct {
	const char *flavour, *end;
} flavours[] = {{"cloud", "-cloud-arm64"},
		{"rt", "-rt-arm64"},
		{"16k", "-arm64-16k"},
		{"generic", "-arm64"}};

int kernels_folder(char *path, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache)
		snprintf(path, size, "%s/softrealm/kernel", cache);
	else if (home)
		snprintf(path, size, "%s/.cache/softrealm/kernel", home);
	else
		return -ENOENT;
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && !strcmp(text + n - m, end);
}

/* Is there one in the folder? Then k is filled. */
static bool look_at(const char *cache, const char *name, struct fetched_kernel *k)
{
	char path[PATH_MAX + 16];
	struct stat st;
	FILE *f;

	*k = (struct fetched_kernel){0};
	for (size_t i = 0; !*k->flavour && i < ARRAY_SIZE(flavours); i++)
		if (ends_with(name, flavours[i].end))
			strcpy(k->flavour, flavours[i].flavour);
	if (!*k->flavour || strlen(name) >= sizeof(k->name) ||
	    snprintf(k->folder, sizeof(k->folder), "%s/%s", cache, name) >= (int)sizeof(k->folder))
		return false;
	strcpy(k->name, name);
	snprintf(path, sizeof(path), "%s/vmlinuz", k->folder);
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	k->size = st.st_size;
	k->used = st.st_ctime;
	snprintf(path, sizeof(path), "%s/origin", k->folder);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (fgets(k->origin, sizeof(k->origin), f))
		k->origin[strcspn(k->origin, "\n")] = 0;
	if (!fstat(fileno(f), &st))
		k->used = st.st_mtime;
	fclose(f);
	return true;
}

static int by_use(const void *a, const void *b)
{
	const struct fetched_kernel *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? 1 : -1;
	return strcmp(y->name, x->name);
}

int kernels_list(struct fetched_kernel **all)
{
	char cache[PATH_MAX];
	struct fetched_kernel *more;
	struct dirent *e;
	int n = 0, err = kernels_folder(cache, sizeof(cache));
	DIR *d = err ? NULL : opendir(cache);

	*all = NULL;
	while (d && !err && (e = readdir(d))) {
		more = realloc(*all, (size_t)(n + 1) * sizeof(**all));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		*all = more;
		n += look_at(cache, e->d_name, &more[n]);
	}
	if (d)
		closedir(d);
	if (err) {
		free(*all);
		*all = NULL;
		return err == -ENOENT ? 0 : err;
	}
	if (n)
		qsort(*all, (size_t)n, sizeof(**all), by_use);
	return n;
}

int kernels_find(const char *name, struct fetched_kernel *found)
{
	struct fetched_kernel *all;
	int n = kernels_list(&all), ret = n < 0 ? n : -ENOENT;

	for (int i = 0; ret && i < n; i++)
		if (!name || !strcmp(name, all[i].name) || !strcmp(name, all[i].flavour)) {
			*found = all[i];
			ret = 0;
		}
	free(all);
	return ret;
}

int kernels_busybox(char *path, size_t size)
{
	char cache[PATH_MAX];
	int ret = kernels_folder(cache, sizeof(cache));

	if (ret || snprintf(path, size, "%s/busybox", cache) >= (int)size || access(path, R_OK)) {
		*path = 0;
		return -ENOENT;
	}
	return 0;
}

static bool is_flavour(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		if (!strcmp(name, flavours[i].flavour))
			return true;
	return false;
}

/* A file wins, so nothing that is in a folder can be hidden by what is in the cache. */
int kernels_choose(const char *value, struct kernel_choice *c)
{
	struct fetched_kernel k;

	*c = (struct kernel_choice){0};
	if (strchr(value, '/') || !access(value, F_OK))
		return 0;
	if (kernels_find(value, &k)) {
		if (!is_flavour(value))
			return 0;
		log_error("--kernel %s: there is no such file, and no such kernel has been "
			  "fetched: softrealm kernel fetch --flavour %s",
			  value, value);
		return -EINVAL;
	}
	snprintf(c->image, sizeof(c->image), "%s/vmlinuz", k.folder);
	strcpy(c->modules, k.folder);
	kernels_busybox(c->busybox, sizeof(c->busybox));
	c->fetched = true;
	return 0;
}

int kernels_initrd(const struct kernel_choice *c, const struct vmm_options *vmm, bool wanted,
		   struct initrd_options *o, char path[40], int *fd)
{
	*fd = -1;
	if (vmm->initrd && (o->modules || o->busybox || o->nadded)) {
		log_error("--initrd is given: --modules, --busybox and --add are for softrealm "
			  "initrd");
		return -EINVAL;
	}
	wanted |= o->modules || o->busybox || o->nadded || c->fetched;
	if (vmm->initrd || !wanted)
		return 0;
	if (c->fetched && !o->modules)
		o->modules = c->modules;
	if (*c->busybox && !o->busybox)
		o->busybox = c->busybox;
	*fd = initrd_open(o);
	if (*fd < 0)
		return *fd;
	snprintf(path, 40, "/proc/self/fd/%d", *fd);
	return 0;
}
