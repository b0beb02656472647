// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuse.c - one function for each call. What a call brings is the realm's: its lengths, names,
 * numbers and flags are checked in `serve` and by the table of calls, before its function runs.
 */
#include "vmm/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bits.h"

#define MINOR	    31
#define VALID_S	    1 /* how long the realm may remember what it was told */
#define MODE_BITS   (S_IRWXU | S_IRWXG | S_IRWXO | S_ISVTX)
#define MAX_NAMES   2
#define DIRENT_SIZE offsetof(struct fuse_dirent, name)

struct call {
	const struct fuse_in_header *h;
	const void *arg; /* of the size that the table tells */
	const char *name[MAX_NAMES];
	const uint8_t *data; /* behind the argument */
	size_t data_len;
	uint8_t *out; /* the answer, behind its header */
	size_t room, out_len;
};

static int answer(struct call *c, const void *data, size_t len)
{
	if (len > c->room)
		return -EINVAL;
	memcpy(c->out, data, len);
	c->out_len = len;
	return 0;
}

/* The user who runs us is the realm's root, and root he. */
static uint32_t map_id(uint32_t id, uint32_t ours)
{
	return id == ours ? 0 : !id ? ours : id;
}

static struct fuse_attr make_attr(const struct stat *st)
{
	return (struct fuse_attr){
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.atime = (uint64_t)st->st_atim.tv_sec,
		.mtime = (uint64_t)st->st_mtim.tv_sec,
		.ctime = (uint64_t)st->st_ctim.tv_sec,
		.atimensec = (uint32_t)st->st_atim.tv_nsec,
		.mtimensec = (uint32_t)st->st_mtim.tv_nsec,
		.ctimensec = (uint32_t)st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = map_id(st->st_uid, geteuid()),
		.gid = map_id(st->st_gid, getegid()),
		.blksize = 4096,
	};
}

/* ---- names ---- */

static int entry(struct fuse *f, uint64_t parent, const char *name, struct fuse_entry_out *e)
{
	struct stat st;
	int ret;

	*e = (struct fuse_entry_out){.entry_valid = VALID_S, .attr_valid = VALID_S};
	ret = folder_lookup(&f->folder, parent, name, &e->nodeid, &st);
	if (!ret)
		e->attr = make_attr(&st);
	return ret;
}

static int answer_entry(struct fuse *f, struct call *c, const char *name)
{
	struct fuse_entry_out e;
	int ret = entry(f, c->h->nodeid, name, &e);

	return ret ? ret : answer(c, &e, sizeof(e));
}

static int do_lookup(struct fuse *f, struct call *c)
{
	return answer_entry(f, c, c->name[0]);
}

static int do_mknod(struct fuse *f, struct call *c)
{
	const struct fuse_mknod_in *in = c->arg;
	int at = folder_fd(&f->folder, c->h->nodeid);

	if (at < 0)
		return at;
	if (!S_ISREG(in->mode) && !S_ISFIFO(in->mode) && !S_ISSOCK(in->mode))
		return -EPERM;
	if (mknodat(at, c->name[0], in->mode & (S_IFMT | MODE_BITS), 0))
		return -errno;
	return answer_entry(f, c, c->name[0]);
}

static int do_mkdir(struct fuse *f, struct call *c)
{
	const struct fuse_mkdir_in *in = c->arg;
	int at = folder_fd(&f->folder, c->h->nodeid);

	if (at < 0)
		return at;
	if (mkdirat(at, c->name[0], in->mode & MODE_BITS))
		return -errno;
	return answer_entry(f, c, c->name[0]);
}

/* The second one is where it leads: for the realm to follow, not for us. */
static int do_symlink(struct fuse *f, struct call *c)
{
	int at = folder_fd(&f->folder, c->h->nodeid);

	if (at < 0)
		return at;
	return symlinkat(c->name[1], at, c->name[0]) ? -errno : answer_entry(f, c, c->name[0]);
}

static int do_link(struct fuse *f, struct call *c)
{
	const struct fuse_link_in *in = c->arg;
	int at = folder_fd(&f->folder, c->h->nodeid), old = folder_fd(&f->folder, in->oldnodeid);
	char path[32];

	if (at < 0 || old < 0)
		return -ESTALE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", old);
	if (linkat(AT_FDCWD, path, at, c->name[0], AT_SYMLINK_FOLLOW))
		return -errno;
	return answer_entry(f, c, c->name[0]);
}

static int remove_name(struct fuse *f, struct call *c, int flags)
{
	int at = folder_fd(&f->folder, c->h->nodeid);

	if (at < 0)
		return at;
	return unlinkat(at, c->name[0], flags) ? -errno : 0;
}

static int do_unlink(struct fuse *f, struct call *c)
{
	return remove_name(f, c, 0);
}

static int do_rmdir(struct fuse *f, struct call *c)
{
	return remove_name(f, c, AT_REMOVEDIR);
}

static int rename_name(struct fuse *f, struct call *c, uint64_t to, uint32_t flags)
{
	int at = folder_fd(&f->folder, c->h->nodeid), new = folder_fd(&f->folder, to);

	if (at < 0 || new < 0)
		return -ESTALE;
	if (flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	return renameat2(at, c->name[0], new, c->name[1], flags) ? -errno : 0;
}

static int do_rename(struct fuse *f, struct call *c)
{
	return rename_name(f, c, ((const struct fuse_rename_in *)c->arg)->newdir, 0);
}

static int do_rename2(struct fuse *f, struct call *c)
{
	const struct fuse_rename2_in *in = c->arg;

	return rename_name(f, c, in->newdir, in->flags);
}

static int do_forget(struct fuse *f, struct call *c)
{
	const struct fuse_forget_in *in = c->arg;

	folder_forget(&f->folder, c->h->nodeid, in->nlookup);
	return 0;
}

static int do_batch_forget(struct fuse *f, struct call *c)
{
	const struct fuse_batch_forget_in *in = c->arg;
	const uint8_t *p = c->data;
	struct fuse_forget_one one;

	for (uint32_t i = 0; i < in->count && i < c->data_len / sizeof(one); i++) {
		memcpy(&one, p + i * sizeof(one), sizeof(one));
		folder_forget(&f->folder, one.nodeid, one.nlookup);
	}
	return 0;
}

/* ---- attributes ---- */

static int answer_attr(struct fuse *f, struct call *c)
{
	int fd = folder_fd(&f->folder, c->h->nodeid);
	struct fuse_attr_out out = {.attr_valid = VALID_S};
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	out.attr = make_attr(&st);
	return answer(c, &out, sizeof(out));
}

static int do_getattr(struct fuse *f, struct call *c)
{
	return answer_attr(f, c);
}

static int set_mode(int fd, uint32_t mode)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, mode & MODE_BITS) ? -errno : 0;
}

static int set_owner(int fd, const struct fuse_setattr_in *in)
{
	uid_t uid = in->valid & FATTR_UID ? map_id(in->uid, geteuid()) : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? map_id(in->gid, getegid()) : (gid_t)-1;

	return fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static int set_size(struct fuse *f, uint64_t number, uint64_t size)
{
	int fd = folder_reopen(&f->folder, number, O_WRONLY), ret = 0;

	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)size))
		ret = -errno;
	close(fd);
	return ret;
}

static struct timespec time_of(bool set, bool now, uint64_t s, uint32_t ns)
{
	return (struct timespec){(time_t)s, now ? UTIME_NOW : set ? ns : UTIME_OMIT};
}

static int set_times(int fd, const struct fuse_setattr_in *in)
{
	const struct timespec times[] = {
		time_of(in->valid & FATTR_ATIME, in->valid & FATTR_ATIME_NOW, in->atime,
			in->atimensec),
		time_of(in->valid & FATTR_MTIME, in->valid & FATTR_MTIME_NOW, in->mtime,
			in->mtimensec),
	};

	return utimensat(fd, "", times, AT_EMPTY_PATH) ? -errno : 0;
}

static int do_setattr(struct fuse *f, struct call *c)
{
	const struct fuse_setattr_in *in = c->arg;
	int fd = folder_fd(&f->folder, c->h->nodeid), ret = fd < 0 ? fd : 0;

	if (!ret && (in->valid & FATTR_MODE))
		ret = set_mode(fd, in->mode);
	if (!ret && (in->valid & (FATTR_UID | FATTR_GID)))
		ret = set_owner(fd, in);
	if (!ret && (in->valid & FATTR_SIZE))
		ret = set_size(f, c->h->nodeid, in->size);
	if (!ret && (in->valid & (FATTR_ATIME | FATTR_MTIME)))
		ret = set_times(fd, in);
	return ret ? ret : answer_attr(f, c);
}

static int do_readlink(struct fuse *f, struct call *c)
{
	int fd = folder_fd(&f->folder, c->h->nodeid);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", (char *)c->out, c->room);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	c->out_len = (size_t)n;
	return 0;
}

static int do_statfs(struct fuse *f, struct call *c)
{
	int fd = folder_fd(&f->folder, c->h->nodeid);
	struct fuse_statfs_out out = {0};
	struct statvfs st;

	if (fd < 0)
		return fd;
	if (fstatvfs(fd, &st))
		return -errno;
	out.st = (struct fuse_kstatfs){
		.blocks = st.f_blocks,
		.bfree = st.f_bfree,
		.bavail = st.f_bavail,
		.files = st.f_files,
		.ffree = st.f_ffree,
		.bsize = (uint32_t)st.f_bsize,
		.namelen = (uint32_t)st.f_namemax,
		.frsize = (uint32_t)st.f_frsize,
	};
	return answer(c, &out, sizeof(out));
}

/* ---- open files ---- */

static struct fuse_file *file(const struct fuse *f, uint64_t fh)
{
	return fh < f->nfiles && f->files[fh].fd >= 0 ? &f->files[fh] : NULL;
}

/* Takes fd. */
static int keep(struct fuse *f, int fd, DIR *dir, uint64_t *fh)
{
	unsigned int i = 0;

	while (i < f->nfiles && f->files[i].fd >= 0)
		i++;
	if (i == f->nfiles) {
		struct fuse_file *files =
			i == FUSE_MAX_FILES ? NULL : realloc(f->files, (i + 1) * sizeof(*files));
		if (!files)
			return -ENFILE;
		f->files = files;
		f->nfiles++;
	}
	f->files[i] = (struct fuse_file){fd, dir};
	*fh = i;
	return 0;
}

static void drop(struct fuse_file *file)
{
	if (file->dir)
		closedir(file->dir);
	else if (file->fd >= 0)
		close(file->fd);
	*file = (struct fuse_file){.fd = -1};
}

/* The realm's other flags have other values on another CPU, or are its own affair. */
static int open_flags(const struct fuse *f, uint32_t flags)
{
	if (f->folder.readonly && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)))
		return -EROFS;
	return (int)(flags & (O_ACCMODE | O_TRUNC)) | O_NONBLOCK;
}

static int do_open(struct fuse *f, struct call *c)
{
	const struct fuse_open_in *in = c->arg;
	struct fuse_open_out out = {0};
	int flags = open_flags(f, in->flags), fd, ret;

	if (flags < 0)
		return flags;
	fd = folder_reopen(&f->folder, c->h->nodeid, flags);
	if (fd < 0)
		return fd;
	ret = keep(f, fd, NULL, &out.fh);
	if (ret)
		close(fd);
	return ret ? ret : answer(c, &out, sizeof(out));
}

/*
 * Create a file, or open the one that is there, whose number e tells. A new one's mode may forbid
 * what its creator is about to do: the descriptor of its creation is the one that counts.
 */
static int create_file(struct fuse *f, struct call *c, struct fuse_entry_out *e)
{
	const struct fuse_create_in *in = c->arg;
	int at = folder_fd(&f->folder, c->h->nodeid), flags = open_flags(f, in->flags), fd, ret;

	if (at < 0)
		return at;
	fd = openat(at, c->name[0], flags | O_CREAT | O_EXCL | O_CLOEXEC, in->mode & MODE_BITS);
	if (fd < 0 && (errno != EEXIST || (in->flags & O_EXCL)))
		return -errno;
	ret = entry(f, c->h->nodeid, c->name[0], e);
	if (!ret && fd < 0)
		return folder_reopen(&f->folder, e->nodeid, flags);
	if (ret && fd >= 0)
		close(fd);
	return ret ? ret : fd;
}

static int do_create(struct fuse *f, struct call *c)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {.open = {0}};
	int fd = create_file(f, c, &out.entry), ret;

	if (fd < 0)
		return fd;
	ret = keep(f, fd, NULL, &out.open.fh);
	if (ret)
		close(fd);
	return ret ? ret : answer(c, &out, sizeof(out));
}

static int do_read(struct fuse *f, struct call *c)
{
	const struct fuse_read_in *in = c->arg;
	struct fuse_file *one = file(f, in->fh);
	ssize_t n;

	if (!one)
		return -EBADF;
	n = pread(one->fd, c->out, MIN(in->size, c->room), (off_t)in->offset);
	if (n < 0)
		return -errno;
	c->out_len = (size_t)n;
	return 0;
}

static int do_write(struct fuse *f, struct call *c)
{
	const struct fuse_write_in *in = c->arg;
	struct fuse_file *one = file(f, in->fh);
	struct fuse_write_out out = {0};
	ssize_t n;

	if (!one)
		return -EBADF;
	if (in->size > c->data_len)
		return -EINVAL;
	n = pwrite(one->fd, c->data, in->size, (off_t)in->offset);
	if (n < 0)
		return -errno;
	out.size = (uint32_t)n;
	return answer(c, &out, sizeof(out));
}

static int do_release(struct fuse *f, struct call *c)
{
	struct fuse_file *one = file(f, ((const struct fuse_release_in *)c->arg)->fh);

	if (one)
		drop(one);
	return 0;
}

static int do_fsync(struct fuse *f, struct call *c)
{
	const struct fuse_fsync_in *in = c->arg;
	struct fuse_file *one = file(f, in->fh);

	if (!one)
		return -EBADF;
	return (in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(one->fd) : fsync(one->fd))
		       ? -errno
		       : 0;
}

static int do_fallocate(struct fuse *f, struct call *c)
{
	const struct fuse_fallocate_in *in = c->arg;
	struct fuse_file *one = file(f, in->fh);

	if (!one)
		return -EBADF;
	return fallocate(one->fd, (int)in->mode, (off_t)in->offset, (off_t)in->length) ? -errno : 0;
}

static int do_nothing(struct fuse *f, struct call *c)
{
	return 0;
}

/* ---- folders ---- */

static int do_opendir(struct fuse *f, struct call *c)
{
	struct fuse_open_out out = {0};
	int fd = folder_reopen(&f->folder, c->h->nodeid, O_RDONLY | O_DIRECTORY), ret;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		ret = fd < 0 ? fd : -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	ret = keep(f, fd, dir, &out.fh);
	if (ret)
		closedir(dir);
	return ret ? ret : answer(c, &out, sizeof(out));
}

/* False: there is no room for it. */
static bool add_name(struct call *c, size_t size, const struct dirent *d)
{
	size_t len = strlen(d->d_name), whole = ALIGN_UP(DIRENT_SIZE + len, 8);
	struct fuse_dirent *out = (struct fuse_dirent *)(c->out + c->out_len);

	if (whole > size - c->out_len)
		return false;
	memset(out, 0, whole);
	out->ino = d->d_ino;
	out->off = (uint64_t)d->d_off;
	out->namelen = (uint32_t)len;
	out->type = d->d_type;
	memcpy((char *)out + DIRENT_SIZE, d->d_name, len);
	c->out_len += whole;
	return true;
}

/* The parent of the folder itself is nobody's business. */
static int do_readdir(struct fuse *f, struct call *c)
{
	const struct fuse_read_in *in = c->arg;
	struct fuse_file *one = file(f, in->fh);
	size_t size = MIN(in->size, c->room);
	struct dirent *d;

	if (!one || !one->dir)
		return -EBADF;
	seekdir(one->dir, (long)in->offset);
	errno = 0;
	while ((d = readdir(one->dir))) {
		if (!strcmp(d->d_name, ".."))
			d->d_ino = FOLDER_ROOT;
		if (!add_name(c, size, d))
			break;
	}
	return !d && errno ? -errno : 0;
}

/* ---- the session ---- */

static int do_init(struct fuse *f, struct call *c)
{
	const struct fuse_init_in *in = c->arg;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = MINOR,
		.max_readahead = in->max_readahead,
		.flags = in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ATOMIC_O_TRUNC |
				      FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES),
		.max_background = 16,
		.congestion_threshold = 12,
		.max_write = FUSE_MAX_DATA,
		.time_gran = 1,
		.max_pages = FUSE_MAX_DATA / 4096,
	};

	if (in->major != FUSE_KERNEL_VERSION || in->minor < MINOR)
		return -EPROTO;
	fuse_reset(f);
	f->started = true;
	return answer(c, &out, sizeof(out));
}

static const struct op {
	int (*call)(struct fuse *f, struct call *c);
	size_t arg;
	unsigned int names;
	bool changes; /* what is in the folder */
	bool silent;  /* has no answer */
} ops[] = {
	[FUSE_LOOKUP] = {.call = do_lookup, .names = 1},
	[FUSE_FORGET] = {.call = do_forget, .arg = sizeof(struct fuse_forget_in), .silent = true},
	[FUSE_GETATTR] = {.call = do_getattr},
	[FUSE_SETATTR] = {.call = do_setattr,
			  .arg = sizeof(struct fuse_setattr_in),
			  .changes = true},
	[FUSE_READLINK] = {.call = do_readlink},
	[FUSE_SYMLINK] = {.call = do_symlink, .names = 2, .changes = true},
	[FUSE_MKNOD] = {.call = do_mknod,
			.arg = sizeof(struct fuse_mknod_in),
			.names = 1,
			.changes = true},
	[FUSE_MKDIR] = {.call = do_mkdir,
			.arg = sizeof(struct fuse_mkdir_in),
			.names = 1,
			.changes = true},
	[FUSE_UNLINK] = {.call = do_unlink, .names = 1, .changes = true},
	[FUSE_RMDIR] = {.call = do_rmdir, .names = 1, .changes = true},
	[FUSE_RENAME] = {.call = do_rename,
			 .arg = sizeof(struct fuse_rename_in),
			 .names = 2,
			 .changes = true},
	[FUSE_LINK] = {.call = do_link,
		       .arg = sizeof(struct fuse_link_in),
		       .names = 1,
		       .changes = true},
	[FUSE_OPEN] = {.call = do_open, .arg = sizeof(struct fuse_open_in)},
	[FUSE_READ] = {.call = do_read, .arg = sizeof(struct fuse_read_in)},
	[FUSE_WRITE] = {.call = do_write, .arg = sizeof(struct fuse_write_in), .changes = true},
	[FUSE_STATFS] = {.call = do_statfs},
	[FUSE_RELEASE] = {.call = do_release, .arg = sizeof(struct fuse_release_in)},
	[FUSE_FSYNC] = {.call = do_fsync, .arg = sizeof(struct fuse_fsync_in)},
	[FUSE_FLUSH] = {.call = do_nothing},
	[FUSE_INIT] = {.call = do_init, .arg = sizeof(uint32_t) * 4},
	[FUSE_OPENDIR] = {.call = do_opendir, .arg = sizeof(struct fuse_open_in)},
	[FUSE_READDIR] = {.call = do_readdir, .arg = sizeof(struct fuse_read_in)},
	[FUSE_RELEASEDIR] = {.call = do_release, .arg = sizeof(struct fuse_release_in)},
	[FUSE_FSYNCDIR] = {.call = do_fsync, .arg = sizeof(struct fuse_fsync_in)},
	[FUSE_CREATE] = {.call = do_create,
			 .arg = sizeof(struct fuse_create_in),
			 .names = 1,
			 .changes = true},
	[FUSE_DESTROY] = {.call = do_nothing},
	[FUSE_BATCH_FORGET] = {.call = do_batch_forget,
			       .arg = sizeof(struct fuse_batch_forget_in),
			       .silent = true},
	[FUSE_FALLOCATE] = {.call = do_fallocate,
			    .arg = sizeof(struct fuse_fallocate_in),
			    .changes = true},
	[FUSE_RENAME2] = {.call = do_rename2,
			  .arg = sizeof(struct fuse_rename2_in),
			  .names = 2,
			  .changes = true},
};

/* The names behind the argument, each ended by a zero byte; where a link leads is none. */
static int take_names(struct call *c, const struct op *op)
{
	for (unsigned int i = 0; i < op->names; i++) {
		size_t len = strnlen((const char *)c->data, c->data_len);

		if (len == c->data_len)
			return -EINVAL;
		c->name[i] = (const char *)c->data;
		c->data += len + 1;
		c->data_len -= len + 1;
		if (i && op->call == do_symlink)
			return len ? 0 : -ENOENT;
		if (!folder_name_ok(c->name[i]))
			return len > 255 ? -ENAMETOOLONG : -EINVAL;
	}
	return 0;
}

static int serve(struct fuse *f, struct call *c, const struct op *op, size_t len)
{
	int ret;

	if (!op || !op->call)
		return -ENOSYS;
	if (len < op->arg)
		return -EINVAL;
	if (!f->started && op->call != do_init)
		return -EIO;
	if (op->changes && f->folder.readonly)
		return -EROFS;
	c->data = (const uint8_t *)c->arg + op->arg;
	c->data_len = len - op->arg;
	ret = take_names(c, op);
	return ret ? ret : op->call(f, c);
}

size_t fuse_serve(struct fuse *f, const void *call, size_t len, void *out, size_t room)
{
	const struct fuse_in_header *h = call;
	struct fuse_out_header *o = out;
	struct call c = {.h = h,
			 .arg = h + 1,
			 .out = (uint8_t *)(o + 1),
			 .room = MIN(room, FUSE_MAX_CALL) - sizeof(*o)};
	const struct op *op;

	if (len < sizeof(*h))
		return 0;
	op = h->opcode < ARRAY_SIZE(ops) ? &ops[h->opcode] : NULL;
	*o = (struct fuse_out_header){.unique = h->unique};
	o->error = serve(f, &c, op, len - sizeof(*h));
	if (op && op->silent)
		return 0;
	o->len = (uint32_t)(sizeof(*o) + (o->error ? 0 : c.out_len));
	return o->len;
}

int fuse_open(struct fuse *f, const char *path, bool readonly)
{
	*f = (struct fuse){.started = false};
	return folder_open(&f->folder, path, readonly);
}

void fuse_reset(struct fuse *f)
{
	for (unsigned int i = 0; i < f->nfiles; i++)
		drop(&f->files[i]);
	folder_reset(&f->folder);
	f->started = false;
}

void fuse_close(struct fuse *f)
{
	fuse_reset(f);
	folder_close(&f->folder);
	free(f->files);
	*f = (struct fuse){.started = false};
}
