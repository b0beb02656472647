// SPDX-License-Identifier: BSD-3-Clause
/* channels.c - the server's list of channels: objects by name, and all channels of a client. */
#include <sys/socket.h>

#include "backend/channel.h"

void channel_end_all(struct server *s, const struct mm *mm)
{
	lock_take(&s->lock);
	for (struct channel *ch = s->channels; ch; ch = ch->next)
		if (ch->id && ch->mm == mm)
			shutdown(ch->fd, SHUT_RDWR);
	lock_drop(&s->lock);
}

void channel_set_peer(struct channel *ch, uint64_t dev, uint64_t ino)
{
	lock_take(&ch->srv->lock);
	ch->dev = dev;
	ch->ino = ino;
	lock_drop(&ch->srv->lock);
}

struct kvm_file *channel_find_file(struct server *s, uint64_t dev, uint64_t ino)
{
	struct kvm_file *file = NULL;

	lock_take(&s->lock);
	for (struct channel *ch = s->channels; ch && !file; ch = ch->next)
		if (ch->id && ch->file && ch->ino == ino && ch->dev == dev)
			file = ch->file;
	if (file)
		kvm_file_get(file);
	lock_drop(&s->lock);
	return file;
}

struct kvm_file *channel_find_id(struct server *s, const struct mm *mm, uint32_t id)
{
	struct kvm_file *file = NULL;

	lock_take(&s->lock);
	for (struct channel *ch = s->channels; ch && !file; ch = ch->next)
		if (id && ch->id == id && ch->mm == mm)
			file = ch->file;
	if (file)
		kvm_file_get(file);
	lock_drop(&s->lock);
	return file;
}

bool channel_gmem_holds(struct server *s, uint64_t pa, uint64_t size)
{
	struct kvm_gmem_info info;
	bool holds = false;

	lock_take(&s->lock);
	for (struct channel *ch = s->channels; ch && !holds; ch = ch->next) {
		if (!ch->id || !ch->file || kvm_file_kind(ch->file) != KVM_FILE_GMEM)
			continue;
		kvm_gmem_info(ch->file, &info);
		holds = info.has_shared && pa >= info.pa && pa + size > pa &&
			pa + size <= info.pa + info.size;
	}
	lock_drop(&s->lock);
	return holds;
}
