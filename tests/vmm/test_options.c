// SPDX-License-Identifier: BSD-3-Clause
/* test_options.c - the command line, right and wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "testing.h"
#include "vmm/vmm_options.h"

static struct vmm_options o;
static char last_log[1024];

static void keep_log(const char *line)
{
	snprintf(last_log, sizeof(last_log), "%s", line);
}

#define PARSE(...) parse((char *[]){"vmm", __VA_ARGS__, NULL})
static int parse(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	last_log[0] = 0;
	options_free(&o);
	return options_parse(&o, argc, argv);
}

static void defaults_are_sensible(void **state)
{
	assert_int_equal(PARSE("--kernel", "k"), 0);
	assert_string_equal(o.kernel, "k");
	assert_string_equal(o.append, "");
	assert_null(o.initrd);
	assert_int_equal(o.memory, 512 << 20);
	assert_int_equal(o.cpus, 1);
	assert_true(o.measure);
	assert_false(o.psci_user);
	assert_true(o.its);
	assert_int_equal(o.report_fd, -1);
}

static void everything_can_be_given(void **state)
{
	assert_int_equal(PARSE("-k", "k", "-i", "i", "-a", "quiet x=1", "-m", "2G", "-c", "16",
			       "--disk", "a,b", "-d", "c,ro", "--ipa-bits=40", "--no-measure",
			       "--psci", "user", "--irqchip", "gicv3", "--earlycon", "--dtb-dump",
			       "d", "-u", "login:", "-t", "60", "-q", "--milestone", "one",
			       "--milestone", "two", "--report-fd", "2"),
			 0);
	assert_int_equal(o.memory, UINT64_C(2) << 30);
	assert_int_equal(o.cpus, 16);
	assert_int_equal(o.ndisks, 2);
	assert_string_equal(o.disks[0].path, "a,b");
	assert_false(o.disks[0].readonly);
	assert_string_equal(o.disks[1].path, "c");
	assert_true(o.disks[1].readonly);
	assert_int_equal(o.ipa_bits, 40);
	assert_false(o.measure);
	assert_true(o.psci_user && o.earlycon && o.quiet);
	assert_false(o.its);
	assert_int_equal(o.timeout, 60);
	assert_int_equal(o.nmilestones, 2);
	assert_string_equal(o.milestones[1], "two");
	assert_int_equal(o.report_fd, 2);
}

static void sizes_have_units(void **state)
{
	static const struct {
		char *arg;
		uint64_t bytes;
	} good[] = {{"256", 256 << 20},
		    {"64M", 64 << 20},
		    {"64m", 64 << 20},
		    {"8192K", 8 << 20},
		    {"1g", 1 << 30}};

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(PARSE("-k", "k", "-m", good[i].arg), 0);
		assert_int_equal(o.memory, good[i].bytes);
	}
}

static void wrong_values_are_refused_by_name(void **state)
{
	static char *bad[][2] = {
		{"--memory", "0"},
		{"--memory", "-1"},
		{"--memory", "1T"},
		{"--memory", "12MB"},
		{"--memory", ""},
		{"--memory", "3K"},
		{"--memory", "99999999999999999999"},
		{"--memory", "2000G"},
		{"--cpus", "0"},
		{"--cpus", "65"},
		{"--cpus", "two"},
		{"--cpus", ""},
		{"--cpus", "-1"},
		{"--cpus", "1x"},
		{"--ipa-bits", "31"},
		{"--ipa-bits", "53"},
		{"--psci", "both"},
		{"--irqchip", "gicv2"},
		{"--timeout", "0"},
		{"--until", ""},
		{"--disk", ""},
		{"--disk", ",ro"},
		{"--milestone", ""},
		{"--report-fd", "9999"},
		{"--console", ""},
		{"--console", "unix:"},
		{"--rng", "yes"},
		{"--net", ""},
		{"--net", "user"},
		{"--net", "unix:"},
		{"--net", "passt22"},
		{"--net", "passt,"},
		{"--net", "passt,0"},
		{"--net", "passt,65536"},
		{"--net", "passt,-1"},
		{"--net", "passt,22:"},
		{"--net", "passt,22,"},
		{"--net", "passt,22:23:24"},
		{"--net", "passt,tcp:22"},
		{"--net", "passt,1.2.3/22"},
		{"--net", "passt,111.111.111.111.1/22"},
		{"--net", "passt,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(PARSE("-k", "k", bad[i][0], bad[i][1]), -EINVAL);
		if (!strstr(last_log, bad[i][0]))
			fail_msg("%s %s: \"%s\" does not name it", bad[i][0], bad[i][1], last_log);
	}
}

static void a_network_has_ports(void **state)
{
	assert_int_equal(PARSE("-k", "k", "--net", "passt"), 0);
	assert_true(o.net_passt);
	assert_int_equal(o.nforwards, 0);
	assert_int_equal(
		PARSE("-k", "k", "--net", "passt,2222:22,udp:53,0.0.0.0/80:8080,udp:10.1.2.3/1"),
		0);
	assert_int_equal(o.nforwards, 4);
	assert_string_equal(o.forwards[0].addr, "127.0.0.1");
	assert_int_equal(o.forwards[0].host, 2222);
	assert_int_equal(o.forwards[0].guest, 22);
	assert_false(o.forwards[0].udp);
	assert_true(o.forwards[1].udp);
	assert_int_equal(o.forwards[1].guest, 53);
	assert_string_equal(o.forwards[2].addr, "0.0.0.0");
	assert_int_equal(o.forwards[2].guest, 8080);
	assert_true(o.forwards[3].udp);
	assert_string_equal(o.forwards[3].addr, "10.1.2.3");
	assert_int_equal(PARSE("-k", "k", "--net", "unix:/a b"), 0);
	assert_false(o.net_passt);
	assert_string_equal(o.net_path, "/a b");
	assert_int_equal(PARSE("-k", "k", "--net", "passt", "--net", "unix:x"), -EINVAL);
}

static void a_disks_format_is_never_guessed(void **state)
{
	assert_int_equal(PARSE("-k", "k", "-d", "a.qcow2", "-d", "b,ro,qcow2", "-d", "c.qcow2,ro",
			       "-d", "d,qcow2,x", "-d", "qcow2"),
			 0);
	assert_true(o.disks[0].qcow2 && !o.disks[0].readonly);
	assert_true(o.disks[1].qcow2 && o.disks[1].readonly);
	assert_string_equal(o.disks[1].path, "b");
	assert_true(o.disks[2].qcow2 && o.disks[2].readonly);
	assert_false(o.disks[2].served || options_ram_file(&o));
	assert_string_equal(o.disks[2].path, "c.qcow2");
	assert_false(o.disks[3].qcow2);
	assert_string_equal(o.disks[3].path, "d,qcow2,x");
	assert_false(o.disks[4].qcow2);
	options_free(&o);
	/* Another process knows what it serves. */
	assert_int_equal(PARSE("-k", "k", "-d", "a", "-d", "unix:/run/a b.qcow2"), 0);
	assert_string_equal(o.disks[1].path, "/run/a b.qcow2");
	assert_true(o.disks[1].served && !o.disks[0].served && options_ram_file(&o));
	assert_false(o.disks[1].qcow2);
	options_free(&o);
	assert_int_equal(PARSE("-k", "k", "-d", "unix:/x,ro"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "-d", "unix:"), -EINVAL);
}

static void sockets_have_a_path(void **state)
{
	assert_int_equal(PARSE("-k", "k", "--vsock", "unix:/a b"), 0);
	assert_string_equal(o.vsock, "/a b");
	assert_int_equal(PARSE("-k", "k", "--vsock", "unix:"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "--vsock", "/a"), -EINVAL);
}

static void a_firmware_is_in_place_of_a_kernel(void **state)
{
	assert_int_equal(PARSE("--firmware", "f"), 0);
	assert_int_equal(PARSE("--firmware", "f", "-k", "k"), -EINVAL);
	assert_int_equal(PARSE("--firmware", "f", "-i", "i"), -EINVAL);
	assert_int_equal(PARSE("--firmware", "f", "-x", "true"), -EINVAL);
}

static void folders_have_names(void **state)
{
	assert_int_equal(PARSE("-k", "k", "--share", "/a b", "--share", "c=d=work_1,ro", "--share",
			       "x=y/z=n"),
			 0);
	assert_string_equal(o.shares[0].path, "/a b");
	assert_string_equal(o.shares[0].name, "share");
	assert_false(o.shares[0].readonly);
	assert_string_equal(o.shares[1].path, "c=d");
	assert_string_equal(o.shares[1].name, "work_1");
	assert_true(o.shares[1].readonly);
	assert_string_equal(o.shares[2].path, "x=y/z");
	assert_int_equal(PARSE("-k", "k", "--share", "a=b/c"), 0);
	assert_string_equal(o.shares[0].path, "a=b/c");
	assert_int_equal(PARSE("-k", "k", "--share", "a", "--share", "b"), -EINVAL);
	assert_non_null(strstr(last_log, "DIR=NAME"));
	assert_int_equal(PARSE("-k", "k", "--share", "=x"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "--share", ",ro"), -EINVAL);
	/* Served by another process, which decides whether it is read-only. */
	assert_false(options_ram_file(&o));
	assert_int_equal(PARSE("-k", "k", "--share", "a", "--share", "unix:/run/a b=fs"), 0);
	assert_string_equal(o.shares[1].path, "/run/a b");
	assert_string_equal(o.shares[1].name, "fs");
	assert_true(o.shares[1].served && !o.shares[0].served && options_ram_file(&o));
	assert_int_equal(PARSE("-k", "k", "--share", "unix:/x,ro"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "--share", "unix:"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "--share", "unix:=x"), -EINVAL);
}

static void consoles_are_in_order(void **state)
{
	assert_int_equal(PARSE("-k", "k", "--console", "-", "--console", "pty"), 0);
	assert_int_equal(o.nconsoles, 2);
	assert_string_equal(o.consoles[1], "pty");
	assert_int_equal(PARSE("-k", "k", "--console", "a", "--console", "-"), -EINVAL);
	assert_int_equal(PARSE("-k", "k", "--console", "a", "--console", "b", "--console", "c",
			       "--console", "d", "--console", "e"),
			 -EINVAL);
}

static int parse_disks(unsigned int count)
{
	char *argv[2 * VMM_MAX_DISKS + 6] = {"vmm", "-k", "k"};
	int n = 3;

	for (unsigned int i = 0; i < count; i++) {
		argv[n++] = "-d";
		argv[n++] = "disk";
	}
	options_free(&o);
	return options_parse(&o, n, argv);
}

static void too_many_disks_are_refused(void **state)
{
	assert_int_equal(parse_disks(VMM_MAX_DISKS), 0);
	assert_int_equal(parse_disks(VMM_MAX_DISKS + 1), -EINVAL);
}

static void kernel_is_needed(void **state)
{
	assert_int_equal(PARSE("-m", "64M"), -EINVAL);
	assert_non_null(strstr(last_log, "--kernel"));
}

static void unknown_options_are_named(void **state)
{
	assert_int_equal(PARSE("-k", "k", "--frobnicate"), -EINVAL);
	assert_non_null(strstr(last_log, "--frobnicate"));
	assert_int_equal(PARSE("-k", "k", "stray"), -EINVAL);
	assert_non_null(strstr(last_log, "stray"));
	assert_int_equal(PARSE("-k"), -EINVAL);
	assert_non_null(strstr(last_log, "-k: it needs a value: FILE"));
}

static void help_names_every_public_option(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	option_help(f, &vmm_option_rows);
	fclose(f);
	for (size_t i = 0; i < vmm_option_rows.count; i++) {
		const struct option_row *r = &vmm_option_rows.row[i];
		char name[80];

		if (!r->name)
			continue;
		option_name(r, name, sizeof(name));
		assert_int_equal(strstr(text, name) != NULL, r->help != NULL);
	}
	free(text);
}

static int setup(void **state)
{
	log_redirect(keep_log);
	return 0;
}

static int teardown(void **state)
{
	options_free(&o);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_sensible),
		cmocka_unit_test(everything_can_be_given),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(wrong_values_are_refused_by_name),
		cmocka_unit_test(a_network_has_ports),
		cmocka_unit_test(folders_have_names),
		cmocka_unit_test(consoles_are_in_order),
		cmocka_unit_test(a_disks_format_is_never_guessed),
		cmocka_unit_test(sockets_have_a_path),
		cmocka_unit_test(a_firmware_is_in_place_of_a_kernel),
		cmocka_unit_test(too_many_disks_are_refused),
		cmocka_unit_test(kernel_is_needed),
		cmocka_unit_test(unknown_options_are_named),
		cmocka_unit_test(help_names_every_public_option),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
