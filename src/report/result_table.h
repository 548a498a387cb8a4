/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as a text table. */
#ifndef REPORT_RESULT_TABLE_H
#define REPORT_RESULT_TABLE_H

#include <stdbool.h>

struct err;
struct result;
struct table;
struct text;

/* Whether result_table_fill() will know these columns (NULL: yes); ERR_NOT_FOUND names one. */
int result_columns_check(const char *columns, struct err *err);

/*
 * Fills an empty table. columns is a list "policy,p50,p95", or NULL for the usual ones; all adds
 * every other one there is. ERR_NOT_FOUND for an unknown column.
 */
int result_table_fill(const struct result *result, const char *columns, bool all,
                      struct table *table, struct err *err);

/* "hetero-6: 30 seeds, 384 tasks each; times in slots of 1 s; UTIL cpu/gpu" */
void result_table_title(const struct result *result, struct text *out);

/* What does not fit into columns: refused parts by reason; nothing if there are none. */
void result_table_notes(const struct result *result, struct text *out);

/* The names that columns may have, for docs and completion; NULL after the last. */
const char *result_column_name(int index);
const char *result_column_help(int index);

#endif
