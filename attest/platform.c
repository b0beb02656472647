// SPDX-License-Identifier: BSD-3-Clause
/* platform.c - loading and creating the directory of a simulated platform. */
#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/claim_values.h"
#include "attest/crypto.h"
#include "attest/keyfile.h"
#include "attest/member.h"
#include "attest/platform.h"
#include "attest/platform_builtin.h"
#include "base/bits.h"
#include "base/log.h"

/* ---- description ---- */

/* A member that may be missing, but is text if it is there. */
static bool text_or_none(const json_t *obj, const char *name, const char **out)
{
	const json_t *j = json_object_get(obj, name);

	*out = json_string_value(j);
	return !j || *out;
}

/* NULL, or the name of the member that is missing or wrong. */
static const char *parse_component(const json_t *obj, struct platform_component *c)
{
	c->type = json_string_value(json_object_get(obj, "component-type"));
	if (!c->type)
		return "component-type of a software component";
	if (!text_or_none(obj, "version", &c->version))
		return "version of a software component (text)";
	c->measurement_len = member_hex(obj, "measurement-value", c->measurement, MEASURE_SIZE);
	if (!claim_is_hash_len(c->measurement_len))
		return "measurement-value of a software component (32, 48 or 64 bytes)";
	c->signer_id_len = member_hex(obj, "signer-id", c->signer_id, MEASURE_SIZE);
	return claim_is_hash_len(c->signer_id_len)
		       ? NULL
		       : "signer-id of a software component (32, 48 or 64 bytes)";
}

static const char *parse_components(struct platform *p, const json_t *list)
{
	const char *wrong = NULL;
	size_t i;
	json_t *obj;

	if (!json_array_size(list) || json_array_size(list) > CLAIMS_MAX_COMPONENTS)
		return "sw-components";
	json_array_foreach(list, i, obj)
	{
		wrong = parse_component(obj, &p->components[p->num_components++]);
		if (wrong)
			break;
	}
	return wrong;
}

/* NULL, or the name of the member that is missing or wrong. */
static const char *parse_description(struct platform *p)
{
	const json_t *lifecycle = json_object_get(p->doc, "lifecycle");

	if (member_hex(p->doc, "implementation-id", p->implementation_id, IMPLEMENTATION_ID_SIZE) !=
	    IMPLEMENTATION_ID_SIZE)
		return "implementation-id";
	p->config_len = member_hex(p->doc, "platform-configuration", p->config, sizeof(p->config));
	if (!p->config_len)
		return "platform-configuration";
	if (!json_is_integer(lifecycle) || json_integer_value(lifecycle) < 0 ||
	    !lifecycle_name((uint64_t)json_integer_value(lifecycle)))
		return "lifecycle";
	p->lifecycle = (unsigned int)json_integer_value(lifecycle);
	if (!text_or_none(p->doc, "verification-service", &p->verification_service))
		return "verification-service (text)";
	return parse_components(p, json_object_get(p->doc, "sw-components"));
}

static void derive_instance_id(struct platform *p)
{
	uint8_t point[EC_MAX_POINT];
	size_t len = ec_point(&p->cpak.pub, point);

	crypto_init();
	p->instance_id[0] = 0x01;
	gcry_md_hash_buffer(GCRY_MD_SHA256, p->instance_id + 1, point, len);
}

static int load_text(const char *where, const char *description, const char *pem,
		     struct platform *p)
{
	const char *wrong;

	if (keyfile_parse_private(pem, &p->cpak)) {
		log_error("%s/cpak.pem: not an EC private key in PEM", where);
		return -EINVAL;
	}
	derive_instance_id(p);
	p->doc = json_loads(description, JSON_REJECT_DUPLICATES, NULL);
	wrong = p->doc ? parse_description(p) : "the JSON";
	if (wrong) {
		log_error("%s/platform.json: %s is missing or wrong", where, wrong);
		return -EINVAL;
	}
	return 0;
}

/* ---- directory ---- */

static int read_file(const char *dir, const char *name, char *buf, size_t cap)
{
	char path[4096];
	ssize_t n = -1;
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, buf, cap - 1);
	if (n < 0) {
		err = -errno;
		log_error("%s: %s", path, strerror(errno));
	} else {
		buf[n] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return err;
}

int platform_load(const char *dir, struct platform *p)
{
	char description[KEYFILE_MAX_SIZE], pem[4096];
	int err;

	memset(p, 0, sizeof(*p));
	if (!dir) {
		err = load_text("(built-in)", BUILTIN_DESCRIPTION, BUILTIN_CPAK, p);
	} else {
		err = read_file(dir, "platform.json", description, sizeof(description));
		if (!err)
			err = read_file(dir, "cpak.pem", pem, sizeof(pem));
		if (!err)
			err = load_text(dir, description, pem, p);
	}
	if (err)
		platform_unload(p);
	return err;
}

void platform_unload(struct platform *p)
{
	json_decref(p->doc);
	p->doc = NULL;
}

static int write_file(const char *dir, const char *name, mode_t mode, const char *text)
{
	char path[4096];
	FILE *f = NULL;
	int fd, err = 0;

	if (!text)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (!f || fputs(text, f) < 0 || fflush(f))
		err = errno ? -errno : -EIO;
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	if (err)
		log_error("%s: %s", path, strerror(-err));
	return err;
}

static int write_keys(const char *dir, const struct ec_private *cpak)
{
	char *pem = keyfile_private_pem(cpak);
	char *pub = keyfile_public_pem(&cpak->pub);
	json_t *obj = keyfile_jwk(&cpak->pub);
	char *jwk = json_dumps(obj, JSON_INDENT(2));
	int err = write_file(dir, "cpak.pem", 0600, pem);

	if (!err)
		err = write_file(dir, "cpak.pub.pem", 0644, pub);
	if (!err)
		err = write_file(dir, "cpak.jwk", 0644, jwk);
	free(jwk);
	json_decref(obj);
	free(pub);
	free(pem);
	return err;
}

int platform_create(const char *dir)
{
	struct ec_private cpak;
	int err;

	if (mkdir(dir, 0755)) {
		err = -errno;
		log_error("%s: %s", dir, strerror(errno));
		return err;
	}
	err = ec_generate(&cpak, EC_P384);
	if (!err)
		err = write_keys(dir, &cpak);
	if (!err)
		err = write_file(dir, "platform.json", 0644, BUILTIN_DESCRIPTION);
	return err;
}
