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
#include "vmm/consoles.h"
#include "vmm/devices.h"
#include "vmm/end.h"
#include "vmm/command.h"
#include "vmm/insight.h"
#include "vmm/image.h"
#include "vmm/io.h"
#include "vmm/load.h"
#include "vmm/loop.h"
#include "vmm/vmm_options.h"
#include "vmm/output.h"
#include "vmm/realm.h"
#include "vmm/report.h"
#include "vmm/term.h"
#include "vmm/vcpu.h"

#define SILENCE_SECONDS 10 /* and a word about it */

static struct vmm {
	struct vmm_options opt;
	unsigned int ipa_bits;
	struct boot_images images;
	struct realm realm;
	struct devices devices;
	struct consoles consoles;
	struct vcpus vcpus;
	struct output_watch watches[VMM_MAX_MILESTONES + 2 * VMM_MAX_UNTILS];
	unsigned int nwatches;
	bool ran; /* and nothing has been said since */
	struct report report;
} vmm;

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

static int create(void)
{
	const struct realm_config cfg = {.cpus = vmm.opt.cpus,
					 .ipa_bits = vmm.ipa_bits,
					 .sve_vq = vmm.opt.sve_vq,
					 .pmu = vmm.opt.pmu,
					 .ram = LAYOUT_RAM,
					 .ram_size = vmm.opt.memory,
					 .its = vmm.opt.its,
					 .psci_user = vmm.opt.psci_user,
					 .ram_file = options_ram_file(&vmm.opt)};
	int ret = realm_create(&vmm.realm, &cfg);

	vmm.report.abi = vmm.realm.abi.name;
	if (!ret)
		ret = devices_create(&vmm.devices, &vmm.opt, &vmm.realm, consoles_uart,
				     &vmm.consoles);
	if (!ret)
		ret = consoles_create(&vmm.consoles, &vmm.realm.mem, &vmm.devices);
	vmm.report.attest = !ret && vmm.opt.attest ? &vmm.consoles.attest : NULL;
	vmm.report.exec = !ret && vmm.opt.exec ? &vmm.consoles.exec : NULL;
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

/* Linux says so last of all; one that is to restart does not say it, and then restarts. */
static void panic_found(void)
{
	end_suspect(VMM_CRASHED, "the realm's kernel panicked");
}

static void watch(const char *text, void (*found)(void))
{
	struct output_watch *w = &vmm.watches[vmm.nwatches++];

	*w = (struct output_watch){.text = text, .found = found};
	output_watch(w);
}

static void watch_console(void)
{
	static struct output_watch panic = {.text = "---[ end Kernel panic", .found = panic_found};

	output_watch(&panic);
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
	log_keep(line);
	fprintf(stderr, "%s%s\n", line, term_is_raw() ? "\r" : "");
}

/* A kernel without realm support fails before it could say so. */
static void look_at_silence(void)
{
	struct output_state out;
	json_t *why;

	output_get(&out);
	if (out.bytes)
		return;
	why = insight_ask("why");
	if (insight_has_cause(why, "no-rsi"))
		log_warn("the realm has printed nothing and never asked for RSI: no realm support "
			 "seen: a kernel needs Linux 6.13 or newer");
	json_decref(why);
}

/* While the vCPUs are still where they are. Who asked for this end, and knows why, is not told. */
static void look_at_end(void)
{
	enum vmm_status status = end_status();

	if (status == VMM_TIMEOUT || status == VMM_CRASHED || status > VMM_SIGNAL)
		vmm.report.why = insight_ask("why");
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
	if (!vmm.opt.quiet)
		loop_after(SILENCE_SECONDS, look_at_silence);
	loop_run(&vmm.consoles, vmm.report.start, vmm.opt.timeout);
	look_at_end();
	stopped = vcpus_stop(&vmm.vcpus);
	consoles_finish(&vmm.consoles);
	loop_drain();
	term_restore();
	return stopped;
}

static void destroy(void)
{
	if (!devices_destroy(&vmm.devices))
		return;
	realm_destroy(&vmm.realm);
	consoles_destroy(&vmm.consoles);
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
	if (vmm.opt.exec && end_status() == VMM_OK && vmm.consoles.exec.state != EXEC_DONE &&
	    !met_until()) {
		log_error("the realm ended before the command did (--exec)");
		return VMM_EXEC_LOST;
	}
	vmm.report.met_until = end_status() == VMM_OK ? met_until() : NULL;
	if (vmm.consoles.exec.state == EXEC_DONE)
		return end_status();
	if (end_status() == VMM_OK && vmm.opt.nuntils && !vmm.report.met_until) {
		log_error("the realm powered off, but never printed \"%s\"%s (--until)",
			  vmm.opt.until[0], vmm.opt.nuntils > 1 ? " or another text" : "");
		return VMM_UNTIL_MISSED;
	}
	return end_status();
}

static void say_how_it_ended(enum vmm_status status)
{
	struct output_state out;

	output_get(&out);
	if (out.dropped && !out.gone)
		log_warn("%llu bytes of console output were dropped: nobody read them",
			 (unsigned long long)out.dropped);
	if (vmm.opt.exec && status != VMM_OK)
		consoles_show_tail(&vmm.consoles);
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
	const char *error = attest_error(&vmm.consoles.attest);
	int ret = error ? 0 : attest_save(&vmm.consoles.attest, vmm.opt.attest);

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

	consoles_close(&vmm.consoles);
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
	insight_init();
	ret = options_parse(&vmm.opt, argc, argv);
	if (ret)
		return ret < 0 ? VMM_USAGE : 0;
	vmm.report.options = &vmm.opt;
	vmm.report.mmio = &vmm.devices.mmio;
	if (end_init() || io_init()) {
		log_error("out of file descriptors");
		return VMM_HOST;
	}
	term_init();
	log_redirect(log_line);
	ret = consoles_open(&vmm.consoles, &vmm.opt);
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
	return status == VMM_OK && vmm.consoles.exec.state == EXEC_DONE ? vmm.consoles.exec.status
									: status;
}
