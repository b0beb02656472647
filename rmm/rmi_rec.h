/* SPDX-License-Identifier: BSD-3-Clause */
/* rmi_rec.h - what the families around a REC share. */
#ifndef RMM_RMI_REC_H
#define RMM_RMI_REC_H

#include "rmm/call.h"

/* REC index from an MPIDR_EL1 value, as PSCI arguments have it; other bits are ignored. */
uint64_t rec_mpidr_index(uint64_t mpidr);
/* The REC's MPIDR_EL1. */
uint64_t rec_mpidr_el1(const struct rec *rec);

/* Past an instruction that was done for the realm: a single step over it is done, too. */
void rec_skip(struct rec *rec);

/* X0..X3 of an answer to the realm. */
void rec_set_answer(struct rec *rec, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/* For rmm_inspect_rec. The REC is not running, its granule is locked. */
void rec_take_sample(const struct rmm *rmm, struct rec *rec);

#endif
