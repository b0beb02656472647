/* SPDX-License-Identifier: BSD-3-Clause */
/* iov.h - what is left of an array of buffers when a part of it is done. */
#ifndef BASE_IOV_H
#define BASE_IOV_H

#include <stdint.h>
#include <sys/uio.h>

/*
 * Of the n buffers at *iov, the first `done` bytes (no more than there are) are dealt with: *iov
 * moves to the first that is not, whose beginning is cut off. Returns how many are left.
 */
static inline unsigned int iov_advance(struct iovec **iov, unsigned int n, size_t done)
{
	while (n && done >= (*iov)->iov_len) {
		done -= (*iov)->iov_len;
		++*iov;
		n--;
	}
	if (n) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + done;
		(*iov)->iov_len -= done;
	}
	return n;
}

#endif
