/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * files.h - where the parts of softrealm lie: in the build tree around the command, or installed.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stddef.h>

/* The path of an interposer ("libsoftrealm-preload.so"): 0 or -ENOENT (logged). The folder of
 * SOFTREALM_PRELOAD_DIR comes first. */
int files_preload(const char *name, char *path, size_t size);

/* The path of softrealm-vmm, or what SOFTREALM_VMM names: 0 or -ENOENT (logged). */
int files_vmm(char *path, size_t size);

/* The path of the init for a realm's initrd: 0 or -ENOENT (logged). */
int files_init(char *path, size_t size);

/* The path of one of the demo's scripts (demo/): 0 or -ENOENT (logged). */
int files_script(const char *name, char *path, size_t size);

/* The path of softrealm-check: 0 or -ENOENT (logged). */
int files_check(char *path, size_t size);

#endif
