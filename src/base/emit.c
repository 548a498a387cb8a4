/* SPDX-License-Identifier: Apache-2.0 */
#include "base/emit.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

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

/* Length of the valid UTF-8 sequence at s, or 0. */
static size_t utf8_length(const unsigned char *s)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80       ? 1
                    : s[0] >> 5 == 6  ? 2
                    : s[0] >> 4 == 14 ? 3
                    : s[0] >> 3 == 30 ? 4
                                      : 0;
    unsigned code;

    if (length < 2)
        return length;
    code = s[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        code = code << 6 | (s[i] & 0x3Fu);
    }
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    return length;
}

static void add_quoted(struct text *out, const char *string)
{
    const unsigned char *s = (const unsigned char *)string;

    text_add_char(out, '"');
    while (*s) {
        size_t length = utf8_length(s);

        if (*s == '"' || *s == '\\')
            text_printf(out, "\\%c", *s);
        else if (*s == '\n')
            text_add(out, "\\n");
        else if (*s == '\t')
            text_add(out, "\\t");
        else if (*s < 0x20)
            text_printf(out, "\\u%04x", *s);
        else if (length == 0)
            text_add(out, "\xEF\xBF\xBD");
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
