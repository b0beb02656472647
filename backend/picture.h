/* SPDX-License-Identifier: BSD-3-Clause */
/* picture.h - what kvm/ and rmm/ know of one VM, side by side, as JSON (softrealm-inspect(1)). */
#ifndef BACKEND_PICTURE_H
#define BACKEND_PICTURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct kvm_vm_view;
struct rmm;
struct vgic_irq_view;
struct rmm_rec_view;

/* As text: "0x1f". */
json_t *picture_hex(uint64_t v);
json_t *picture_of_vm(const struct rmm *rmm, const struct kvm_vm_view *v);
/* NULL: there is no realm, or no such IPA. */
json_t *picture_of_walk(const struct rmm *rmm, const struct kvm_vm_view *v, uint64_t ipa);
/* What kvm_inspect_vgic gave. */
json_t *picture_of_vgic(const struct vgic_irq_view *irqs, size_t n, bool enabled);
/* rec: its registers, or NULL. */
json_t *picture_of_vcpu(const struct kvm_vm_view *vm, size_t index, const struct rmm_rec_view *rec);

#endif
