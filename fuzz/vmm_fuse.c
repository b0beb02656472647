// SPDX-License-Identifier: BSD-3-Clause
/*
 * vmm_fuse.c - the shared folder is FOLDER/in; beside it lies FOLDER/guard, to which a link in it
 * leads, and which nobody may change.
 */
#include "fuzz/vmm_fuse.h"

#include <fcntl.h>
#include <ftw.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "vmm/fuse.h"

#define GUARD	 "nobody's business"
#define PASSES	 16
#define MOST_FSZ 0x100000 /* bytes of a file: the disk must stay usable */

static char folder[] = "/tmp/softrealm-fuzz-XXXXXX", guard_path[64];
static struct stat guard; /* as it was made */
static pid_t owner;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_DNR || type == FTW_D)
		chmod(path, 0700);
	remove(path);
	return 0;
}

/* Folders that the realm has closed to us are opened by one pass, and emptied by the next. */
static void remove_all(const char *path)
{
	for (int i = 0; i < PASSES && !access(path, F_OK); i++)
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void clean_up(void)
{
	if (getpid() == owner)
		remove_all(folder);
}

/* libFuzzer takes a signal that is ignored for its own, and a file at its limit for a finding. */
static void go_on(int sig)
{
}

void vmm_fuse_start(void)
{
	FILE *f;

	need(mkdtemp(folder) != NULL, "no folder");
	owner = getpid();
	atexit(clean_up);
	signal(SIGXFSZ, go_on);
	snprintf(guard_path, sizeof(guard_path), "%s/guard", folder);
	f = fopen(guard_path, "w");
	need(f && fputs(GUARD, f) >= 0 && !fclose(f) && !stat(guard_path, &guard), "no guard");
}

static void make_folder(char path[64])
{
	int fd;

	snprintf(path, 64, "%s/in", folder);
	need(!mkdir(path, 0755), "no shared folder");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(fd >= 0 && !mkdirat(fd, "sub", 0755) && !mkfifoat(fd, "fifo", 0644) &&
		     !symlinkat("../guard", fd, "link") && !symlinkat("..", fd, "up"),
	     "nothing to share");
	close(openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	close(fd);
}

static void check_guard(void)
{
	char text[64] = "";
	struct stat st;
	int fd = open(guard_path, O_RDONLY | O_CLOEXEC);

	need(fd >= 0 && read(fd, text, sizeof(text)) >= 0 && !strcmp(text, GUARD),
	     "the guard has changed");
	need(!fstat(fd, &st) && st.st_nlink == 1 && st.st_mode == guard.st_mode &&
		     st.st_uid == guard.st_uid && st.st_mtim.tv_sec == guard.st_mtim.tv_sec,
	     "the guard has other attributes, or a name more");
	close(fd);
	need(!stat(folder, &st) && st.st_nlink <= 3 && (st.st_mode & 07777) == 0700,
	     "something lies beside the guard");
}

/* Exactly as long as they say: the sanitizer sees their ends. */
static void call(struct fuse *f, struct input *in)
{
	size_t room = sizeof(struct fuse_out_header) + input_u8(in) * 16u, n;
	uint32_t op = input_u8(in);
	uint64_t node = input_u8(in);
	const uint8_t *p = input_bytes(in, &n);
	struct fuse_in_header *h = malloc(sizeof(*h) + n);
	void *out = malloc(room);
	size_t len;

	need(h && out, "no memory");
	*h = (struct fuse_in_header){.len = (uint32_t)(sizeof(*h) + n), .opcode = op};
	h->nodeid = node == 255 ? UINT64_MAX : node;
	memcpy(h + 1, p, n);
	len = fuse_serve(f, h, sizeof(*h) + n, out, room);
	need(len <= room && (!len || len >= sizeof(struct fuse_out_header)), "an odd answer");
	free(h);
	free(out);
}

void vmm_fuse_try(struct input *in)
{
	struct rlimit old, limit;
	struct fuse f;
	char path[64];

	make_folder(path);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){MIN(MOST_FSZ, old.rlim_cur), old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &limit);
	need(!fuse_open(&f, path, false), "not shared");
	while (input_left(in))
		call(&f, in);
	fuse_close(&f);
	setrlimit(RLIMIT_FSIZE, &old);
	remove_all(path);
	check_guard();
}
