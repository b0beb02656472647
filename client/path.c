// SPDX-License-Identifier: BSD-3-Clause
/*
 * path.c - which file a path names, however it is spelt.
 *
 * A path to /dev/kvm ends in "kvm": all others cost a copy and a comparison. Of the rest a folder
 * is known by device and inode. The folder of the parameter file need not exist: that path is
 * compared as text.
 */
#include "client/files.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "client/parts.h"

#define PARAMETER "/sys/module/kvm/parameters/kvm_cap_arm_rmi"
#define MAX_LINKS 8

bool path_copy(char *to, const char *path)
{
	if (client_carried() && sys(faccessat, AT_FDCWD, path, 0) == -EFAULT)
		return false;
	for (size_t i = 0; i < PATH_MAX; i++) {
		if ((!i || (uintptr_t)(path + i) % PAGE_SIZE == 0) && !user_readable(path + i))
			return false;
		to[i] = path[i];
		if (!to[i])
			return true;
	}
	return false;
}

/* "//" and "/./" say nothing. */
static void squeeze(char *path)
{
	char *to = path;

	for (const char *p = path; *p; p++) {
		if (p[0] == '/' && p[1] == '/')
			continue;
		if (p[0] == '/' && p[1] == '.' && p[2] == '/')
			p++;
		else
			*to++ = *p;
	}
	*to = 0;
}

/* The part before `last` is the folder /dev. */
static bool lies_in_dev(int dir, char *path, char *last)
{
	char first = *last;
	struct stat dev, here;
	bool in;

	*last = 0;
	in = !sys(newfstatat, dir, last == path ? "." : path, &here, 0) &&
	     !sys(newfstatat, AT_FDCWD, "/dev", &dev, 0) && here.st_dev == dev.st_dev &&
	     here.st_ino == dev.st_ino;
	*last = first;
	return in;
}

static enum path classify(int dir, char *path)
{
	char *last = strrchr(path, '/');

	last = last ? last + 1 : path;
	if (strcmp(last, "kvm") && strcmp(last, "kvm_cap_arm_rmi"))
		return PATH_OTHER;
	if (*path == '/') {
		squeeze(path);
		last = strrchr(path, '/') + 1;
	}
	if (!strcmp(path, PARAMETER))
		return PATH_PARAMETER;
	if (!strcmp(path, "/dev/kvm") || (!strcmp(last, "kvm") && lies_in_dev(dir, path, last)))
		return PATH_KVM;
	return PATH_OTHER;
}

enum path path_classify(int dir, const char *path)
{
	char copy[PATH_MAX];
	enum path p;

	if (!client_enabled() || !path_copy(copy, path))
		return PATH_OTHER;
	p = classify(dir, copy);
	if (p != PATH_OTHER)
		client_enter();
	return p;
}

/* A link's text begins at the link's own folder; "dir/link" -> "dir/text". */
static bool follow(int dir, char *path)
{
	char text[PATH_MAX], *last = strrchr(path, '/');
	long n = sys(readlinkat, dir, path, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = 0;
	last = last && *text != '/' ? last + 1 : path;
	if (last - path + n >= PATH_MAX)
		return false;
	memcpy(last, text, n + 1);
	return true;
}

enum path path_classify_link(int dir, const char *path)
{
	char copy[PATH_MAX];
	enum path p = PATH_OTHER;

	if (!client_enabled() || !path_copy(copy, path))
		return PATH_OTHER;
	for (int i = 0; i < MAX_LINKS && p == PATH_OTHER && follow(dir, copy); i++)
		p = classify(dir, copy);
	if (p != PATH_OTHER)
		client_enter();
	return p;
}
