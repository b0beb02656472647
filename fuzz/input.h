/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * input.h - takes a fuzzer's bytes apart. What is missing at the end reads as zero.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *at, *end;
};

static inline size_t input_left(const struct input *in)
{
	return in->end - in->at;
}

static inline uint64_t input_take(struct input *in, unsigned int bytes)
{
	uint64_t v = 0;
	size_t n = input_left(in) < bytes ? input_left(in) : bytes;

	memcpy(&v, in->at, n);
	in->at += n;
	return v;
}

static inline uint8_t input_u8(struct input *in)
{
	return input_take(in, 1);
}

static inline uint16_t input_u16(struct input *in)
{
	return input_take(in, 2);
}

static inline uint32_t input_u32(struct input *in)
{
	return input_take(in, 4);
}

static inline uint64_t input_u64(struct input *in)
{
	return input_take(in, 8);
}

/* A length of one byte, and as many bytes as there are of it. */
static inline const uint8_t *input_bytes(struct input *in, size_t *n)
{
	const uint8_t *p;

	*n = input_u8(in);
	p = in->at;
	if (*n > input_left(in))
		*n = input_left(in);
	in->at += *n;
	return p;
}

/* What libFuzzer, AFL++ and the replayer call with one input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
