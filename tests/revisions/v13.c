// SPDX-License-Identifier: BSD-3-Clause
/* v13.c - a VMM that speaks v13 and nothing else. */
#include "abi/v13.h"

#include "tests/revisions/client.h"
