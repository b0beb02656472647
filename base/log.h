/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log.h - messages for people, on stderr, one line each: "softrealm: TEXT".
 *
 * note: what was chosen for the user, and why. error: something the user asked for cannot be done.
 * warn: it goes on, but not as one would think. debug: for those who debug softrealm.
 *
 * Which are shown (error, warn, note: the default, debug), and a file that gets them as well, with
 * time and process, are set by functions or come from the environment, by which our other programs
 * get them: SOFTREALM_LOG (SOFTREALM_DEBUG: debug) and SOFTREALM_LOG_FILE.
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

/* Show messages up to this level, here and in programs that are executed. 0 or -EINVAL. */
int log_set_level(const char *level);
/* Append messages to this file, here and in programs that are executed. 0 or -errno. */
int log_set_file(const char *path);
/*
 * Only into the file: a finished line that is shown by other means. A line that log_redirect's sink
 * gets is not in the file yet, because whoever shows it in the end knows that best.
 */
void log_keep(const char *line);

#endif
