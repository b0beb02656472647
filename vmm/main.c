// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c - softrealm-vmm from its command line to its exit status: load, create the realm and its
 * devices, run, end. It uses nothing but the ABI of /dev/kvm.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/attest.h"
#include "vmm/console.h"
#include "vmm/devices.h"
#include "vmm/end.h"
#include "vmm/exec.h"
#include "vmm/image.h"
#include "vmm/load.h"
#include "vmm/loop.h"
#include "vmm/options.h"
#include "vmm/output.h"
#include "vmm/realm.h"
#include "vmm/report.h"
#include "vmm/term.h"
#include "vmm/vcpu.h"

#define OUTPUT_PIECE 65536u

static struct vmm {
	struct vmm_options opt;
	unsigned int ipa_bits;
	struct boot_images images;
	struct realm realm;
	struct devices devices;
	struct console console;
	struct attest attest;
	struct exec exec;
	int console_fd;	 /* of --console, or -1 */
	char tail[4096]; /* the console's last bytes, for those who do not see it */
	size_t ntail;	 /* ever put there */
	struct virtio_pci console_pci;
	struct vcpus vcpus;
	struct output_watch watches[VMM_MAX_MILESTONES + 2 * VMM_MAX_UNTILS];
	unsigned int nwatches;
	bool ran; /* and nothing has been said since */
	struct report report;
} vmm = {.console_fd = -1};

/* ---- what is loaded ---- */

static int dump_dtb(const char *path, const struct image *dtb)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t n = fd < 0 ? -1 : write(fd, dtb->data, dtb->size);
	int err = n < 0 ? errno : n == (ssize_t)dtb->size ? 0 : ENOSPC;

	if (fd >= 0 && close(fd) && !err)
		err = errno;
	if (err)
		log_errno(err, "--dtb-dump %s", path);
	return err ? VMM_HOST : 0;
}

static int load(void)
{
	int ret = load_images(&vmm.opt, &vmm.images, &vmm.ipa_bits);

	vmm.report.images = &vmm.images;
	vmm.report.ipa_bits = vmm.ipa_bits;
	if (!ret && vmm.opt.dtb_dump)
		ret = dump_dtb(vmm.opt.dtb_dump, &vmm.images.dtb);
	return ret;
}

/* ---- what it runs on ---- */

/* The console where it is not our standard output: it comes from vCPUs, and the UART's as well. */
static void keep_console(const uint8_t *p, size_t n)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	output_see(p, n);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++)
		vmm.tail[vmm.ntail++ % sizeof(vmm.tail)] = (char)p[i];
	while (n && vmm.console_fd >= 0) {
		ssize_t done = write(vmm.console_fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			end_run(VMM_HOST, "cannot write the console: %s", strerror(errno));
			break;
		}
		p += done;
		n -= (size_t)done;
	}
	pthread_mutex_unlock(&lock);
}

/* In pieces: a hostile guest's buffer of gigabytes must not outlast the end of the run. */
static void console_output(void *arg, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	do {
		n = MIN(len, OUTPUT_PIECE);
		if (vmm.opt.exec || vmm.console_fd >= 0)
			keep_console(p, n);
		else
			output_write(p, n);
		p += n;
		len -= n;
	} while (len && !end_reached());
}

static int open_console_file(void)
{
	if (!vmm.opt.console)
		return 0;
	vmm.console_fd = open(vmm.opt.console, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (vmm.console_fd >= 0)
		return 0;
	log_errno(errno, "--console %s", vmm.opt.console);
	return VMM_HOST;
}

/* The token's port, and the nonce that waits there until the realm opens it. */
static int create_attest_port(void)
{
	int ret = attest_init(&vmm.attest, vmm.opt.attest_nonce);

	if (ret) {
		log_error("--attest-nonce: %s",
			  ret == -EINVAL ? "not 128 hexadecimal digits" : strerror(-ret));
		return VMM_USAGE;
	}
	console_add_port(&vmm.console, ATTEST_PORT, attest_take, &vmm.attest);
	vmm.report.attest = &vmm.attest;
	return 0;
}

/* It waits at the port until the realm opens it. */
static int send_command(unsigned int port)
{
	size_t len = strlen(vmm.opt.exec) + 1;

	if (console_input(&vmm.console, port, vmm.opt.exec, len) == (ssize_t)len)
		return 0;
	log_error("--exec: the command is longer than %d bytes", CONSOLE_INPUT_SIZE - 1);
	return VMM_USAGE;
}

static int create_console(void)
{
	uint16_t cols = 0, rows = 0;
	int ret = console_init(&vmm.console, &vmm.realm.mem, console_output, NULL);

	if (ret) {
		log_error("cannot create the console: %s", strerror(-ret));
		return VMM_HOST;
	}
	if (vmm.opt.attest)
		ret = create_attest_port();
	if (ret)
		return ret;
	if (vmm.opt.exec) {
		console_add_port(&vmm.console, EXEC_PORT, exec_take, &vmm.exec);
		vmm.report.exec = &vmm.exec;
	}
	if (!term_size(&cols, &rows))
		cols = rows = 0;
	console_finish(&vmm.console, cols, rows);
	if (vmm.opt.attest) {
		console_input(&vmm.console, 1, vmm.attest.nonce, strlen(vmm.attest.nonce));
		console_input(&vmm.console, 1, "\n", 1);
	}
	if (vmm.opt.exec)
		ret = send_command(vmm.opt.attest ? 2 : 1);
	if (ret)
		return ret;
	devices_plug(&vmm.devices, &vmm.console_pci, &vmm.console.dev, SLOT_CONSOLE);
	return 0;
}

static int create(void)
{
	const struct realm_config cfg = {.cpus = vmm.opt.cpus,
					 .ipa_bits = vmm.ipa_bits,
					 .ram = LAYOUT_RAM,
					 .ram_size = vmm.opt.memory,
					 .its = vmm.opt.its,
					 .psci_user = vmm.opt.psci_user};
	int ret = realm_create(&vmm.realm, &cfg);

	vmm.report.abi = vmm.realm.abi.name;
	if (!ret)
		ret = devices_create(&vmm.devices, &vmm.opt, &vmm.realm, console_output);
	if (!ret)
		ret = create_console();
	if (!ret)
		ret = realm_populate(&vmm.realm, &vmm.images.kernel, vmm.opt.measure);
	if (!ret)
		ret = realm_populate(&vmm.realm, &vmm.images.dtb, vmm.opt.measure);
	if (!ret)
		ret = realm_populate(&vmm.realm, &vmm.images.initrd, vmm.opt.measure);
	if (!ret)
		ret = realm_set_entry(&vmm.realm, vmm.images.kernel.addr, vmm.images.dtb.addr);
	return ret;
}

/* ---- running ---- */

static void until_found(void)
{
	end_run(VMM_OK, "the console printed the text of --until");
}

static void fail_on_found(void)
{
	end_run(VMM_FAIL_ON, "the console printed a text of --fail-on");
}

static void watch(const char *text, void (*found)(void))
{
	struct output_watch *w = &vmm.watches[vmm.nwatches++];

	*w = (struct output_watch){.text = text, .found = found};
	output_watch(w);
}

static void watch_console(void)
{
	for (unsigned int i = 0; i < vmm.opt.nmilestones; i++)
		watch(vmm.opt.milestones[i], NULL);
	for (unsigned int i = 0; i < vmm.opt.nfail_ons; i++)
		watch(vmm.opt.fail_on[i], fail_on_found);
	for (unsigned int i = 0; i < vmm.opt.nuntils; i++)
		watch(vmm.opt.until[i], until_found);
	vmm.report.watches = vmm.watches;
	vmm.report.nwatches = vmm.nwatches;
}

/*
 * After the run our messages begin on a line of their own, where the console goes to the same
 * place.
 */
static void begin_message(void)
{
	struct stat console, messages;
	struct output_state out;

	if (!vmm.ran)
		return;
	vmm.ran = false;
	output_get(&out);
	if (out.in_line && !fstat(STDOUT_FILENO, &console) && !fstat(STDERR_FILENO, &messages) &&
	    console.st_dev == messages.st_dev && console.st_ino == messages.st_ino)
		fputc('\n', stderr);
}

/* In raw mode a line needs its carriage return. */
static void log_line(const char *line)
{
	begin_message();
	fprintf(stderr, "%s%s\n", line, term_is_raw() ? "\r" : "");
}

/*
 * Run to the end. True: everything may be taken apart. Until here signals had their usual effect,
 * which is to end a process that has nothing to restore yet.
 */
static bool run(void)
{
	bool stopped;

	vmm.report.vcpus = &vmm.vcpus;
	vmm.report.disks = vmm.devices.disks_pci;
	vmm.report.ndisks = vmm.devices.ndisks;
	if (loop_init() || output_start(STDOUT_FILENO) ||
	    vcpus_start(&vmm.vcpus, &vmm.realm, &vmm.devices.mmio))
		end_run(VMM_HOST, "the host is out of threads or descriptors");
	loop_run(&vmm.console, vmm.report.start, vmm.opt.timeout);
	stopped = vcpus_stop(&vmm.vcpus);
	loop_drain();
	term_restore();
	return stopped;
}

static void destroy(void)
{
	devices_destroy(&vmm.devices);
	realm_destroy(&vmm.realm);
	console_destroy(&vmm.console);
}

/* The text of --until that was printed, or NULL. */
static const char *met_until(void)
{
	for (unsigned int i = vmm.nwatches - vmm.opt.nuntils; i < vmm.nwatches; i++)
		if (vmm.watches[i].seen)
			return vmm.watches[i].text;
	return NULL;
}

/* Powering off is not what --until waits for, and a console that is not all there is a failure. */
static enum vmm_status final_status(void)
{
	struct output_state out;

	output_get(&out);
	if (end_status() == VMM_OK && out.error) {
		log_errno(out.error, "cannot write the console");
		return VMM_HOST;
	}
	if (vmm.opt.exec && end_status() == VMM_OK && vmm.exec.state != EXEC_DONE && !met_until()) {
		log_error("the realm ended before the command did (--exec)");
		return VMM_EXEC_LOST;
	}
	vmm.report.met_until = end_status() == VMM_OK ? met_until() : NULL;
	if (vmm.exec.state == EXEC_DONE)
		return end_status();
	if (end_status() == VMM_OK && vmm.opt.nuntils && !vmm.report.met_until) {
		log_error("the realm powered off, but never printed \"%s\"%s (--until)",
			  vmm.opt.until[0], vmm.opt.nuntils > 1 ? " or another text" : "");
		return VMM_UNTIL_MISSED;
	}
	return end_status();
}

/* The console's last lines, when a command failed to run and nobody saw them. */
static void show_tail(void)
{
	size_t n = MIN(vmm.ntail, sizeof(vmm.tail)), at = vmm.ntail - n;

	if (!n || vmm.console_fd >= 0)
		return;
	fprintf(stderr, "softrealm: the console's last words:\n");
	for (size_t i = 0; i < n; i++)
		putc(vmm.tail[(at + i) % sizeof(vmm.tail)], stderr);
}

static void say_how_it_ended(enum vmm_status status)
{
	struct output_state out;

	output_get(&out);
	if (out.dropped && !out.gone)
		log_warn("%llu bytes of console output were dropped: nobody read them",
			 (unsigned long long)out.dropped);
	if (vmm.opt.exec && status != VMM_OK)
		show_tail();
	if (status == VMM_UNTIL_MISSED || status == VMM_EXEC_LOST)
		return;
	if (status == VMM_OK || status == VMM_QUIT) {
		if (!vmm.opt.quiet)
			begin_message();
		if (!vmm.opt.quiet && vmm.report.met_until)
			fprintf(stderr, "softrealm: the console printed \"%s\"\n",
				vmm.report.met_until);
		else if (!vmm.opt.quiet)
			fprintf(stderr, "softrealm: %s\n", end_reason());
	} else {
		log_error("%s", end_reason());
	}
}

/* VMM_OK, or why there is no token in the file. */
static enum vmm_status save_token(void)
{
	const char *error = attest_error(&vmm.attest);
	int ret = error ? 0 : attest_save(&vmm.attest, vmm.opt.attest);

	if (error) {
		log_error("no token (--attest): %s", error);
		return VMM_NO_TOKEN;
	}
	if (!ret)
		return VMM_OK;
	log_errno(-ret, "--attest %s", vmm.opt.attest);
	vmm.report.attest_unsaved = "the file cannot be written";
	return VMM_HOST;
}

static int finish(enum vmm_status status)
{
	int ret = 0;

	vmm.report.status = status;
	if (vmm.opt.report_fd >= 0)
		ret = report_write(&vmm.report, vmm.opt.report_fd);
	if (ret)
		log_warn("--report-fd: %s", strerror(-ret));
	images_free(&vmm.images);
	options_free(&vmm.opt);
	return status;
}

/* Die by the signal that ended the run, so that the shell sees what it expects. */
static void die_by(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	enum vmm_status status, saved;
	int ret;

	report_start(&vmm.report);
	ret = options_parse(&vmm.opt, argc, argv);
	if (ret)
		return ret < 0 ? VMM_USAGE : 0;
	vmm.report.options = &vmm.opt;
	vmm.report.mmio = &vmm.devices.mmio;
	if (end_init()) {
		log_error("out of file descriptors");
		return VMM_HOST;
	}
	term_init();
	log_redirect(log_line);
	ret = open_console_file();
	if (!ret)
		ret = load();
	if (!ret)
		ret = create();
	if (ret) {
		end_run(ret, "the realm could not be started");
		destroy();
		return finish(ret);
	}
	watch_console();
	if (run())
		destroy();
	vmm.ran = true;
	status = final_status();
	say_how_it_ended(status);
	saved = vmm.opt.attest ? save_token() : VMM_OK;
	if (status == VMM_OK)
		status = saved;
	finish(status);
	if (status > VMM_SIGNAL)
		die_by((int)status - VMM_SIGNAL);
	return status == VMM_OK && vmm.exec.state == EXEC_DONE ? vmm.exec.status : status;
}
