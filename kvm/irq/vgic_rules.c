// SPDX-License-Identifier: BSD-3-Clause
/* vgic_rules.c - the rules of vgic_rules.def as objects; the layer's table lists them. */
#include "kvm/irq/vgic_rules.h"

#include <errno.h>

#define RULE RULE_DEFINE
#include "kvm/irq/vgic_rules.def"
#undef RULE
