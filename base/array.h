/* SPDX-License-Identifier: BSD-3-Clause */
/* array.h - the one growing array: a pointer, a count and a room that its owner keeps. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/*
 * Makes room for `want` elements of `size` bytes: the room doubles from 16, the array may move.
 * `array` is the address of the owner's pointer, which was NULL or came from malloc.
 * 0, or -ENOMEM: nothing has changed.
 */
int array_reserve(void *array, size_t *room, size_t want, size_t size);

#endif
