/* SPDX-License-Identifier: Apache-2.0 */
/* Reading CSV (RFC 4180) with a line of names on top, as the files of a results directory have it.
 * A value in quotes may not run over several lines. Errors name file, line and column. */
#ifndef REPORT_CSV_READER_H
#define REPORT_CSV_READER_H

#include <stdint.h>

#include "base/lines.h"

struct err;

struct csv_values { /* a vector (base/vector.h) */
    char **item;
    size_t count, capacity;
};

struct csv_reader {
    struct lines lines;
    char *header;            /* the first line; names point into it */
    struct csv_values name;  /* of columns */
    struct csv_values field; /* of the present row, by column */
};

int csv_reader_open(struct csv_reader *csv, const char *path, struct err *err);
/* The same from memory, which must stay; name stands for the path in errors. */
int csv_reader_open_memory(struct csv_reader *csv, const char *name, const void *bytes,
                           size_t count, struct err *err);
void csv_reader_close(struct csv_reader *csv); /* a struct of zeros is closed */

/* The next row: 1, or 0 at the end, or an error. A row must have as many values as there are names.
 */
int csv_reader_next(struct csv_reader *csv, struct err *err);

/* Index of a column; ERR_CORRUPT if there is none of that name. */
int csv_reader_column(const struct csv_reader *csv, const char *name, int *out, struct err *err);

/* A value of the present row; NAN where it is empty. */
int csv_reader_real(const struct csv_reader *csv, int column, double *out, struct err *err);
/* A whole number in low .. high. */
int csv_reader_int(const struct csv_reader *csv, int column, int64_t low, int64_t high,
                   int64_t *out, struct err *err);

#endif
