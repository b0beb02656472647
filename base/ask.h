/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ask.h - one question to a backend's control socket (softrealm-inspect(1)), with a limit of time.
 */
#ifndef BASE_ASK_H
#define BASE_ASK_H

/*
 * The line that answers a request (without its newline), allocated; NULL: nobody is there, or it
 * took longer than so many milliseconds. name: an absolute path, or an abstract name.
 */
char *ask_line(const char *name, const char *request, unsigned int ms);

#endif
