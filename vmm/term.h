/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * term.h - the user's terminal: raw while the realm runs, as it was whatever happens then.
 *
 *	COOKED --term_raw (in the foreground)--> RAW
 *	RAW --term_restore: exit, fatal signal, stop by job control--> COOKED
 */
#ifndef VMM_TERM_H
#define VMM_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Remember how the terminal on stdin is, and restore it at exit and at fatal signals. */
void term_init(void);
/* Is stdin a terminal? */
bool term_is_terminal(void);
/* May this process read stdin now? A background job may not. */
bool term_is_foreground(void);
/* Go to raw mode, if stdin is a terminal and we are in the foreground. Can be repeated. */
void term_raw(void);
/* Back to what term_init found. Async-signal-safe, can be repeated. */
void term_restore(void);
bool term_is_raw(void);
/* The window's size; false if there is no terminal. */
bool term_size(uint16_t *cols, uint16_t *rows);

/* ---- the escape key ---- */
enum term_action { TERM_NONE, TERM_QUIT, TERM_HELP };
extern const char term_help[];

struct term_keys {
	bool escaped; /* the last byte was Ctrl-a */
};

/*
 * Split typed bytes: what the realm gets goes to out (room for len), its count is returned. Stops
 * behind an action: *used tells how many bytes were taken.
 */
size_t term_filter(struct term_keys *k, const uint8_t *in, size_t len, uint8_t *out, size_t *used,
		   enum term_action *action);

#endif
