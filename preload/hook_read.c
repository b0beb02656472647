// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_read.c - reads and writes of a guest_memfd, which has neither. (Those at an offset fail on
 * what is behind it by themselves.)
 */
#include "preload/preload.h"

#include <sys/uio.h>
#include <unistd.h>

/* A read that did not end is as it was, errno and all. */
static ssize_t read_done(int fd, ssize_t r)
{
	return r ? r : sys_return(call_read_done(fd, 0));
}

EXPORT ssize_t read(int fd, void *buf, size_t size)
{
	return read_done(fd, REAL(read)(fd, buf, size));
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t size, size_t room);
EXPORT ssize_t __read_chk(int fd, void *buf, size_t size, size_t room)
{
	return read_done(fd, REAL(__read_chk)(fd, buf, size, room));
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return read_done(fd, REAL(readv)(fd, iov, n));
}

EXPORT ssize_t write(int fd, const void *buf, size_t size)
{
	return call_write(fd) ? sys_return(-EINVAL) : REAL(write)(fd, buf, size);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return call_write(fd) ? sys_return(-EINVAL) : REAL(writev)(fd, iov, n);
}
