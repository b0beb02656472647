/* SPDX-License-Identifier: BSD-3-Clause */
/* testing.h - cmocka and what it wants included first. */
#ifndef TESTS_VMM_TESTING_H
#define TESTS_VMM_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
