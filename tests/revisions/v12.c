// SPDX-License-Identifier: BSD-3-Clause
/* v12.c - a VMM that speaks v12 and nothing else. */
#include "abi/v12.h"

#include "tests/revisions/client.h"
