// SPDX-License-Identifier: BSD-3-Clause
/*
 * disk.c - reads the first block device, writes a pattern to its end, reads it back
 *
 * The digest of the whole device as it was is said, so that the host can compare.  The last
 * 64 KiB then hold, sector by sector, the line "softrealm sector N" and zeros.  Everything is
 * done with O_DIRECT: what is read comes from the device and not from the page cache.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE	    "/dev/vda"
#define SECTOR	    512
#define PATTERN_LEN 65536
#define DISK_MAX    (64u << 20) /* larger ones are not read whole */

static int read_at(int fd, uint64_t at, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, at);

		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		at += n;
		len -= n;
	}
	return 0;
}

static int say_digest(int fd, uint64_t size)
{
	char hex[2 * SHA256_LEN + 1];
	size_t len = size < DISK_MAX ? size : DISK_MAX;
	uint8_t *buf;
	int err;

	if (posix_memalign((void **)&buf, 4096, len))
		return -ENOMEM;
	err = read_at(fd, 0, buf, len);
	if (!err) {
		sha256_hex(buf, len, hex);
		say("disk read %zu bytes sha256 %s", len, hex);
	}
	free(buf);
	return err;
}

static void fill_pattern(uint8_t *buf, uint64_t first)
{
	unsigned int i;

	memset(buf, 0, PATTERN_LEN);
	for (i = 0; i < PATTERN_LEN / SECTOR; i++)
		sprintf((char *)buf + i * SECTOR, "softrealm sector %llu\n",
			(unsigned long long)first + i);
}

static int write_and_check(int fd, uint64_t at)
{
	uint8_t *out, *in;
	int err = -ENOMEM;

	if (posix_memalign((void **)&out, 4096, 2 * PATTERN_LEN))
		return err;
	in = out + PATTERN_LEN;
	fill_pattern(out, at / SECTOR);
	err = pwrite(fd, out, PATTERN_LEN, at) == PATTERN_LEN ? 0 : -errno;
	if (!err)
		err = fsync(fd) ? -errno : read_at(fd, at, in, PATTERN_LEN);
	if (!err && memcmp(in, out, PATTERN_LEN))
		err = -EILSEQ;
	free(out);
	return err;
}

int disk_test(void)
{
	uint64_t size = 0;
	int ro = 0, err = 0;
	int fd = open(DEVICE, O_RDONLY | O_DIRECT | O_CLOEXEC);

	/* Opening for writing tells nothing: kernels differ in when they refuse. */
	if (fd >= 0 && !ioctl(fd, BLKROGET, &ro) && !ro) {
		close(fd);
		fd = open(DEVICE, O_RDWR | O_DIRECT | O_CLOEXEC);
	}
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		err = -errno;
	else if (size < PATTERN_LEN)
		err = -ENOSPC;
	if (!err)
		err = say_digest(fd, size);
	if (!err && !ro)
		err = write_and_check(fd, (size - PATTERN_LEN) & ~4095ull);
	if (fd >= 0)
		close(fd);
	if (err)
		say("disk failed: %s", strerror(-err));
	else
		say("disk %s", ro ? "is read-only" : "written and read back");
	return err;
}
