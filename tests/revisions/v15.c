// SPDX-License-Identifier: BSD-3-Clause
/* v15.c - a VMM that speaks v15 and nothing else. */
#include "abi/v15.h"

#include "tests/revisions/client.h"
