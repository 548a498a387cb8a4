/* SPDX-License-Identifier: Apache-2.0 */
#include "report/csv_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv_split.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/vector.h"

enum { CSV_LINE_BYTES = 1 << 24, CSV_COLUMNS = 4096 };

/* Cuts line, which holds length bytes and stays, into values. */
static int split_line(struct csv_reader *csv, char *line, struct csv_values *out, struct err *err)
{
    struct csv_split split = {
        .at = line, .end = line + csv->lines.length, .separator = ',', .quotes = true};
    char *value;

    vector_clear(out);
    while ((value = csv_split_next(&split)) && out->count < CSV_COLUMNS)
        vector_push(out, value);
    if (split.damage)
        return lines_error(&csv->lines, err, ERR_CORRUPT, "%s", split.damage);
    return value ? lines_error(&csv->lines, err, ERR_LIMIT, "more than %d columns", CSV_COLUMNS)
                 : 0;
}

static int check_names(const struct csv_reader *csv, struct err *err)
{
    for (size_t i = 0; i < csv->name.count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(csv->name.item[i], csv->name.item[k]) == 0)
                return lines_error(&csv->lines, err, ERR_CORRUPT,
                                   "the column \"%.60s\" is there twice", csv->name.item[i]);
    return 0;
}

/* The names; what is open is closed again on failure. */
static int read_names(struct csv_reader *csv, struct err *err)
{
    int rc = lines_next(&csv->lines, err);

    if (rc == 0)
        rc = lines_error(&csv->lines, err, ERR_CORRUPT, "expected a line with names of columns");
    if (rc > 0) {
        csv->header = xstrdup(csv->lines.line);
        rc = split_line(csv, csv->header, &csv->name, err);
    }
    if (rc == 0)
        rc = check_names(csv, err);
    if (rc < 0)
        csv_reader_close(csv);
    return rc;
}

int csv_reader_open(struct csv_reader *csv, const char *path, struct err *err)
{
    int rc;

    *csv = (struct csv_reader){0};
    rc = lines_open(&csv->lines, path, CSV_LINE_BYTES, err);
    return rc ? rc : read_names(csv, err);
}

int csv_reader_open_memory(struct csv_reader *csv, const char *name, const void *bytes,
                           size_t count, struct err *err)
{
    int rc;

    *csv = (struct csv_reader){0};
    rc = lines_open_memory(&csv->lines, name, bytes, count, CSV_LINE_BYTES, err);
    return rc ? rc : read_names(csv, err);
}

void csv_reader_close(struct csv_reader *csv)
{
    lines_close(&csv->lines);
    free(csv->header);
    vector_release(&csv->name);
    vector_release(&csv->field);
    csv->header = NULL;
}

int csv_reader_next(struct csv_reader *csv, struct err *err)
{
    int rc = lines_next(&csv->lines, err);

    if (rc <= 0)
        return rc;
    rc = split_line(csv, csv->lines.line, &csv->field, err);
    if (rc)
        return rc;
    if (csv->field.count != csv->name.count)
        return lines_error(&csv->lines, err, ERR_CORRUPT, "expected %zu values, not %zu",
                           csv->name.count, csv->field.count);
    return 1;
}

int csv_reader_column(const struct csv_reader *csv, const char *name, int *out, struct err *err)
{
    for (size_t i = 0; i < csv->name.count; i++)
        if (strcmp(csv->name.item[i], name) == 0) {
            *out = (int)i;
            return 0;
        }
    return err_set(err, ERR_CORRUPT, "%s: there is no column \"%s\"", csv->lines.path, name);
}

int csv_reader_real(const struct csv_reader *csv, int column, double *out, struct err *err)
{
    const char *text = csv->field.item[column];
    char *end;

    *out = (double)NAN;
    if (!*text)
        return 0;
    *out = strtod(text, &end);
    if (*end || !isfinite(*out))
        return lines_error(&csv->lines, err, ERR_CORRUPT, "%s: expected a number, not \"%.60s\"",
                           csv->name.item[column], text);
    return 0;
}

int csv_reader_int(const struct csv_reader *csv, int column, int64_t low, int64_t high,
                   int64_t *out, struct err *err)
{
    const char *text = csv->field.item[column];
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (!*text || *end || errno || *out < low || *out > high)
        return lines_error(&csv->lines, err, ERR_CORRUPT,
                           "%s: expected a whole number from %lld to %lld, not \"%.60s\"",
                           csv->name.item[column], (long long)low, (long long)high, text);
    return 0;
}
