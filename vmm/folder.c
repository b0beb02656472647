// SPDX-License-Identifier: BSD-3-Clause
/* folder.c - a table of inodes, by number and by what the host knows them by. */
#include "vmm/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROW 64u

static unsigned int *bucket(struct folder *f, dev_t dev, ino_t ino)
{
	return &f->buckets[(ino ^ ino >> 16 ^ dev) % FOLDER_BUCKETS];
}

static struct folder_node *node(const struct folder *f, uint64_t number)
{
	struct folder_node *n;

	if (!number || number > f->count)
		return NULL;
	n = &f->nodes[number - 1];
	return n->fd < 0 ? NULL : n;
}

int folder_fd(const struct folder *f, uint64_t number)
{
	struct folder_node *n = node(f, number);

	return n ? n->fd : -ESTALE;
}

static int grow(struct folder *f)
{
	struct folder_node *nodes = realloc(f->nodes, (f->count + GROW) * sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	f->nodes = nodes;
	for (unsigned int i = f->count + GROW; i > f->count; i--) {
		nodes[i - 1] = (struct folder_node){.fd = -1, .next = f->free};
		f->free = i;
	}
	f->count += GROW;
	return 0;
}

static uint64_t find(struct folder *f, const struct stat *st)
{
	unsigned int i = *bucket(f, st->st_dev, st->st_ino);

	while (i && (f->nodes[i - 1].dev != st->st_dev || f->nodes[i - 1].ino != st->st_ino))
		i = f->nodes[i - 1].next;
	return i;
}

/* Takes fd. */
static int add(struct folder *f, int fd, const struct stat *st, uint64_t *number)
{
	unsigned int *b = bucket(f, st->st_dev, st->st_ino), i;

	if (!f->free && grow(f)) {
		close(fd);
		return -ENOMEM;
	}
	i = f->free;
	f->free = f->nodes[i - 1].next;
	f->nodes[i - 1] = (struct folder_node){
		.fd = fd, .dev = st->st_dev, .ino = st->st_ino, .lookups = 1, .next = *b};
	*b = i;
	*number = i;
	return 0;
}

static void drop(struct folder *f, unsigned int number)
{
	struct folder_node *n = &f->nodes[number - 1];
	unsigned int *link = bucket(f, n->dev, n->ino);

	while (*link != number)
		link = &f->nodes[*link - 1].next;
	*link = n->next;
	close(n->fd);
	*n = (struct folder_node){.fd = -1, .next = f->free};
	f->free = number;
}

int folder_open(struct folder *f, const char *path, bool readonly)
{
	uint64_t number;
	struct stat st;
	int fd, err;

	*f = (struct folder){.readonly = readonly};
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		err = errno;
		if (fd >= 0)
			close(fd);
		return -err;
	}
	return add(f, fd, &st, &number);
}

void folder_reset(struct folder *f)
{
	for (unsigned int i = f->count; i > FOLDER_ROOT; i--)
		if (f->nodes[i - 1].fd >= 0)
			drop(f, i);
}

void folder_close(struct folder *f)
{
	for (unsigned int i = f->count; i; i--)
		if (f->nodes[i - 1].fd >= 0)
			drop(f, i);
	free(f->nodes);
	*f = (struct folder){.nodes = NULL};
}

bool folder_name_ok(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..") &&
	       strlen(name) <= NAME_MAX;
}

int folder_lookup(struct folder *f, uint64_t parent, const char *name, uint64_t *number,
		  struct stat *st)
{
	int at = folder_fd(f, parent), fd, err;

	if (at < 0)
		return at;
	if (!folder_name_ok(name))
		return -EINVAL;
	fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st)) {
		err = errno;
		close(fd);
		return -err;
	}
	*number = find(f, st);
	if (!*number)
		return add(f, fd, st, number);
	close(fd);
	f->nodes[*number - 1].lookups++;
	return 0;
}

void folder_forget(struct folder *f, uint64_t number, uint64_t times)
{
	struct folder_node *n = node(f, number);

	if (!n || number == FOLDER_ROOT)
		return;
	n->lookups -= times < n->lookups ? times : n->lookups;
	if (!n->lookups)
		drop(f, (unsigned int)number);
}

/* By way of /proc: it is this very inode, whatever stands at its name by now. */
int folder_reopen(const struct folder *f, uint64_t number, int flags)
{
	int fd = folder_fd(f, number), ret;
	char path[32];
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	/* What else there is could block, or do something. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -EACCES;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return ret < 0 ? -errno : ret;
}
