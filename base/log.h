/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log.h - messages for people, on stderr, one line each: "softrealm: TEXT".
 *
 * note: what was chosen for the user, and why. error: something the user asked for cannot be done.
 * warn: it goes on, but not as one would think. debug: shown only when SOFTREALM_DEBUG is set.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * log_error, then ": " and what err (an errno, as it was when the call failed) means. The caller
 * passes it: until the message is made, errno has been changed by something else.
 */
void log_errno(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where messages go: a function that gets one finished line (no newline); NULL: stderr. */
void log_redirect(void (*sink)(const char *line));

#endif
