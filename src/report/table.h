/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text tables: cells are added row by row, the layout is found at the end. A table that is wider
 * than asked for cuts its long names, then leaves out the columns that matter least.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>

#include "base/vector.h"

struct text;

enum mood { MOOD_PLAIN, MOOD_GOOD, MOOD_BAD, MOOD_FAINT, MOOD_STRONG };

enum table_side { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    char *heading;
    enum table_side side;
    int rank; /* the highest is left out first; 0: never */
};

struct table_cell {
    char *text;
    enum mood mood;
};

struct table {
    VECTOR(struct table_column) columns;
    VECTOR(struct table_cell) cells; /* row-major */
};

struct table_style {
    int width;      /* at most so many characters; 0: any */
    bool no_header; /* without headings */
    bool colour;    /* with terminal colours */
    bool tabs;      /* values between tabs, nothing cut or left out: for programs */
};

void table_init(struct table *table);
void table_release(struct table *table);

/* All columns come before the first cell. */
void table_column(struct table *table, const char *heading, enum table_side side, int rank);
void table_cell(struct table *table, enum mood mood, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns how many columns were left out. */
int table_print(const struct table *table, const struct table_style *style, struct text *out);

/* A figure with three or four digits: "0.118", "3.26", "54.90", "1204"; "-" if there is none. */
void table_figure(struct text *out, double value);
/* The same as a cell; that there is none is said faintly. */
void table_figure_cell(struct table *table, enum mood mood, double value);
/* How many of them follow the decimal point. */
int table_decimals(double value);

#endif
