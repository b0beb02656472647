/* SPDX-License-Identifier: BSD-3-Clause */
/* predict.h - the RIM that `softrealm run` with these options would get. */
#ifndef CLI_PREDICT_H
#define CLI_PREDICT_H

#include "backend/backend.h"
#include "vmm/vmm_options.h"

/* Prints the RIM in hexadecimal, or with explain the ledger. An exit status. */
int predict_run(const struct vmm_options *o, const struct backend_options *host, bool explain,
		bool base64);

#endif
