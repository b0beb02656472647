// SPDX-License-Identifier: BSD-3-Clause
/* command.c - takes the frames of a command that runs in the realm. */
#include "vmm/command.h"

#include <errno.h>
#include <unistd.h>

#include "base/bits.h"
#include "vmm/end.h"
#include "vmm/output.h"

/* Standard error is a terminal or a file as a rule: it is written at once. */
static void write_error(const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(STDERR_FILENO, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void fail(struct exec *x)
{
	x->state = EXEC_FAILED;
	end_run(VMM_EXEC_LOST, "what the realm says of its command cannot be understood");
}

static void begin(struct exec *x)
{
	const uint8_t *h = x->head;

	x->left = h[1] | h[2] << 8 | h[3] << 16 | (uint32_t)h[4] << 24;
	if ((h[0] != 'o' && h[0] != 'e' && h[0] != 'x') || (h[0] == 'x' && x->left != 1))
		fail(x);
	if (!x->left)
		x->nhead = 0;
}

static void take_data(struct exec *x, const uint8_t *p, size_t n)
{
	switch (x->head[0]) {
	case 'o':
		output_put(p, n);
		break;
	case 'e':
		write_error(p, n);
		break;
	case 'x':
		x->status = *p;
		x->state = EXEC_DONE;
		end_run(VMM_OK, "the command ended with status %u", x->status);
		break;
	}
	x->left -= (uint32_t)n;
	if (!x->left)
		x->nhead = 0;
}

void exec_take(void *exec, const void *data, size_t len)
{
	struct exec *x = exec;
	const uint8_t *p = data;

	while (len && x->state == EXEC_RUNNING) {
		size_t n = 1;

		if (x->nhead < sizeof(x->head)) {
			x->head[x->nhead++] = *p;
			if (x->nhead == sizeof(x->head))
				begin(x);
		} else {
			n = MIN(len, x->left);
			take_data(x, p, n);
		}
		p += n;
		len -= n;
	}
}
