/* SPDX-License-Identifier: BSD-3-Clause */
/* options_devices.h - the functions of options.def's rows that ask for devices. */
#ifndef VMM_OPTIONS_DEVICES_H
#define VMM_OPTIONS_DEVICES_H

/* To a struct vmm_options: 0, or -EINVAL after a message. */
int options_set_disk(void *to, const char *arg);
int options_set_net(void *to, const char *arg);
int options_set_share(void *to, const char *arg);
int options_set_vsock(void *to, const char *arg);

#endif
