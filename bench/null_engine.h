/* SPDX-License-Identifier: BSD-3-Clause */
/* null_engine.h - an engine whose CPUs do nothing: each run comes back at once. */
#ifndef BENCH_NULL_ENGINE_H
#define BENCH_NULL_ENGINE_H

#include "engine/engine.h"

extern const struct engine_ops engine_null;

#endif
