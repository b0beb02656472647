// SPDX-License-Identifier: BSD-3-Clause
/*
 * shared_file.c - shared mappings of files that the VMM has open: the backend is given the file,
 * and nothing is moved.
 *
 * A VMM that shares its guest's memory with others hands them a descriptor, so it has one. It is
 * found by device and inode, among the numbers that a VMM uses. Where none is to be found (it was
 * closed, or is for reading only) the backend may still know the file from before; else the mapping
 * is treated as if it were nobody else's.
 */
#include <fcntl.h>

#include "client/parts.h"

#define LAST_NUMBER 4095
#define HIGH	    500 /* out of the VMM's way, as own.c does it */

static bool is_file_of(int fd, const struct maps_area *a)
{
	struct stat st;
	long flags;

	if (sys(fstat, fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != a->ino ||
	    st.st_dev != a->dev)
		return false;
	flags = sys(fcntl, fd, F_GETFL);
	return flags >= 0 && (flags & (O_ACCMODE | O_PATH)) == O_RDWR;
}

/* A duplicate, which no other thread closes; -1: there is none. */
static int duplicate(int fd, const struct maps_area *a)
{
	long copy;

	if (!is_file_of(fd, a))
		return -1;
	copy = sys(fcntl, fd, F_DUPFD_CLOEXEC, HIGH);
	if (copy < 0)
		copy = sys(fcntl, fd, F_DUPFD_CLOEXEC, 3);
	if (copy >= 0 && !is_file_of(copy, a)) {
		sys(close, copy);
		return -1;
	}
	return copy < 0 ? -1 : (int)copy;
}

static int find(const struct maps_area *a)
{
	int copy = duplicate(client.shared_file.found_last, a);

	for (int fd = 0; copy < 0 && fd <= LAST_NUMBER; fd++) {
		copy = duplicate(fd, a);
		if (copy >= 0)
			client.shared_file.found_last = fd;
	}
	return copy;
}

int shared_file_report(struct talk *t, const struct maps_area *a, const struct wire_msg *m)
{
	const uint64_t id[2] = {a->dev, a->ino};
	struct wire_msg file = *m;
	int fd, r;

	if (!a->shared || !a->ino)
		return 1;
	fd = find(a);
	file.area.kind = WIRE_AREA_FILE;
	file.len = sizeof(id);
	r = talk_send(t, &file, id, &fd, fd >= 0);
	if (fd >= 0)
		sys(close, fd);
	if (r || talk_recv(t, &file, NULL, 0, NULL, NULL) < 0 || file.type != WIRE_SHARED)
		return -EPIPE;
	return file.answer.value ? 1 : 0;
}
