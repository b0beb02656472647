// SPDX-License-Identifier: BSD-3-Clause
/* v14.c - a VMM that speaks v14 and nothing else. */
#include "abi/v14.h"

#include "tests/revisions/client.h"
