/* SPDX-License-Identifier: BSD-3-Clause */
/* input.h - what the attestation subcommands take from files and options. Failures are logged. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attest/keyfile.h"

/*
 * A file's bytes ("-": standard input), with a 0 behind them. Their number, or -errno; -EFBIG:
 * cap - 1 or more. The second one takes the first cap - 1 of however many there are.
 */
ssize_t input_read(const char *path, uint8_t *buf, size_t cap);
ssize_t input_read_start(const char *path, uint8_t *buf, size_t cap);

/* Hexadecimal bytes of an option, 1..cap of them. Length or -EINVAL. */
ssize_t input_hex(const char *option, const char *text, uint8_t *out, size_t cap);

/* "I=HEX", I within 1..4. I, with the bytes in out and their number in *len; or -EINVAL. */
int input_rem(const char *text, uint8_t out[MEASURE_SIZE], size_t *len);

/* Keys from a file. 0 or -errno. */
int input_anchors(const char *path, struct trust_anchors *out);

/*
 * The key and the ids of a platform's directory; NULL: of the built-in test platform. 0 or
 * -errno.
 */
int input_platform_anchor(const char *dir, struct trust_anchors *out);

#endif
