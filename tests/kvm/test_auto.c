// SPDX-License-Identifier: BSD-3-Clause
/* test_auto.c - --abi auto: what each kind of VMM is taken for, by what it calls. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <stdio.h>

#include "abi/realm.h"
#include "base/log.h"

#define KIND	  0x100
#define BIT30	  0x40000000
#define IOW	  0x4020AED7
#define IOWR	  0xC020AED7
#define VM_ATTR	  0x4020AED2
#define GMEM_ATTR 0xC080AED2

/* One call of a VMM. */
struct step {
	enum { END, ASK, TYPE, ASK_VM, CALL_VM, CALL_GMEM, RUN, ASK_ALL, ASK_ALL_VM } what;
	unsigned long arg;
	int64_t want; /* of ASK, ASK_VM */
};

static char said[512];

static void keep(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static void do_step(struct fx *f, const struct step *s)
{
	switch (s->what) {
	case END:
		break;
	case ASK:
		GIVES(s->want, f->sys, KVM_CHECK_EXTENSION, s->arg);
		break;
	case TYPE:
		fx_create_vm(f, s->arg | IPA_BITS);
		break;
	case ASK_VM:
		GIVES(s->want, f->vm, KVM_CHECK_EXTENSION, s->arg);
		break;
	case CALL_VM:
		CALL(f->vm, s->arg, 8);
		break;
	case CALL_GMEM:
		fx_create_gmem(f, PAGE, 0);
		CALL(f->gmem, s->arg, 8);
		break;
	case RUN:
		fx_create_vcpus(f, 1);
		CALL(f->vcpu[0], KVM_RUN, 0);
		break;
	case ASK_ALL:
	case ASK_ALL_VM:
		for (unsigned long n = 0; n < 300; n++)
			CALL(s->what == ASK_ALL ? f->sys : f->vm, KVM_CHECK_EXTENSION, n);
	}
}

/* The revision that the calls of `steps` decide for (NULL: none), and a part of what is said. */
static const struct {
	struct step steps[6];
	const char *revision, *says;
} rows[] = {
	/* a capability, once the type agrees */
	{{{ASK, 247, 1}, {TYPE, KIND}}, "v12", "asked capability 247"},
	{{{ASK, 248, 1}, {TYPE, KIND}}, "v13", "asked capability 248"},
	{{{ASK, 249, 1}, {TYPE, BIT30}}, "v14", "asked capability 249"},
	{{{ASK, 253, 1}, {TYPE, BIT30}}, "next", "asked capability 253"},
	{{{ASK, 249, 1}}, NULL, ""},
	/* 251 decides nothing; 249 after it does where the type agrees */
	{{{ASK, 251, 1}, {TYPE, BIT30}}, NULL, ""},
	{{{ASK, 251, 1}, {ASK, 249, 1}, {TYPE, BIT30}}, "v14", "asked capability 249"},
	{{{ASK, 251, 1}, {ASK, 249, 1}, {TYPE, KIND}}, NULL, ""},
	/* OpenVMM of v15, and what follows */
	{{{ASK, 251, 1}, {TYPE, BIT30}, {ASK_VM, 250, 8}}, "v15", "250 of the VM"},
	{{{TYPE, BIT30}, {ASK_VM, 252, 8}}, "next", "252 of the VM"},
	{{{TYPE, BIT30}, {ASK_VM, 253, 1}}, "next", "253 of the VM"},
	/* calls that only some know */
	{{{TYPE, KIND}, {CALL_VM, IOW}}, "v12", "0x4020AED7"},
	{{{TYPE, KIND}, {CALL_VM, IOWR}}, "v13", "0xC020AED7"},
	{{{TYPE, BIT30}, {CALL_VM, VM_ATTR}}, "v14", "attributes of the VM"},
	{{{TYPE, BIT30}, {CALL_GMEM, GMEM_ATTR}}, NULL, ""},
	{{{TYPE, BIT30}, {CALL_GMEM, GMEM_ATTR}, {RUN}}, "v15", "v15, next remain at KVM_RUN"},
	/* the oldest of what remains, where it matters */
	{{{TYPE, KIND}, {RUN}}, "v12", "v12, v13 remain at KVM_RUN"},
	{{{TYPE, BIT30}, {RUN}}, "v14", "v14, v15, next remain at KVM_RUN"},
	{{{TYPE, BIT30}, {CALL_VM, IOWR}}, "v14", "remain at POPULATE"},
	{{{TYPE, BIT30}, {ASK_VM, KVM_CAP_MEMORY_ATTRIBUTES, 8}}, "v14", "MEMORY_ATTRIBUTES"},
	/* an enumeration of all capabilities decides nothing */
	{{{ASK_ALL}, {TYPE, KIND}}, NULL, ""},
	{{{ASK_ALL}, {TYPE, BIT30}}, NULL, ""},
	{{{TYPE, BIT30}, {ASK_ALL_VM}}, NULL, ""},
	{{{ASK_ALL}, {TYPE, BIT30}, {CALL_VM, VM_ATTR}}, "v14", "attributes of the VM"},
	/* an ordinary VM says nothing */
	{{{ASK, 249, 1}, {TYPE, 0}}, NULL, ""},
};

static void use_auto(struct fx *f)
{
	struct inproc_config cfg = {.engine = &engine_toy, .automatic = true};

	fx_restart(f, &cfg);
	said[0] = '\0';
}

static void each_vmm_is_taken_for_what_it_is(void **state)
{
	struct fx *f = *state;
	char line[64];

	log_redirect(keep);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		use_auto(f);
		for (const struct step *s = rows[i].steps; s->what != END; s++)
			do_step(f, s);
		snprintf(line, sizeof(line), "speaks %s:", rows[i].revision ?: "-");
		if (rows[i].revision && (!strstr(said, line) || !strstr(said, rows[i].says)))
			fail_msg("row %zu: \"%s\", not \"%s ... %s\"", i, said, line, rows[i].says);
		if (!rows[i].revision && said[0])
			fail_msg("row %zu: \"%s\", and nothing is decided", i, said);
	}
	log_redirect(NULL);
}

static void it_is_strict_once_decided(void **state)
{
	struct fx *f = *state;

	log_redirect(keep);
	use_auto(f);
	GIVES(1, f->sys, KVM_CHECK_EXTENSION, 249);
	fx_create_vm(f, BIT30 | IPA_BITS);
	GIVES(0, f->sys, KVM_CHECK_EXTENSION, 247);
	GIVES(0, f->sys, KVM_CHECK_EXTENSION, 251);
	GIVES(1, f->vm, KVM_CHECK_EXTENSION, 249);
	assert_non_null(strstr(said, "speaks v14"));
	/* Another revision's call: refused, and the VMM is told of both. */
	REFUSED(EINVAL, kvm_other_populate_iow, f->vm, IOW, 8);
	assert_non_null(strstr(said, "mixes revisions: it asked capability 249"));
	assert_non_null(strstr(said, "v12's number of KVM_ARM_RMI_POPULATE"));
	said[0] = '\0';
	REFUSED(EINVAL, kvm_create_vm_earlier_type, f->sys, KVM_CREATE_VM, KIND | IPA_BITS);
	assert_string_equal(said, ""); /* once */
	log_redirect(NULL);
}

static void a_vm_made_before_the_decision_follows_it(void **state)
{
	struct fx *f = *state;
	int first;

	log_redirect(keep);
	use_auto(f);
	fx_create_vm(f, KIND | IPA_BITS);
	first = f->vm;
	fx_create_vm(f, KIND | IPA_BITS);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, IOWR, 8);
	REFUSED(EINVAL, kvm_other_populate_iow, first, IOW, 8);
	GIVES(1, first, KVM_CHECK_EXTENSION, 248);
	log_redirect(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_auto(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_vmm_is_taken_for_what_it_is),
		TEST(it_is_strict_once_decided),
		TEST(a_vm_made_before_the_decision_follows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
