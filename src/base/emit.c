/* SPDX-License-Identifier: Apache-2.0 */
#include "base/emit.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/utf8.h"

void emit_init(struct emit *e, struct text *out)
{
    *e = (struct emit){.out = out};
}

static void before_value(struct emit *e)
{
    if (!e->after_key && e->started[e->depth] && e->depth > 0)
        text_add_char(e->out, ',');
    e->started[e->depth] = true;
    e->after_key = false;
}

void emit_open(struct emit *e, char bracket)
{
    BUG_ON(e->depth + 1 >= EMIT_DEPTH);
    before_value(e);
    text_add_char(e->out, bracket);
    e->depth++;
    e->started[e->depth] = false;
    e->closing[e->depth] = bracket == '{' ? '}' : ']';
}

void emit_close(struct emit *e)
{
    BUG_ON(e->depth == 0 || e->after_key);
    text_add_char(e->out, e->closing[e->depth--]);
}

static void add_quoted(struct text *out, const char *string)
{
    text_add_char(out, '"');
    for (const char *s = string; *s;) {
        size_t length = utf8_length(s);

        if (*s == '"' || *s == '\\')
            text_printf(out, "\\%c", *s);
        else if (*s == '\n')
            text_add(out, "\\n");
        else if (*s == '\t')
            text_add(out, "\\t");
        else if ((unsigned char)*s < 0x20)
            text_printf(out, "\\u%04x", (unsigned)*s);
        else if (length == 0)
            text_add(out, UTF8_REPLACEMENT);
        else
            text_add_bytes(out, s, length);
        s += length ? length : 1;
    }
    text_add_char(out, '"');
}

void emit_key(struct emit *e, const char *key)
{
    BUG_ON(e->after_key || e->closing[e->depth] != '}');
    before_value(e);
    add_quoted(e->out, key);
    text_add_char(e->out, ':');
    e->after_key = true;
}

void emit_int(struct emit *e, int64_t value)
{
    before_value(e);
    text_add_int(e->out, value);
}

void emit_real(struct emit *e, double value)
{
    before_value(e);
    text_add_double(e->out, value);
}

void emit_bool(struct emit *e, bool value)
{
    emit_raw(e, value ? "true" : "false");
}

void emit_null(struct emit *e)
{
    emit_raw(e, "null");
}

void emit_string(struct emit *e, const char *string)
{
    if (!string) {
        emit_null(e);
        return;
    }
    before_value(e);
    add_quoted(e->out, string);
}

void emit_raw(struct emit *e, const char *json)
{
    before_value(e);
    text_add(e->out, json);
}

void emit_key_int(struct emit *e, const char *key, int64_t value)
{
    emit_key(e, key);
    emit_int(e, value);
}

void emit_key_real(struct emit *e, const char *key, double value)
{
    emit_key(e, key);
    emit_real(e, value);
}

void emit_key_bool(struct emit *e, const char *key, bool value)
{
    emit_key(e, key);
    emit_bool(e, value);
}

void emit_key_string(struct emit *e, const char *key, const char *string)
{
    emit_key(e, key);
    emit_string(e, string);
}
