// SPDX-License-Identifier: BSD-3-Clause
/* image.c - loads kernel and initrd, checks them, and places them in RAM without overlap. */
#include "vmm/image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/layout.h"
#include "vmm/unpack.h"

#define IMAGE_HEADER_SIZE     64
#define IMAGE_MAGIC	      UINT32_C(0x644d5241) /* "ARM\x64" */
#define IMAGE_FLAG_BIG_ENDIAN BIT(0)

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* What a file that is no Image probably is. */
static const char *guess(const uint8_t *p, uint64_t size)
{
	if (size >= 4 && !memcmp(p, "\x5d\0\0", 3))
		return "it is lzma-compressed: unpack it first";
	if (size >= 4 && !memcmp(p, "\177ELF", 4))
		return "it is an ELF file (vmlinux?): the Image is in arch/arm64/boot";
	if (size >= 0x206 && !memcmp(p + 0x202, "HdrS", 4))
		return "it is an x86 kernel";
	return "it is not an arm64 Linux Image";
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/*
 * Where the sections of an EFI stub end in the file (the PE header says it; its sizes are those of
 * the PE/COFF specification). 0: there is no such header, or it makes no sense.
 */
static uint64_t efi_end(const uint8_t *p, uint64_t size)
{
	uint64_t pe = get32(p + 60), end = 0, section;

	if (memcmp(p, "MZ", 2))
		return 0;
	if (pe + 24 > size)
		return pe + 24;
	if (memcmp(p + pe, "PE\0\0", 4))
		return 0;
	section = pe + 24 + get16(p + pe + 20);
	for (unsigned int n = get16(p + pe + 6); n && section + 40 <= size; n--, section += 40)
		end = MAX(end, (uint64_t)get32(p + section + 16) + get32(p + section + 20));
	return end;
}

int image_parse(const void *data, uint64_t size, struct arm64_image *out, const char **why)
{
	const uint8_t *p = data;

	if (size < IMAGE_HEADER_SIZE || get32(p + 56) != IMAGE_MAGIC) {
		*why = guess(p, size);
		return -EINVAL;
	}
	if (efi_end(p, size) > size) {
		*why = "it is cut short: by its own header it is longer";
		return -EINVAL;
	}
	out->text_offset = get64(p + 8);
	out->image_size = get64(p + 16);
	if (get64(p + 24) & IMAGE_FLAG_BIG_ENDIAN) {
		*why = "it is a big-endian kernel";
		return -EINVAL;
	}
	if (!out->image_size || out->image_size > BIT(40)) {
		*why = "its header tells no usable size";
		return -EINVAL;
	}
	if (!IS_ALIGNED(out->text_offset, LAYOUT_PAGE) || out->text_offset >= LAYOUT_2M) {
		*why = "its header tells no usable load offset";
		return -EINVAL;
	}
	return 0;
}

/* Read to the end; a file that shrinks or grows meanwhile is an error. */
static int read_all(int fd, uint8_t *p, uint64_t size)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(fd, p + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

static int image_alloc(struct image *im, uint64_t size)
{
	void *p;

	im->mapped = ALIGN_UP(size, LAYOUT_PAGE);
	p = mmap(NULL, im->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	im->data = p;
	im->size = size;
	return 0;
}

static int image_read(struct image *im, const char *path, uint64_t max)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0 || fstat(fd, &st)) {
		ret = -errno;
		goto out;
	}
	ret = -EINVAL;
	if (!S_ISREG(st.st_mode)) {
		log_error("%s %s: not a regular file", im->name, path);
		goto close;
	}
	if (!st.st_size) {
		log_error("%s %s: the file is empty", im->name, path);
		goto close;
	}
	if ((uint64_t)st.st_size > max) {
		log_error("%s %s: %llu MiB do not fit into %llu MiB of memory (--memory)", im->name,
			  path, (unsigned long long)st.st_size >> 20,
			  (unsigned long long)max >> 20);
		goto close;
	}
	ret = image_alloc(im, (uint64_t)st.st_size);
	if (!ret)
		ret = read_all(fd, im->data, im->size);
out:
	if (ret)
		log_error("%s %s: %s", im->name, path, strerror(-ret));
close:
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Layers that one kernel may be packed in: zboot, in which is gzip, has one. */
#define MAX_LAYERS 2

static int image_unpack(struct image *im, const char *path, uint64_t max)
{
	struct unpacked out;
	const char *why;
	int ret;

	for (int i = 0; unpack_is_packed(im->data, im->size); i++) {
		if (i == MAX_LAYERS) {
			log_error("%s %s: it is packed again and again", im->name, path);
			return -EINVAL;
		}
		ret = unpack(im->data, im->size, max, &out, &why);
		if (ret) {
			log_error("%s %s: %s", im->name, path, why);
			return ret;
		}
		munmap(im->data, im->mapped);
		im->data = out.data;
		im->size = out.size;
		im->mapped = out.mapped;
	}
	return 0;
}

/* The first image, then 2 MiB for the device tree, then the initrd; all of it must fit. */
static int images_place(struct boot_images *b, const struct arm64_image *head)
{
	uint64_t at = b->ram + head->text_offset;
	uint64_t end = b->ram + b->ram_size;

	b->kernel_size = MAX(head->image_size, b->kernel.size);
	b->kernel.addr = at;
	at = ALIGN_UP(at + b->kernel_size, LAYOUT_2M);
	b->dtb.addr = at;
	at += LAYOUT_2M;
	b->initrd.addr = at;
	at += b->initrd.mapped;
	if (at <= end)
		return 0;
	log_error("too little memory: %s, device tree and initrd need %llu MiB, --memory gives "
		  "%llu MiB",
		  b->kernel.name, (unsigned long long)(at - b->ram + BIT(20) - 1) >> 20,
		  (unsigned long long)b->ram_size >> 20);
	return -EINVAL;
}

int images_load(struct boot_images *b, const char *kernel, const char *initrd, uint64_t ram,
		uint64_t ram_size)
{
	struct arm64_image head;
	const char *why;
	int ret;

	*b = (struct boot_images){.kernel.name = "kernel",
				  .dtb.name = "device tree",
				  .initrd.name = "initrd",
				  .ram = ram,
				  .ram_size = ram_size};
	ret = image_read(&b->kernel, kernel, ram_size);
	if (!ret)
		ret = image_unpack(&b->kernel, kernel, ram_size);
	if (ret)
		return ret;
	ret = image_parse(b->kernel.data, b->kernel.size, &head, &why);
	if (ret) {
		log_error("kernel %s: %s", kernel, why);
		return ret;
	}
	if (initrd)
		ret = image_read(&b->initrd, initrd, ram_size);
	return ret ? ret : images_place(b, &head);
}

int images_load_firmware(struct boot_images *b, const char *path, uint64_t ram, uint64_t ram_size)
{
	const struct arm64_image head = {0};
	int ret;

	*b = (struct boot_images){.kernel.name = "firmware",
				  .dtb.name = "device tree",
				  .initrd.name = "initrd",
				  .ram = ram,
				  .ram_size = ram_size};
	ret = image_read(&b->kernel, path, ram_size);
	return ret ? ret : images_place(b, &head);
}

int images_set_dtb(struct boot_images *b, const void *dtb, uint64_t size)
{
	int ret;

	if (size > LAYOUT_2M)
		return -E2BIG;
	ret = image_alloc(&b->dtb, size);
	if (!ret)
		memcpy(b->dtb.data, dtb, size);
	return ret;
}

static void image_free(struct image *im)
{
	if (im->data)
		munmap(im->data, im->mapped);
	im->data = NULL;
}

void images_free(struct boot_images *b)
{
	image_free(&b->kernel);
	image_free(&b->dtb);
	image_free(&b->initrd);
}
