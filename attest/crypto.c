// SPDX-License-Identifier: BSD-3-Clause
/* crypto.c - libgcrypt, brought up once for the whole process. */
#include <gcrypt.h>
#include <pthread.h>

#include "attest/crypto.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	gcry_check_version(NULL);
	/* Test keys only: locked memory would cost start-up time and a warning without mlock. */
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

void crypto_init(void)
{
	pthread_once(&once, init);
}
