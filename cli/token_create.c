// SPDX-License-Identifier: BSD-3-Clause
/* token_create.c - softrealm token create: signed test tokens that say whatever one likes. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "attest/forge.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/token.h"

static int write_token(const struct platform *p, const json_t *what, const char *file)
{
	static uint8_t buf[2 * EVIDENCE_MAX_SIZE];
	struct cborio_out out = CBORIO_OUT(buf);
	const char *wrong = forge_token(&out, p, what);

	if (wrong) {
		log_error("%s: %s", file, wrong);
		return EXIT_USAGE;
	}
	if (fwrite(out.p, 1, out.len, stdout) == out.len && !fflush(stdout))
		return EXIT_GOOD;
	log_errno(errno, "standard output");
	return EXIT_USAGE;
}

int token_create(const char *file, const struct token_options *o)
{
	static uint8_t text[1 << 18];
	static struct platform p;
	json_error_t error;
	json_t *what;
	int status;

	if (isatty(STDOUT_FILENO)) {
		log_error("a token is no text: redirect the output to a file");
		return EXIT_USAGE;
	}
	if (input_read(file, text, sizeof(text)) < 0 || platform_load(o->platform, &p))
		return EXIT_USAGE;
	what = json_loads((char *)text, JSON_REJECT_DUPLICATES, &error);
	if (!what)
		log_error("%s:%d: %s", file, error.line, error.text);
	status = what ? write_token(&p, what, file) : EXIT_USAGE;
	json_decref(what);
	platform_unload(&p);
	return status;
}
