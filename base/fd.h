/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fd.h - descriptors and the three standard ones, any of which may have been closed before us.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

/*
 * The same open file under a number above 2, close-on-exec; `fd` itself is closed if it was one of
 * the three. For what a child process gets by number: 0, 1 and 2 are made anew there. -1 stays -1;
 * -1 and errno too if no number is left.
 */
int fd_above_std(int fd);

/* Put /dev/null where one of the three is closed, or the next file opened would be taken for it. */
void fd_open_std(void);

#endif
