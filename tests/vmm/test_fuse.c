// SPDX-License-Identifier: BSD-3-Clause
/* test_fuse.c - a realm's calls upon a shared folder, good ones and those that try to get out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/fs.h"

#define ROOT 1
#define RO   ((void *)1)

static struct fuse fuse;
static char outside[] = "/tmp/softrealm-test-XXXXXX", folder[64];
static uint64_t in[(FUSE_MAX_CALL + 7) / 8], out[(FUSE_MAX_CALL + 7) / 8];
static size_t out_len;

#define ANSWER(type) ((const struct type *)((const struct fuse_out_header *)out + 1))

/* A call with an argument and bytes behind it, in this much room; its error. */
static int call_in(size_t room, uint32_t op, uint64_t node, const void *arg, size_t len,
		   const void *more, size_t more_len)
{
	struct fuse_in_header *h = (struct fuse_in_header *)in;

	*h = (struct fuse_in_header){.len = (uint32_t)(sizeof(*h) + len + more_len),
				     .opcode = op,
				     .unique = 0x1234,
				     .nodeid = node};
	if (len)
		memcpy(h + 1, arg, len);
	if (more_len)
		memcpy((char *)(h + 1) + len, more, more_len);
	memset(out, 0xaa, sizeof(out));
	out_len = fuse_serve(&fuse, in, h->len, out, room);
	if (!out_len)
		return 0;
	assert_int_equal(((struct fuse_out_header *)out)->unique, 0x1234);
	assert_int_equal(((struct fuse_out_header *)out)->len, out_len);
	return ((struct fuse_out_header *)out)->error;
}

static int call(uint32_t op, uint64_t node, const void *arg, size_t len, const void *more,
		size_t more_len)
{
	return call_in(sizeof(out), op, node, arg, len, more, more_len);
}

static int named(uint32_t op, uint64_t node, const void *arg, size_t len, const char *name)
{
	return call(op, node, arg, len, name, strlen(name) + 1);
}

static int init(uint32_t major, uint32_t minor)
{
	struct fuse_init_in i = {.major = major, .minor = minor, .flags = ~0u};

	return call(FUSE_INIT, 0, &i, 16, NULL, 0);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", outside, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *get(const char *name)
{
	static char text[256];
	char path[128];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", outside, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* outside/secret; outside/folder/{file, sub/deep, fifo, link -> ../secret, up -> ..} */
static int setup(void **state)
{
	int fd;

	strcpy(outside + sizeof(outside) - 7, "XXXXXX");
	assert_non_null(mkdtemp(outside));
	snprintf(folder, sizeof(folder), "%s/folder", outside);
	assert_int_equal(mkdir(folder, 0755), 0);
	put("secret", "nobody's business");
	put("folder/file", "hello");
	fd = open(folder, O_RDONLY);
	assert_int_equal(mkdirat(fd, "sub", 0755), 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0644), 0);
	assert_int_equal(symlinkat("../secret", fd, "link"), 0);
	assert_int_equal(symlinkat("..", fd, "up"), 0);
	close(fd);
	put("folder/sub/deep", "deep");
	assert_int_equal(fuse_open(&fuse, folder, *state == RO), 0);
	assert_int_equal(init(7, 38), 0);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	fuse_close(&fuse);
	snprintf(command, sizeof(command), "rm -rf %s", outside);
	return system(command);
}

static uint64_t lookup(uint64_t parent, const char *name)
{
	assert_int_equal(named(FUSE_LOOKUP, parent, NULL, 0, name), 0);
	return ANSWER(fuse_entry_out)->nodeid;
}

static int open_node(uint64_t node, uint32_t flags, uint64_t *fh)
{
	struct fuse_open_in o = {.flags = flags};
	int ret = call(FUSE_OPEN, node, &o, sizeof(o), NULL, 0);

	if (!ret)
		*fh = ANSWER(fuse_open_out)->fh;
	return ret;
}

static int create(const char *name, uint32_t flags, uint32_t mode, uint64_t *fh)
{
	struct fuse_create_in c = {.flags = flags, .mode = S_IFREG | mode};
	int ret = named(FUSE_CREATE, ROOT, &c, sizeof(c), name);

	if (!ret)
		*fh = ((const struct fuse_open_out *)(ANSWER(fuse_entry_out) + 1))->fh;
	return ret;
}

static int write_file(uint64_t fh, uint32_t told, const char *text)
{
	struct fuse_write_in w = {.fh = fh, .size = told};

	return call(FUSE_WRITE, ROOT, &w, sizeof(w), text, strlen(text));
}

static void a_file_is_read(void **state)
{
	struct fuse_read_in r = {.size = 100, .offset = 1};
	uint64_t node = lookup(ROOT, "file");

	assert_int_equal(ANSWER(fuse_entry_out)->attr.size, 5);
	assert_int_equal(ANSWER(fuse_entry_out)->attr.uid, 0);
	assert_int_equal(open_node(node, O_RDONLY, &r.fh), 0);
	assert_int_equal(call(FUSE_READ, node, &r, sizeof(r), NULL, 0), 0);
	assert_int_equal(out_len, 16 + 4);
	assert_memory_equal(ANSWER(fuse_out_header), "ello", 4);
	assert_int_equal(call_in(16 + 2, FUSE_READ, node, &r, sizeof(r), NULL, 0), 0);
	assert_int_equal(out_len, 16 + 2);
}

static void a_file_is_made_written_and_moved(void **state)
{
	struct fuse_rename2_in to = {.newdir = lookup(ROOT, "sub")};
	uint64_t fh = 99;

	/* Its mode forbids others, but not its creator. */
	assert_int_equal(create("new", O_WRONLY | O_EXCL, 0444, &fh), 0);
	assert_int_equal(write_file(fh, 4, "text"), 0);
	assert_int_equal(ANSWER(fuse_write_out)->size, 4);
	assert_string_equal(get("folder/new"), "text");
	assert_int_equal(call(FUSE_RENAME2, ROOT, &to, sizeof(to), "new\0name", 9), 0);
	assert_string_equal(get("folder/sub/name"), "text");
	assert_int_equal(named(FUSE_UNLINK, to.newdir, NULL, 0, "name"), 0);
	assert_null(get("folder/sub/name"));
	assert_int_equal(create("file", O_WRONLY | O_EXCL, 0644, &fh), -EEXIST);
	assert_int_equal(create("file", O_WRONLY | O_TRUNC, 0644, &fh), 0);
	assert_string_equal(get("folder/file"), "");
}

static void names_that_lead_out_are_refused(void **state)
{
	static const char *const bad[] = {"..", ".", "", "../secret", "sub/deep", "/etc", "link/"};
	static const uint32_t ops[] = {FUSE_LOOKUP, FUSE_UNLINK, FUSE_RMDIR};
	struct fuse_mkdir_in dir = {.mode = 0755};
	char longer[400];
	uint64_t fh = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		for (size_t n = 0; n < ARRAY_SIZE(ops); n++)
			assert_int_equal(named(ops[n], ROOT, NULL, 0, bad[i]), -EINVAL);
		assert_int_equal(named(FUSE_MKDIR, ROOT, &dir, sizeof(dir), bad[i]), -EINVAL);
		assert_int_equal(create(bad[i], O_RDWR, 0644, &fh), -EINVAL);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(named(FUSE_LOOKUP, ROOT, NULL, 0, longer), -ENAMETOOLONG);
	assert_int_equal(call(FUSE_LOOKUP, ROOT, NULL, 0, "file", 4), -EINVAL); /* no end */
	assert_int_equal(call(FUSE_RENAME, ROOT, &(uint64_t){ROOT}, 8, "file\0../x", 10), -EINVAL);
	assert_string_equal(get("secret"), "nobody's business");
}

static void links_are_told_and_never_followed(void **state)
{
	uint64_t link = lookup(ROOT, "link"), up, fh;
	struct fuse_setattr_in a = {.valid = FATTR_SIZE};

	assert_true(S_ISLNK(ANSWER(fuse_entry_out)->attr.mode));
	assert_int_equal(call(FUSE_READLINK, link, NULL, 0, NULL, 0), 0);
	assert_memory_equal(ANSWER(fuse_out_header), "../secret", 9);
	assert_int_equal(open_node(link, O_RDONLY, &fh), -EACCES);
	assert_int_equal(call(FUSE_SETATTR, link, &a, sizeof(a), NULL, 0), -EACCES);
	a = (struct fuse_setattr_in){.valid = FATTR_MODE, .mode = 0};
	assert_int_equal(call(FUSE_SETATTR, link, &a, sizeof(a), NULL, 0), -EOPNOTSUPP);
	assert_int_equal(create("link", O_RDWR | O_TRUNC, 0644, &fh), -EACCES);
	up = lookup(ROOT, "up");
	assert_int_equal(named(FUSE_LOOKUP, up, NULL, 0, "secret"), -ENOTDIR);
	a = (struct fuse_setattr_in){.valid = FATTR_MTIME, .mtime = 1000};
	assert_int_equal(call(FUSE_SETATTR, link, &a, sizeof(a), NULL, 0), 0);
	assert_string_equal(get("secret"), "nobody's business");
	/* A link of the realm's own leads nowhere either. */
	assert_int_equal(call(FUSE_SYMLINK, ROOT, NULL, 0, "mine\0../secret", 15), 0);
	assert_int_equal(open_node(ANSWER(fuse_entry_out)->nodeid, O_RDONLY, &fh), -EACCES);
	assert_int_equal(create("mine", O_WRONLY, 0644, &fh), -EACCES);
}

/* A known folder that the host moves elsewhere shows what is in it, and not what is around it. */
static void a_folder_that_is_moved_out_is_no_way_out(void **state)
{
	uint64_t sub = lookup(ROOT, "sub");
	char from[80], to[80];

	snprintf(from, sizeof(from), "%s/sub", folder);
	snprintf(to, sizeof(to), "%s/moved", outside);
	assert_int_equal(rename(from, to), 0);
	lookup(sub, "deep");
	assert_int_equal(named(FUSE_LOOKUP, sub, NULL, 0, ".."), -EINVAL);
}

static void what_is_no_file_is_not_opened(void **state)
{
	uint64_t fifo = lookup(ROOT, "fifo"), fh;
	struct fuse_mknod_in dev = {.mode = S_IFCHR | 0666, .rdev = 0x103};
	struct fuse_setattr_in a = {.valid = FATTR_MODE, .mode = 06755};

	assert_int_equal(open_node(fifo, O_RDONLY, &fh), -EACCES);
	assert_int_equal(create("fifo", O_WRONLY, 0644, &fh), -EACCES);
	assert_int_equal(named(FUSE_MKNOD, ROOT, &dev, sizeof(dev), "null"), -EPERM);
	dev.mode = S_IFBLK | 0666;
	assert_int_equal(named(FUSE_MKNOD, ROOT, &dev, sizeof(dev), "null"), -EPERM);
	assert_int_equal(create("suid", O_WRONLY, 06755, &fh), 0);
	assert_int_equal(ANSWER(fuse_entry_out)->attr.mode & 07777, 0755);
	assert_int_equal(call(FUSE_SETATTR, lookup(ROOT, "suid"), &a, sizeof(a), NULL, 0), 0);
	assert_int_equal(ANSWER(fuse_attr_out)->attr.mode & 07777, 0755);
}

static void unknown_numbers_are_refused(void **state)
{
	static const uint64_t bad[] = {0, 2, 63, 64, 65, 1 << 20, UINT64_MAX};
	struct fuse_read_in r = {.size = 100};
	uint64_t fh = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(named(FUSE_LOOKUP, bad[i], NULL, 0, "file"), -ESTALE);
		assert_int_equal(open_node(bad[i], O_RDONLY, &fh), -ESTALE);
		assert_int_equal(call(FUSE_GETATTR, bad[i], NULL, 0, NULL, 0), -ESTALE);
		assert_int_equal(call(FUSE_LINK, ROOT, &bad[i], 8, "x", 2), -ESTALE);
		r.fh = bad[i];
		assert_int_equal(call(FUSE_READ, ROOT, &r, sizeof(r), NULL, 0), -EBADF);
		assert_int_equal(call(FUSE_READDIR, ROOT, &r, sizeof(r), NULL, 0), -EBADF);
		assert_int_equal(write_file(bad[i], 1, "x"), -EBADF);
	}
}

static void what_is_forgotten_is_closed(void **state)
{
	unsigned int before = descriptors();
	struct fuse_forget_in one = {1}, many = {UINT64_MAX};
	uint64_t node = lookup(ROOT, "file");

	assert_int_equal(lookup(ROOT, "file"), node);
	assert_int_equal(descriptors(), before + 1);
	assert_int_equal(call(FUSE_FORGET, node, &one, sizeof(one), NULL, 0), 0);
	assert_int_equal(out_len, 0);
	assert_int_equal(descriptors(), before + 1);
	call(FUSE_FORGET, node, &many, sizeof(many), NULL, 0);
	assert_int_equal(descriptors(), before);
	assert_int_equal(call(FUSE_GETATTR, node, NULL, 0, NULL, 0), -ESTALE);
	call(FUSE_FORGET, ROOT, &many, sizeof(many), NULL, 0);
	lookup(ROOT, "sub");
	lookup(ROOT, "file");
	open_node(lookup(ROOT, "file"), O_RDONLY, &node);
	fuse_reset(&fuse);
	assert_int_equal(descriptors(), before);
	assert_int_equal(named(FUSE_LOOKUP, ROOT, NULL, 0, "file"), -EIO); /* no INIT yet */
}

static void a_folder_is_listed_in_pieces(void **state)
{
	struct fuse_read_in r = {.size = 64};
	struct fuse_open_in o = {0};
	unsigned int found = 0;

	assert_int_equal(call(FUSE_OPENDIR, ROOT, &o, sizeof(o), NULL, 0), 0);
	r.fh = ANSWER(fuse_open_out)->fh;
	for (int i = 0; i < 100; i++) {
		const struct fuse_dirent *d = ANSWER(fuse_dirent);

		assert_int_equal(call(FUSE_READDIR, ROOT, &r, sizeof(r), NULL, 0), 0);
		assert_true(out_len <= 16 + 64);
		if (out_len == 16)
			break;
		found += d->namelen == 4 && !memcmp(d->name, "file", 4);
		found += d->namelen == 3 && !memcmp(d->name, "sub", 3) && d->type == DT_DIR;
		r.offset = d->off;
	}
	assert_int_equal(out_len, 16);
	assert_int_equal(found, 2);
	assert_int_equal(write_file(r.fh, 1, "x"), -EBADF);
}

static void a_write_is_no_longer_than_its_data(void **state)
{
	uint64_t fh = 0;

	assert_int_equal(create("w", O_RDWR, 0644, &fh), 0);
	assert_int_equal(write_file(fh, 100, "only this"), -EINVAL);
	assert_string_equal(get("folder/w"), "");
}

static void nothing_changes_in_a_read_only_folder(void **state)
{
	struct fuse_setattr_in a = {.valid = FATTR_SIZE};
	struct fuse_mkdir_in dir = {.mode = 0755};
	uint64_t node = lookup(ROOT, "file"), fh = 0;

	assert_int_equal(open_node(node, O_RDWR, &fh), -EROFS);
	assert_int_equal(open_node(node, O_RDONLY | O_TRUNC, &fh), -EROFS);
	assert_int_equal(create("file", O_RDONLY, 0644, &fh), -EROFS);
	assert_int_equal(call(FUSE_SETATTR, node, &a, sizeof(a), NULL, 0), -EROFS);
	assert_int_equal(named(FUSE_MKDIR, ROOT, &dir, sizeof(dir), "d"), -EROFS);
	assert_int_equal(named(FUSE_UNLINK, ROOT, NULL, 0, "file"), -EROFS);
	assert_int_equal(call(FUSE_RENAME, ROOT, &(uint64_t){ROOT}, 8, "file\0x", 7), -EROFS);
	assert_int_equal(call(FUSE_LINK, ROOT, &node, 8, "x", 2), -EROFS);
	assert_int_equal(call(FUSE_SYMLINK, ROOT, NULL, 0, "x\0y", 4), -EROFS);
	assert_int_equal(open_node(node, O_RDONLY, &fh), 0);
	assert_int_equal(write_file(fh, 1, "x"), -EROFS);
	assert_string_equal(get("folder/file"), "hello");
}

static void short_calls_and_unknown_ones_are_refused(void **state)
{
	uint8_t *exact;

	for (uint32_t op = 0; op < 70; op++)
		for (size_t len = 0; len < 96; len += 4) {
			exact = calloc(1, sizeof(struct fuse_in_header) + len);
			((struct fuse_in_header *)exact)->opcode = op;
			((struct fuse_in_header *)exact)->nodeid = ROOT;
			fuse_serve(&fuse, exact, sizeof(struct fuse_in_header) + len, out, 16);
			free(exact);
		}
	assert_int_equal(fuse_serve(&fuse, in, sizeof(struct fuse_in_header) - 1, out, 16), 0);
	assert_int_equal(init(7, 38), 0);
	assert_int_equal(call(0xffffffff, ROOT, NULL, 0, NULL, 0), -ENOSYS);
	assert_int_equal(call(FUSE_GETXATTR, ROOT, NULL, 0, NULL, 0), -ENOSYS);
	assert_string_equal(get("folder/file"), "hello");
}

static void other_versions_are_refused(void **state)
{
	assert_int_equal(init(6, 38), -EPROTO);
	assert_int_equal(init(7, 30), -EPROTO);
	assert_int_equal(init(8, 0), -EPROTO);
	assert_int_equal(init(7, 31), 0);
}

/* Through the device: a call and its answer, and chains that have no room for one. */
static void the_device_passes_calls_on(void **state)
{
	struct guest_memory *mem = driver_memory();
	struct fuse_in_header *h;
	struct fs fs;
	struct ring r;

	assert_int_equal(fs_init(&fs, mem, folder, "tag", false, 0), 0);
	assert_string_equal((char *)fs.dev.config, "tag");
	driver_start(&fs.dev, 0);
	ring_make(&r, mem, 0, 8);
	assert_int_equal(ring_attach(&r, &fs.dev.queues[1]), 0);
	h = ring_data_ptr(&r);
	*h = (struct fuse_in_header){.opcode = FUSE_INIT, .unique = 5};
	*(struct fuse_init_in *)(h + 1) = (struct fuse_init_in){.major = 7, .minor = 38};
	ring_desc(&r, 0, ring_data(&r), sizeof(*h) + 16, VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r) + 0x200, 200, VRING_DESC_F_WRITE, 0);
	ring_offer(&r, 0);
	virtio_notify(&fs.dev, 1);
	assert_int_equal(r.used->idx, 1);
	assert_int_equal(r.used->ring[0].len, 16 + sizeof(struct fuse_init_out));
	for (uint32_t room = 0; room < 40; room += 13) {
		ring_desc(&r, 1, ring_data(&r) + 0x200, room, VRING_DESC_F_WRITE, 0);
		ring_offer(&r, 0);
		virtio_notify(&fs.dev, 1);
		assert_true(r.used->ring[(r.used->idx - 1) % 8].len <= room);
	}
	ring_desc(&r, 0, RAM, RAM_SIZE, 0, 0);
	ring_offer(&r, 0);
	virtio_notify(&fs.dev, 1);
	assert_int_equal(r.used->idx, 6);
	assert_true(fs_destroy(&fs));
	driver_memory_free(mem);
}

static void what_is_no_folder_is_refused(void **state)
{
	struct fs fs;
	char path[80];

	snprintf(path, sizeof(path), "%s/file", folder);
	assert_int_equal(fs_init(&fs, NULL, path, "tag", false, 0), -ENOTDIR);
	assert_int_equal(fs_init(&fs, NULL, "/nonexistent", "tag", false, 0), -ENOENT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_file_is_read),
		T(a_file_is_made_written_and_moved),
		T(names_that_lead_out_are_refused),
		T(links_are_told_and_never_followed),
		T(a_folder_that_is_moved_out_is_no_way_out),
		T(what_is_no_file_is_not_opened),
		T(unknown_numbers_are_refused),
		T(what_is_forgotten_is_closed),
		T(a_folder_is_listed_in_pieces),
		T(a_write_is_no_longer_than_its_data),
		cmocka_unit_test_prestate_setup_teardown(nothing_changes_in_a_read_only_folder,
							 setup, teardown, RO),
		T(short_calls_and_unknown_ones_are_refused),
		T(other_versions_are_refused),
		T(the_device_passes_calls_on),
		T(what_is_no_folder_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
