/* SPDX-License-Identifier: BSD-3-Clause */
/* eventfd.h - eventfds of the caller, which live in another process. */
#ifndef KVM_EVENTFD_H
#define KVM_EVENTFD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/caller.h"

/* A descriptor of ours (close it) for the caller's eventfd. OK, kvm_eventfd_bad_fd,
 * kvm_eventfd_type (then *own is -1). */
result eventfd_take(struct kvm_caller *c, int fd, int *own);
/* Two descriptors of ours are of one eventfd. */
bool eventfd_same(int a, int b);
/* Add one. Never waits, even if the descriptor is a blocking one and its count is full; but for one
 * race where the kernel has no asynchronous I/O (eventfd.c). */
void eventfd_add_one(int fd);

#endif
