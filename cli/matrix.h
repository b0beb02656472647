/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * matrix.h - what the parts of `softrealm matrix` share: the cases that a file asks for, and what
 * became of each.
 */
#ifndef CLI_MATRIX_H
#define CLI_MATRIX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MATRIX_AXES 4 /* kernels, revisions, configurations, commands */
#define MATRIX_MAX  10000

/* One value of an axis. */
struct matrix_value {
	const char *name;
	const char **options; /* of softrealm run, ended by NULL */
	const char *command;  /* for the realm, or NULL */
	int status;	      /* that the run has to end with; -1: does not say */
};

struct matrix_axis {
	struct matrix_value
		*values; /* never none: an axis that is not given has one without name */
	size_t count;
};

enum matrix_result { MATRIX_WAITS, MATRIX_RUNS, MATRIX_PASSED, MATRIX_FAILED, MATRIX_SKIPPED };

struct matrix_case {
	const struct matrix_value *values[MATRIX_AXES];
	char *name;
	char log[32], summary[32]; /* files in the output folder */
	enum matrix_result result;
	int status, wanted; /* exit statuses, as a shell has them */
	double seconds;
	pid_t pid;
	double started;
};

struct matrix {
	json_t *file, *kept; /* the strings of all the rest are theirs */
	const char **options;
	struct matrix_axis axes[MATRIX_AXES];
	struct matrix_case *cases;
	size_t count;
	const char *name, *folder;
};

/* Read the file. 0, or -errno after a message; matrix_free in any case. */
int matrix_load(struct matrix *m, const char *path);
void matrix_free(struct matrix *m);

/* Write junit.xml and index.html into the output folder. 0 or -errno after a message. */
int matrix_write_reports(const struct matrix *m);

const char *matrix_result_name(enum matrix_result r);

#endif
