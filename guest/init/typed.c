// SPDX-License-Identifier: BSD-3-Clause
/*
 * typed.c - reads what was typed or piped into the console, from the very first byte
 */
#include "init.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define END "end\n"

/* Bytes as they are, no echo; what came before stays. */
static void set_raw(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t))
		return;
	cfmakeraw(&t);
	t.c_oflag |= OPOST | ONLCR;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

int input_test(void)
{
	char hex[2 * SHA256_LEN + 1];
	static char all[1 << 20];
	size_t len = 0, lines = 0;
	ssize_t n;

	set_raw();
	while (len < sizeof(all)) {
		n = read(STDIN_FILENO, all + len, sizeof(all) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		len += n;
		if (len >= strlen(END) && !memcmp(all + len - strlen(END), END, strlen(END)))
			break;
	}
	for (size_t i = 0; i < len; i++)
		lines += all[i] == '\n';
	sha256_hex(all, len, hex);
	say("read %zu lines, sha256 %s", lines, hex);
	return 0;
}
