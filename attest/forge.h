/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * forge.h - test tokens that say whatever one likes, from a description in JSON, for people who
 * write verifiers. What the description leaves out is as in a good token of the test platform.
 *
 *	profile		"legacy", "2023" (if there is none), "2024", "2026"
 *	form		"eat", "cmw"; that of the profile if there is none
 *	platform, realm	claims by name (as `token show --json` has them) or number; null: leave it
 *out platform-extra, realm-extra a list of [key, value]: claims besides, which may occur twice
 *	platform-headers, realm-headers
 *			{"protected": {label: value}, "unprotected": {...}}
 *
 * Values are JSON's, and text is bytes in hexadecimal where the claim is bytes. {"hex": "00"},
 * {"text": "x"} and {"cbor": "f6"} (an item, encoded) say what they are. Both halves are signed,
 * by the platform's key and a RAK that is always the same, and bound to each other unless the
 * claims say otherwise.
 */
#ifndef ATTEST_FORGE_H
#define ATTEST_FORGE_H

#include <jansson.h>

#include "attest/cborio.h"
#include "attest/platform.h"

/* Append the token. NULL, or what in the description cannot be understood (static storage). */
const char *forge_token(struct cborio_out *out, const struct platform *p, const json_t *what);

#endif
