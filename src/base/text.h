/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable text with a hard cap. Past the cap nothing more is added and text_is_cut() says so: an
 * oversized input is an error, not a dead machine. Always NUL-terminated.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct text {
    char *bytes;
    size_t length, capacity, cap;
    bool cut;
};

void text_init(struct text *text, size_t cap_bytes); /* cap 0: no limit */
void text_release(struct text *text);
void text_reset(struct text *text);
bool text_is_cut(const struct text *text);
char *text_take(struct text *text); /* the caller owns and frees the bytes; text is released */

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t count);
void text_add_char(struct text *text, char c);
void text_add_int(struct text *text, int64_t value);
/* The shortest decimal form that reads back as the same double; "null" when it is not finite. */
void text_add_double(struct text *text, double value);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads a whole file (at most cap bytes of it, else ERR_LIMIT), "-" is standard input. */
int text_read_file(struct text *text, const char *path, struct err *err);
/* Writes the file beside its place and renames it, so that a reader sees all or nothing. */
int text_write_file(const struct text *text, const char *path, struct err *err);

#endif
