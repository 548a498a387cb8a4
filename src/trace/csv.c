/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buffer holds whole rows: when the last one in it is cut, it moves to the front and the rest
 * is filled up; it grows only for a row longer than itself. memchr() finds the row's end and one
 * pass splits it, quoted fields in a slower way of their own. Decimal numbers of up to 15 digits
 * are read without the C library: mantissa and power of ten are then exact doubles, and their
 * quotient is the nearest double (Clinger, "How to read floating point numbers accurately", 1990).
 */
#include "trace/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv_split.h"
#include "base/err.h"
#include "base/memory.h"
#include "trace/members.h"

enum { FIRST_BYTES = 1 << 18 };

void csv_open(struct csv *csv, struct members *members, char separator, bool quotes)
{
    memset(csv, 0, offsetof(struct csv, field));
    csv->fields = csv->names = 0;
    csv->line = 0;
    csv->damage = NULL;
    csv->name = NULL;
    csv->members = members;
    csv->separator = separator;
    csv->quotes = quotes;
    csv->capacity = FIRST_BYTES;
    csv->buffer = xmalloc(csv->capacity + 1);
}

void csv_close(struct csv *csv)
{
    for (int i = 0; i < csv->names; i++)
        free(csv->name[i]);
    free(csv->name);
    free(csv->buffer);
    csv->buffer = NULL;
    csv->name = NULL;
    csv->names = csv->fields = 0;
}

/* More bytes behind those that are there; the buffer may move. */
static int fill(struct csv *csv, struct err *err)
{
    int64_t got;

    if (csv->begin > 0) {
        memmove(csv->buffer, csv->buffer + csv->begin, csv->end - csv->begin);
        csv->end -= csv->begin;
        csv->begin = 0;
    }
    if (csv->end == csv->capacity) {
        if (csv->capacity >= CSV_ROW_BYTES)
            return err_set(err, ERR_LIMIT, "%s:%lld: a row of more than %d bytes",
                           csv->members->name, (long long)csv->line, CSV_ROW_BYTES);
        csv->capacity *= 2;
        csv->buffer = xrealloc(csv->buffer, csv->capacity + 1, 1);
    }
    got = members_read(csv->members, csv->buffer + csv->end, csv->capacity - csv->end, err);
    if (got < 0)
        return (int)got;
    csv->end += (size_t)got;
    csv->over = got == 0;
    return 0;
}

/* The row's end, where its newline is or would be; NULL: not in the buffer yet. */
static char *find_end(const struct csv *csv, size_t from)
{
    char *at = csv->buffer + csv->begin, *end = csv->buffer + csv->end;
    char *newline = memchr(at + from, '\n', (size_t)(end - at) - from);
    bool quoted = false;

    if (!csv->quotes || !memchr(at, '"', (size_t)((newline ? newline : end) - at)))
        return newline;
    for (; at < end; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '\n' && !quoted)
            return at;
    }
    return NULL;
}

static int take_row(struct csv *csv, char **row, size_t *length, struct err *err)
{
    size_t from = 0;
    char *end;

    while (!(end = find_end(csv, csv->quotes ? 0 : from)) && !csv->over) {
        int rc;

        from = csv->end - csv->begin;
        rc = fill(csv, err);
        if (rc)
            return rc;
    }
    if (!end && csv->begin == csv->end)
        return 0;
    if (!end)
        end = csv->buffer + csv->end;
    *row = csv->buffer + csv->begin;
    *length = (size_t)(end - *row);
    csv->begin += *length + (csv->begin + *length < csv->end);
    csv->line++;
    return 1;
}

static void add_field(struct csv *csv, char *field)
{
    if (csv->fields < CSV_MOST_FIELDS)
        csv->field[csv->fields++] = field;
    else
        csv->damage = "too many fields";
}

static void split_separated(struct csv *csv, char *at, char *end)
{
    struct csv_split split = {
        .at = at, .end = end, .separator = csv->separator, .quotes = csv->quotes};
    char *field;

    while ((field = csv_split_next(&split)))
        add_field(csv, field);
    if (split.damage)
        csv->damage = split.damage;
}

static void split_blanks(struct csv *csv, char *at, char *end)
{
    while (at < end) {
        while (at < end && (*at == ' ' || *at == '\t'))
            at++;
        if (at == end)
            break;
        add_field(csv, at);
        while (at < end && *at != ' ' && *at != '\t')
            at++;
        *at++ = '\0';
    }
}

int csv_next(struct csv *csv, struct err *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *row = NULL;
    size_t length = 0;
    int rc;

    csv->fields = 0;
    csv->damage = NULL;
    do {
        rc = take_row(csv, &row, &length, err);
        if (rc <= 0)
            return rc;
        if (csv->line == 1 && length >= 3 && memcmp(row, mark, 3) == 0) {
            row += 3;
            length -= 3;
        }
        if (length > 0 && row[length - 1] == '\r')
            length--;
    } while (length == 0);
    if (memchr(row, '\0', length))
        csv->damage = "a zero byte";
    if (csv->separator == ' ')
        split_blanks(csv, row, row + length);
    else
        split_separated(csv, row, row + length);
    row[length] = '\0';
    return 1;
}

int csv_read_header(struct csv *csv, struct err *err)
{
    int rc = csv_next(csv, err);

    if (rc <= 0)
        return rc;
    csv->name = xcalloc((size_t)csv->fields, sizeof *csv->name);
    csv->names = csv->fields;
    for (int i = 0; i < csv->fields; i++)
        csv->name[i] = xstrdup(csv->field[i]);
    return 1;
}

int csv_column(const struct csv *csv, const char *name)
{
    for (int i = 0; i < csv->names; i++)
        if (strcmp(csv->name[i], name) == 0)
            return i;
    return -1;
}

static bool number_slowly(const char *text, double *out)
{
    char *end;

    /* strtod also reads hexadecimal, "inf" and "nan". */
    if (text[strcspn(text, "xXnN")])
        return false;
    *out = strtod(text, &end);
    while (*end == ' ')
        end++;
    return end != text && *end == '\0' && isfinite(*out);
}

bool text_number(const char *text, double *out)
{
    static const double power[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text;
    uint64_t mantissa = 0;
    int digits = 0, decimals = 0;
    bool negative = false;

    while (*at == ' ')
        at++;
    if (*at == '-') {
        negative = true;
        at++;
    }
    for (; (unsigned char)(*at - '0') < 10; at++, digits++)
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    if (*at == '.')
        for (at++; (unsigned char)(*at - '0') < 10; at++, digits++, decimals++)
            mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    if (*at != '\0' || digits == 0 || digits > 15)
        return number_slowly(text, out);
    *out = (double)mantissa / power[decimals];
    if (negative)
        *out = -*out;
    return true;
}

bool csv_number(const struct csv *csv, int column, double *out)
{
    return column >= 0 && column < csv->fields && text_number(csv->field[column], out);
}
