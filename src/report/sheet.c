/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sheet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

enum { CSV_LINE_BYTES = 1 << 24 };

/* Takes the value at *at out of its quotes, in place, ends it with a NUL and goes on behind its
 * comma; *at is NULL after the last. */
static char *split_value(char **at)
{
    char *value = *at, *to = *at, *from = *at;

    if (*from == '"')
        for (from++; *from && (*from != '"' || *++from == '"');)
            *to++ = *from++;
    while (*from && *from != ',')
        *to++ = *from++;
    *at = *from ? from + 1 : NULL;
    *to = '\0';
    return value;
}

static int check_names(const struct sheet *sheet, struct err *err)
{
    for (size_t i = 0; i < sheet->name.count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(sheet->name.item[i], sheet->name.item[k]) == 0)
                return lines_error(&sheet->lines, err, ERR_CORRUPT,
                                   "the column \"%.60s\" is there twice", sheet->name.item[i]);
    return 0;
}

int sheet_open(struct sheet *sheet, const char *path, struct err *err)
{
    int rc;

    *sheet = (struct sheet){0};
    rc = lines_open(&sheet->lines, path, CSV_LINE_BYTES, err);
    if (rc)
        return rc;
    rc = lines_next(&sheet->lines, err);
    if (rc == 0)
        rc = lines_error(&sheet->lines, err, ERR_CORRUPT, "expected a line with names of columns");
    if (rc > 0) {
        char *at = sheet->header = xstrdup(sheet->lines.line);

        while (at)
            vector_push(&sheet->name, split_value(&at));
        rc = check_names(sheet, err);
    }
    if (rc < 0)
        sheet_close(sheet);
    return rc;
}

void sheet_close(struct sheet *sheet)
{
    lines_close(&sheet->lines);
    free(sheet->header);
    vector_release(&sheet->name);
    vector_release(&sheet->field);
    sheet->header = NULL;
}

int sheet_next(struct sheet *sheet, struct err *err)
{
    int rc = lines_next(&sheet->lines, err);
    char *at = sheet->lines.line;

    if (rc <= 0)
        return rc;
    vector_clear(&sheet->field);
    while (at)
        vector_push(&sheet->field, split_value(&at));
    if (sheet->field.count != sheet->name.count)
        return lines_error(&sheet->lines, err, ERR_CORRUPT, "expected %zu values, not %zu",
                           sheet->name.count, sheet->field.count);
    return 1;
}

int sheet_column(const struct sheet *sheet, const char *name, int *out, struct err *err)
{
    for (size_t i = 0; i < sheet->name.count; i++)
        if (strcmp(sheet->name.item[i], name) == 0) {
            *out = (int)i;
            return 0;
        }
    return err_set(err, ERR_CORRUPT, "%s: there is no column \"%s\"", sheet->lines.path, name);
}

int sheet_real(const struct sheet *sheet, int column, double *out, struct err *err)
{
    const char *text = sheet->field.item[column];
    char *end;

    *out = (double)NAN;
    if (!*text)
        return 0;
    *out = strtod(text, &end);
    if (*end || !isfinite(*out))
        return lines_error(&sheet->lines, err, ERR_CORRUPT, "%s: expected a number, not \"%.60s\"",
                           sheet->name.item[column], text);
    return 0;
}

int sheet_int(const struct sheet *sheet, int column, int64_t low, int64_t high, int64_t *out,
              struct err *err)
{
    const char *text = sheet->field.item[column];
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (!*text || *end || errno || *out < low || *out > high)
        return lines_error(&sheet->lines, err, ERR_CORRUPT,
                           "%s: expected a whole number from %lld to %lld, not \"%.60s\"",
                           sheet->name.item[column], (long long)low, (long long)high, text);
    return 0;
}
