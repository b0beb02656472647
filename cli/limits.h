/* SPDX-License-Identifier: BSD-3-Clause */
/* limits.h - the file descriptors that a run needs. */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

/* As many as this process may have. */
void limits_raise_files(void);

/* With how many vCPUs a run can have the descriptors that it needs (the hard limit counts). */
unsigned int limits_max_cpus(void);

/* Can a run of our own VMM have the descriptors that it needs? 0, or -EMFILE (logged). */
int limits_check_files(unsigned int cpus, unsigned int disks);

#endif
