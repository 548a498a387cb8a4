/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of fields, fast: comma-, tab- or space-separated text in bounded memory. Fields are
 * NUL-terminated slices of the buffer, valid until the next row.
 */
#ifndef TRACE_CSV_H
#define TRACE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct members;

enum { CSV_MOST_FIELDS = 4096, CSV_ROW_BYTES = 8 << 20 };

struct csv {
    struct members *members;
    char separator; /* ' ': any number of blanks */
    bool quotes;    /* "a, ""b""" is one field */
    char *buffer;
    size_t begin, end, capacity;
    bool over, in_buffer_last;
    char *field[CSV_MOST_FIELDS];
    int fields;
    int64_t line;       /* of the present row, from 1 */
    const char *damage; /* of the present row: why it cannot be trusted; or NULL */
    char **name;        /* of the columns, if a header was read */
    int names;
};

/* Reads the present member of members, which stays borrowed. */
void csv_open(struct csv *csv, struct members *members, char separator, bool quotes);
void csv_close(struct csv *csv); /* a struct of zeros is closed */

/* The next row that is not empty: 1, or 0 at the end, or an error of the input. A damaged row is a
 * row, with csv->damage set. */
int csv_next(struct csv *csv, struct err *err);

/* Takes the next row as the names of the columns: 1, or 0 if there is none, or an error. */
int csv_read_header(struct csv *csv, struct err *err);
/* Index of a column, or -1. */
int csv_column(const struct csv *csv, const char *name);

/* Field by index; "" where the row is shorter, or for -1. */
static inline const char *csv_text(const struct csv *csv, int column)
{
    return column >= 0 && column < csv->fields ? csv->field[column] : "";
}

/* The whole field as a finite number; false if it is not one. Surrounding blanks are allowed. */
bool csv_number(const struct csv *csv, int column, double *out);
/* The same of any text. */
bool text_number(const char *text, double *out);

#endif
