// SPDX-License-Identifier: BSD-3-Clause
/*
 * files.c - open, access and stat of /dev/kvm, and of the parameter file that some VMMs read the
 * capability number from; by path and by descriptor.
 *
 * Behind a descriptor is a socket; what is told is what the kernel's file would tell: a guest_memfd
 * is a regular file of its size, the others are anonymous.
 */
#include "client/files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "client/parts.h"

#define KVM_DEVICE makedev(10, 232)

static long open_parameter(int flags)
{
	uint32_t cap = link_rmi_cap();
	char text[16] = "\n";
	unsigned int at = sizeof(text) - 1, len;
	long fd;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EACCES;
	text[at] = '\n';
	do
		text[--at] = '0' + cap % 10;
	while (cap /= 10);
	len = sizeof(text) - at;
	fd = sys(memfd_create, "kvm_cap_arm_rmi", MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	sys(pwrite64, fd, text + at, len, 0);
	if (!(flags & O_CLOEXEC))
		sys(fcntl, fd, F_SETFD, 0);
	return fd;
}

/* Both, or neither: a /dev/kvm on which nothing can be asked is of no use. */
static long open_kvm(int flags)
{
	sigmask_t mask;
	long r;

	signals_block(&mask);
	object_sweep();
	r = link_prepare(mask);
	if (!r)
		r = memory_prepare();
	if (!r)
		r = link_open(WIRE_ROLE_OPEN, mask);
	if (r >= 0 && !(flags & O_CLOEXEC))
		sys(fcntl, r, F_SETFD, 0);
	signals_restore(&mask);
	return r;
}

static long open_path(enum path p, int flags)
{
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (flags & O_DIRECTORY & ~O_TMPFILE)
		return -ENOTDIR;
	return p == PATH_KVM ? open_kvm(flags) : open_parameter(flags);
}

bool files_open(int dir, const char *path, int flags, long *r)
{
	enum path p = path_classify(dir, path);

	if (p != PATH_OTHER)
		*r = open_path(p, flags);
	return p != PATH_OTHER;
}

long files_opened(long r, int dir, const char *path, int flags)
{
	enum path p = PATH_OTHER;
	struct stat st;

	if (!client_enabled())
		return r;
	if (!(flags & O_NOFOLLOW) && (r == -ENOENT || r == -EACCES || r == -ENXIO || r == -ENODEV))
		p = path_classify_link(dir, path);
	else if (r >= 0 && !sys(fstat, r, &st) && S_ISCHR(st.st_mode) && st.st_rdev == KVM_DEVICE)
		p = PATH_KVM;
	if (p == PATH_OTHER)
		return r;
	if (r >= 0) {
		sys(close, r);
		client_enter();
	}
	return open_path(p, flags);
}

bool files_access(int dir, const char *path, int mode, long *r)
{
	enum path p = path_classify(dir, path);
	bool denied = (mode & 1) || (p == PATH_PARAMETER && (mode & 2)); /* X_OK, W_OK */

	*r = denied ? -EACCES : 0;
	return p != PATH_OTHER;
}

static void fill(struct stat *st, enum path p)
{
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_blksize = PAGE_SIZE;
	if (p == PATH_KVM) {
		st->st_mode = S_IFCHR | 0666;
		st->st_rdev = KVM_DEVICE;
	} else {
		st->st_mode = S_IFREG | 0444;
		st->st_size = PAGE_SIZE;
	}
}

/* False: the descriptor is none of ours. */
static bool fill_descriptor(struct stat *st, int fd)
{
	struct handle h;
	enum fd_class class;

	if (!client_enabled())
		return false;
	client_enter();
	class = object_classify(fd, &h);
	if (class == FD_OTHER)
		return false;
	fill(st, PATH_KVM);
	if (class == FD_SYSTEM)
		return true;
	st->st_mode = 0600;
	st->st_rdev = 0;
	if (class == FD_OBJECT && h.obj->kind == OBJECT_GMEM) {
		st->st_mode |= S_IFREG;
		st->st_size = (off_t)h.obj->size;
		st->st_ino = h.ino;
	}
	return true;
}

/* By path, or by descriptor when the path is empty and may be. */
static bool fill_at(struct stat *st, int dir, const char *path, int flags)
{
	enum path p;

	if ((flags & AT_EMPTY_PATH) && user_readable(path) && !*path)
		return fill_descriptor(st, dir);
	p = path_classify(dir, path);
	if (p != PATH_OTHER)
		fill(st, p);
	return p != PATH_OTHER;
}

/* The caller's buffer may be anywhere. */
static int give(void *to, const void *from, size_t size)
{
	if (!user_writable(to, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

/* On 64-bit hosts struct stat64 is struct stat, and the kernel's. */
bool files_fstat(int fd, void *to, long *r)
{
	struct stat st;

	if (!fill_descriptor(&st, fd))
		return false;
	*r = give(to, &st, sizeof(st));
	return true;
}

bool files_stat(int dir, const char *path, void *to, int flags, long *r)
{
	struct stat st;

	if (!fill_at(&st, dir, path, flags))
		return false;
	*r = give(to, &st, sizeof(st));
	return true;
}

bool files_statx(int dir, const char *path, int flags, void *to, long *r)
{
	struct statx stx = {.stx_mask =
				    STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_SIZE | STATX_INO};
	struct stat st;

	if (!fill_at(&st, dir, path, flags))
		return false;
	stx.stx_mode = st.st_mode;
	stx.stx_nlink = st.st_nlink;
	stx.stx_size = st.st_size;
	stx.stx_ino = st.st_ino;
	stx.stx_blksize = st.st_blksize;
	stx.stx_rdev_major = major(st.st_rdev);
	stx.stx_rdev_minor = minor(st.st_rdev);
	*r = give(to, &stx, sizeof(stx));
	return true;
}
