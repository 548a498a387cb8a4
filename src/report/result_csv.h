/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as CSV (RFC 4180) or, with tabs between, as TSV. */
#ifndef REPORT_RESULT_CSV_H
#define REPORT_RESULT_CSV_H

#include <stdbool.h>

struct result;
struct text;

struct csv_style {
    const char *names, *values; /* of columns in front, each with its separator; NULL: none */
    char separator;             /* ',' or '\t' */
    bool no_header;             /* without the line of names */
    bool reproducible;          /* without what depends on the machine's clock */
};

/* One row per entrant: means over seeds. */
void result_csv(const struct result *result, const struct csv_style *style, struct text *out);
/* One row per entrant and finished seed. */
void result_csv_per_seed(const struct result *result, const struct csv_style *style,
                         struct text *out);

/* A value, in quotes where it must be. */
void csv_value(struct text *out, char separator, const char *value);

#endif
