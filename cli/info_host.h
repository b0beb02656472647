/* SPDX-License-Identifier: BSD-3-Clause */
/* info_host.h - what softrealm info tells of the machine that it runs on. */
#ifndef CLI_INFO_HOST_H
#define CLI_INFO_HOST_H

#include <jansson.h>

/*
 * {"kernel", "machine", "cpus", "memory" and "memory_available" (bytes), "descriptors",
 * "descriptors_limit", "vcpus" (as many as they are enough for), "programs": [{"program",
 * "needed_for", "package", "required", "path" (null: missing), "version"}], "kernels": [...]}.
 * What cannot be found out is left out. NULL: no memory.
 */
json_t *info_host(void);

#endif
