/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static int is_forbidden(const char *s)
{
    unsigned char c = (unsigned char)*s;

    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ||
           (c == 0xC2 && (unsigned char)s[1] < 0xA0);
}

void html_add(struct text *out, const char *string)
{
    for (const char *s = string; *s;) {
        size_t length = utf8_length(s);
        const char *entity = entity_of(*s);

        if (entity)
            text_add(out, entity);
        else if (length == 0 || is_forbidden(s))
            text_add(out, UTF8_REPLACEMENT);
        else
            text_add_bytes(out, s, length);
        s += length ? length : 1;
    }
}

void html_add_json(struct text *out, const char *json, size_t length)
{
    const char *end = json + length, *at;

    while ((at = memchr(json, '<', (size_t)(end - json)))) {
        text_add_bytes(out, json, (size_t)(at - json));
        text_add(out, "\\u003c");
        json = at + 1;
    }
    text_add_bytes(out, json, (size_t)(end - json));
}
