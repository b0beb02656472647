/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * init.h - the parts of the demo's init, a static program that is process 1 of a realm
 *
 * Everything it says is a line on the console that starts with "softrealm-init: ".  The first
 * one is "softrealm-init: up": launchers and benchmarks wait for it.
 */
#ifndef GUEST_INIT_INIT_H
#define GUEST_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mode {
	MODE_OFF,    /* power off: the default */
	MODE_REBOOT, /* reset instead */
	MODE_PANIC,  /* end process 1, which a kernel answers with a panic */
	MODE_DISK,   /* read, write and read again the first block device, then off */
	MODE_SMP,    /* run on each processor in turn, then off */
	MODE_READ,   /* read lines from the console up to one that is "end", tell their sum */
	MODE_IRQ,    /* count interrupts of the first block device and the console, off */
	MODE_COUNT
};

/* What the kernel's command line asks for, each as softrealm.NAME=VALUE. */
struct options {
	enum mode mode;	   /* mode */
	unsigned int hold; /* hold: seconds to idle before the end */
	uint8_t nonce[64]; /* nonce: hexadecimal digits; else the attest port tells it */
	size_t nonce_len;
	char net[64]; /* net: ADDRESS/WIDTH,GATEWAY,NAMESERVER */
};

/* Reads /proc/cmdline.  An unknown mode or a bad value is said on the console and ignored. */
void options_read(struct options *opt);

/* Writes one console line at once, so that lines of several processes never mix. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Reads a small file into @buf, always terminated, a trailing newline removed.
 * The length, or -errno.
 */
int read_text(const char *path, char *buf, size_t size);

/* Writes all of it or gives -errno. */
int write_all(int fd, const void *buf, size_t len);

/*
 * Loads what /modules.list names, in that order, and says what failed.  The driver of a virtio
 * device that this realm does not have is left out.
 */
void modules_load(void);

/* True if the kernel found itself in a realm. */
bool facts_in_realm(void);

/* Sets the first network device up as the options have it; nothing without them or a device. */
void net_up(const struct options *opt);

/* Mounts each folder that the host shares at /NAME. */
void shares_mount(void);

/* Says what the realm knows of itself. */
void facts_say(void);

/* 0, or -errno after having said why. */
int disk_test(void);
int smp_test(void);
int input_test(void);
int irq_test(void);

/*
 * Hands a CCA token out on the virtio-console port "org.softrealm.attest"; nothing is done
 * where there is no such port.  0, or -errno after having said why.
 */
int attest_hand_out(const struct options *opt);

/*
 * Runs the command that the host asks for on the port "org.softrealm.exec"; nothing is done where
 * there is no such port.  0, or -errno after having said why.
 */
int exec_asked(void);

/* Opens the virtio-console port of this name: a descriptor, or -errno (-ENOENT: there is none). */
int port_open(const char *name);

#define SHA256_LEN 32
void sha256(const void *data, size_t len, uint8_t digest[SHA256_LEN]);
/* The same in 64 hexadecimal digits. */
void sha256_hex(const void *data, size_t len, char hex[2 * SHA256_LEN + 1]);

#endif
