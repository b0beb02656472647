// SPDX-License-Identifier: BSD-3-Clause
/*
 * replay.c - main of a fuzz target without libFuzzer.
 *
 *	fuzz_X [--seen] FILE|DIRECTORY...	each file is one input
 *	fuzz_X					standard input is one input
 *	afl-fuzz ... -- fuzz_X			persistent mode, when built by afl-clang-fast
 *
 * --seen: at the end, which dispatch rows and rules were reached (tests/fuzz/coverage).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/input.h"
#include "fuzz/seen.h"

#define MAX_INPUT_SIZE (1 << 20)

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

static unsigned int inputs;

/* The input in a buffer of exactly its size, so that a sanitizer sees reads behind its end. */
static int run(FILE *f)
{
	uint8_t *big = malloc(MAX_INPUT_SIZE), *data;
	size_t size = big ? fread(big, 1, MAX_INPUT_SIZE, f) : 0;

	data = big ? realloc(big, size ? size : 1) : NULL;
	if (!data || ferror(f)) {
		free(data);
		return -1;
	}
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return 0;
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	int ret = f ? run(f) : -1;

	if (ret)
		perror(path);
	if (f)
		fclose(f);
	return ret;
}

static int run_path(const char *path)
{
	struct dirent **names;
	char name[4096];
	int n = scandir(path, &names, NULL, alphasort), ret = 0;

	if (n < 0)
		return errno == ENOTDIR ? run_file(path) : (perror(path), -1);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && run_file(name))
			ret = -1;
		free(names[i]);
	}
	free(names);
	return ret;
}

#ifdef __AFL_HAVE_MANUAL_CONTROL
__AFL_FUZZ_INIT();

static void run_afl(void)
{
	const uint8_t *data;

	__AFL_INIT();
	data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(10000))
		LLVMFuzzerTestOneInput(data, __AFL_FUZZ_TESTCASE_LEN);
}
#else
static void run_afl(void)
{
	if (run(stdin))
		perror("standard input");
}
#endif

int main(int argc, char **argv)
{
	int first = 1, ret = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	if (argc == 1) {
		run_afl();
		return 0;
	}
	if (!strcmp(argv[1], "--seen"))
		first++;
	for (int i = first; i < argc; i++)
		ret |= run_path(argv[i]);
	if (first > 1)
		seen_print();
	else
		printf("%u inputs replayed\n", inputs);
	return ret || !inputs;
}
