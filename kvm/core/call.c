// SPDX-License-Identifier: BSD-3-Clause
/* call.c - what handlers need of their caller: copies with their rules, new descriptors. */
#include "kvm/call.h"

#include <string.h>

#include "base/bits.h"
#include "kvm/rules.h"

result call_read(struct kvm_call *c, void *dst, size_t len)
{
	if (c->caller->ops->read(c->caller, dst, c->arg, len))
		return &rule_kvm_arg_fault;
	c->raw_len = MIN(len, sizeof(c->raw));
	memcpy(c->raw, dst, c->raw_len);
	return OK;
}

result call_read_at(struct kvm_call *c, void *dst, uint64_t uaddr, size_t len)
{
	return c->caller->ops->read(c->caller, dst, uaddr, len) ? &rule_kvm_arg_fault : OK;
}

result call_write_at(struct kvm_call *c, uint64_t uaddr, const void *src, size_t len)
{
	return c->caller->ops->write(c->caller, uaddr, src, len) ? &rule_kvm_arg_fault : OK;
}

result call_install(struct kvm_call *c, struct kvm_file *f)
{
	int fd = c->caller->ops->install(c->caller, f);

	if (fd < 0)
		return &rule_kvm_no_descriptor;
	c->value = fd;
	return OK;
}

result call_give(struct kvm_call *c, int fd)
{
	int given = c->caller->ops->give_fd(c->caller, fd);

	if (given < 0)
		return &rule_kvm_no_descriptor;
	c->value = given;
	return OK;
}
