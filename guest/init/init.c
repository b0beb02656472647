// SPDX-License-Identifier: BSD-3-Clause
/*
 * init.c - process 1 of the demo's realm: what happens in which order
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static void mount_all(void)
{
	static const struct {
		const char *type, *where;
	} table[] = {
		{"devtmpfs", "/dev"},
		{"proc", "/proc"},
		{"sysfs", "/sys"},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		mkdir(table[i].where, 0755);
		if (mount("none", table[i].where, table[i].type, 0, NULL) && errno != EBUSY)
			say("mount %s: %s", table[i].where, strerror(errno));
	}
}

/* A console that came after the kernel looked for one is still found by name. */
static void open_console(void)
{
	int fd;

	if (fcntl(STDOUT_FILENO, F_GETFD) >= 0)
		return;
	mkdir("/dev", 0755);
	mount("none", "/dev", "devtmpfs", 0, NULL);
	fd = open("/dev/console", O_RDWR);
	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* Debian's kernel watches its own memory accesses several times a second: that is not idling. */
static void stop_damon(void)
{
	int fd = open("/sys/module/damon_stat/parameters/enabled", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "N", 1) < 0)
		say("damon_stat: %s", strerror(errno));
	close(fd);
}

static void hold(unsigned int seconds)
{
	if (!seconds)
		return;
	stop_damon();
	say("holding for %u s", seconds);
	while (seconds)
		seconds = sleep(seconds);
	say("held");
}

static int run_mode(enum mode mode)
{
	switch (mode) {
	case MODE_DISK:
		return disk_test();
	case MODE_SMP:
		return smp_test();
	case MODE_READ:
		return input_test();
	case MODE_IRQ:
		return irq_test();
	default:
		return 0;
	}
}

static void end(enum mode mode)
{
	say("%s", mode == MODE_REBOOT ? "restarting" : "powering off");
	sync();
	tcdrain(STDOUT_FILENO);
	reboot(mode == MODE_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
}

int main(void)
{
	struct options opt;
	int err, attest;

	open_console();
	say("up");
	mount_all();
	options_read(&opt);
	modules_load();
	shares_mount();
	net_up(&opt);
	facts_say();
	attest = facts_in_realm() ? attest_hand_out(&opt) : 0;
	err = exec_asked();
	if (!err)
		err = run_mode(opt.mode);
	hold(opt.hold);
	/* A launcher sees only the console and how the realm ends: a failure is said last. */
	if (err || attest)
		say("failed");
	if (opt.mode != MODE_PANIC)
		end(opt.mode);
	return 1;
}
