/* SPDX-License-Identifier: Apache-2.0 */
/* Reading CSV (RFC 4180) with a line of names on top, as the files of a results directory have it.
 * A value in quotes may not run over several lines. Errors name file, line and column. */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include <stdint.h>

#include "base/lines.h"
#include "base/vector.h"

struct err;

struct sheet {
    struct lines lines;
    char *header;         /* the first line; names point into it */
    VECTOR(char *) name;  /* of columns */
    VECTOR(char *) field; /* of the present row, by column */
};

int sheet_open(struct sheet *sheet, const char *path, struct err *err);
void sheet_close(struct sheet *sheet); /* a struct of zeros is closed */

/* The next row: 1, or 0 at the end, or an error. A row must have as many values as there are names.
 */
int sheet_next(struct sheet *sheet, struct err *err);

/* Index of a column; ERR_CORRUPT if there is none of that name. */
int sheet_column(const struct sheet *sheet, const char *name, int *out, struct err *err);

/* A value of the present row; NAN where it is empty. */
int sheet_real(const struct sheet *sheet, int column, double *out, struct err *err);
/* A whole number in low .. high. */
int sheet_int(const struct sheet *sheet, int column, int64_t low, int64_t high, int64_t *out,
              struct err *err);

#endif
