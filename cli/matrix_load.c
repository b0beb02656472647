// SPDX-License-Identifier: BSD-3-Clause
/* matrix_load.c - a matrix file (softrealm-matrix(1)) becomes a list of cases. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/matrix.h"

/* How a value that is only a string is meant. */
static const struct {
	const char *name, *option;
} axes[MATRIX_AXES] = {{"kernels", "--kernel"},
		       {"revisions", "--abi"},
		       {"configurations", NULL},
		       {"commands", NULL}};

enum { CONFIGURATIONS = 2, COMMANDS = 3 };

static int wrong(const struct matrix *m, const char *axis, size_t i, const char *what)
{
	log_error("%s: %s, number %zu: %s", m->name, axis, i + 1, what);
	return -EINVAL;
}

static const char **new_options(size_t n)
{
	const char **options = calloc(n + 1, sizeof(*options));

	if (!options)
		log_errno(ENOMEM, "the matrix");
	return options;
}

/* A list of strings. */
static int take_options(const struct matrix *m, const char *axis, size_t i, json_t *list,
			const char ***out)
{
	json_t *item;
	size_t n;

	if (!json_is_array(list))
		return wrong(m, axis, i, "\"options\" is no list");
	*out = new_options(json_array_size(list));
	if (!*out)
		return -ENOMEM;
	json_array_foreach(list, n, item)
	{
		if (!json_is_string(item))
			return wrong(m, axis, i, "an option is no string");
		(*out)[n] = json_string_value(item);
	}
	return 0;
}

/* "--cpus 2 --memory 1G": the words of a string, of which the JSON gets a copy to keep. */
static int split_options(struct matrix *m, const char *text, const char ***out)
{
	json_t *list = json_array();
	char *copy = strdup(text), *save;
	int ret = -ENOMEM;

	if (list && copy) {
		for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
			json_array_append_new(list, json_string(w));
		ret = take_options(m, axes[CONFIGURATIONS].name, 0, list, out);
		json_array_append(m->kept, list);
	}
	json_decref(list);
	free(copy);
	return ret;
}

static int take_string(struct matrix *m, unsigned int axis, struct matrix_value *v)
{
	if (axis == CONFIGURATIONS)
		return split_options(m, v->name, &v->options);
	v->options = new_options(2);
	if (!v->options)
		return -ENOMEM;
	if (axis == COMMANDS) {
		v->command = v->name;
		return 0;
	}
	v->options[0] = axes[axis].option;
	v->options[1] = v->name;
	return 0;
}

/* {"name": ..., "options": [...], "run": ..., "status": N} */
static int take_object(struct matrix *m, unsigned int axis, size_t i, json_t *o,
		       struct matrix_value *v)
{
	static const char *const keys[] = {"name", "options", "run", "status"};
	json_t *options = json_object_get(o, "options"), *status = json_object_get(o, "status");
	const char *key;
	json_t *value;

	json_object_foreach(o, key, value)
	{
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			found |= !strcmp(key, keys[k]);
		if (!found)
			return wrong(m, axes[axis].name, i, "it has a key that is not known");
	}
	v->name = json_string_value(json_object_get(o, "name"));
	v->command = json_string_value(json_object_get(o, "run"));
	if (!v->name || !*v->name)
		return wrong(m, axes[axis].name, i, "it has no \"name\"");
	if (json_object_get(o, "run") && (!v->command || axis != COMMANDS))
		return wrong(m, axes[axis].name, i, "only a command has a string \"run\"");
	if (status && (!json_is_integer(status) || json_integer_value(status) < 0 ||
		       json_integer_value(status) > 255))
		return wrong(m, axes[axis].name, i, "its \"status\" is none");
	v->status = status ? (int)json_integer_value(status) : -1;
	if (options)
		return take_options(m, axes[axis].name, i, options, &v->options);
	v->options = new_options(0);
	return v->options ? 0 : -ENOMEM;
}

static int take_axis(struct matrix *m, unsigned int a, json_t *list)
{
	struct matrix_axis *axis = &m->axes[a];
	size_t n = json_array_size(list);
	int ret = 0;

	if (list && (!json_is_array(list) || !n)) {
		log_error("%s: \"%s\" is no list, or is empty", m->name, axes[a].name);
		return -EINVAL;
	}
	axis->values = calloc(MAX(n, (size_t)1), sizeof(*axis->values));
	if (!axis->values)
		return -ENOMEM;
	axis->count = MAX(n, (size_t)1);
	if (!list) {
		axis->values[0] = (struct matrix_value){.options = new_options(0), .status = -1};
		return axis->values[0].options ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !ret && i < n; i++) {
		json_t *item = json_array_get(list, i);
		struct matrix_value *v = &axis->values[i];

		*v = (struct matrix_value){.name = json_string_value(item), .status = -1};
		if (json_is_object(item))
			ret = take_object(m, a, i, item, v);
		else if (v->name && *v->name)
			ret = take_string(m, a, v);
		else
			ret = wrong(m, axes[a].name, i, "neither a text nor an object");
	}
	return ret;
}

static int name_case(struct matrix_case *c)
{
	size_t len = 1;

	for (unsigned int a = 0; a < MATRIX_AXES; a++)
		len += c->values[a]->name ? strlen(c->values[a]->name) + 3 : 0;
	c->name = calloc(1, len);
	for (unsigned int a = 0; c->name && a < MATRIX_AXES; a++)
		if (c->values[a]->name)
			sprintf(c->name + strlen(c->name), "%s%s", *c->name ? " / " : "",
				c->values[a]->name);
	return c->name ? 0 : -ENOMEM;
}

/* All combinations; the last axis turns fastest. */
static int make_cases(struct matrix *m)
{
	size_t n = 1;

	for (unsigned int a = 0; a < MATRIX_AXES; a++) {
		n *= m->axes[a].count; /* a file of so many values would not be read */
		if (n > MATRIX_MAX) {
			log_error("%s: more than %d cases", m->name, MATRIX_MAX);
			return -EINVAL;
		}
	}
	m->cases = calloc(n, sizeof(*m->cases));
	if (!m->cases)
		return -ENOMEM;
	m->count = n;
	for (size_t i = 0; i < n; i++) {
		struct matrix_case *c = &m->cases[i];
		size_t rest = i;

		for (unsigned int a = MATRIX_AXES; a--; rest /= m->axes[a].count) {
			c->values[a] = &m->axes[a].values[rest % m->axes[a].count];
			if (!c->wanted && c->values[a]->status > 0)
				c->wanted = c->values[a]->status;
		}
		snprintf(c->log, sizeof(c->log), "%04zu.log", i + 1);
		snprintf(c->summary, sizeof(c->summary), "%04zu.json", i + 1);
		if (name_case(c))
			return -ENOMEM;
	}
	return 0;
}

static int check_keys(const struct matrix *m)
{
	const char *key;
	json_t *value;

	json_object_foreach(m->file, key, value)
	{
		bool found = !strcmp(key, "options");

		for (unsigned int a = 0; a < MATRIX_AXES; a++)
			found |= !strcmp(key, axes[a].name);
		if (found)
			continue;
		log_error("%s: there is no \"%s\" in a matrix", m->name, key);
		return -EINVAL;
	}
	if (json_object_get(m->file, "kernels"))
		return 0;
	log_error("%s: it names no \"kernels\"", m->name);
	return -EINVAL;
}

int matrix_load(struct matrix *m, const char *path)
{
	json_error_t e;
	json_t *options;
	int ret;

	m->name = path;
	m->file = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!json_is_object(m->file)) {
		log_error("%s:%d: %s", path, m->file ? 1 : e.line, m->file ? "no object" : e.text);
		return -EINVAL;
	}
	ret = check_keys(m);
	if (ret)
		return ret;
	options = json_object_get(m->file, "options");
	if (options)
		ret = take_options(m, "options", 0, options, &m->options);
	m->kept = json_array();
	for (unsigned int a = 0; !ret && a < MATRIX_AXES; a++)
		ret = take_axis(m, a, json_object_get(m->file, axes[a].name));
	return ret ? ret : make_cases(m);
}

void matrix_free(struct matrix *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->cases[i].name);
	free(m->cases);
	for (unsigned int a = 0; a < MATRIX_AXES; a++) {
		for (size_t i = 0; i < m->axes[a].count; i++)
			free(m->axes[a].values[i].options);
		free(m->axes[a].values);
	}
	free(m->options);
	json_decref(m->file);
	json_decref(m->kept);
}
