/* SPDX-License-Identifier: BSD-3-Clause */
/* gdb.h - where a debugger attaches, as --gdb has it: PORT, or unix:FILE. */
#ifndef CLI_GDB_H
#define CLI_GDB_H

/* 0 or -EINVAL (logged). */
int gdb_address_check(const char *where);
/* A socket that listens there, only for this machine or this user. The descriptor or -errno
 * (logged). */
int gdb_listen(const char *where);
/* What gdb_listen has made is removed. */
void gdb_remove(const char *where);

#endif
