// SPDX-License-Identifier: BSD-3-Clause
/*
 * dict.c - prints the dictionary of a target, made from the dispatch rows: for each row, the bytes
 * that make the call with arguments that have a chance, as that target reads them.
 *
 *	fuzz_dict rmi|rsi|ioctl|wire
 *	fuzz_dict names		all rows and rules
 */
#include <stdio.h>
#include <string.h>

#include "attest/rules.h"
#include "base/bits.h"
#include "fuzz/args.h"
#include "fuzz/client.h"
#include "fuzz/client_ops.h"
#include "fuzz/wire_ops.h"
#include "fuzz/world.h"
#include "kvm/rules.h"
#include "rmm/call.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

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

/* `lead` makes the realm run. */
static void print_realm_rows(const struct rsi_row *rows, size_t n, unsigned int first,
			     const char *lead)
{
	for (size_t i = 0; i < n; i++) {
		printf("%s=\"%s", rows[i].name, lead);
		print_byte(rows[i].fid == SMCCC_VERSION ? STEP_SMCCC_VERSION : rows[i].fid + first);
		for (unsigned int a = 0; a < rows[i].nargs; a++)
			print_arg(rows[i].args[a], true);
		printf("\"\n");
	}
}

/* Handles of a VM with one vCPU that CLIENT_MAKE_VM has made first. */
static unsigned int handle(enum kvm_file_kind kind)
{
	static const unsigned int handles[] = {
		[KVM_FILE_SYSTEM] = 0, [KVM_FILE_VM] = 1,   [KVM_FILE_VCPU] = 2,
		[KVM_FILE_DEVICE] = 3, [KVM_FILE_GMEM] = 4,
	};

	return handles[kind];
}

/* An earlier row of the same kind of file has the same last byte of its number. */
static bool is_later_twin(size_t i)
{
	const struct kvm_row *row = kvm_row_at(kvm_revisions[0], i);

	for (size_t k = 0; k < i; k++) {
		const struct kvm_row *r = kvm_row_at(kvm_revisions[0], k);

		if (r->kind == row->kind && (r->nr & 0xff) == (row->nr & 0xff))
			return true;
	}
	return false;
}

static void print_kvm(void)
{
	static const char *const kinds[] = {"system", "vm", "vcpu", "device", "gmem"};
	const struct kvm_row *row;

	for (size_t i = 0; (row = kvm_row_at(kvm_revisions[0], i)); i++) {
		printf("%s_%s=\"", kinds[row->kind], row->name);
		print_byte(row->nr);
		print_byte(handle(row->kind));
		print_byte(is_later_twin(i) ? MODE_OTHER : 0);
		for (unsigned int n = client_argument_width(row); n; n--)
			print_byte(0);
		printf("\"\n");
	}
	for (unsigned int conf = 0; conf < 0x40; conf++) {
		printf("vm_%u=\"", conf);
		print_byte(CLIENT_MAKE_VM);
		print_byte(conf);
		printf("\"\n");
	}
	print_realm_rows(rsi_rows, rsi_num_rows, 0, "\\x80\\x02\\x00\\x00");
	print_realm_rows(psci_rows, psci_num_rows, STEP_PSCI32, "\\x80\\x02\\x00\\x00");
}

/* A call on the end that has this kind of file after WIRE_OP_MAKE_VM, an argument of zeros. */
static void print_wire(void)
{
	static const unsigned int ends[] = {
		[KVM_FILE_SYSTEM] = 0, [KVM_FILE_VM] = 1,   [KVM_FILE_VCPU] = 2,
		[KVM_FILE_DEVICE] = 4, [KVM_FILE_GMEM] = 3,
	};
	const struct kvm_row *row;

	for (size_t i = 0; (row = kvm_row_at(kvm_revisions[0], i)); i++) {
		printf("call_%zu=\"", i);
		print_byte(WIRE_OP_CALL);
		print_byte(ends[row->kind]);
		print_byte(row->nr);
		printf("\\x00\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\"\n");
	}
}

/* Everything that an input could reach: what seen_print prints of it. */
static void print_names(void)
{
	static const struct rule_table *const tables[] = {&kvm_rules, &rmm_rules, &attest_rules};
	const struct kvm_row *row;

	for (size_t i = 0; (row = kvm_row_at(kvm_revisions[0], i)); i++)
		printf("row %s\n", row->name);
	for (size_t i = 0; i < rmi_num_rows; i++)
		printf("row %s\n", rmi_rows[i].name);
	for (size_t i = 0; i < rsi_num_rows; i++)
		printf("row %s\n", rsi_rows[i].name);
	for (size_t i = 0; i < psci_num_rows; i++)
		printf("row %s\n", psci_rows[i].name);
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			printf("rule %s\n", tables[t]->rules[i]->name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "rmi")) {
		print_rmi("", "");
	} else if (argc == 2 && !strcmp(argv[1], "rsi")) {
		print_realm_rows(rsi_rows, rsi_num_rows, 0, "\\x03\\x00");
		print_realm_rows(psci_rows, psci_num_rows, STEP_PSCI32, "\\x03\\x00");
		print_rmi("host_", "\\x80");
	} else if (argc == 2 && !strcmp(argv[1], "ioctl")) {
		print_kvm();
	} else if (argc == 2 && !strcmp(argv[1], "wire")) {
		print_wire();
	} else if (argc == 2 && !strcmp(argv[1], "names")) {
		print_names();
	} else {
		fprintf(stderr, "usage: fuzz_dict rmi|rsi|ioctl|wire|names\n");
		return 2;
	}
	return 0;
}
