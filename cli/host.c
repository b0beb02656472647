// SPDX-License-Identifier: BSD-3-Clause
/* host.c - softrealm host: a backend as a service, for VMMs and tools that come and go. */
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

static int set_socket(void *to, const char *value)
{
	struct launch *l = to;

	l->door = value;
	return 0;
}

static int set_quiet(void *to, const char *value)
{
	struct launch *l = to;

	l->quiet = true;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/host.def"
};
static const struct option_rows host_rows = {rows, ARRAY_SIZE(rows)};

static int host(int argc, char **argv)
{
	struct launch l = LAUNCH_INIT;
	struct option_parser p = {
		.tables = {{&host_rows, &l, NULL}, {&launch_option_rows, &l, NULL}},
		.ntables = 2,
	};
	int status;

	if (!command_parse(&command_host, argc, argv, &p, &status))
		return status;
	if (p.nwords || !l.door)
		return command_usage(&command_host);
	if (l.host) {
		log_error("--host is for those who use a host: see softrealm exec");
		return LAUNCH_USAGE;
	}
	l.is_host = true;
	status = launch(&l);
	l.quiet = true;
	if (summary_finish(&l, status))
		return status ? status : LAUNCH_FAILED;
	return status;
}

const struct command command_host = {
	.name = "host",
	.about = "a backend as a service, for several VMMs and tools",
	.usage = "host --socket PATH [OPTION...]",
	.text = "Serve every VMM that is started with exec --host PATH or run --host PATH, and\n"
		"softrealm inspect, until SIGINT, SIGTERM or SIGHUP.\n",
	.more = "Exit status: 0; 1 the backend cannot start or has died; 2 usage.\n",
	.run = host,
	.options = {&host_rows, &launch_option_rows},
};
