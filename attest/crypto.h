/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto.h - libgcrypt, brought up once for the whole process. */
#ifndef ATTEST_CRYPTO_H
#define ATTEST_CRYPTO_H

/*
 * Called by everything in attest/ that is about to use libgcrypt; any thread, any number of times.
 * Leaves a libgcrypt that the application has initialised as it is.
 */
void crypto_init(void);

#endif
