// SPDX-License-Identifier: BSD-3-Clause
/* array.c - grows an array. */
#include "base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16u

int array_reserve(void *array, size_t *room, size_t want, size_t size)
{
	size_t more = *room ? *room : FIRST_ROOM;
	void *p;

	if (want <= *room)
		return 0;
	if (want > PTRDIFF_MAX / 2 / size) /* no object is larger */
		return -ENOMEM;
	while (more < want)
		more *= 2;
	memcpy(&p, array, sizeof(p)); /* whatever type of pointer it is */
	p = reallocarray(p, more, size);
	if (!p)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	*room = more;
	return 0;
}
