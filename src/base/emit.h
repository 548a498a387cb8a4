/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON into a struct text: commas, quoting and number form are done here, so that the same
 * data is the same bytes everywhere.
 *
 *     emit_open(&e, '{'); emit_key(&e, "seed"); emit_int(&e, 7); emit_close(&e);   {"seed":7}
 */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

#include <stdbool.h>
#include <stdint.h>

struct text;

enum { EMIT_DEPTH = 32 };

struct emit {
    struct text *out;
    bool started[EMIT_DEPTH]; /* this level has a member already */
    char closing[EMIT_DEPTH];
    int depth;
    bool after_key;
};

void emit_init(struct emit *e, struct text *out);
void emit_open(struct emit *e, char bracket); /* '{' or '[' */
void emit_close(struct emit *e);
void emit_key(struct emit *e, const char *key);
void emit_int(struct emit *e, int64_t value);
void emit_real(struct emit *e, double value); /* null when not finite */
void emit_bool(struct emit *e, bool value);
void emit_null(struct emit *e);
void emit_string(struct emit *e,
                 const char *string);            /* invalid UTF-8 becomes U+FFFD; NULL is null */
void emit_raw(struct emit *e, const char *json); /* a value that is JSON already */

/* key and value in one call */
void emit_key_int(struct emit *e, const char *key, int64_t value);
void emit_key_real(struct emit *e, const char *key, double value);
void emit_key_bool(struct emit *e, const char *key, bool value);
void emit_key_string(struct emit *e, const char *key, const char *string);

#endif
