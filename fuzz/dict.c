// SPDX-License-Identifier: BSD-3-Clause
/*
 * dict.c - prints the dictionary of a target, made from the dispatch rows: for each row, the bytes
 * that make the call with arguments that have a chance, as that target reads them.
 *
 *	fuzz_dict rmi|rsi|ioctl
 */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "fuzz/args.h"
#include "fuzz/world.h"
#include "rmm/call.h"
#include "rmm/rsi.h"

static void print_byte(unsigned int b)
{
	printf("\\x%02x", b & 0xff);
}

/* The granule that an argument of this name would usually be, in slot 0 (world.h). */
static unsigned int granule_byte(const char *arg)
{
	if (!strcmp(arg, "rd"))
		return SLOT_RD;
	if (strstr(arg, "rec"))
		return !strcmp(arg, "target_rec") ? SLOT_REC + 1 : SLOT_REC;
	if (!strcmp(arg, "run"))
		return SLOT_RUN;
	if (!strcmp(arg, "params"))
		return REALM_PARAMS_PAGE;
	return !strcmp(arg, "src") ? LOOSE_PAGE + 21 : LOOSE_PAGE + 20;
}

static unsigned int ipa_byte(const char *arg)
{
	return REGION_RAM_PAGE << 4 | !strcmp(arg, "top");
}

static void print_arg(const char *arg, bool is_realm_call)
{
	enum arg_kind kind = arg_kind(arg, is_realm_call);

	if (kind == ARG_GRANULE || kind == ARG_DESC)
		print_byte(granule_byte(arg));
	if (kind == ARG_DESC)
		print_byte(7 | 3 << 3);
	if (kind == ARG_IPA)
		print_byte(ipa_byte(arg));
	if (kind == ARG_LEVEL)
		print_byte(3);
	if (kind == ARG_SMALL || kind == ARG_WORD)
		print_byte(1);
}

static void print_rmi(const char *prefix, const char *lead)
{
	for (size_t i = 0; i < rmi_num_rows; i++) {
		const struct rmi_row *row = &rmi_rows[i];

		printf("%s%s=\"%s", prefix, row->name, lead);
		print_byte(row->fid);
		for (unsigned int a = 0; a < row->nargs; a++)
			print_arg(row->args[a], false);
		printf("\"\n");
	}
}

static void print_realm_rows(const struct rsi_row *rows, size_t n, unsigned int first)
{
	for (size_t i = 0; i < n; i++) {
		/* Enter the first REC, flags 0, then the step. */
		printf("%s=\"\\x03\\x00", rows[i].name);
		print_byte(rows[i].fid == SMCCC_VERSION ? STEP_SMCCC_VERSION
							: rows[i].fid + first);
		for (unsigned int a = 0; a < rows[i].nargs; a++)
			print_arg(rows[i].args[a], true);
		printf("\"\n");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "rmi")) {
		print_rmi("", "");
	} else if (argc == 2 && !strcmp(argv[1], "rsi")) {
		print_realm_rows(rsi_rows, rsi_num_rows, 0);
		print_realm_rows(psci_rows, psci_num_rows, STEP_PSCI32);
		print_rmi("host_", "\\x80");
	} else {
		fprintf(stderr, "usage: fuzz_dict rmi|rsi|ioctl\n");
		return 2;
	}
	return 0;
}
