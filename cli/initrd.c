// SPDX-License-Identifier: BSD-3-Clause
/* initrd.c - softrealm initrd: makes an initrd without any other tool. */
#include "cli/initrd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "vmm/unpack.h"

/* The archive, and how far it has come. */
struct archive {
	FILE *f;
	unsigned int inode;
	bool failed; /* writing */
};

static void pad(struct archive *a, size_t len)
{
	static const char zero[4];

	a->failed |= fwrite(zero, 1, -len & 3, a->f) != (-len & 3);
}

/* One member; times, owners and inode numbers are the same for everybody. */
static void member(struct archive *a, const char *name, unsigned int mode, const void *data,
		   size_t len)
{
	size_t n = strlen(name) + 1;

	a->failed |= fprintf(a->f, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x%s",
			     ++a->inode, mode, 0, 0, 1, 0, len, 0, 0, 0, 0, n, 0, name) < 0;
	a->failed |= putc(0, a->f) == EOF;
	pad(a, 110 + n);
	a->failed |= len && fwrite(data, 1, len, a->f) != len;
	pad(a, len);
}

static int read_whole(const char *path, void **data, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	size_t have = 0;
	ssize_t n = 1;

	*data = NULL;
	if (fd < 0 || fstat(fd, st))
		err = errno;
	else if (!S_ISREG(st->st_mode))
		err = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	else if (!(*data = malloc((size_t)st->st_size + 1)))
		err = ENOMEM;
	while (!err && n > 0 && have < (size_t)st->st_size) {
		n = read(fd, (char *)*data + have, (size_t)st->st_size - have);
		if (n < 0)
			err = errno;
		else
			have += (size_t)n;
	}
	if (!err && have != (size_t)st->st_size)
		err = EIO;
	if (fd >= 0)
		close(fd);
	if (err)
		log_errno(err, "%s", path);
	return -err;
}

/* The folders that a path needs; a kernel takes one that is there already as it is. */
static void folders(struct archive *a, const char *path)
{
	char name[PATH_MAX];

	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		member(a, name, S_IFDIR | 0755, NULL, 0);
	}
}

static int add_file(struct archive *a, const char *file, const char *path)
{
	struct stat st;
	void *data;
	int err = read_whole(file, &data, &st);

	path += strspn(path, "/");
	if (!err) {
		folders(a, path);
		member(a, path, S_IFREG | (st.st_mode & 0111 ? 0755 : 0644), data,
		       (size_t)st.st_size);
	}
	free(data);
	return err;
}

/* FILE or FILE=PATH; without a path a file keeps its own. */
static int add_given(struct archive *a, const char *given)
{
	const char *equals = strrchr(given, '=');
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%.*s",
		 (int)(equals ? (size_t)(equals - given) : strlen(given)), given);
	if (strstr(equals ? equals + 1 : file, "..") || (equals && !equals[1])) {
		log_error("--add %s: not a path in the realm", given);
		return -EINVAL;
	}
	return add_file(a, file, equals ? equals + 1 : file);
}

#define MOST_MODULE (UINT64_C(64) << 20)

/*
 * A packed module is unpacked here, which is many times faster than in the realm. Its name, without
 * the suffix, goes to `list`.
 */
static int add_module(struct archive *a, const char *dir, const char *module, char *list)
{
	char path[PATH_MAX], name[PATH_MAX];
	const char *end = strstr(module, ".ko."), *why;
	struct unpacked out;
	struct stat st;
	void *data;
	int err;

	snprintf(path, sizeof(path), "%s/modules/%s", dir, module);
	err = read_whole(path, &data, &st);
	if (!err && end && unpack_is_packed(data, (uint64_t)st.st_size)) {
		err = unpack(data, (uint64_t)st.st_size, MOST_MODULE, &out, &why);
		if (err) {
			log_error("%s: %s", path, why);
		} else {
			snprintf(name, sizeof(name), "modules/%.*s.ko", (int)(end - module),
				 module);
			member(a, name, S_IFREG | 0644, out.data, out.size);
			munmap(out.data, out.mapped);
		}
	} else if (!err) {
		snprintf(name, sizeof(name), "modules/%s", module);
		member(a, name, S_IFREG | 0644, data, (size_t)st.st_size);
	}
	free(data);
	if (!err)
		sprintf(list + strlen(list), "%s\n", name + strlen("modules/"));
	return err;
}

/* What `softrealm kernel` unpacks: modules.list, and the files that it names. */
static int add_modules(struct archive *a, const char *dir)
{
	char path[PATH_MAX], *names = NULL;
	struct stat st;
	void *list;
	int err;

	snprintf(path, sizeof(path), "%s/modules.list", dir);
	err = read_whole(path, &list, &st);
	if (!err) {
		((char *)list)[st.st_size] = 0;
		names = calloc(1, (size_t)st.st_size + 2);
		err = names ? 0 : -ENOMEM;
	}
	member(a, "modules", S_IFDIR | 0755, NULL, 0);
	for (char *save, *m = err ? NULL : strtok_r(list, "\n", &save); m && !err;
	     m = strtok_r(NULL, "\n", &save))
		err = add_module(a, dir, m, names);
	if (!err)
		member(a, "modules.list", S_IFREG | 0644, names, strlen(names));
	free(names);
	free(list);
	return err;
}

int initrd_write(FILE *f, const struct initrd_options *o)
{
	static const char *const empty[] = {"dev", "proc", "sys", "tmp"};
	struct archive a = {.f = f};
	char init[PATH_MAX];
	int err = files_init(init, sizeof(init));

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		member(&a, empty[i], S_IFDIR | 0755, NULL, 0);
	if (!err)
		err = add_file(&a, init, "init");
	if (!err && o->modules)
		err = add_modules(&a, o->modules);
	if (!err && o->busybox) {
		err = add_file(&a, o->busybox, "bin/busybox");
		member(&a, "bin/sh", S_IFLNK | 0777, "busybox", strlen("busybox"));
	}
	for (unsigned int i = 0; !err && i < o->nadded; i++)
		err = add_given(&a, o->added[i]);
	member(&a, "TRAILER!!!", 0, NULL, 0);
	if (!err && (a.failed || fflush(f))) {
		err = errno ? -errno : -EIO;
		log_errno(-err, "cannot write the initrd");
	}
	return err;
}

int initrd_open(const struct initrd_options *o)
{
	int fd = memfd_create("initrd", 0), copy = fd < 0 ? -1 : dup(fd);
	FILE *f = copy < 0 ? NULL : fdopen(copy, "w");
	int err;

	if (!f) {
		err = errno;
		log_errno(err, "no memory for an initrd");
		if (copy >= 0)
			close(copy);
	} else {
		err = -initrd_write(f, o);
		if (fclose(f) && !err)
			err = errno;
	}
	if (err && fd >= 0)
		close(fd);
	return err ? -err : fd;
}

/* ---- the subcommand ---- */

static int set_output(void *to, const char *value)
{
	((struct initrd_options *)to)->output = value;
	return 0;
}

static int set_modules(void *to, const char *value)
{
	((struct initrd_options *)to)->modules = value;
	return 0;
}

static int set_busybox(void *to, const char *value)
{
	((struct initrd_options *)to)->busybox = value;
	return 0;
}

static int set_add(void *to, const char *value)
{
	struct initrd_options *o = to;

	if (o->nadded == INITRD_MAX_ADDED) {
		log_error("--add: at most %d files", INITRD_MAX_ADDED);
		return -EINVAL;
	}
	o->added[o->nadded++] = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/initrd.def"
};
static const struct option_rows initrd_rows = {rows, ARRAY_SIZE(rows)};

static const struct option_row file_rows[] = {
#include "cli/initrd_files.def"
};
const struct option_rows initrd_file_rows = {file_rows, ARRAY_SIZE(file_rows)};

/* Under another name first: a file that is there stays whole if this fails. */
static int write_output(const struct initrd_options *o)
{
	char new[PATH_MAX];
	FILE *f;
	int err;

	if (snprintf(new, sizeof(new), "%s.new", o->output) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	f = fopen(new, "we");
	if (!f) {
		err = errno;
		log_errno(err, "%s", o->output);
		return -err;
	}
	err = initrd_write(f, o);
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(new, o->output)) {
		err = -errno;
		log_errno(-err, "%s", o->output);
	}
	if (err)
		unlink(new);
	return err;
}

static int run(int argc, char **argv)
{
	struct initrd_options o = {0};
	struct option_parser p = {
		.tables = {{&initrd_rows, &o, NULL}, {&initrd_file_rows, &o, NULL}},
		.ntables = 2,
	};
	int status;

	if (!command_parse(&command_initrd, argc, argv, &p, &status))
		return status;
	if (p.nwords || !o.output)
		return command_usage(&command_initrd);
	return write_output(&o) ? EXIT_USAGE : EXIT_GOOD;
}

const struct command command_initrd = {
	.name = "initrd",
	.about = "make an initrd that runs commands in a realm",
	.usage = "initrd -o FILE [--busybox FILE] [--modules DIR] [--add FILE[=PATH]]...",
	.text = "Make an initrd for softrealm run --exec, and for attestation.\n",
	.more = "Exit status: 0 made, 2 wrong usage, or a file that cannot be read or written.\n",
	.run = run,
	.options = {&initrd_rows, &initrd_file_rows},
};
