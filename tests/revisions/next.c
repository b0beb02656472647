// SPDX-License-Identifier: BSD-3-Clause
/* next.c - a VMM that speaks next and nothing else. */
#include "abi/next.h"

#include "tests/revisions/client.h"
